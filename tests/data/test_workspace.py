from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from data import shipped
from data.database import Database
from data.settings import Settings
from data.store import Store
from data.workspace import (
    SHIPPED_DATA,
    Models,
    Workspace,
    model_signature,
    open_matcher,
    snapshot_path,
    suppliers_in_use,
    training_of,
)
from matching.errors import ModelMissing, NotReady, UnreadableFile
from matching.files import write_whole
from matching.profiles import BuyerRequest, Supplier
from matching.ranker import GlassBoxRanker
from tests.conftest import HashingEncoder, simple_headings, simple_ranker


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{tmp_path}/souk.db", index_path=tmp_path / "suppliers.index")


@pytest.fixture
def workspace(
    database_url: str, tmp_path: Path, encoder: HashingEncoder, ranker: GlassBoxRanker, suppliers: tuple[Supplier, ...]
) -> Workspace:
    store = Store(database_url)
    store.put_suppliers(suppliers)
    return Workspace(store, Models(encoder, ranker), tmp_path / "suppliers.index")


def _best(workspace: Workspace, text: str) -> str:
    return workspace.matcher.match(BuyerRequest(text=text)).matches[0].supplier.id


def _in_use(store: Store) -> tuple[tuple[Supplier, ...], int, bool]:
    found, number, is_sample = suppliers_in_use(store)
    return tuple(found), number, is_sample


