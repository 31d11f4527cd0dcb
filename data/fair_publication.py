"""The published plan of a fair: meetings that hold, what each takes, and versions that say what they changed.

Every change is one transaction: the new version, its meetings, what they take, and the messages to webhooks. What is
taken has a key, so that two changes at once can never give one slot of somebody, or of a table, to two meetings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from data.fair_days import still_possible
from data.fair_planning import amended
from data.fair_plans import Change, Meeting, MeetingState, Plan, PlanState, changes_between
from data.fair_store import FairContent, FairStore, PlanHead
from data.schema import FAIR_BOOKINGS, FAIR_MEETINGS, FAIR_PLANS
from data.webhooks import EventType, tell, wanting
from matching.errors import PreconditionFailed, UnknownRecord

_IN_FORCE = (MeetingState.CONFIRMED, MeetingState.HELD, MeetingState.NO_SHOW)
_OVER = (MeetingState.HELD, MeetingState.NO_SHOW)


@dataclass(frozen=True)
class PublishedMeeting:
    """A meeting as everybody was told of it; sequence rises with each change, as calendars want it."""

    meeting: Meeting
    state: MeetingState
    sequence: int
    query_id: str | None
    changed_at: datetime


class Publication:
    """What is published of an organisation's fairs."""

    def __init__(self, fairs: FairStore) -> None:
        self._fairs = fairs
        self._database = fairs.database

    def meetings(self, fair_id: str) -> tuple[PublishedMeeting, ...]:
        """Every meeting that was ever published, in order of time; UnknownRecord where there is no such fair."""
        with self._database.reading() as connection:
            self._fairs.require(connection, fair_id)
            found = self.meetings_within(connection, fair_id)
        return tuple(sorted(found.values(), key=lambda one: (one.meeting.slot, one.meeting.id)))

    def meeting(self, fair_id: str, meeting_id: str) -> PublishedMeeting:
        """A published meeting; UnknownRecord where there is none of that id."""
        found = {one.meeting.id: one for one in self.meetings(fair_id)}
        if meeting_id not in found:
            raise UnknownRecord(f"fair {fair_id!r} has no published meeting of the id {meeting_id!r}")
        return found[meeting_id]

    def publish(self, fair_id: str, plan_id: str) -> tuple[PlanHead, Plan]:
        """Make a draft the plan that holds; meetings that took place already stay. The same again is no change.

        Raises PreconditionFailed where the fair changed since the draft was made, so that some meeting cannot be.
        """
        with self._database.writing() as connection:
            self._fairs.locked(connection, fair_id)
            content = self._fairs.content_within(connection, fair_id)
            head, plan = self._fairs.plan_within(connection, fair_id, plan_id)
            if head.state is PlanState.PUBLISHED:
                return head, plan
            self._check(content, head, plan)
            former = self._fairs.published(connection, fair_id)
            if former is not None:
                values = {"state": PlanState.SUPERSEDED}
                key = self._fairs.of(FAIR_PLANS, fair_id, former.id)
                connection.execute(update(FAIR_PLANS).where(*key).values(values))
            published = PlanHead(head.id, head.name, PlanState.PUBLISHED, head.version, head.created_at)
            return self._settle(connection, content, published, plan, plan.meetings)

    def amend(self, connection: Connection, content: FairContent, meetings: Sequence[Meeting]) -> Plan:
        """The next version of the published plan, within the transaction that locked the fair; what it changed.

        Raises PreconditionFailed where nothing is published.
        """
        head = self._fairs.published(connection, content.fair.id)
        if head is None:
            raise PreconditionFailed(f"fair {content.fair.id!r} has no published plan")
        plan = self._fairs.plan_within(connection, content.fair.id, head.id)[1]
        return self._settle(connection, content, head, plan, meetings)[1]

    def in_force(self, connection: Connection, fair_id: str) -> tuple[Meeting, ...]:
        """Meetings that hold or took place."""
        found = self.meetings_within(connection, fair_id).values()
        return tuple(one.meeting for one in found if one.state in _IN_FORCE)

    def meetings_within(self, connection: Connection, fair_id: str) -> dict[str, PublishedMeeting]:
        """Every published meeting by its id, within a transaction."""
        query = select(FAIR_MEETINGS).where(*self._fairs.of(FAIR_MEETINGS, fair_id)).order_by(FAIR_MEETINGS.c.id)
        return {row.id: _published(row) for row in connection.execute(query).all()}

    def note_queries(self, fair_id: str, queries: Mapping[str, str]) -> None:
        """Note under which match feedback on each meeting is kept."""
        with self._database.writing() as connection:
            for name, query_id in queries.items():
                key = self._fairs.of(FAIR_MEETINGS, fair_id, name)
                connection.execute(update(FAIR_MEETINGS).where(*key).values(query_id=query_id))

    def set_state(self, connection: Connection, fair_id: str, name: str, state: MeetingState) -> None:
        """Note what became of a meeting, within a transaction."""
        values = {"state": state, "changed_at": self._database.clock()}
        key = self._fairs.of(FAIR_MEETINGS, fair_id, name)
        connection.execute(update(FAIR_MEETINGS).where(*key).values(values))

    # Steps

    def _check(self, content: FairContent, head: PlanHead, plan: Plan) -> None:
        possible = {one.id for one in still_possible(content, plan.meetings, within_maximum=False)}
        broken = [one for one in plan.meetings if one.id not in possible]
        if broken:
            named = f"{broken[0].first!r} with {broken[0].second!r}"
            raise PreconditionFailed(
                f"plan {head.id!r} has {len(broken)} meetings that cannot be any more, such as {named}; plan anew"
            )

    def _settle(
        self, connection: Connection, content: FairContent, head: PlanHead, plan: Plan, meetings: Sequence[Meeting]
    ) -> tuple[PlanHead, Plan]:
        """Make meetings the ones that hold, and keep the version that says so."""
        known = self.meetings_within(connection, content.fair.id)
        over = {name: one.meeting for name, one in known.items() if one.state in _OVER}
        before = {name: one.meeting for name, one in known.items() if one.state in _IN_FORCE}
        after = {**{one.id: one for one in meetings}, **over}
        changes = changes_between(before.values(), after.values())
        same = {one.id for one in before.values()} - {change.meeting.id for change in changes}
        self._write(connection, content, [after[name] for name in sorted(same)], known, moved=False)
        self._free(connection, content.fair.id, [change.before.id for change in changes if change.before])
        self._cancel(connection, content.fair.id, [one.before for one in changes if one.before and not one.after])
        self._write(connection, content, [one.after for one in changes if one.after], known, moved=True)
        self._tell(connection, content.fair.id, changes)
        ordered = tuple(sorted(after.values(), key=lambda one: (one.slot, one.table or 0, one.id)))
        changed = plan if ordered == plan.meetings else amended(content, plan, ordered)
        changed = changed.model_copy(update={"changes": changes})
        return self._fairs.add_version(connection, content.fair.id, head, changed), changed

    def _write(
        self,
        connection: Connection,
        content: FairContent,
        meetings: Sequence[Meeting],
        known: Mapping[str, PublishedMeeting],
        *,
        moved: bool,
    ) -> None:
        """Store meetings; those that moved are confirmed anew and take their slots."""
        now, place = self._database.clock(), self._fairs.placed(content.fair.id)
        rows = []
        for one in meetings:
            old = known.get(one.id)
            document = one.model_dump(mode="json", exclude_defaults=True)
            values: dict[str, Any] = {"document": document, "first_id": one.first, "second_id": one.second}
            if moved:
                values |= {"state": MeetingState.CONFIRMED, "changed_at": now}
                values |= {"sequence": old.sequence + 1 if old else 0}
            if old is None:
                rows.append({**values, **place, "id": one.id})
            elif moved or old.meeting != one:
                key = self._fairs.of(FAIR_MEETINGS, content.fair.id, one.id)
                connection.execute(update(FAIR_MEETINGS).where(*key).values(values))
        if rows:
            connection.execute(insert(FAIR_MEETINGS), rows)
        if moved:
            self._book(connection, content, meetings)

    def _book(self, connection: Connection, content: FairContent, meetings: Sequence[Meeting]) -> None:
        place = self._fairs.placed(content.fair.id)
        persons = {one.id: one.person or one.id for one in content.participants}
        rows = [
            {**place, "holder": holder, "slot": slot, "meeting_id": one.id}
            for one in meetings
            for holder in _holders(one, persons)
            for slot in one.covered()
        ]
        try:
            if rows:
                connection.execute(insert(FAIR_BOOKINGS), rows)
        except IntegrityError as error:
            raise PreconditionFailed("a participant, table or interpreter is taken in that slot already") from error

    def _free(self, connection: Connection, fair_id: str, names: Sequence[str]) -> None:
        for name in names:
            mine = [*self._fairs.of(FAIR_BOOKINGS, fair_id), FAIR_BOOKINGS.c.meeting_id == name]
            connection.execute(delete(FAIR_BOOKINGS).where(*mine))

    def _cancel(self, connection: Connection, fair_id: str, meetings: Iterable[Meeting]) -> None:
        sequence = FAIR_MEETINGS.c.sequence + 1
        values = {"state": MeetingState.CANCELLED, "sequence": sequence, "changed_at": self._database.clock()}
        for one in meetings:
            connection.execute(
                update(FAIR_MEETINGS).where(*self._fairs.of(FAIR_MEETINGS, fair_id, one.id)).values(values)
            )

    def _tell(self, connection: Connection, fair_id: str, changes: Iterable[Change]) -> None:
        if not wanting(connection, self._fairs.organisation, EventType.MEETING_CHANGED):
            return
        for one in changes:
            what = "moved" if one.before and one.after else "made" if one.after else "cancelled"
            told = {"fair_id": fair_id, "meeting_id": one.meeting.id, "change": what}
            two = [one.meeting.first, one.meeting.second]
            data = {**told, "participant_ids": two, "slot": one.after.slot if one.after else None}
            tell(connection, self._fairs.organisation, EventType.MEETING_CHANGED, data, self._database.clock())


def _holders(one: Meeting, persons: Mapping[str, str]) -> list[str]:
    """Whoever and whatever a meeting takes; persons by a digest, which has one length."""
    digests = [hashlib.sha256(persons.get(who, who).encode()).hexdigest()[:40] for who in (one.first, one.second)]
    found = [f"person {digest}" for digest in digests]
    if one.table is not None:
        found.append(f"table {one.table}")
    if one.interpreter is not None:
        found.append(f"interpreter {hashlib.sha256(one.interpreter.encode()).hexdigest()[:40]}")
    return found


def _published(row: Any) -> PublishedMeeting:
    meeting = Meeting.model_validate(row.document)
    return PublishedMeeting(meeting, MeetingState(row.state), row.sequence, row.query_id, row.changed_at)
