from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, insert, select
from sqlalchemy.types import BigInteger, Boolean, Float, Integer, LargeBinary, String, Text

from data.answers import Answer, Answers
from data.backup import MANIFEST, back_up, restore
from data.database import Database, revisions
from data.events import Event, EventLog, Impression, ShownMatch, note_model_version
from data.fair_store import FairStore
from data.keys import Keys, Scope
from data.schema import FAIR_FITS, METADATA, Kind, Moment
from data.store import Store
from data.workspace import Models, Workspace
from matching.errors import InvalidInput, StoreUnavailable, UnreadableFile
from matching.profiles import BuyerRequest, Supplier
from matching.ranker import GlassBoxRanker
from tests.conftest import HashingEncoder
from tests.fairs import FAIR
from tests.postgresql import PostgresqlServer

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EARLIER_TABLES = Path(__file__).parent / "backup_of_0001.zip"


def _filled(url: str, suppliers: tuple[Supplier, ...]) -> Database:
    """A database with something in every table of matching."""
    database = Database.open(url)
    store = Store(database)
    store.put_suppliers(suppliers)
    store.put_requests([BuyerRequest(id="R1", text="زيت الأركان")])
    store.delete_supplier("S4")
    Store(database, "acme").put_suppliers([Supplier(id="S1", name="Doum")])
    Keys(database).create("acme", "portal", [Scope.MATCH])
    note_model_version(database, "ranker", "simple")
    log = EventLog(database, "default")
    shown = Impression("m1", "S1", 1, {"word_overlap": 0.1, "price": None}, 1.25, 1.0, "simple")
    log.note_match(ShownMatch("m1", BuyerRequest(text="argan"), ("S1", "S2"), "e", "simple"), [shown])
    log.note_events([Event("e1", "m1", "S1", "click", {"half": "\ud800"}, NOON)])
    Answers(database, "default").keep("k", "digest", Answer(200, "{}"))
    FairStore(store).put(FAIR)
    with database.writing() as connection:
        scores = {"organisation_id": "default", "fair_id": FAIR.id, "digest": "d", "chances": b"\x00\xff"}
        connection.execute(insert(FAIR_FITS).values(scores))
    return database


def _rows(database: Database) -> dict[str, list[Any]]:
    with database.reading() as connection:
        return {
            table.name: connection.execute(select(table).order_by(*table.primary_key.columns)).all()
            for table in METADATA.sorted_tables
        }


@pytest.fixture
def filled(database_url: str, suppliers: tuple[Supplier, ...]) -> Database:
    return _filled(database_url, suppliers)


@pytest.fixture
def archive(filled: Database, tmp_path: Path) -> Path:
    back_up(filled, tmp_path / "souk.zip")
    return tmp_path / "souk.zip"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """Another database, of each kind, so that every archive goes into both."""
    if request.param == "sqlite":
        return Database.open(f"sqlite:///{tmp_path}/empty.db")
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return Database.open(server.url())


def test_a_restored_database_holds_what_was_backed_up_to_the_last_value(
    filled: Database, archive: Path, empty: Database
) -> None:
    restore(empty, archive)
    assert _rows(empty) == _rows(filled)


def test_a_manifest_counts_the_rows_and_names_the_revision(filled: Database, tmp_path: Path) -> None:
    manifest = back_up(filled, tmp_path / "souk.zip")
    assert {name: member.rows for name, member in manifest.tables.items()} == {
        name: len(rows) for name, rows in _rows(filled).items()
    }
    assert manifest.revision in revisions()


def test_no_key_is_in_an_archive_but_its_hash(database_url: str, tmp_path: Path) -> None:
    database = Database.open(database_url)
    token = Keys(database).create("acme", "portal", [Scope.ADMIN])
    back_up(database, tmp_path / "souk.zip")
    with zipfile.ZipFile(tmp_path / "souk.zip") as archive:
        kept = b"".join(archive.read(name) for name in archive.namelist())
    assert token.split("_", 2)[2].encode() not in kept
    restored = Database.open(f"sqlite:///{tmp_path}/other.db")
    restore(restored, tmp_path / "souk.zip")
    assert Keys(restored).check(token).organisation == "acme"


