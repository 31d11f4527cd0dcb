"""Commands on fairs: `souk fair …`."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from data import fair_benchmark_cli
from data.cli import heading_and_field
from data.fair_cli_output import (
    print_changes,
    print_fairness,
    print_fairs,
    print_findings,
    print_plan,
    print_plans,
    print_published,
    write_agenda,
    write_agendas,
    write_plan,
)
from data.fair_desk import FairDesk
from data.fair_planner import Planner
from data.fair_plans import Action, Edit
from data.fair_sheets import FairSheet, load_sheet
from data.fairs import Closure, Fair, Participant, Role, Wish
from data.settings import Settings
from data.store import Store
from data.tables import Loaded
from data.workspace import Models
from matching.errors import InvalidInput, UnreadableFile

commands = typer.Typer()
_fair = typer.Typer(no_args_is_help=True, help="Plan the meetings of a fair, change the plan, hand out agendas.")
commands.add_typer(_fair, name="fair")
_fair.add_typer(fair_benchmark_cli.commands)
_out, _err = Console(), Console(stderr=True)
_REFUSED_SHOWN = 20
FairId = Annotated[str, typer.Argument(metavar="FAIR", help="Id of the fair.")]
PlanId = Annotated[str, typer.Argument(metavar="PLAN", help="Number of the plan.")]
First = Annotated[str, typer.Argument(help="Id of one participant.")]
Second = Annotated[str, typer.Argument(help="Id of the other.")]
Seed = Annotated[int, typer.Option(min=0, help="Another one gives another plan where several are as good.")]


@_fair.command()
def create(
    fair_id: FairId,
    file: Annotated[Path | None, typer.Option(help="A JSON file with all of it; options win.")] = None,
    name: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    zone: Annotated[str | None, typer.Option(help="Time zone, such as Africa/Casablanca.")] = None,
    venue: Annotated[str | None, typer.Option(help="Where it is.")] = None,
    session: Annotated[list[str] | None, typer.Option(help="Half-day, as 2026-10-07 09:00-12:30; repeatable.")] = None,
    slot: Annotated[int | None, typer.Option(help="Minutes of a meeting.")] = None,
    buffer: Annotated[int | None, typer.Option(help="Minutes between meetings.")] = None,
    tables: Annotated[int | None, typer.Option(help="Shared tables.")] = None,
) -> None:
    """Create a fair, or change what is said of it."""
    given = {
        "id": fair_id, "name": name, "time_zone": zone, "venue": venue, "slot_minutes": slot, "buffer_minutes": buffer,
        "tables": tables, "sessions": [_session(one) for one in session] if session else None,
    }  # fmt: skip
    stated = {field: value for field, value in given.items() if value is not None}
    fair = Fair.model_validate({**(_read(file) if file else {}), **stated})
    _desk().fairs.put(fair)
    _out.print(f"fair {fair.id}: {len(fair.slots)} slots in {len(fair.sessions)} sessions, {fair.tables} tables")


@_fair.command(name="list")
def list_fairs() -> None:
    """List fairs."""
    print_fairs(_out, _desk().fairs.fairs())


@_fair.command()
def delete(fair_id: FairId) -> None:
    """Drop a fair with all that belongs to it."""
    _desk().fairs.delete(fair_id)
    _out.print(f"fair {fair_id} is gone")


@_fair.command(name="import")
def import_sheet(
    fair_id: FairId,
    sheet: Annotated[FairSheet, typer.Argument(help="What its rows are.")],
    file: Annotated[Path, typer.Argument(help="CSV, Excel, JSON Lines or Parquet file.")],
    role: Annotated[Role | None, typer.Option(help="Role of participants whose rows state none.")] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="HEADING=FIELD where a heading is not recognised; repeatable.")
    ] = None,
) -> None:
    """Read a spreadsheet: good rows are kept, each refused row is listed. Exit code 3: some rows were refused."""
    mapping = dict(heading_and_field(entry) for entry in column or [])
    _report(file, sheet, load_sheet(_desk().fairs, fair_id, sheet, file, role=role, mapping=mapping))


@_fair.command()
def check(fair_id: FairId, language: Annotated[str, typer.Option(help="Of the sentences.")] = "en") -> None:
    """Say what cannot work, and the smallest change that would mend it. Exit code 3: something cannot."""
    findings = _desk().check(fair_id, language)
    print_findings(_out, findings)
    if findings:
        raise typer.Exit(3)


@_fair.command()
def fairness(
    fair_id: FairId,
    extra: Annotated[int, typer.Option(min=1, max=20, help="Meetings promised more to each.")] = 1,
) -> None:
    """Say what it would cost to promise more meetings to everyone who is promised any."""
    print_fairness(_out, _desk().fairness(fair_id, extra=extra))


@_fair.command()
def plan(
    fair_id: FairId,
    name: Annotated[str, typer.Option(help="What the plan is called.")] = "plan",
    seed: Seed = 0,
) -> None:
    """Make a draft plan from nothing."""
    desk = _desk()
    head, made = desk.plan(fair_id, name, seed=seed)
    print_plan(_out, desk.fairs.content(fair_id), head, made)


@_fair.command()
def replan(
    fair_id: FairId,
    plan_id: PlanId,
    name: Annotated[str, typer.Option(help="What the copy is called.")] = "replan",
    locked_only: Annotated[bool, typer.Option("--locked-only", help="Keep locked meetings alone.")] = False,
    seed: Seed = 0,
) -> None:
    """Copy a plan after changes of the fair: meetings stay as far as they can, free slots are filled."""
    desk = _desk()
    head, made = desk.plan(fair_id, name, seed=seed, based_on=plan_id, keep_all=not locked_only)
    content = desk.fairs.content(fair_id)
    print_plan(_out, content, head, made)
    print_changes(_out, content, made.changes)


@_fair.command()
def show(
    fair_id: FairId, plan_id: Annotated[str | None, typer.Argument(metavar="PLAN", help="Its number.")] = None
) -> None:
    """Show the plans of a fair side by side, or one plan meeting by meeting."""
    desk = _desk()
    if plan_id is None:
        print_plans(_out, [desk.fairs.plan(fair_id, head.id) for head in desk.fairs.plans(fair_id)])
        return
    print_plan(_out, desk.fairs.content(fair_id), *desk.fairs.plan(fair_id, plan_id), listed=True)


@_fair.command()
def lock(
    fair_id: FairId,
    plan_id: PlanId,
    first: First,
    second: Second,
    unlock: Annotated[bool, typer.Option("--unlock", help="Let it go again.")] = False,
) -> None:
    """Pin the meeting of two participants where it is."""
    _edit(fair_id, plan_id, Edit(action=Action.UNLOCK if unlock else Action.LOCK, first=first, second=second))


@_fair.command()
def place(
    fair_id: FairId,
    plan_id: PlanId,
    first: First,
    second: Second,
    starts_at: Annotated[datetime.datetime, typer.Argument(help="Beginning of a slot, such as 2026-10-07T09:25.")],
) -> None:
    """Put the meeting of two participants into a slot, or move it there."""
    _edit(fair_id, plan_id, Edit(action=Action.PLACE, first=first, second=second, starts_at=starts_at))


@_fair.command()
def drop(fair_id: FairId, plan_id: PlanId, first: First, second: Second) -> None:
    """Take the meeting of two participants out."""
    _edit(fair_id, plan_id, Edit(action=Action.DROP, first=first, second=second))


@_fair.command()
def publish(fair_id: FairId, plan_id: PlanId) -> None:
    """Make a plan the one that holds; it then changes by versions alone, each of which names everyone affected."""
    desk = _desk()
    head, made = desk.publish(fair_id, plan_id)
    _out.print(f"plan {head.id} of fair {fair_id} is published, version {head.version}")
    print_published(_out, desk.fairs.content(fair_id), made)


@_fair.command()
def cancel(fair_id: FairId, participant: First) -> None:
    """Take a participant out, with its published meetings."""
    desk = _desk()
    made = desk.cancel(fair_id, participant)
    _out.print(f"participant {participant} has cancelled", markup=False)
    print_changes(_out, desk.fairs.content(fair_id), made.changes if made else ())


@_fair.command(name="close-table")
def close_table(fair_id: FairId, table: Annotated[int, typer.Argument(min=1, help="Its number.")]) -> None:
    """Close a table: its published meetings move to another table, else to another slot, else are cancelled."""
    desk = _desk()
    made = desk.close_table(fair_id, Closure(table=table))
    _out.print(f"table {table} is closed")
    print_changes(_out, desk.fairs.content(fair_id), made.changes if made else ())


@_fair.command()
def agenda(
    fair_id: FairId,
    participant: First,
    out: Annotated[Path, typer.Option(help="A .pdf, .ics or .html file.")],
    language: Annotated[str | None, typer.Option(help="By default the participant's.")] = None,
) -> None:
    """Write the agenda of a participant under the published plan."""
    desk = _desk()
    content, published = desk.fairs.content(fair_id), desk.publication.meetings(fair_id)
    write_agenda(content, published, participant, out, desk.fairs.organisation, language)


@_fair.command()
def export(
    fair_id: FairId,
    plan_id: PlanId,
    out: Annotated[Path | None, typer.Option(help="The whole plan as .xlsx or .json file.")] = None,
    agendas: Annotated[Path | None, typer.Option(help="Folder for a PDF and an .ics file per participant.")] = None,
    language: Annotated[str, typer.Option(help="Of the whole plan.")] = "en",
) -> None:
    """Write a whole plan, or the published agendas of everybody."""
    if (out is None) == (agendas is None):
        raise InvalidInput("expected either --out FILE or --agendas FOLDER")
    desk = _desk()
    content = desk.fairs.content(fair_id)
    if out is not None:
        write_plan(content, *desk.fairs.plan(fair_id, plan_id), out, language)
    if agendas is not None:
        written = write_agendas(content, desk.publication.meetings(fair_id), agendas, desk.fairs.organisation)
        _out.print(f"agendas of {written} participants written to {agendas}")


def _desk() -> FairDesk:
    settings = Settings()
    return FairDesk(Store(settings.database_url), lambda: Models.load(settings), Planner())


def _edit(fair_id: str, plan_id: str, edit: Edit) -> None:
    desk = _desk()
    head, made = desk.edit(fair_id, plan_id, [edit])
    _out.print(f"plan {head.id} of fair {fair_id} is at version {head.version}")
    print_changes(_out, desk.fairs.content(fair_id), made.changes if edit.action in (Action.PLACE, Action.DROP) else ())


def _read(file: Path) -> dict[str, Any]:
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableFile(f"{file}: {error}; expected a JSON object of a fair") from error
    if not isinstance(read, dict):
        raise UnreadableFile(f"{file}: not a JSON object of a fair")
    return read


def _session(text: str) -> dict[str, str]:
    day, _, hours = text.strip().partition(" ")
    starts, dash, ends = hours.replace("–", "-").partition("-")
    if not dash:
        raise InvalidInput(f"--session is {text!r}, expected one such as 2026-10-07 09:00-12:30")
    return {"day": day, "starts": starts.strip(), "ends": ends.strip()}


def _report(file: Path, sheet: FairSheet, loaded: Loaded[Participant] | Loaded[Wish]) -> None:
    for refused in loaded.refused[:_REFUSED_SHOWN]:
        _err.print(f"refused: {refused}", markup=False, highlight=False)
    if loaded.unknown_columns:
        _err.print(f"columns left unread: {', '.join(loaded.unknown_columns)}", markup=False)
    faults = len(loaded.refused)
    told = f"{file}: {len(loaded.profiles)} {sheet} stored, {faults} faults in refused rows"
    _out.print(told, markup=False, highlight=False, soft_wrap=True)
    if faults:
        raise typer.Exit(3)
