"""Training asked for over HTTP, carried out by a process of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from data.keys import Scope
from data.training_runs import TrainingRuns
from matching.errors import UnknownRecord
from service.settings import ServiceSettings
from tests.service.conftest import wait_until


def _runs(settings: ServiceSettings, now: datetime | None = None) -> TrainingRuns:
    assert settings.models_path is not None
    return TrainingRuns(settings.models_path, lambda: now or datetime.now(UTC))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_run_ends_with_a_candidate_or_says_why_not(client: TestClient) -> None:
    first = client.post("/v1/training-runs", json={"seed": 3})
    assert first.status_code == 200, first.text
    asked = first.json()
    assert (asked["state"], asked["seed"]) == ("queued", 3)

    def ended() -> bool:
        return client.get(f"/v1/training-runs/{asked['id']}").json()["ended_at"] is not None

    wait_until(ended, seconds=120)
    found = client.get(f"/v1/training-runs/{asked['id']}").json()
    assert found["state"] == "failed"
    assert "no choice of a person to learn from" in found["error"]


def test_a_second_run_is_the_first_while_that_has_not_ended(settings: ServiceSettings) -> None:
    runs = _runs(settings)
    run, is_new = runs.open("acme", seed=1, with_prior=True)
    assert is_new
    assert runs.open("acme", seed=2, with_prior=True) == (run, False)
    other, is_new = runs.open("other", seed=1, with_prior=True)
    assert is_new
    assert other.id != run.id
    runs.done(run, "log-1")
    assert runs.open("acme", seed=2, with_prior=True)[1]
    assert runs.get("acme", run.id).version == "log-1"


def test_a_run_whose_process_died_is_failed_and_one_that_is_held_is_not(settings: ServiceSettings) -> None:
    run, _ = _runs(settings).open("acme", seed=1, with_prior=True)
    later = _runs(settings, datetime.now(UTC) + timedelta(hours=1))
    with _runs(settings).carried_out(run):
        assert later.get("acme", run.id).state == "running"
    assert later.get("acme", run.id).error == "its process ended before it was done"


def test_nobody_sees_the_run_of_another_organisation(
    client: TestClient, key: Callable[..., dict[str, str]], settings: ServiceSettings
) -> None:
    run, _ = _runs(settings).open("acme", seed=1, with_prior=True)
    mine, theirs = key("acme", Scope.ANALYST), key("other", Scope.ANALYST)
    assert client.get(f"/v1/training-runs/{run.id}", headers=mine).json()["state"] == "queued"
    assert client.get(f"/v1/training-runs/{run.id}", headers=theirs).status_code == 404
    assert client.post("/v1/training-runs", json={}, headers=key("acme", Scope.MATCH)).status_code == 403
    with pytest.raises(UnknownRecord):
        _runs(settings).get("acme", "../history")
    assert json.loads((_runs(settings).folder / f"{run.id}.json").read_text(encoding="utf-8"))["organisation"] == "acme"