def test_the_sample_is_in_use_until_suppliers_are_stored(
    settings: Settings, suppliers: tuple[Supplier, ...], caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(settings.database_url)
    sample, _, is_sample = suppliers_in_use(store)
    assert (len(sample), is_sample) == (324, True)
    assert "using the shipped sample collection" in caplog.text
    store.put_suppliers(suppliers)
    assert _in_use(store) == (suppliers, 4, False)


def test_who_deleted_every_supplier_gets_no_sample(settings: Settings, suppliers: tuple[Supplier, ...]) -> None:
    store = Store(settings.database_url)
    store.put_suppliers(suppliers[:1])
    store.delete_supplier(suppliers[0].id)
    assert _in_use(store) == ((), 0, False)


def test_only_the_default_organisation_gets_the_sample(settings: Settings) -> None:
    assert _in_use(Store(Database.open(settings.database_url), "acme")) == ((), 0, False)


def test_a_matcher_is_opened_from_the_snapshot_while_it_fits(
    settings: Settings, suppliers: tuple[Supplier, ...], caplog: pytest.LogCaptureFixture
) -> None:
    Store(settings.database_url).put_suppliers(suppliers)
    first = open_matcher(settings).match(BuyerRequest(text="argan oil"))
    caplog.clear()
    assert open_matcher(settings).match(BuyerRequest(text="argan oil")) == first
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_only_what_the_snapshot_lacks_is_encoded_anew(
    settings: Settings, suppliers: tuple[Supplier, ...], caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(settings.database_url)
    store.put_suppliers(suppliers)
    open_matcher(settings)
    store.put_suppliers([Supplier(id="S5", name="Savonnerie", description="black soap")])
    with caplog.at_level(logging.WARNING):
        matches = open_matcher(settings).match(BuyerRequest(text="black soap")).matches
    assert matches[0].supplier.id == "S5"
    assert "encoded 1 of 5 suppliers afresh" in caplog.text


def test_a_file_of_a_model_that_changed_changes_the_signature(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "headings"
    named = settings.model_copy(update={"headings_path": folder})
    signatures = [model_signature(named)]
    for content in (b"one", b"other"):
        write_whole(folder / "deep" / "weights", content)
        signatures.append(model_signature(named))
    assert len(set(signatures)) == 3
    assert model_signature(named) == signatures[-1]


def test_a_missing_ranker_is_named(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"none\.json"):
        open_matcher(settings.model_copy(update={"ranker_path": tmp_path / "none.json"}))


def test_until_it_is_loaded_there_is_no_matcher(workspace: Workspace) -> None:
    with pytest.raises(NotReady, match="0 of 0 suppliers done"):
        workspace.matcher  # noqa: B018
    workspace.load()
    assert (workspace.progress.done, workspace.progress.total) == (4, 4)


def test_changes_are_matchable_after_catching_up(workspace: Workspace) -> None:
    workspace.load()
    workspace.store.put_suppliers([Supplier(id="S5", name="Savonnerie", description="black soap")])
    workspace.store.delete_supplier("S3")
    assert workspace.catch_up() == 2
    assert _best(workspace, "black soap") == "S5"
    assert "S3" not in workspace.matcher.catalogue.row_by_id
    assert workspace.catch_up() == 0


def test_changes_of_other_records_are_passed_over(workspace: Workspace) -> None:
    workspace.load()
    workspace.store.put_requests([BuyerRequest(id="R1", text="kilim")])
    assert workspace.catch_up() == 0
    assert workspace.seen == workspace.store.last_change() == 5


def test_a_database_that_is_another_one_is_loaded_anew(
    workspace: Workspace, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    workspace.load()
    workspace.store = Store(f"sqlite:///{tmp_path}/other.db")
    workspace.store.put_suppliers([Supplier(id="S5", name="Savonnerie")])
    workspace.catch_up()
    assert list(workspace.matcher.catalogue.row_by_id) == ["S5"]
    assert "the database has 1 changes and had 4: it is another one" in caplog.text


def test_the_sample_gives_way_to_the_first_supplier_stored(
    database_url: str, tmp_path: Path, encoder: HashingEncoder, ranker: GlassBoxRanker
) -> None:
    workspace = Workspace(Store(database_url), Models(encoder, ranker), tmp_path / "suppliers.index")
    assert workspace.load().catalogue.count == 324
    workspace.store.put_suppliers([Supplier(id="S5", name="Savonnerie")])
    workspace.catch_up()
    assert list(workspace.matcher.catalogue.row_by_id) == ["S5"]


def test_a_snapshot_is_written_only_when_it_is_behind(workspace: Workspace) -> None:
    workspace.load()
    assert workspace.save_snapshot() is True
    assert workspace.save_snapshot() is False
    workspace.store.delete_supplier("S1")
    workspace.catch_up()
    assert workspace.save_snapshot() is True


def test_each_organisation_has_a_snapshot_of_its_own(settings: Settings) -> None:
    assert snapshot_path(settings, "default") == settings.index_path
    assert snapshot_path(settings, "acme").name == "suppliers.index.acme"


def test_a_model_of_headings_that_does_not_fit_is_told_and_left_out(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    matcher = open_matcher(settings.model_copy(update={"headings_path": tmp_path}))
    assert matcher.headings is None
    assert "matching without HS headings" in caplog.text


def test_a_request_is_matched_with_the_shipped_headings(settings: Settings) -> None:
    assert open_matcher(settings).match(BuyerRequest(text="huile d'argan")).headings[0].heading == "1515"


def test_the_encoder_of_the_command_line_wins_over_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOUK_ENCODER", "from-environment")
    assert Settings.with_encoder("named").encoder == "named"
    assert Settings.with_encoder(None).encoder == "from-environment"


def test_a_snapshot_that_cannot_be_written_anew_is_removed_when_a_supplier_is_gone(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.load()
    workspace.save_snapshot()
    workspace.store.delete_supplier("S1")
    workspace.catch_up()
    assert workspace.snapshot_holds_removed
    with monkeypatch.context() as full:
        full.setattr("data.snapshot.write_whole", _full_disk)
        with pytest.raises(OSError, match="full"):
            workspace.save_snapshot()
    assert not (tmp_path / "suppliers.index").exists()
    assert not workspace.snapshot_holds_removed
    assert workspace.save_snapshot() is True


def _full_disk(*_arguments: object) -> None:
    raise OSError("the disk is full")


def test_the_shipped_models_say_what_they_were_trained_on(encoder: HashingEncoder, ranker: GlassBoxRanker) -> None:
    shipped_ranker = GlassBoxRanker.load(shipped.RANKER)
    assert training_of(Models(encoder, shipped_ranker)) == {"ranker": SHIPPED_DATA}
    assert training_of(Models(encoder, ranker)) == {}


def test_prices_are_converted_by_the_table_that_the_settings_name(settings: Settings, tmp_path: Path) -> None:
    own = tmp_path / "rates.csv"
    own.write_text("date,currency,units_per_eur\n2026-11-23,USD,1.2\n", encoding="utf-8")
    shipped = open_matcher(settings).rates
    replaced = open_matcher(settings.model_copy(update={"rates_path": own})).rates
    assert shipped is not None and replaced is not None
    assert shipped.rate("MAD", "EUR") is not None
    assert (replaced.date, replaced.rate("EUR", "USD")) == (date(2026, 11, 23), 1.2)


def test_a_table_of_rates_that_cannot_be_read_is_refused(settings: Settings, tmp_path: Path) -> None:
    own = tmp_path / "rates.csv"
    own.write_text("date,currency,units_per_eur\n2026-11-23,USD,-1\n", encoding="utf-8")
    with pytest.raises(UnreadableFile, match="row 2: units_per_eur is '-1', expected a number above 0"):
        open_matcher(settings.model_copy(update={"rates_path": own}))


def test_a_new_table_of_rates_is_seen_as_a_change_of_the_models(settings: Settings, tmp_path: Path) -> None:
    own = settings.model_copy(update={"rates_path": tmp_path / "rates.csv"})
    own.rates_path.write_text("date,currency,units_per_eur\n2026-11-23,USD,1.2\n", encoding="utf-8")
    before = model_signature(own)
    own.rates_path.write_text("date,currency,units_per_eur\n2026-11-24,USD,1.25\n", encoding="utf-8")
    assert model_signature(own) != before


def test_models_share_catalogues_where_all_but_the_ranker_is_equal() -> None:
    used = Models(HashingEncoder(), simple_ranker(), simple_headings())
    assert used.headings is not None
    used.headings.infer("argan oil", used.encoder)
    assert used.share_catalogues_with(Models(HashingEncoder(), simple_ranker(), simple_headings()))
    assert not used.share_catalogues_with(Models(HashingEncoder(), simple_ranker(), None))
    other = replace(simple_headings(), biases=np.ones(3, np.float32))
    assert not used.share_catalogues_with(Models(HashingEncoder(), simple_ranker(), other))
