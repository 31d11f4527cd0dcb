"""A SQL database by its URL: SQLite in WAL mode or PostgreSQL, brought to the newest tables, in plain transactions."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, inspect, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, NoSuchModuleError, TimeoutError

from data.migrations import HEAD
from data.schema import ORGANISATIONS
from matching.errors import InvalidInput, StoreUnavailable

DEFAULT_ORGANISATION = "default"
_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_UPSERTS: dict[str, Callable[[Any], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 7_685_011
_WAIT_SECONDS = 10
# Classes of SQLSTATE that say that the request itself was wrong: data, integrity, syntax.
_CALLERS_FAULT = ("22", "23", "42")


def utc_now() -> datetime:
    """The moment it is, in UTC."""
    return datetime.now(UTC)


class Database:
    """Transactions on one database; whatever keeps it from answering or writing is StoreUnavailable.

    url   : for example sqlite:///var/souk.db or postgresql://user:password@host/name
    clock : tells the moment that a record is stamped with
    """

    def __init__(self, url: str, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._engine = _engine(_with_driver(url))
        # Whoever only opened a store for one call gives its connections back by letting go of it.
        weakref.finalize(self, self._engine.dispose)
        self.clock = clock

    @classmethod
    def open(cls, url: str, *, clock: Callable[[], datetime] = utc_now) -> Database:
        """A database that is reached and has the newest tables."""
        database = cls(url, clock=clock)
        database.migrate()
        return database

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is stored whole when the block ends, or not at all where it raises."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def upsert(self, table: Any) -> Any:
        """An INSERT that can be told what to do on conflict, in this database's dialect."""
        return _UPSERTS[self._engine.dialect.name](table)

    def migrate(self, revision: str = HEAD) -> None:
        """Bring the tables up to a revision, by default the newest; several processes may try at once."""
        with self.reading() as connection:
            if _version(connection) == revision:
                return
        with self.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            if _version(connection) != revision:
                _upgrade(connection, revision)

    def ensure_organisation(self, organisation_id: str) -> None:
        """Enter an organisation where it is not known yet."""
        with self.reading() as connection:
            known = select(ORGANISATIONS.c.id).where(ORGANISATIONS.c.id == organisation_id)
            if connection.execute(known).scalar_one_or_none() is not None:
                return
        with self.writing() as connection:
            row = {"id": organisation_id, "created_at": self.clock(), "last_change": 0}
            connection.execute(self.upsert(ORGANISATIONS).values(row).on_conflict_do_nothing())

    def organisations(self) -> tuple[str, ...]:
        """Ids of all organisations, in their order."""
        with self.reading() as connection:
            return tuple(connection.execute(select(ORGANISATIONS.c.id).order_by(ORGANISATIONS.c.id)).scalars())

    def empty_log(self) -> None:
        """Leave nothing in SQLite's write-ahead log; PostgreSQL sees to its own."""
        if self._engine.dialect.name == "sqlite":
            connection = self._engine.raw_connection()
            try:
                # While another connection reads, the next one to write does it.
                with suppress(sqlite3.OperationalError):
                    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()

    def close(self) -> None:
        """Give every connection back."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        try:
            with self._engine.connect().execution_options(souk_begin=begin) as connection, connection.begin():
                yield connection
        except (DBAPIError, TimeoutError) as error:
            if _is_callers_fault(error):
                raise
            cause = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
            raise StoreUnavailable(f"database {self._engine.url.render_as_string()}: {cause}") from error


def _is_callers_fault(error: DBAPIError | TimeoutError) -> bool:
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return isinstance(error, IntegrityError) or (state or "").startswith(_CALLERS_FAULT)


def _with_driver(url: str) -> URL:
    parsed = make_url(url)
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise InvalidInput(f"database URL begins with {parsed.drivername!r}, expected sqlite or postgresql")
    return parsed.set(drivername=driver)


def _engine(url: URL) -> Engine:
    try:
        if url.get_backend_name() == "postgresql":
            arguments = {"connect_timeout": _WAIT_SECONDS}
            return create_engine(
                url, pool_pre_ping=True, pool_size=20, max_overflow=20, pool_timeout=_WAIT_SECONDS,
                connect_args=arguments,
            )  # fmt: skip
        return _sqlite_engine(url)
    except NoSuchModuleError as error:
        raise InvalidInput(f"database URL {url.render_as_string()}: {error}") from error


def _sqlite_engine(url: URL) -> Engine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, pool_size=20, max_overflow=20, pool_timeout=_WAIT_SECONDS, connect_args={"timeout": _WAIT_SECONDS}
    )

    @event.listens_for(engine, "connect")
    def _write_ahead(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        # What is deleted is overwritten, not only unlinked: an erased record is in no free page of the file.
        connection.execute("PRAGMA secure_delete=ON")

    # The driver would begin too late for a reader to see one state, and never at once for a writer.
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("souk_begin", "BEGIN"))

    return engine


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def revisions() -> frozenset[str]:
    """Every revision of the tables that this version knows."""
    from alembic.script import ScriptDirectory

    return frozenset(script.revision for script in ScriptDirectory(str(_MIGRATIONS)).walk_revisions())


def _upgrade(connection: Connection, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


__all__ = ["DEFAULT_ORGANISATION", "Database", "revisions", "utc_now"]
