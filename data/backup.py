"""A whole database in one archive, which goes back into SQLite or PostgreSQL.

A zip file: for each table a member of JSON Lines, and a manifest with the format, the revision of the tables, the
moment, and each member's rows and SHA-256. Vectors are made from the records and not in it; nor are models.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, ValidationError
from sqlalchemy import DateTime, LargeBinary, MetaData, Table, delete, exists, func, insert, select, text, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, StatementError

from data.database import Database, revisions
from data.migrations import HEAD
from data.schema import CHANGES, METADATA, MODEL_VERSIONS, MODELS_IN_SERVICE, ORGANISATIONS, RECORDS, WATCHES, Moment
from matching.errors import InvalidInput, UnreadableFile
from matching.files import whole_file

FORMAT = 1
MANIFEST = "manifest.json"
_ROWS_A_STATEMENT = 500
_DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
    KeyError,
)
# What a service that has nothing to keep writes by itself.
_NO_RECORDS = frozenset({ORGANISATIONS.name, MODEL_VERSIONS.name, MODELS_IN_SERVICE.name, WATCHES.name})
# Columns that hold a number of the change sequence.
_NUMBERED = {ORGANISATIONS.name: "last_change", CHANGES.name: "number", WATCHES.name: "change"} | {
    table.name: "change" for table in RECORDS.values()
}


class Member(BaseModel):
    """The rows of one table in an archive."""

    rows: int
    sha256: str


class Manifest(BaseModel):
    """What an archive says of itself; `tables` in an order that foreign keys allow."""

    format: int
    revision: str
    made_at: AwareDatetime
    tables: Mapping[str, Member]


def back_up(database: Database, path: Path) -> Manifest:
    """Write one state of the database to an archive, whole or not at all; writers go on meanwhile."""
    with (
        whole_file(path) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
        database.reading() as connection,
    ):
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        tables = {table.name: _write_table(archive, connection, table) for table in METADATA.sorted_tables}
        manifest = Manifest(format=FORMAT, revision=HEAD, made_at=database.clock(), tables=tables)
        archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))
    return manifest


def restore(database: Database, path: Path, *, replace: bool = False) -> Manifest:
    """Make the database what an archive says, in one transaction, after the whole archive was checked.

    replace : whether a database that holds records already may lose them

    Whoever follows the change sequence is told: each record gets a number above all that were given before, and what is
    not in the archive is noted as deleted.

    Raises UnreadableFile where the archive is damaged, foreign or newer than this version, InvalidInput where the
    database holds records. Nothing is changed then.
    """
    with _opened(path) as archive:
        manifest = _manifest(archive)
        if manifest.revision != HEAD:
            with _brought_up(archive, manifest, database.clock()) as newer:
                _check(newer, _manifest(newer), METADATA)
                _replace(database, newer, replace=replace)
        else:
            _check(archive, manifest, METADATA)
            _replace(database, archive, replace=replace)
    return manifest


# Writing


def _write_table(archive: zipfile.ZipFile, connection: Connection, table: Table) -> Member:
    rows, checksum = 0, hashlib.sha256()
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=_ROWS_A_STATEMENT)
    with archive.open(_member(table.name), "w", force_zip64=True) as member:
        for row in connection.execute(query).mappings():
            line = json.dumps(dict(row), default=_as_text).encode() + b"\n"
            checksum.update(line)
            member.write(line)
            rows += 1
    return Member(rows=rows, sha256=checksum.hexdigest())


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"an archive cannot hold {type(value).__name__}")


def _member(table: str) -> str:
    return f"{table}.jsonl"


# Checking


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive to read; whatever is wrong with it is UnreadableFile."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except UnreadableFile as fault:
        raise UnreadableFile(f"{path}: {fault}; nothing was changed") from fault
    except FileNotFoundError as error:
        raise UnreadableFile(f"{path}: no such file") from error
    except zipfile.BadZipFile as error:
        raise UnreadableFile(
            f"{path}: no archive of `souk backup`, or damaged: {error}; nothing was changed"
        ) from error


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    try:
        manifest = Manifest.model_validate_json(archive.read(MANIFEST))
    except KeyError as error:
        raise UnreadableFile(f"no archive of `souk backup`: it has no {MANIFEST}") from error
    except ValidationError as error:
        raise UnreadableFile(f"{MANIFEST}: {error.errors()[0]['msg']}") from error
    except _DAMAGES as error:
        raise UnreadableFile(f"{MANIFEST} is damaged: {error}") from error
    if manifest.format != FORMAT:
        raise UnreadableFile(f"format {manifest.format}, this version of Souk reads {FORMAT}")
    if manifest.revision not in revisions():
        raise UnreadableFile(
            f"made by a newer version of Souk, with tables of revision {manifest.revision!r}; "
            f"this one knows them up to {HEAD!r}; install that version first"
        )
    return manifest


def _check(archive: zipfile.ZipFile, manifest: Manifest, schema: MetaData) -> None:
    """Read every row once: UnreadableFile where a table, a row or a checksum is not as it should be."""
    expected = {table.name for table in schema.sorted_tables}
    if odd := expected ^ set(manifest.tables):
        raise UnreadableFile(f"expected other tables: differs in {', '.join(sorted(odd))}")
    for table in schema.sorted_tables:
        checksum, said = hashlib.sha256(), manifest.tables[table.name]
        rows = sum(1 for _ in _rows(archive, table, checksum))
        if checksum.hexdigest() != said.sha256:
            raise UnreadableFile(f"{_member(table.name)} is damaged: its SHA-256 does not agree with the manifest")
        if rows != said.rows:
            raise UnreadableFile(f"{_member(table.name)} has {rows} rows, the manifest says {said.rows}")


def _rows(archive: zipfile.ZipFile, table: Table, checksum: Any = None) -> Iterator[dict[str, Any]]:
    """The rows of a table as they are inserted."""
    name, number = _member(table.name), 0
    try:
        with archive.open(name) as member:
            for line in member:
                number += 1
                if checksum is not None:
                    checksum.update(line)
                yield _row(table, json.loads(line))
    except UnreadableFile as fault:
        raise UnreadableFile(f"{name} row {number}: {fault}") from fault
    except _DAMAGES as error:
        raise UnreadableFile(f"{name} is damaged at row {number}: {error}") from error


def _row(table: Table, row: Any) -> dict[str, Any]:
    if not isinstance(row, dict) or row.keys() != set(table.columns.keys()):
        raise UnreadableFile(f"expected an object of {', '.join(table.columns.keys())}")
    for column in table.columns:
        if row[column.name] is None and not column.nullable:
            raise UnreadableFile(f"{column.name} is null")
        if isinstance(column.type, Moment | DateTime) and row[column.name] is not None:
            row[column.name] = datetime.fromisoformat(row[column.name]).astimezone(UTC)
        elif isinstance(column.type, LargeBinary) and row[column.name] is not None:
            row[column.name] = base64.b64decode(row[column.name], validate=True)
    return row


# Restoring


@contextmanager
def _brought_up(archive: zipfile.ZipFile, manifest: Manifest, now: datetime) -> Iterator[zipfile.ZipFile]:
    """An archive of older tables as one of today's: by way of a database of its own, which the migrations bring up."""
    with tempfile.TemporaryDirectory(prefix="souk-restore-") as folder:
        old = Database(f"sqlite:///{folder}/old.db", clock=lambda: now)
        try:
            old.migrate(manifest.revision)
            schema = MetaData()
            with old.writing() as connection:
                schema.reflect(connection, only=lambda name, _: name != "alembic_version")
                _check(archive, manifest, schema)
                for table in schema.sorted_tables:
                    _insert(connection, table, _rows(archive, table))
            old.migrate()
            back_up(old, Path(folder) / "new.zip")
        finally:
            old.close()
        with zipfile.ZipFile(Path(folder) / "new.zip") as newer:
            yield newer


