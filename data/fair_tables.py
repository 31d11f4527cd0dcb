"""An organiser's spreadsheets of participants, wishes and hours, read with a report of every row refused."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from data.columns import heading_key
from data.fair_cells import EXPECTED, READERS
from data.fair_columns import HOURS_COLUMNS, PARTICIPANT_COLUMNS, WISH_COLUMNS
from data.fairs import Fair, Hours, Participant, Role, Span, Wish
from data.rows import Layout, Row, Source, Table, read_rows
from data.tables import Faults, Loaded, loaded_from, placed_cells

T = TypeVar("T", bound=BaseModel)


def read_participants(
    source: Source, *, role: Role | None = None, mapping: Mapping[str, str] | None = None
) -> Loaded[Participant]:
    """Participants of a file or an upload, one a row; the later row of two with one id is refused.

    role : of rows that state none
    Raises UnreadableFile where no row can be read, InvalidInput where the mapping names an unknown column.
    """

    def participant(row: Row, table: Table, faults: Faults) -> Participant | None:
        fields = _fields(row, table, faults)
        fields.setdefault("name", fields.get("firm"))
        if fields.get("role") is None and role is not None:
            fields["role"] = role
        fields.setdefault("id", _made_id(fields))
        exclusive = fields.pop("exclusive", False)
        made = _checked(Participant, fields, faults)
        return made and made.model_copy(update={"exclusive": exclusive})

    return _read(source, Layout(PARTICIPANT_COLUMNS, "firm", mapping or {}), participant, lambda one: one.id)


def read_wishes(
    source: Source, participants: Iterable[Participant], *, mapping: Mapping[str, str] | None = None
) -> Loaded[Wish]:
    """Wishes of a file, one a row; whom they name must be among the participants, by id or by a name that one has.

    Raises as `read_participants` does.
    """
    known = _known(participants)

    def wish(row: Row, table: Table, faults: Faults) -> Wish | None:
        fields = _fields(row, table, faults)
        for column in ("by", "about", "after"):
            if column in fields:
                fields[column] = _named(known, column, fields[column], faults)
        return _checked(Wish, fields, faults)

    return _read(source, Layout(WISH_COLUMNS, "by", mapping or {}), wish, lambda one: f"{one.by}\n{one.about}")


def read_hours(
    source: Source, fair: Fair, participants: Iterable[Participant], *, mapping: Mapping[str, str] | None = None
) -> Loaded[Participant]:
    """The participants that a file of hours names, with their hours in place of those before.

    Raises as `read_participants` does.
    """
    by_id = {one.id: one for one in participants}
    known = _known(by_id.values())
    table = read_rows(source, Layout(HOURS_COLUMNS, "id", mapping or {}))
    spans: dict[str, dict[bool, list[Span]]] = {}
    refused = list(table.refused)
    for row in table.rows:
        faults = Faults(table.file, row.number)
        fields = _fields(row, table, faults)
        who = _named(known, "id", fields.get("id", ""), faults)
        for span in _spans(fields, fair, faults):
            if who is not None and not faults.found:
                spans.setdefault(who, {False: [], True: []})[bool(fields.get("absent"))].append(span)
        refused += faults.found
    changed = [
        by_id[who].model_copy(update={"hours": Hours(present=tuple(found[False]), absent=tuple(found[True]))})
        for who, found in spans.items()
    ]
    return loaded_from(tuple(changed), refused, table)


def _read(
    source: Source,
    layout: Layout,
    make: Callable[[Row, Table, Faults], Any],
    key: Callable[[Any], str],
) -> Loaded[Any]:
    table = read_rows(source, layout)
    found: dict[str, Any] = {}
    refused = list(table.refused)
    for row in table.rows:
        faults = Faults(table.file, row.number)
        made = make(row, table, faults)
        if made is not None and key(made) in found:
            faults.add(layout.columns[0].name, key(made).replace("\n", " → "), "one that no earlier row has")
        elif made is not None:
            found[key(made)] = made
        refused += faults.found
    return loaded_from(tuple(found.values()), refused, table)


def _checked(model: type[T], fields: Mapping[str, Any], faults: Faults) -> T | None:
    """What the fields make; None where a cell was at fault already, so that it is not told as missing too."""
    return None if faults.found else faults.check(model, {name: one for name, one in fields.items() if one is not None})


def _fields(row: Row, table: Table, faults: Faults) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for heading, value in placed_cells(row, table):
        name = heading.column.name
        read = _special(name, value, faults) if name in READERS else faults.read(heading.column, value)
        if read is not None:
            fields.setdefault(name, read)
    return fields


def _special(name: str, value: object, faults: Faults) -> object:
    if isinstance(value, str) and not value.strip():
        return None
    try:
        return READERS[name](value)
    except ValueError:
        faults.add(name, value, EXPECTED[name])
        return None


def _spans(fields: Mapping[str, Any], fair: Fair, faults: Faults) -> list[Span]:
    """One stretch, on the day that is named, else on each day of the fair."""
    days = [fields["day"]] if "day" in fields else sorted({session.day for session in fair.sessions})
    starts, ends = fields.get("starts", datetime.time()), fields.get("ends", datetime.time(23, 59))
    if starts >= ends:
        faults.add("ends", f"{ends:%H:%M}", f"a time after {starts:%H:%M}")
        return []
    combine = datetime.datetime.combine
    return [Span(starts=combine(day, starts), ends=combine(day, ends)) for day in days]


def _known(participants: Iterable[Participant]) -> dict[str, set[str]]:
    known: dict[str, set[str]] = {}
    for one in participants:
        known.setdefault(one.id, set()).add(one.id)
        for name in {one.name, one.firm or one.name}:
            known.setdefault(heading_key(name), set()).add(one.id)
    return known


def _named(known: Mapping[str, set[str]], column: str, text: str, faults: Faults) -> str | None:
    found = known.get(text) or known.get(heading_key(text), set())
    if len(found) != 1:
        faults.add(column, text, "the id, or the name, of one participant")
        return None
    return next(iter(found))


def _made_id(fields: Mapping[str, Any]) -> str:
    key = "\n".join(heading_key(str(fields.get(name) or "")) for name in ("role", "firm", "name"))
    return f"P-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
