"""The store of one organisation's records: suppliers, requests and fairs, each as one checked JSON document.

Every change of a record takes the next number of the organisation's change sequence. A change is numbered and
committed under the organisation's row lock, so that whoever follows the sequence never meets a gap that fills later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import delete, func, select, update
from sqlalchemy.engine import Connection

from data.database import DEFAULT_ORGANISATION, Database
from data.schema import CHANGES, ERASED_ID, ORGANISATIONS, RECORDS, Kind
from matching.errors import PreconditionFailed, UnknownRecord, UnknownSupplier
from matching.profiles import BuyerRequest, Supplier

Record = Supplier | BuyerRequest
T = TypeVar("T")
PROFILES: Mapping[Kind, type[Supplier] | type[BuyerRequest]] = {Kind.SUPPLIERS: Supplier, Kind.REQUESTS: BuyerRequest}
NEWEST_REQUESTS = 500
_ROWS_A_STATEMENT = 500
_ROWS_A_PAGE = 1000


class Outcome(StrEnum):
    """What putting a record did."""

    CREATED = "created"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Written:
    """A record put: what it did, and the number of the change that made the record what it is."""

    id: str
    outcome: Outcome
    change: int


@dataclass(frozen=True)
class Stored:
    """A record as stored: its document, the number and the moment of its last change."""

    id: str
    document: Mapping[str, Any]
    change: int
    changed_at: datetime


@dataclass(frozen=True)
class Change:
    """The last change of a record; its document now, None where it was deleted.

    Under ERASED_ID: records were erased, and what is not stored any more has to go.
    """

    number: int
    id: str
    document: Mapping[str, Any] | None


@dataclass(frozen=True)
class Precondition:
    """What must hold of the stored record for a write to happen; by default anything may.

    exists  : whether a record must be there (True) or must not (False)
    changes : the last change must be one of these
    """

    exists: bool | None = None
    changes: frozenset[int] | None = None

    def check(self, name: str, record_id: str, change: int | None) -> None:
        """PreconditionFailed where the record's last change (None: no record) is another than asked."""
        if self.exists is not None and self.exists != (change is not None):
            state = "there already" if change is not None else "not there"
            raise PreconditionFailed(f"{name} {record_id!r} is {state}")
        if self.changes is not None and change not in self.changes:
            raise PreconditionFailed(f"{name} {record_id!r} was changed since it was read; read it again")


ANYTHING = Precondition()


