"""The store of records: suppliers and requests in a SQL database, each as one checked JSON document."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Column, MetaData, String, Table, create_engine, delete, event, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import OperationalError

from matching.errors import StoreUnavailable, UnknownSupplier
from matching.profiles import BuyerRequest, Supplier

_METADATA = MetaData()
_SUPPLIERS = Table(
    "suppliers", _METADATA, Column("id", String(100), primary_key=True), Column("document", JSON, nullable=False)
)
_REQUESTS = Table(
    "requests", _METADATA, Column("id", String(100), primary_key=True), Column("document", JSON, nullable=False)
)
_ROWS_A_STATEMENT = 500


class Store:
    """Records under their ids; a record put again replaces the old one. SQLite in WAL mode.

    url : SQLAlchemy database URL, for example sqlite:///var/souk.db
    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(make_url(url))
        with self._connected() as connection:
            _METADATA.create_all(connection)

    def put_suppliers(self, suppliers: Iterable[Supplier]) -> None:
        """Insert or replace suppliers, all of them or, on an error, none."""
        self._put(_SUPPLIERS, list(suppliers))

    def put_requests(self, requests: Iterable[BuyerRequest]) -> None:
        """Insert or replace requests, all of them or, on an error, none; each must have an id."""
        self._put(_REQUESTS, list(requests))

    def supplier(self, supplier_id: str) -> Supplier:
        """The supplier of an id; UnknownSupplier where there is none."""
        with self._connected() as connection:
            query = select(_SUPPLIERS.c.document).where(_SUPPLIERS.c.id == supplier_id)
            document = connection.execute(query).scalar_one_or_none()
        if document is None:
            raise UnknownSupplier(f"no supplier has the id {supplier_id!r}")
        return Supplier.model_validate(document)

    def suppliers(self) -> tuple[Supplier, ...]:
        """Every supplier, by id."""
        return tuple(map(Supplier.model_validate, self._documents(_SUPPLIERS)))

    def requests(self) -> tuple[BuyerRequest, ...]:
        """Every request, by id."""
        return tuple(map(BuyerRequest.model_validate, self._documents(_REQUESTS)))

    def count_suppliers(self) -> int:
        """Number of suppliers."""
        with self._connected() as connection:
            return connection.execute(select(func.count()).select_from(_SUPPLIERS)).scalar_one()

    def delete_supplier(self, supplier_id: str) -> None:
        """Drop a supplier; one that is not there is no error."""
        with self._connected() as connection:
            connection.execute(delete(_SUPPLIERS).where(_SUPPLIERS.c.id == supplier_id))

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A transaction; StoreUnavailable where the database cannot be reached or refuses it as a whole."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except OperationalError as error:
            raise StoreUnavailable(f"database {self._engine.url.render_as_string()}: {error.orig}") from error

    def _documents(self, table: Table) -> Sequence[Any]:
        with self._connected() as connection:
            return connection.execute(select(table.c.document).order_by(table.c.id)).scalars().all()

    def _put(self, table: Table, records: Sequence[Supplier | BuyerRequest]) -> None:
        rows = [{"id": r.id, "document": r.model_dump(mode="json", exclude_defaults=True)} for r in records]
        with self._connected() as connection:
            for start in range(0, len(rows), _ROWS_A_STATEMENT):
                statement = insert(table).values(rows[start : start + _ROWS_A_STATEMENT])
                connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=[table.c.id], set_={"document": statement.excluded.document}
                    )
                )


def _engine(url: URL) -> Engine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def _write_ahead(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    return engine
