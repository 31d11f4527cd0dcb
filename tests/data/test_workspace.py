from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from data.settings import Settings
from data.store import Store
from data.workspace import build_index, index_fingerprint, open_matcher, suppliers_in_use
from matching.errors import ModelMissing
from matching.profiles import BuyerRequest, Supplier
from tests.conftest import HashingEncoder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{tmp_path}/souk.db", index_path=tmp_path / "suppliers.index")


def test_the_sample_is_in_use_until_suppliers_are_stored(
    settings: Settings, suppliers: tuple[Supplier, ...], caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(settings.database_url)
    assert len(suppliers_in_use(store)) == 324
    assert "using the shipped sample collection" in caplog.text
    store.put_suppliers(suppliers)
    assert suppliers_in_use(store) == suppliers


def test_a_matcher_is_opened_from_the_saved_index_while_it_fits(
    settings: Settings, suppliers: tuple[Supplier, ...], caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(settings.database_url)
    store.put_suppliers(suppliers)
    first = open_matcher(settings).match(BuyerRequest(text="argan oil"))
    caplog.clear()
    assert open_matcher(settings).match(BuyerRequest(text="argan oil")) == first
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_an_index_that_no_longer_fits_is_made_anew(
    settings: Settings, suppliers: tuple[Supplier, ...], caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(settings.database_url)
    store.put_suppliers(suppliers)
    open_matcher(settings)
    store.put_suppliers([Supplier(id="S5", name="Savonnerie", description="black soap")])
    with caplog.at_level(logging.WARNING):
        matches = open_matcher(settings).match(BuyerRequest(text="black soap")).matches
    assert matches[0].supplier.id == "S5"
    assert "encoding 5 suppliers afresh" in caplog.text


def test_a_missing_ranker_is_named(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"none\.json"):
        open_matcher(settings.model_copy(update={"ranker_path": tmp_path / "none.json"}))


def test_a_model_of_headings_that_does_not_fit_is_told_and_left_out(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    matcher = open_matcher(settings.model_copy(update={"headings_path": tmp_path}))
    assert matcher.headings is None
    assert "matching without HS headings" in caplog.text


def test_a_request_is_matched_with_the_shipped_headings(settings: Settings) -> None:
    assert open_matcher(settings).match(BuyerRequest(text="huile d'argan")).headings[0].heading == "1515"


def test_the_index_names_its_encoder_and_suppliers(encoder: HashingEncoder, suppliers: tuple[Supplier, ...]) -> None:
    index = build_index(suppliers, encoder)
    assert index.fingerprint == index_fingerprint(suppliers, encoder)
    assert index_fingerprint(suppliers[1:], encoder) != index.fingerprint
    np.testing.assert_array_equal(index.vectors()[0], encoder.encode([suppliers[0].text()])[0])


def test_the_encoder_of_the_command_line_wins_over_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOUK_ENCODER", "from-environment")
    assert Settings.with_encoder("named").encoder == "named"
    assert Settings.with_encoder(None).encoder == "from-environment"
