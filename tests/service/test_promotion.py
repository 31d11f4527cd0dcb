"""What the registry points to is in service within moments, and nobody is refused meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from data.database import Database
from data.in_use import in_use, trial_in_use
from data.model_versions import ModelKind, ModelVersion, Trial, TrialWay
from data.registry import Registry
from data.store import Store
from data.trials import ranker_versions
from data.workspace import Models
from matching.profiles import Supplier
from matching.ranker import GlassBoxRanker
from service.app import create_app
from service.live import Live
from service.settings import ServiceSettings
from tests.conftest import HashingEncoder, simple_ranker
from tests.service.conftest import wait_until


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


@pytest.fixture
def settings(settings: ServiceSettings, registry: Registry, tmp_path: Path) -> ServiceSettings:
    root = tmp_path / "root.json"
    simple_ranker().save(root)
    return settings.model_copy(update={"models_path": registry.folder, "ranker_path": root, "follow_seconds": 0.05})


@pytest.fixture
def app(settings: ServiceSettings, suppliers: tuple[Supplier, ...]) -> FastAPI:
    Store(settings.database_url).put_suppliers(suppliers)

    def load() -> Models:
        return Models(HashingEncoder(), GlassBoxRanker.load(in_use(settings).ranker_path), trial=trial_in_use(settings))

    return create_app(settings, load)


def _added(registry: Registry, version: str, base: float) -> ModelVersion:
    source = registry.folder.parent / version
    GlassBoxRanker(version, base, simple_ranker().curves, {}).save(source / "ranker.json")
    return registry.add(ModelKind.RANKER, version, source, code="test")


def _answer(client: TestClient) -> tuple[str, list[tuple[str, float]]]:
    """Version and scores of an answer, which must be one."""
    answer = client.post("/v1/match", json={"text": "argan oil"})
    assert answer.status_code == 200
    found = answer.json()
    return found["versions"]["ranker"], [(match["supplier"]["id"], match["score"]) for match in found["matches"]]


def test_promotion_and_rollback_reach_the_service_without_a_failed_request(
    client: TestClient, registry: Registry
) -> None:
    root = _answer(client)
    registry.promote(_added(registry, "better", 0.5), who="ana")
    wait_until(lambda: _answer(client)[0] == "better")
    assert _answer(client)[1] != root[1]
    registry.rollback(who="ana")
    wait_until(lambda: _answer(client)[0] == root[0])
    assert _answer(client) == root


def test_another_ranker_takes_over_the_catalogue_that_is_there(
    client: TestClient, live: Live, registry: Registry
) -> None:
    before = live.matcher("default").catalogue
    registry.promote(_added(registry, "better", 0.5), who="ana")
    wait_until(lambda: _answer(client)[0] == "better")
    assert live.matcher("default").catalogue is before
    client.put("/v1/suppliers/S5", json={"name": "Huilerie", "description": "argan oil"})
    wait_until(lambda: "S5" in dict(_answer(client)[1]))


def test_a_damaged_pointer_leaves_the_models_in_service(client: TestClient, registry: Registry) -> None:
    registry.promote(_added(registry, "better", 0.5), who="ana")
    wait_until(lambda: _answer(client)[0] == "better")
    registry.pointer_path.write_text("{", encoding="utf-8")
    wait_until(lambda: "not a pointer" in (client.get("/readyz").json()["detail"] or ""))
    assert _answer(client)[0] == "better"


def test_a_trial_answers_its_share_of_the_requests_and_each_request_always_alike(
    client: TestClient, registry: Registry, settings: ServiceSettings
) -> None:
    begun = datetime.now(UTC)
    _added(registry, "tried", 0.5)
    registry.try_beside(Trial(version="tried", way=TrialWay.SPLIT, share=0.5), who="ana")

    def answer(number: int, **options: int) -> dict[str, Any]:
        found: dict[str, Any] = client.post("/v1/match", json={"text": f"argan oil {number}", **options}).json()
        return found

    wait_until(lambda: "tried" in {answer(number)["versions"]["ranker"] for number in range(8)})
    versions = [answer(number)["versions"]["ranker"] for number in range(60)]
    assert 15 < versions.count("tried") < 45
    assert [answer(number)["versions"]["ranker"] for number in range(60)] == versions
    first = answer(versions.index("tried"), top=1)
    later = client.post("/v1/match", json={"cursor": first["next_cursor"]}).json()
    assert later["versions"]["ranker"] == "tried"
    noted = ranker_versions(Database.open(settings.database_url), "default", begun)
    assert noted[first["match_id"]] == "tried"
    registry.try_beside(None, who="ana")
    wait_until(lambda: "tried" not in {answer(number)["versions"]["ranker"] for number in range(60)})
