"""A whole meeting plan written out: as a workbook with a sheet by slot, by table and by participant, and as JSON."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from data.exports import neutralised
from data.fair_agendas import place_of
from data.fair_plans import Meeting, Plan, Reason
from data.fair_store import FairContent, PlanHead
from data.fairs import Participant
from matching.messages import Messages, messages_in

Row = list[str | int | float | None]


def reason_words(reason: Reason, messages: Messages) -> str:
    """Why a wish is not fulfilled, as a sentence."""
    sentences = {
        Reason.NO_COMMON_SLOT: messages.text("They are never there at the same time."),
        Reason.NO_COMMON_LANGUAGE: messages.text("They share no language, and no interpreter speaks both."),
        Reason.ABSENT: messages.text("One of them does not take part."),
        Reason.FORBIDDEN: messages.text("They are not to meet."),
        Reason.BOTH_FULL: messages.text("Both have as many meetings as they can hold."),
        Reason.FULL: messages.text("One of them has as many meetings as it can hold."),
        Reason.NO_TABLE: messages.text("No table is free when both are."),
        Reason.NO_INTERPRETER: messages.text("No interpreter is free when both are."),
        Reason.OTHER_REPRESENTATIVE: messages.text("Another representative of the firm is met."),
        Reason.BETTER_PAIR: messages.text("Better pairs took the slots."),
        Reason.OUT_OF_ORDER: messages.text("It would come before the meeting that has to be held first."),
        Reason.COULD_BE_ADDED: messages.text("It could still be added."),
        Reason.TAKEN_OUT: messages.text("It was taken out by hand, or lost its place."),
    }
    return sentences[reason]


def plan_workbook(content: FairContent, plan: Plan, language: str = "en") -> bytes:
    """The plan as .xlsx; a cell that a spreadsheet program would run is made plain text."""
    from openpyxl import Workbook

    view = _View(content, messages_in(language))
    book = Workbook(write_only=True)
    for title, rows in view.sheets(plan):
        sheet = book.create_sheet(title[:31])
        sheet.sheet_view.rightToLeft = view.messages.direction == "rtl"
        for row in rows:
            sheet.append([neutralised(cell) for cell in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def plan_document(content: FairContent, head: PlanHead, plan: Plan, language: str = "en") -> dict[str, Any]:
    """The plan with names and moments, as JSON has it."""
    messages, fair = messages_in(language), content.fair
    names = {one.id: one.name for one in content.participants}
    meetings = [
        {
            **one.model_dump(mode="json", exclude={"first", "second"}),
            "participants": [{"id": who, "name": names.get(who, who)} for who in (one.first, one.second)],
            "starts_at": one.time(fair).starts.replace(tzinfo=fair.zone).isoformat(),
            "ends_at": one.time(fair).ends.replace(tzinfo=fair.zone).isoformat(),
            "place": place_of(one, messages),
        }
        for one in plan.meetings
    ]
    unscheduled = [
        {**one.model_dump(mode="json"), "sentence": reason_words(one.reason, messages)} for one in plan.unscheduled
    ]
    return {
        "fair_id": fair.id, "plan_id": head.id, "name": head.name, "state": head.state.value, "version": head.version,
        "time_zone": fair.time_zone, "score": plan.score, "bound": plan.bound, "meetings": meetings,
        "unscheduled": unscheduled,
    }  # fmt: skip


class _View:
    """The rows of a plan's sheets in one language."""

    def __init__(self, content: FairContent, messages: Messages) -> None:
        self._fair = content.fair
        self._by_id = {one.id: one for one in content.participants}
        self.messages = messages

    def sheets(self, plan: Plan) -> list[tuple[str, list[Row]]]:
        text = self.messages.text
        by_slot = sorted(plan.meetings, key=lambda one: (one.slot, one.table or 0, one.id))
        by_table = sorted(plan.meetings, key=lambda one: (one.booth or "", one.table or 0, one.slot, one.id))
        heading: Row = [text("Day"), text("Time"), text("Place"), text("Buyer"), text("Exhibitor"), text("Interpreter")]
        unscheduled: list[Row] = [
            [self._name(one.by), self._name(one.about), reason_words(one.reason, self.messages)]
            for one in plan.unscheduled
        ]
        return [
            (text("By slot"), [heading, *map(self._row, by_slot)]),
            (text("By table"), [heading, *map(self._row, by_table)]),
            (text("By participant"), self._by_participant(plan.meetings)),
            (text("Unfulfilled wishes"), [[text("Wish of"), text("With"), text("Reason")], *unscheduled]),
        ]

    def _row(self, one: Meeting) -> Row:
        place = place_of(one, self.messages)
        return [*self._when(one), place, self._name(one.first), self._name(one.second), one.interpreter]

    def _by_participant(self, meetings: Iterable[Meeting]) -> list[Row]:
        text = self.messages.text
        heading: Row = [text("Participant"), text("Day"), text("Time"), text("With"), text("Place")]
        found = [(who, one) for one in meetings for who in (one.first, one.second)]
        found.sort(key=lambda pair: (self._name(pair[0]), pair[0], pair[1].slot))
        rows: list[Row] = [
            [self._name(who), *self._when(one), self._name(one.partner(who)), place_of(one, self.messages)]
            for who, one in found
        ]
        return [heading, *rows]

    def _when(self, one: Meeting) -> Row:
        time = one.time(self._fair)
        return [time.starts.date().isoformat(), f"{time.starts:%H:%M}–{time.ends:%H:%M}"]

    def _name(self, participant_id: str) -> str:
        found: Participant | None = self._by_id.get(participant_id)
        return found.name if found else participant_id