class Store:
    """Records of one organisation under their ids; a record put again replaces the old one.

    database : a Database, or the URL of one to be opened
    """

    def __init__(self, database: Database | str, organisation: str = DEFAULT_ORGANISATION) -> None:
        self.database = Database.open(database) if isinstance(database, str) else database
        self.organisation = organisation
        self.database.ensure_organisation(organisation)

    # Writing

    def put(self, kind: Kind, records: Iterable[BaseModel], *, only_if: Precondition = ANYTHING) -> tuple[Written, ...]:
        """Insert or replace records, all of them or, on an error, none; one that is the same already is no change.

        Of several with one id the last one stays. Raises PreconditionFailed where a record is not as asked.
        """
        documents = {_id(record): record.model_dump(mode="json", exclude_defaults=True) for record in records}
        written: list[Written] = []
        with self.database.writing() as connection:
            number = self._last_change_locked(connection)
            for some in _chunks(documents.items(), _ROWS_A_STATEMENT):
                done = self._compared(connection, kind, dict(some), number, only_if)
                number = max([number, *(one.change for one in done)])
                self._write(connection, kind, [one for one in done if one.outcome is not Outcome.UNCHANGED], documents)
                written += done
            self._set_last_change(connection, number)
        return tuple(written)

    def delete(self, kind: Kind, record_id: str, *, only_if: Precondition = ANYTHING) -> bool:
        """Drop a record; False where it was not there. Raises PreconditionFailed where it is not as asked."""
        table = RECORDS[kind]
        with self.database.writing() as connection:
            number = self._last_change_locked(connection) + 1
            known = self._known(connection, kind, [record_id])
            only_if.check(_NOUNS[kind], record_id, known[record_id].change if known else None)
            if not known:
                return False
            connection.execute(
                delete(table).where(table.c.organisation_id == self.organisation, table.c.id == record_id)
            )
            self._note_changes(connection, kind, {record_id: number}, deleted=True)
            self._set_last_change(connection, number)
        return True

    def erase(self, connection: Connection, kind: Kind, ids: Sequence[str]) -> tuple[int, int]:
        """Drop records within a transaction, and their ids from the changes too; how many of both there were.

        That something was erased takes the next number of the sequence, so that followers see it.
        """
        table, number = RECORDS[kind], self._last_change_locked(connection) + 1
        records = table.c.organisation_id == self.organisation, table.c.id.in_(ids)
        changes = CHANGES.c.organisation_id == self.organisation, CHANGES.c.kind == kind, CHANGES.c.record_id.in_(ids)
        counts = tuple(
            connection.execute(delete(one).where(*rows)).rowcount
            for one, rows in ((table, records), (CHANGES, changes))
        )
        if any(counts):
            self._note_changes(connection, kind, {ERASED_ID: number}, deleted=True)
            self._set_last_change(connection, number)
        return counts[0], counts[1]

    # Reading

    def get(self, kind: Kind, record_id: str) -> Stored:
        """The record of an id; UnknownRecord (UnknownSupplier for a supplier) where there is none."""
        with self.database.reading() as connection:
            known = self._known(connection, kind, [record_id])
        if not known:
            raise _UNKNOWN[kind](f"no {_NOUNS[kind]} has the id {record_id!r}")
        return known[record_id]

    def page(self, kind: Kind, *, after: str = "", limit: int = _ROWS_A_PAGE) -> tuple[Stored, ...]:
        """The first `limit` records by id of those that come after an id."""
        table = RECORDS[kind]
        query = select(table).where(table.c.organisation_id == self.organisation, table.c.id > after)
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(table.c.id).limit(limit)).all()
        return tuple(Stored(row.id, row.document, row.change, row.changed_at) for row in rows)

    def each(self, kind: Kind, *, after: str = "") -> Iterator[Stored]:
        """Every record by id, or those that come after one, read page by page."""
        while page := self.page(kind, after=after):
            yield from page
            after = page[-1].id

    def newest(self, kind: Kind, *, limit: int) -> tuple[Stored, ...]:
        """The `limit` records changed last, the last first."""
        table = RECORDS[kind]
        query = select(table).where(table.c.organisation_id == self.organisation)
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(table.c.change.desc()).limit(limit)).all()
        return tuple(Stored(row.id, row.document, row.change, row.changed_at) for row in rows)

    def ids(self, kind: Kind) -> frozenset[str]:
        """Ids of all records."""
        table = RECORDS[kind]
        with self.database.reading() as connection:
            query = select(table.c.id).where(table.c.organisation_id == self.organisation)
            return frozenset(connection.execute(query).scalars())

    def count(self, kind: Kind) -> int:
        """Number of records."""
        table = RECORDS[kind]
        query = select(func.count()).select_from(table).where(table.c.organisation_id == self.organisation)
        with self.database.reading() as connection:
            return connection.execute(query).scalar_one()

    def last_change(self) -> int:
        """Number of the organisation's last change, 0 where there was none."""
        with self.database.reading() as connection:
            query = select(ORGANISATIONS.c.last_change).where(ORGANISATIONS.c.id == self.organisation)
            return connection.execute(query).scalar_one_or_none() or 0

    def changes_after(self, number: int, kind: Kind, *, limit: int = _ROWS_A_PAGE) -> tuple[Change, ...]:
        """The first `limit` changes of records of a kind that come after a number, in their order."""
        table = RECORDS[kind]
        joined = CHANGES.outerjoin(
            table, (table.c.organisation_id == CHANGES.c.organisation_id) & (table.c.id == CHANGES.c.record_id)
        )
        query = (
            select(CHANGES.c.number, CHANGES.c.record_id, table.c.id.is_not(None).label("there"), table.c.document)
            .select_from(joined)
            .where(
                CHANGES.c.organisation_id == self.organisation,
                CHANGES.c.number > number,
                CHANGES.c.kind == kind,
            )
            .order_by(CHANGES.c.number)
            .limit(limit)
        )
        with self.database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(Change(row.number, row.record_id, row.document if row.there else None) for row in rows)

    # Suppliers and requests as profiles

    def put_suppliers(self, suppliers: Iterable[Supplier]) -> None:
        """Insert or replace suppliers, all of them or, on an error, none."""
        self.put(Kind.SUPPLIERS, suppliers)

    def put_requests(self, requests: Iterable[BuyerRequest]) -> None:
        """Insert or replace requests, all of them or, on an error, none; each must have an id."""
        self.put(Kind.REQUESTS, requests)

    def supplier(self, supplier_id: str) -> Supplier:
        """The supplier of an id; UnknownSupplier where there is none."""
        return Supplier.model_validate(self.get(Kind.SUPPLIERS, supplier_id).document)

    def suppliers(self) -> tuple[Supplier, ...]:
        """Every supplier, by id."""
        return tuple(Supplier.model_validate(stored.document) for stored in self.each(Kind.SUPPLIERS))

    def requests(self) -> tuple[BuyerRequest, ...]:
        """Every request, by id."""
        return tuple(BuyerRequest.model_validate(stored.document) for stored in self.each(Kind.REQUESTS))

    def count_suppliers(self) -> int:
        """Number of suppliers."""
        return self.count(Kind.SUPPLIERS)

    def delete_supplier(self, supplier_id: str) -> None:
        """Drop a supplier; one that is not there is no error."""
        self.delete(Kind.SUPPLIERS, supplier_id)

    # Steps of writing

    def _last_change_locked(self, connection: Connection) -> int:
        query = select(ORGANISATIONS.c.last_change).where(ORGANISATIONS.c.id == self.organisation).with_for_update()
        number: int = connection.execute(query).scalar_one()
        return number

    def _set_last_change(self, connection: Connection, number: int) -> None:
        connection.execute(
            update(ORGANISATIONS).where(ORGANISATIONS.c.id == self.organisation).values(last_change=number)
        )

    def _known(self, connection: Connection, kind: Kind, ids: Sequence[str]) -> dict[str, Stored]:
        table = RECORDS[kind]
        query = select(table).where(table.c.organisation_id == self.organisation, table.c.id.in_(ids))
        rows = connection.execute(query).all()
        return {row.id: Stored(row.id, row.document, row.change, row.changed_at) for row in rows}

    def _compared(
        self, connection: Connection, kind: Kind, documents: Mapping[str, Any], number: int, only_if: Precondition
    ) -> list[Written]:
        known = self._known(connection, kind, list(documents))
        written = []
        for record_id, document in documents.items():
            old = known.get(record_id)
            only_if.check(_NOUNS[kind], record_id, old.change if old else None)
            if old and old.document == document:
                written.append(Written(record_id, Outcome.UNCHANGED, old.change))
                continue
            number += 1
            written.append(Written(record_id, Outcome.REPLACED if old else Outcome.CREATED, number))
        return written

    def _write(
        self, connection: Connection, kind: Kind, written: Sequence[Written], documents: Mapping[str, Any]
    ) -> None:
        if not written:
            return
        now = self.database.clock()
        stamp = {"organisation_id": self.organisation, "changed_at": now, "created_at": now}
        rows = [stamp | {"id": one.id, "document": documents[one.id], "change": one.change} for one in written]
        statement = self.database.upsert(RECORDS[kind]).values(rows)
        replaced = {name: statement.excluded[name] for name in ("document", "change", "changed_at")}
        connection.execute(statement.on_conflict_do_update(index_elements=["organisation_id", "id"], set_=replaced))
        self._note_changes(connection, kind, {one.id: one.change for one in written}, deleted=False)

    def _note_changes(self, connection: Connection, kind: Kind, numbers: Mapping[str, int], *, deleted: bool) -> None:
        stamp = {"organisation_id": self.organisation, "kind": kind.value, "changed_at": self.database.clock()}
        rows = [
            stamp | {"record_id": record_id, "number": number, "deleted": deleted}
            for record_id, number in numbers.items()
        ]
        statement = self.database.upsert(CHANGES).values(rows)
        replaced = {name: statement.excluded[name] for name in ("number", "deleted", "changed_at")}
        connection.execute(
            statement.on_conflict_do_update(index_elements=["organisation_id", "kind", "record_id"], set_=replaced)
        )


_NOUNS = {Kind.SUPPLIERS: "supplier", Kind.REQUESTS: "request", Kind.FAIRS: "fair"}
_UNKNOWN: Mapping[Kind, type[UnknownRecord]] = {
    Kind.SUPPLIERS: UnknownSupplier,
    Kind.REQUESTS: UnknownRecord,
    Kind.FAIRS: UnknownRecord,
}


def _id(record: BaseModel) -> str:
    record_id: str = getattr(record, "id")  # noqa: B009
    return record_id


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
