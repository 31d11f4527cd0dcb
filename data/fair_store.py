"""Fairs of one organisation in the database: participants, wishes, plans and their versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, func, insert, select, update
from sqlalchemy.engine import Connection

from data.fair_plans import Plan, PlanState
from data.fairs import MAX_PARTICIPANTS, Fair, Participant, Wish
from data.schema import (
    FAIR_BOOKINGS,
    FAIR_FITS,
    FAIR_INVITATIONS,
    FAIR_MEETINGS,
    FAIR_PARTICIPANTS,
    FAIR_PLAN_JOBS,
    FAIR_PLAN_VERSIONS,
    FAIR_PLANS,
    FAIR_WISHES,
    RECORDS,
    Kind,
)
from data.store import Store
from matching.errors import InvalidInput, UnknownRecord

_ROWS_A_STATEMENT = 500
_CHILDREN = (
    FAIR_BOOKINGS, FAIR_FITS, FAIR_INVITATIONS, FAIR_MEETINGS, FAIR_PLAN_JOBS, FAIR_PLAN_VERSIONS, FAIR_PLANS,
    FAIR_WISHES, FAIR_PARTICIPANTS,
)  # fmt: skip


@dataclass(frozen=True)
class PlanHead:
    """A plan without its content; version is the number of its last one."""

    id: str
    name: str
    state: PlanState
    version: int
    created_at: datetime


@dataclass(frozen=True)
class FairContent:
    """A fair with all that its planning needs."""

    fair: Fair
    participants: tuple[Participant, ...]
    wishes: tuple[Wish, ...]

    def participant(self, participant_id: str) -> Participant:
        """The participant of an id; UnknownRecord where there is none."""
        found = next((one for one in self.participants if one.id == participant_id), None)
        if found is None:
            raise UnknownRecord(f"fair {self.fair.id!r} has no participant of the id {participant_id!r}")
        return found


class FairStore:
    """Fairs of the organisation of a store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.database = store.database
        self.organisation = store.organisation

    # Fairs

    def put(self, fair: Fair) -> None:
        """Insert or replace a fair; its participants, wishes and plans stay.

        Raises InvalidInput where other slots or fewer tables would make a published plan mean something else.
        """
        with self.database.writing() as connection:
            known = self.locked(connection, fair.id)
            if known is not None and known.slots != fair.slots and self._is_published(connection, fair.id):
                raise InvalidInput(f"fair {fair.id!r} has a published plan, expected the same slots as before")
        self.store.put(Kind.FAIRS, [fair])

    def create(self, fair: Fair) -> None:
        """Insert a fair; InvalidInput where one has its id already."""
        with self.database.writing() as connection:
            if self.locked(connection, fair.id) is not None:
                raise InvalidInput(f"there is a fair of the id {fair.id!r} already, expected another id")
        self.put(fair)

    def fairs(self) -> tuple[Fair, ...]:
        """Every fair, by id."""
        return tuple(Fair.model_validate(stored.document) for stored in self.store.each(Kind.FAIRS))

    def fair(self, fair_id: str) -> Fair:
        """A fair; UnknownRecord where there is none of that id."""
        return Fair.model_validate(self.store.get(Kind.FAIRS, fair_id).document)

    def content(self, fair_id: str) -> FairContent:
        """A fair with its participants and wishes, as one state; UnknownRecord where there is none of that id."""
        with self.database.reading() as connection:
            return self.content_within(connection, fair_id)

    def content_within(self, connection: Connection, fair_id: str) -> FairContent:
        """The same within a transaction."""
        table = RECORDS[Kind.FAIRS]
        query = select(table.c.document).where(table.c.organisation_id == self.organisation, table.c.id == fair_id)
        document = connection.execute(query).scalar_one_or_none()
        if document is None:
            raise UnknownRecord(f"no fair has the id {fair_id!r}")
        rows = {
            table.name: connection.execute(
                select(table.c.document).where(*self.of(table, fair_id)).order_by(*table.primary_key.columns)
            ).scalars()
            for table in (FAIR_PARTICIPANTS, FAIR_WISHES)
        }
        participants = tuple(map(Participant.model_validate, rows[FAIR_PARTICIPANTS.name]))
        wishes = tuple(map(Wish.model_validate, rows[FAIR_WISHES.name]))
        return FairContent(Fair.model_validate(document), participants, wishes)

    def delete(self, fair_id: str) -> None:
        """Drop a fair with all that belongs to it; UnknownRecord where there is none of that id."""
        with self.database.writing() as connection:
            if self.locked(connection, fair_id) is None:
                raise UnknownRecord(f"no fair has the id {fair_id!r}")
            for table in _CHILDREN:
                connection.execute(delete(table).where(*self.of(table, fair_id)))
            self.store.erase(connection, Kind.FAIRS, [fair_id])

    # Participants and wishes

    def put_participants(self, fair_id: str, participants: Sequence[Participant]) -> None:
        """Insert or replace participants; UnknownRecord where there is no such fair."""
        with self.database.writing() as connection:
            self.require(connection, fair_id)
            rows = [{"id": one.id, "document": _document(one)} for one in participants]
            self._upsert(connection, FAIR_PARTICIPANTS, fair_id, rows, "document")
            count = select(func.count()).select_from(FAIR_PARTICIPANTS).where(*self.of(FAIR_PARTICIPANTS, fair_id))
            if (number := connection.execute(count).scalar_one()) > MAX_PARTICIPANTS:
                raise InvalidInput(f"fair {fair_id!r} would have {number} participants, expected {MAX_PARTICIPANTS}")

    def arrivals(self, fair_id: str) -> dict[str, datetime]:
        """When each participant checked in who did."""
        table = FAIR_PARTICIPANTS
        query = select(table.c.id, table.c.checked_in_at).where(*self.of(table, fair_id))
        with self.database.reading() as connection:
            rows = connection.execute(query.where(table.c.checked_in_at.is_not(None))).all()
        return {row.id: row.checked_in_at for row in rows}

    def put_wishes(self, fair_id: str, wishes: Sequence[Wish]) -> None:
        """Insert or replace wishes, one of each about each other; UnknownRecord where somebody is unknown."""
        with self.database.writing() as connection:
            self.require(connection, fair_id)
            ids = select(FAIR_PARTICIPANTS.c.id).where(*self.of(FAIR_PARTICIPANTS, fair_id))
            known = set(connection.execute(ids).scalars())
            named = {who for one in wishes for who in (one.by, one.about, one.after) if who is not None}
            if missing := sorted(named - known):
                raise UnknownRecord(f"fair {fair_id!r} has no participant of the id {missing[0]!r}")
            rows = [{"by_id": one.by, "about_id": one.about, "document": _document(one)} for one in wishes]
            self._upsert(connection, FAIR_WISHES, fair_id, rows, "document")

    # Plans

    def add_plan(self, fair_id: str, name: str, plan: Plan) -> PlanHead:
        """Keep a new draft, numbered from 1; UnknownRecord where there is no such fair."""
        with self.database.writing() as connection:
            return self.add_plan_within(connection, fair_id, name, plan)

    def add_plan_within(self, connection: Connection, fair_id: str, name: str, plan: Plan) -> PlanHead:
        """The same within a transaction."""
        if self.locked(connection, fair_id) is None:
            raise UnknownRecord(f"no fair has the id {fair_id!r}")
        count = select(func.count()).select_from(FAIR_PLANS).where(*self.of(FAIR_PLANS, fair_id))
        number = connection.execute(count).scalar_one() + 1
        head = PlanHead(str(number), name, PlanState.DRAFT, 1, self.database.clock())
        connection.execute(insert(FAIR_PLANS).values({**vars(head), **self.placed(fair_id)}))
        self._add_version(connection, fair_id, head, plan)
        return head

    def add_version(self, connection: Connection, fair_id: str, head: PlanHead, plan: Plan) -> PlanHead:
        """Keep the next version of a plan, within the transaction that made it."""
        following = PlanHead(head.id, head.name, head.state, head.version + 1, head.created_at)
        values = {"version": following.version, "state": following.state}
        connection.execute(update(FAIR_PLANS).where(*self.of(FAIR_PLANS, fair_id, head.id)).values(values))
        self._add_version(connection, fair_id, following, plan)
        return following

    def plans(self, fair_id: str) -> tuple[PlanHead, ...]:
        """Every plan of a fair, the oldest first; UnknownRecord where there is no such fair."""
        with self.database.reading() as connection:
            self.require(connection, fair_id)
            query = select(FAIR_PLANS).where(*self.of(FAIR_PLANS, fair_id))
            rows = connection.execute(query).all()
        return tuple(sorted(map(_head, rows), key=lambda head: int(head.id)))

    def plan(self, fair_id: str, plan_id: str, version: int | None = None) -> tuple[PlanHead, Plan]:
        """A plan, as it is or as it was at a version; UnknownRecord where there is none."""
        with self.database.reading() as connection:
            return self.plan_within(connection, fair_id, plan_id, version)

    def plan_within(
        self, connection: Connection, fair_id: str, plan_id: str, version: int | None = None
    ) -> tuple[PlanHead, Plan]:
        """The same within a transaction."""
        head, table = self.head_within(connection, fair_id, plan_id), FAIR_PLAN_VERSIONS
        key = *self.of(table, fair_id), table.c.plan_id == plan_id, table.c.number == (version or head.version)
        document = connection.execute(select(table.c.document).where(*key)).scalar_one_or_none()
        if document is None:
            raise UnknownRecord(f"plan {plan_id!r} has no version {version}, expected 1 to {head.version}")
        return head, Plan.model_validate(document)

    def head_within(self, connection: Connection, fair_id: str, plan_id: str) -> PlanHead:
        """A plan without its content, within a transaction; UnknownRecord where there is none."""
        query = select(FAIR_PLANS).where(*self.of(FAIR_PLANS, fair_id, plan_id))
        row = connection.execute(query).one_or_none()
        if row is None:
            raise UnknownRecord(f"fair {fair_id!r} has no plan of the id {plan_id!r}")
        return _head(row)

    def published(self, connection: Connection, fair_id: str) -> PlanHead | None:
        """The published plan of a fair, None where there is none."""
        is_published = FAIR_PLANS.c.state == PlanState.PUBLISHED
        row = connection.execute(select(FAIR_PLANS).where(*self.of(FAIR_PLANS, fair_id), is_published)).one_or_none()
        return None if row is None else _head(row)

    # Steps

    def of(self, table: Table, fair_id: str, row_id: str | None = None) -> list[Any]:
        """The condition that a row is of a fair of ours, and of an id."""
        ours = [table.c.organisation_id == self.organisation, table.c.fair_id == fair_id]
        return ours if row_id is None else [*ours, table.c.id == row_id]

    def placed(self, fair_id: str) -> dict[str, str]:
        """The columns that place a row in a fair of ours."""
        return {"organisation_id": self.organisation, "fair_id": fair_id}

    def locked(self, connection: Connection, fair_id: str) -> Fair | None:
        """The fair, held until the transaction ends, so that changes of one fair come one after the other."""
        table = RECORDS[Kind.FAIRS]
        query = select(table.c.document).where(table.c.organisation_id == self.organisation, table.c.id == fair_id)
        document = connection.execute(query.with_for_update()).scalar_one_or_none()
        return None if document is None else Fair.model_validate(document)

    def require(self, connection: Connection, fair_id: str) -> None:
        """UnknownRecord where there is no fair of that id."""
        table = RECORDS[Kind.FAIRS]
        query = select(table.c.id).where(table.c.organisation_id == self.organisation, table.c.id == fair_id)
        if connection.execute(query).one_or_none() is None:
            raise UnknownRecord(f"no fair has the id {fair_id!r}")

    def _is_published(self, connection: Connection, fair_id: str) -> bool:
        return self.published(connection, fair_id) is not None

    def _add_version(self, connection: Connection, fair_id: str, head: PlanHead, plan: Plan) -> None:
        row = {"plan_id": head.id, "number": head.version, "made_at": self.database.clock()}
        document = plan.model_dump(mode="json", exclude_defaults=True)
        connection.execute(insert(FAIR_PLAN_VERSIONS).values({**row, "document": document, **self.placed(fair_id)}))

    def _upsert(
        self, connection: Connection, table: Table, fair_id: str, rows: Sequence[dict[str, Any]], column: str
    ) -> None:
        for some in _chunks(rows):
            statement = self.database.upsert(table).values([{**row, **self.placed(fair_id)} for row in some])
            keys = [key.name for key in table.primary_key.columns]
            replaced = {column: statement.excluded[column]}
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=replaced))


def _document(value: Participant | Wish) -> dict[str, Any]:
    return value.model_dump(mode="json", exclude_defaults=True)


def _head(row: Any) -> PlanHead:
    return PlanHead(row.id, row.name, PlanState(row.state), row.version, row.created_at)


def _chunks(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (rows[start : start + _ROWS_A_STATEMENT] for start in range(0, len(rows), _ROWS_A_STATEMENT))
