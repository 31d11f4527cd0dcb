"""What the fair commands print and write."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from data.fair_agendas import Agenda, agenda_calendar, agenda_html, agenda_of, agenda_pdf, place_of
from data.fair_exports import plan_document, quality_words, reason_words
from data.fair_handouts import agenda_files
from data.fair_plans import Change, Meeting, Plan, affected_by
from data.fair_publication import PublishedMeeting
from data.fair_store import FairContent, PlanHead
from data.fair_workbook import plan_workbook
from data.fairs import Fair
from matching.errors import InvalidInput
from matching.meetings.hindrances import FairnessPrice
from matching.messages import messages_in

_WISHES_SHOWN = 30


def print_fairs(console: Console, fairs: Sequence[Fair]) -> None:
    """One line a fair."""
    table = Table("id", "name", "slots", "tables", "time zone")
    for fair in fairs:
        table.add_row(fair.id, fair.name, str(len(fair.slots)), str(fair.tables), fair.time_zone)
    console.print(table)


def print_plans(console: Console, plans: Sequence[tuple[PlanHead, Plan]]) -> None:
    """Plans side by side."""
    table = Table("plan", "name", "state", "version", "meetings", "score", "below best", "unfulfilled wishes", "short")
    for head, plan in plans:
        gap = "" if plan.gap_percent is None else f"{plan.gap_percent:.2f} %"
        table.add_row(
            head.id, head.name, head.state, str(head.version), str(len(plan.meetings)), f"{plan.score:.3f}", gap,
            str(len(plan.unscheduled)), str(sum(plan.short.values())),
        )  # fmt: skip
    console.print(table)


def print_plan(console: Console, content: FairContent, head: PlanHead, plan: Plan, *, listed: bool = False) -> None:
    """What a plan has and lacks, and where each meeting is."""
    console.print(
        f"plan {head.id} ({head.name}, {head.state}, version {head.version}): {len(plan.meetings)} meetings, "
        f"score {plan.score:.3f}", markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
    names, messages = _names(content), messages_in("en")
    for words in quality_words(plan, messages):
        console.print(words, markup=False, highlight=False, soft_wrap=True)
    for who, missing in plan.short.items():
        console.print(f"- {names.get(who, who)} lacks {missing} of its promised meetings", markup=False, soft_wrap=True)
    for one in plan.unscheduled[:_WISHES_SHOWN]:
        wish = f"- {names.get(one.by, one.by)} does not meet {names.get(one.about, one.about)}: "
        console.print(wish + reason_words(one.reason, messages), markup=False, soft_wrap=True)
    if listed:
        console.print(_listed(content, plan))


def _listed(content: FairContent, plan: Plan) -> Table:
    names, messages = _names(content), messages_in("en")
    table = Table("time", "place", "buyer", "exhibitor", "interpreter", "")
    for one in plan.meetings:
        table.add_row(
            f"{one.time(content.fair).starts:%Y-%m-%d %H:%M}", place_of(one, messages), names.get(one.first, one.first),
            names.get(one.second, one.second), one.interpreter or "", "locked" if one.locked else "",
        )  # fmt: skip
    return table


def print_changes(console: Console, content: FairContent, changes: Sequence[Change]) -> None:
    """What a version changed, in order of time, and everyone affected."""
    names = _names(content)
    for one in sorted(changes, key=lambda one: (one.meeting.slot, one.meeting.table or 0, one.meeting.id)):
        two = f"{names.get(one.meeting.first, one.meeting.first)} – {names.get(one.meeting.second, one.meeting.second)}"
        before, after = _where(content, one.before), _where(content, one.after)
        console.print(f"- {two}: {before} → {after}", markup=False, highlight=False, soft_wrap=True)
    if changes:
        who = ", ".join(names.get(one, one) for one in affected_by(changes))
        console.print(
            f"{len(changes)} meetings changed; affected: {who}", markup=False, highlight=False, soft_wrap=True
        )
    else:
        console.print("no meeting changed")


def print_published(console: Console, content: FairContent, plan: Plan) -> None:
    """What a publication changed; of the first one, which makes every meeting, how many there are."""
    changes = plan.changes
    if len(changes) < len(plan.meetings) or any(one.before for one in changes):
        print_changes(console, content, changes)
    else:
        console.print(f"{len(changes)} meetings of {len(affected_by(changes))} participants", highlight=False)


def print_fairness(console: Console, price: FairnessPrice) -> None:
    """What further promises would cost."""
    told = (
        f"promising {price.extra} more to each of the {price.promised} who are promised any meeting would cost "
        f"{price.lost:.3f} of a score of {price.score:.3f} ({price.lost_percent:.2f} %), slots left aside"
    )
    console.print(told, markup=False, highlight=False, soft_wrap=True)
    if price.then_lacking:
        lacking = f"{price.then_lacking} of the promised meetings could not be given then, {price.lacking} cannot now"
        console.print(lacking, markup=False, highlight=False, soft_wrap=True)


def print_findings(console: Console, findings: Sequence[str]) -> None:
    """What cannot work."""
    for one in findings:
        console.print(f"- {one}", markup=False, highlight=False, soft_wrap=True)
    if not findings:
        console.print("nothing stands in the way")


def write_plan(content: FairContent, head: PlanHead, plan: Plan, path: Path, language: str) -> None:
    """The whole plan as .xlsx or .json, by the suffix; InvalidInput for another one."""
    if path.suffix.lower() == ".xlsx":
        path.write_bytes(plan_workbook(content, head, plan, language))
    elif path.suffix.lower() == ".json":
        document = plan_document(content, head, plan, language)
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    else:
        raise InvalidInput(f"{path}: cannot write {path.suffix or 'a file without suffix'}, expected .xlsx or .json")


def write_agenda(
    content: FairContent,
    published: Sequence[PublishedMeeting],
    participant_id: str,
    path: Path,
    organisation: str,
    language: str | None = None,
) -> None:
    """The agenda of one participant as .pdf, .ics or .html, by the suffix; InvalidInput for another one."""
    found = agenda_of(content, published, participant_id, language)
    writers: dict[str, Callable[[Agenda], bytes]] = {
        ".pdf": agenda_pdf,
        ".ics": lambda one: agenda_calendar(one, organisation),
        ".html": lambda one: agenda_html(one).encode(),
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise InvalidInput(f"{path}: cannot write {path.suffix or 'a file without suffix'}, expected .pdf, .ics, .html")
    path.write_bytes(writer(found))


def write_agendas(content: FairContent, published: Sequence[PublishedMeeting], folder: Path, organisation: str) -> int:
    """A PDF and an .ics file for everybody who has a meeting; for how many."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for name, made in agenda_files(content, published, organisation):
        (folder / name).write_bytes(made)
        written += name.endswith(".ics")
    return written


def _names(content: FairContent) -> dict[str, str]:
    return {one.id: one.name for one in content.participants}


def _where(content: FairContent, one: Meeting | None) -> str:
    if one is None:
        return "none"
    place = f"booth {one.booth}" if one.booth else f"table {one.table}"
    return f"{one.time(content.fair).starts:%Y-%m-%d %H:%M} {place}"
