from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import data.migrations
from data.database import Database
from data.schema import METADATA, Kind
from data.store import Store
from matching.errors import InvalidInput, StoreUnavailable
from matching.profiles import Supplier
from tests.postgresql import PostgresqlServer


def test_the_migrations_make_the_tables_of_the_code(database_url: str) -> None:
    with Database.open(database_url).reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_the_newest_migration_is_the_last_one() -> None:
    folder = Path(str(data.migrations.__file__)).parent
    assert ScriptDirectory(str(folder)).get_heads() == [data.migrations.HEAD]


def test_records_of_the_version_without_organisations_are_taken_over(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "souk.db") as old:
        for table in ("suppliers", "requests"):
            old.execute(f"CREATE TABLE {table} (id VARCHAR(100) PRIMARY KEY, document JSON NOT NULL)")
        old.execute("""INSERT INTO suppliers VALUES ('S1', '{"id": "S1", "name": "Zellij"}')""")
    old.close()
    store = Store(f"sqlite:///{tmp_path}/souk.db")
    assert store.suppliers() == (Supplier(id="S1", name="Zellij"),)
    assert [(change.number, change.id) for change in store.changes_after(0, Kind.SUPPLIERS)] == [(1, "S1")]


def test_a_database_of_another_make_is_refused() -> None:
    with pytest.raises(InvalidInput, match="begins with 'mysql', expected sqlite or postgresql"):
        Database("mysql://localhost/souk")


def test_a_password_is_never_part_of_a_message() -> None:
    with pytest.raises(StoreUnavailable) as failure:
        Database.open("postgresql://souk:secret@127.0.0.1:1/souk")
    assert "127.0.0.1:1" in str(failure.value)
    assert "secret" not in str(failure.value)


def test_a_server_that_went_away_is_told_and_used_again_once_it_is_back(postgresql: PostgresqlServer) -> None:
    store = Store(postgresql.url())
    store.put_suppliers([Supplier(id="S1", name="Zellij")])
    postgresql.stop()
    try:
        with pytest.raises(StoreUnavailable):
            store.suppliers()
    finally:
        postgresql.start()
    store.put_suppliers([Supplier(id="S2", name="Doum")])
    assert store.count_suppliers() == 2


def test_a_full_disk_is_told_and_costs_no_stored_record(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/souk.db")
    store.put_suppliers([Supplier(id="S1", name="Zellij")])
    _limit_pages(store, 1)
    with pytest.raises(StoreUnavailable, match="full"):
        store.put_suppliers(Supplier(id=f"L{n}", name="L", description="x" * 9_000) for n in range(100))
    assert store.count_suppliers() == 1
    _limit_pages(store, 1_000_000)
    store.put_suppliers(Supplier(id=f"L{n}", name="L", description="x" * 9_000) for n in range(100))
    assert store.count_suppliers() == 101


def _limit_pages(store: Store, pages: int) -> None:
    """SQLite's own bound of a file: what goes beyond is refused as on a full disk."""
    with store.database.reading() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
