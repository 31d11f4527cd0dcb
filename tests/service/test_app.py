from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from matching import errors
from matching.matcher import Matcher
from service.app import create_app
from service.live import Live
from service.problems import STATUS
from service.settings import ServiceSettings


def _missing() -> Matcher:
    raise errors.ModelMissing("models/ranker.json: no ranking model there")


def test_a_service_without_a_model_lives_says_why_and_answers_problems() -> None:
    with TestClient(create_app(ServiceSettings(), Live(_missing))) as client:
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["detail"]) == (
            503,
            "no matcher is in service: models/ranker.json: no ranking model there",
        )
        match = client.post("/v1/match", json={"text": "argan oil"})
        assert (match.status_code, match.headers["content-type"]) == (503, "application/problem+json")


def test_a_service_that_loaded_is_ready(client: TestClient) -> None:
    assert client.get("/readyz").json() == {"status": "ready", "suppliers": 4, "detail": None}


def test_a_failed_reload_leaves_the_old_matcher_serving(matcher: Matcher) -> None:
    openers = iter([lambda: matcher, _missing])

    def open_matcher() -> Matcher:
        return next(openers)()

    live = Live(open_matcher)
    live.reload()
    live.reload()
    assert live.matcher is matcher
    assert live.failure == "models/ranker.json: no ranking model there"


def test_an_unforeseen_failure_is_a_problem_without_a_traceback(matcher: Matcher) -> None:
    app = create_app(ServiceSettings(), Live(lambda: matcher))

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


@pytest.mark.parametrize("path", ["/v1/match", "/v1/match/batch"])
def test_problems_are_part_of_the_description(client: TestClient, path: str) -> None:
    responses = client.get("/openapi.json").json()["paths"][path]["post"]["responses"]
    assert responses["422"]["content"]["application/json"]["schema"]["$ref"].endswith("/Problem")
