"""What an erasure drops of fairs: participants, and every meeting, wish, invitation and version that names them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Table, Text, cast, delete, or_, select, update
from sqlalchemy.engine import Connection

from data.fair_jobs import JobState
from data.fair_plans import Plan
from data.schema import (
    FAIR_BOOKINGS,
    FAIR_INVITATIONS,
    FAIR_MEETINGS,
    FAIR_PARTICIPANTS,
    FAIR_PLAN_JOBS,
    FAIR_PLAN_VERSIONS,
    FAIR_WISHES,
)

_AT_ONCE = 200


def drop_participants(
    connection: Connection, organisation: str, ids: Collection[str], link: str | None = None
) -> Counter[str]:
    """Drop participants by id, or by the record they are linked to, from all fairs; rows dropped or changed by table.

    link : the field of a participant that names the record, supplier_id or request_id
    """
    counts: Counter[str] = Counter()
    for fair_id, dropped in _found(connection, organisation, ids, link).items():
        _Fair(connection, organisation, fair_id, dropped).drop(counts)
    return counts


def _found(connection: Connection, organisation: str, ids: Collection[str], link: str | None) -> dict[str, set[str]]:
    table = FAIR_PARTICIPANTS
    which = [table.c.id.in_(ids)]
    if link is not None:
        which.append(table.c.document[link].as_string().in_(ids))
    query = select(table.c.fair_id, table.c.id).where(table.c.organisation_id == organisation, or_(*which))
    found: dict[str, set[str]] = {}
    for row in connection.execute(query).all():
        found.setdefault(row.fair_id, set()).add(row.id)
    return found


class _Fair:
    """One fair, freed of some participants."""

    def __init__(self, connection: Connection, organisation: str, fair_id: str, ids: set[str]) -> None:
        self._connection = connection
        self._key = {"organisation_id": organisation, "fair_id": fair_id}
        self._ids = ids

    def drop(self, counts: Counter[str]) -> None:
        """Drop their rows, and rewrite the versions of plans that name them."""
        meetings, invitations, wishes = FAIR_MEETINGS.c, FAIR_INVITATIONS.c, FAIR_WISHES.c
        held = or_(meetings.first_id.in_(self._ids), meetings.second_id.in_(self._ids))
        names = self._connection.execute(select(meetings.id).where(*self._of(FAIR_MEETINGS), held)).scalars().all()
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            self._delete(FAIR_BOOKINGS, FAIR_BOOKINGS.c.meeting_id.in_(some), counts)
        self._delete(FAIR_MEETINGS, held, counts)
        self._delete(
            FAIR_INVITATIONS, or_(invitations.from_id.in_(self._ids), invitations.to_id.in_(self._ids)), counts
        )
        named = or_(wishes.by_id.in_(self._ids), wishes.about_id.in_(self._ids), self._names(FAIR_WISHES))
        self._delete(FAIR_WISHES, named, counts)
        # What a failed job says may name anybody.
        self._delete(FAIR_PLAN_JOBS, FAIR_PLAN_JOBS.c.state == JobState.FAILED, counts)
        self._rewrite_versions(counts)
        self._delete(FAIR_PARTICIPANTS, FAIR_PARTICIPANTS.c.id.in_(self._ids), counts)

    def _rewrite_versions(self, counts: Counter[str]) -> None:
        table = FAIR_PLAN_VERSIONS
        query = select(table.c.plan_id, table.c.number, table.c.document)
        for row in self._connection.execute(query.where(*self._of(table), self._names(table))).all():
            freed = _freed(Plan.model_validate(row.document), self._ids).model_dump(mode="json", exclude_defaults=True)
            key = *self._of(table), table.c.plan_id == row.plan_id, table.c.number == row.number
            self._connection.execute(update(table).where(*key).values(document=freed))
            counts[table.name] += 1

    def _names(self, table: Table) -> ColumnElement[bool]:
        """Whether a document has one of the ids in quotes; JSON is stored with all beyond ASCII written out."""
        text = cast(table.c.document, Text)
        return or_(*(text.contains(json.dumps(one), autoescape=True) for one in self._ids))

    def _delete(self, table: Table, which: ColumnElement[bool], counts: Counter[str]) -> None:
        counts[table.name] += self._connection.execute(delete(table).where(*self._of(table), which)).rowcount

    def _of(self, table: Table) -> list[ColumnElement[bool]]:
        return [table.c[name] == value for name, value in self._key.items()]


def _freed(plan: Plan, ids: set[str]) -> Plan:
    """The plan without whatever names one of the ids."""

    def without(items: Iterable[Any], *names: str) -> tuple[Any, ...]:
        return tuple(one for one in items if not any(getattr(one, name) in ids for name in names))

    changes = tuple(one for one in plan.changes if not {one.meeting.first, one.meeting.second} & ids)
    return plan.model_copy(
        update={
            "meetings": without(plan.meetings, "first", "second"),
            "unscheduled": without(plan.unscheduled, "by", "about"),
            "short": {name: number for name, number in plan.short.items() if name not in ids},
            "changes": changes,
        }
    )