def test_every_kind_of_column_can_be_held_by_an_archive() -> None:
    held = (JSON, BigInteger, Boolean, Float, Integer, LargeBinary, Moment, String, Text)
    assert [c for table in METADATA.sorted_tables for c in table.columns if not isinstance(c.type, held)] == []


def test_an_archive_is_one_state_whatever_is_written_meanwhile(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A supplier that comes after the first table was read is in no table of the archive."""
    store = Store(database_url)
    store.put_suppliers([Supplier(id="S1", name="Zellij")])
    other = Store(Database.open(database_url))
    add = zipfile.ZipFile.open

    def open_after_a_write(archive: zipfile.ZipFile, name: Any, *arguments: Any, **named: Any) -> Any:
        if name == "suppliers.jsonl":
            other.put_suppliers([Supplier(id="S2", name="Doum")])
        return add(archive, name, *arguments, **named)

    monkeypatch.setattr(zipfile.ZipFile, "open", open_after_a_write)
    manifest = back_up(store.database, tmp_path / "souk.zip")
    assert (manifest.tables["suppliers"].rows, manifest.tables["changes"].rows) == (1, 1)


def test_a_back_up_that_fails_leaves_the_old_archive(archive: Path, tmp_path: Path) -> None:
    before = archive.read_bytes()
    gone = Database("postgresql://souk@127.0.0.1:1/souk")
    with pytest.raises(StoreUnavailable):
        back_up(gone, archive)
    assert archive.read_bytes() == before
    assert [path.name for path in tmp_path.glob(".souk.zip*")] == []


def test_a_database_that_holds_records_is_left_alone(filled: Database, archive: Path) -> None:
    before = _rows(filled)
    with pytest.raises(InvalidInput, match=r"holds answers, .*suppliers.* already; --replace"):
        restore(filled, archive)
    assert _rows(filled) == before


def test_a_database_that_a_service_only_looked_at_holds_nothing(archive: Path, empty: Database) -> None:
    Store(empty, "default")
    note_model_version(empty, "ranker", "other")
    restore(empty, archive)
    with empty.reading() as connection:
        assert [row.version for row in connection.execute(select(METADATA.tables["model_versions"]))] == ["simple"]


def test_replaced_records_take_numbers_that_nobody_has_seen(filled: Database, archive: Path) -> None:
    store = Store(filled)
    before = {stored.id: stored.change for stored in store.each(Kind.SUPPLIERS)}
    store.put_suppliers([Supplier(id="S9", name="Late")])
    seen = store.last_change()
    restore(filled, archive, replace=True)
    changes = store.changes_after(seen, Kind.SUPPLIERS)
    assert {change.id: change.document is None for change in changes} == {
        "S1": False, "S2": False, "S3": False, "S4": True, "S9": True
    }  # fmt: skip
    assert {stored.id: stored.change for stored in store.each(Kind.SUPPLIERS)} == {
        supplier_id: number + seen for supplier_id, number in before.items()
    }
    assert store.last_change() == max(change.number for change in changes)


def test_a_replica_in_service_follows_a_restore(
    filled: Database, archive: Path, tmp_path: Path, encoder: HashingEncoder, ranker: GlassBoxRanker
) -> None:
    store = Store(filled)
    workspace = Workspace(store, Models(encoder, ranker), tmp_path / "suppliers.index")
    store.put_suppliers([Supplier(id="S1", name="Changed"), Supplier(id="S9", name="Late")])
    workspace.load()
    restore(filled, archive, replace=True)
    workspace.catch_up()
    catalogue = workspace.matcher.catalogue
    assert sorted(catalogue.row_by_id) == ["S1", "S2", "S3"]
    assert catalogue.suppliers[catalogue.row("S1")].name == "Tamount"


def test_an_organisation_that_the_archive_does_not_know_is_left_with_nothing(filled: Database, archive: Path) -> None:
    store = Store(filled, "late")
    store.put_suppliers([Supplier(id="S1", name="Late")])
    restore(filled, archive, replace=True)
    assert store.suppliers() == ()
    assert [change.document for change in store.changes_after(1, Kind.SUPPLIERS)] == [None]


def test_an_archive_restored_again_and_again_gives_the_same_records(filled: Database, archive: Path) -> None:
    store = Store(filled)
    before, numbers = store.suppliers(), []
    for _ in range(3):
        restore(filled, archive, replace=True)
        numbers.append(store.last_change())
    assert store.suppliers() == before
    assert numbers[2] - numbers[1] == numbers[1] - numbers[0]


def test_an_archive_of_the_first_tables_is_brought_up(empty: Database) -> None:
    restore(empty, EARLIER_TABLES)
    assert Store(empty).suppliers() == (Supplier(id="S1", name="Tapis du Moyen Atlas", country="MA"),)
    assert Store(empty, "acme").requests() == (BuyerRequest(id="R1", text="زيت الأركان"),)
    assert [key.name for key in Keys(empty).all()] == ["portal"]


# What cannot be restored


def _rewritten(archive: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """An archive with other members."""
    with zipfile.ZipFile(archive) as old:
        members = {name: old.read(name) for name in old.namelist()}
    change(members)
    with zipfile.ZipFile(archive, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
    return archive


def _with_manifest(archive: Path, **values: Any) -> Path:
    def change(members: dict[str, bytes]) -> None:
        members[MANIFEST] = json.dumps(json.loads(members[MANIFEST]) | values).encode()

    return _rewritten(archive, change)


def _with_suppliers(archive: Path, content: bytes) -> Path:
    """An archive with other suppliers, whose manifest agrees."""

    def change(members: dict[str, bytes]) -> None:
        manifest = json.loads(members[MANIFEST])
        manifest["tables"]["suppliers"] = {
            "rows": content.count(b"\n"),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        members["suppliers.jsonl"], members[MANIFEST] = content, json.dumps(manifest).encode()

    return _rewritten(archive, change)


def _row(**values: Any) -> bytes:
    row = {
        "organisation_id": "default", "id": "S1", "document": {}, "change": 1,
        "changed_at": NOON.isoformat(), "created_at": NOON.isoformat(),
    }  # fmt: skip
    return json.dumps(row | values).encode() + b"\n"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_bytes(b"torn"), "no archive of `souk backup`, or damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "no archive of `souk backup`, or damaged"),
        (lambda path: path.unlink(), "no such file"),
        (lambda path: _rewritten(path, lambda members: members.pop(MANIFEST)), "it has no manifest.json"),
        (lambda path: _rewritten(path, lambda members: members.update({MANIFEST: b"{}"})), "manifest.json: Field"),
        (lambda path: _rewritten(path, lambda members: members.pop("keys.jsonl")), "keys.jsonl is damaged at row 0"),
        (lambda path: _rewritten(path, lambda m: m.update({"suppliers.jsonl": b""})), "SHA-256 does not agree"),
        (lambda path: _with_manifest(path, tables={}), "expected other tables: differs in answers, changes"),
        (lambda path: _with_manifest(path, format=2), "format 2, this version of Souk reads 1"),
        (
            lambda path: _with_manifest(path, revision="9999"),
            "made by a newer version of Souk, with tables of revision",
        ),
        (lambda path: _with_suppliers(path, b"[]\n"), "suppliers.jsonl row 1: expected an object of organisation_id"),
        (lambda path: _with_suppliers(path, _row(change=None)), "suppliers.jsonl row 1: change is null"),
        (lambda path: _with_suppliers(path, _row(changed_at="soon")), "suppliers.jsonl is damaged at row 1"),
        (lambda path: _with_suppliers(path, 2 * _row()), "its rows do not fit the tables"),
    ],
)
def test_what_is_damaged_foreign_or_newer_is_refused_and_changes_nothing(
    filled: Database, archive: Path, damage: Callable[[Path], object], message: str
) -> None:
    before = _rows(filled)
    damage(archive)
    with pytest.raises(UnreadableFile, match=message):
        restore(filled, archive, replace=True)
    assert _rows(filled) == before


def test_a_flipped_bit_is_found(filled: Database, archive: Path) -> None:
    with zipfile.ZipFile(archive) as members:
        member = members.getinfo("suppliers.jsonl")
    content = bytearray(archive.read_bytes())
    content[member.header_offset + 30 + len(member.filename) + member.compress_size // 2] ^= 1
    archive.write_bytes(content)
    with pytest.raises(UnreadableFile, match="damaged"):
        restore(filled, archive, replace=True)
