from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from data.workspace import Models
from matching import errors
from service.app import create_app
from service.problems import STATUS
from service.settings import ServiceSettings
from tests.service.conftest import wait_until


def _missing() -> Models:
    raise errors.ModelMissing("models/ranker.json: no ranking model there")


def test_a_service_without_a_model_lives_says_why_and_answers_problems(tmp_path: Path) -> None:
    settings = ServiceSettings(database_url=f"sqlite:///{tmp_path}/souk.db", index_path=tmp_path / "index")
    with TestClient(create_app(settings, _missing)) as client:
        assert client.get("/healthz").status_code == 200
        wait_until(lambda: "no ranking model" in client.get("/readyz").json()["detail"])
        assert client.get("/readyz").status_code == 503
        match = client.post("/v1/match", json={"text": "argan oil"})
        assert (match.status_code, match.headers["content-type"]) == (503, "application/problem+json")
        assert match.headers["retry-after"] == "5"


def test_a_service_that_loaded_is_ready(client: TestClient) -> None:
    assert client.get("/readyz").json() == {"status": "ready", "suppliers": 4, "of": None, "detail": None}


def test_an_unforeseen_failure_is_a_problem_without_a_traceback(app: FastAPI) -> None:
    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("secret")

    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/broken")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in answer.text


def test_a_path_that_does_not_exist_is_a_problem(client: TestClient) -> None:
    assert client.get("/v2").headers["content-type"] == "application/problem+json"


def test_every_error_has_its_status() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.SoukError)]
    assert set(STATUS) == set(kinds)


def test_every_answer_is_described_with_examples(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["components"]["schemas"]["MatchBody"]["examples"][0]["text"].startswith("Wir suchen")
    assert {"/v1/match", "/v1/match/batch", "/v1/suppliers/{supplier_id}", "/healthz", "/readyz"} <= set(
        document["paths"]
    )


@pytest.mark.parametrize("path", ["/v1/match", "/v1/match/batch", "/v1/feedback"])
def test_problems_are_part_of_the_description(client: TestClient, path: str) -> None:
    responses = client.get("/openapi.json").json()["paths"][path]["post"]["responses"]
    assert responses["422"]["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")
