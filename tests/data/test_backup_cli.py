from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from data.backup_cli import commands
from data.store import Store
from matching.errors import InvalidInput
from matching.profiles import Supplier


@pytest.fixture
def store(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("SOUK_DATABASE_URL", database_url)
    return Store(database_url)


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(commands, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_what_was_backed_up_comes_back(store: Store, tmp_path: Path) -> None:
    store.put_suppliers([Supplier(id="S1", name="Zellij")])
    assert "holds 1 organisations, 1 changes, 1 suppliers" in run("backup", tmp_path / "souk.zip")
    store.delete_supplier("S1")
    assert "restored 1 organisations, 1 changes, 1 suppliers" in run("restore", tmp_path / "souk.zip", "--replace")
    assert store.suppliers() == (Supplier(id="S1", name="Zellij"),)


def test_records_are_replaced_only_where_that_is_asked(store: Store, tmp_path: Path) -> None:
    store.put_suppliers([Supplier(id="S1", name="Zellij")])
    run("backup", tmp_path / "souk.zip")
    with pytest.raises(InvalidInput, match="--replace"):
        CliRunner().invoke(commands, ["restore", str(tmp_path / "souk.zip")], catch_exceptions=False)