def _replace(database: Database, archive: zipfile.ZipFile, *, replace: bool) -> None:
    try:
        with database.writing() as connection:
            if connection.dialect.name == "postgresql":
                # Readers go on and see what was there before; SQLite lets them by itself.
                names = ", ".join(map(connection.dialect.identifier_preparer.format_table, METADATA.sorted_tables))
                connection.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
            if not replace and (held := _held(connection)):
                raise InvalidInput(f"the database holds {held} already; --replace puts the archive in their place")
            _fill(database, connection, archive)
    except (DBAPIError, StatementError) as error:
        cause = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        raise UnreadableFile(f"its rows do not fit the tables: {cause}") from error


def _held(connection: Connection) -> str:
    tables = [table for table in METADATA.sorted_tables if table.name not in _NO_RECORDS]
    return ", ".join(table.name for table in tables if connection.execute(select(exists(select(table)))).scalar_one())


def _fill(database: Database, connection: Connection, archive: zipfile.ZipFile) -> None:
    given = {
        row.id: row.last_change for row in connection.execute(select(ORGANISATIONS.c.id, ORGANISATIONS.c.last_change))
    }
    kept = (ORGANISATIONS, CHANGES)
    for table in reversed(METADATA.sorted_tables):
        if table not in kept:
            connection.execute(delete(table))
    for table in METADATA.sorted_tables:
        rows = (_renumbered(table, row, given) for row in _rows(archive, table))
        if table in kept:
            _upsert(database, connection, table, rows)
        else:
            _insert(connection, table, rows)
    for organisation, number in given.items():
        _note_missing_as_deleted(database, connection, organisation, number)


def _renumbered(table: Table, row: dict[str, Any], given: Mapping[str, int]) -> dict[str, Any]:
    """A row with its change number above those that its organisation has given already."""
    column = _NUMBERED.get(table.name)
    if column is not None:
        row[column] += given.get(row["id" if table is ORGANISATIONS else "organisation_id"], 0)
    return row


def _note_missing_as_deleted(database: Database, connection: Connection, organisation: str, given: int) -> None:
    """Number anew, behind all others, the changes of records that the archive does not know."""
    of_organisation, itself = CHANGES.c.organisation_id == organisation, ORGANISATIONS.c.id == organisation
    newest = connection.execute(select(ORGANISATIONS.c.last_change).where(itself)).scalar_one()
    place = func.row_number().over(order_by=CHANGES.c.number).label("place")
    missing = (
        select(CHANGES.c.kind, CHANGES.c.record_id, place).where(of_organisation, CHANGES.c.number <= given).subquery()
    )
    done = connection.execute(
        update(CHANGES)
        .where(of_organisation, CHANGES.c.kind == missing.c.kind, CHANGES.c.record_id == missing.c.record_id)
        .values(number=newest + missing.c.place, deleted=True, changed_at=database.clock())
    )
    connection.execute(update(ORGANISATIONS).where(itself).values(last_change=newest + done.rowcount))


def _insert(connection: Connection, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    for some in _chunks(rows):
        connection.execute(insert(table), some)


def _upsert(database: Database, connection: Connection, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    statement = database.upsert(table)
    replaced = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    statement = statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=replaced)
    for some in _chunks(rows):
        connection.execute(statement, some)


def _chunks(rows: Iterator[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    while some := list(islice(rows, _ROWS_A_STATEMENT)):
        yield some
