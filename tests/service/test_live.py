"""New models put in service while it runs, and a database that is another one all of a sudden."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from data.database import Database
from data.store import Store
from data.workspace import Models
from matching.profiles import Supplier
from matching.ranker import GlassBoxRanker
from service.app import create_app
from service.live import Live
from service.settings import ServiceSettings
from tests.conftest import HashingEncoder, simple_headings, simple_ranker
from tests.service.conftest import wait_until


class OtherEncoder(HashingEncoder):
    """A space of another length."""

    dimensions = 48
    fingerprint = "hashing-48"


@dataclass
class ModelFiles:
    """The ranker's file that the settings name, and what stands beside it."""

    ranker: Path
    encoder: HashingEncoder
    with_headings: bool = False

    def put(self, version: str) -> None:
        ranker = simple_ranker()
        GlassBoxRanker(version, ranker.base, ranker.curves, {}).save(self.ranker)

    def load(self) -> Models:
        return Models(self.encoder, GlassBoxRanker.load(self.ranker), simple_headings() if self.with_headings else None)


@pytest.fixture
def files(tmp_path: Path) -> ModelFiles:
    found = ModelFiles(tmp_path / "ranker.json", HashingEncoder())
    found.put("first")
    return found


@pytest.fixture
def settings(settings: ServiceSettings, files: ModelFiles) -> ServiceSettings:
    return settings.model_copy(update={"ranker_path": files.ranker, "follow_seconds": 0.05})


@pytest.fixture
def app(settings: ServiceSettings, files: ModelFiles, suppliers: tuple[Supplier, ...]) -> FastAPI:
    Store(settings.database_url).put_suppliers(suppliers)
    return create_app(settings, files.load)


def _versions(client: TestClient) -> tuple[str, str]:
    versions = client.post("/v1/match", json={"text": "argan oil"}).json()["versions"]
    return versions["encoder"], versions["ranker"]


def _ids(client: TestClient) -> set[str]:
    matches = client.post("/v1/match", json={"text": "argan oil", "top": 100}).json()["matches"]
    return {match["supplier"]["id"] for match in matches}


def _detail(client: TestClient) -> str:
    return client.get("/readyz").json()["detail"] or ""


def _metrics(client: TestClient) -> str:
    return client.get("/metrics").text


def test_a_new_ranker_is_in_service_soon_after_its_file_is(client: TestClient, files: ModelFiles) -> None:
    assert _versions(client) == ("hashing-64", "first")
    files.put("second")
    wait_until(lambda: _versions(client) == ("hashing-64", "second"))
    assert 'souk_model{kind="ranker",version="first"} 0.0' in _metrics(client)
    assert 'souk_model{kind="ranker",version="second"} 1.0' in _metrics(client)


def test_a_new_encoder_gives_every_organisation_new_vectors(
    client: TestClient, live: Live, files: ModelFiles, settings: ServiceSettings
) -> None:
    Store(Database.open(settings.database_url), "acme").put_suppliers([Supplier(id="A1", name="argan")])
    wait_until(lambda: live.matcher("acme").catalogue.count == 1)
    files.encoder = OtherEncoder()
    files.put("second")
    wait_until(lambda: _versions(client) == ("hashing-48", "second"))
    assert live.matcher("acme").catalogue.profile_vectors.shape == (1, 48)
    assert _ids(client) == {"S1", "S2", "S3", "S4"}


def test_after_a_swap_writes_are_followed_as_before(client: TestClient, files: ModelFiles) -> None:
    files.put("second")
    wait_until(lambda: _versions(client)[1] == "second")
    client.put("/v1/suppliers/S5", json={"name": "Huilerie", "description": "argan oil"})
    wait_until(lambda: "S5" in _ids(client))
    client.delete("/v1/suppliers/S5")
    assert "S5" not in _ids(client)


def test_what_a_request_took_stays_whole_until_it_is_answered(
    client: TestClient, live: Live, files: ModelFiles
) -> None:
    taken = live.matcher("default")
    files.encoder = OtherEncoder()
    files.put("second")
    wait_until(lambda: _versions(client)[1] == "second")
    assert (taken.encoder.dimensions, taken.catalogue.profile_vectors.shape) == (64, (4, 64))


def test_a_damaged_model_is_told_once_and_the_old_one_goes_on(
    client: TestClient, files: ModelFiles, caplog: pytest.LogCaptureFixture
) -> None:
    files.ranker.write_text("{}", encoding="utf-8")
    wait_until(lambda: "new models are refused, the old ones stay" in _detail(client))
    assert client.get("/readyz").status_code == 200
    assert "souk_models_refused 1.0" in _metrics(client)
    assert _versions(client) == ("hashing-64", "first")
    told = [record for record in caplog.records if "not a ranking model" in record.getMessage()]
    assert [record.levelno for record in told] == [logging.WARNING]


def test_a_good_model_after_a_damaged_one_is_taken(client: TestClient, files: ModelFiles) -> None:
    files.ranker.write_text("{}", encoding="utf-8")
    wait_until(lambda: _detail(client) != "")
    files.put("second")
    wait_until(lambda: _versions(client)[1] == "second")
    wait_until(lambda: _detail(client) == "")
    assert "souk_models_refused 0.0" in _metrics(client)


def test_headings_are_never_lost_by_a_swap(client: TestClient, files: ModelFiles) -> None:
    files.with_headings = True
    files.put("second")
    wait_until(lambda: _versions(client)[1] == "second")
    files.with_headings = False
    files.put("third")
    wait_until(lambda: "no model of headings that fits the encoder" in _detail(client))
    assert _versions(client)[1] == "second"


def test_models_that_do_not_fit_each_other_are_refused(client: TestClient, files: ModelFiles) -> None:
    files.encoder, files.with_headings = OtherEncoder(), True
    files.put("second")
    wait_until(lambda: "the old ones stay" in _detail(client))
    assert _versions(client) == ("hashing-64", "first")


def test_a_model_that_went_away_leaves_the_old_one_in_service(client: TestClient, files: ModelFiles) -> None:
    files.ranker.unlink()
    wait_until(lambda: "no ranking model there" in _detail(client))
    assert _versions(client)[1] == "first"
