from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from data.workspace import Models
from matching.ranker import GlassBoxRanker
from service.app import create_app
from service.settings import ServiceSettings
from tests.conftest import HashingEncoder
from tests.service.conftest import wait_until


@pytest.fixture
def without_model(settings: ServiceSettings, ranker: GlassBoxRanker) -> Iterator[TestClient]:
    with TestClient(create_app(settings, lambda: Models(HashingEncoder(), ranker))) as running:
        wait_until(lambda: running.get("/readyz").status_code == 200)
        yield running


def test_a_text_gets_its_headings_with_their_names(client: TestClient) -> None:
    answer = client.post("/v1/hs", json={"text": "kilim", "top": 1, "language": "en"}).json()
    [heading] = answer["headings"]
    assert (heading["heading"], heading["stated"], answer["encoder"]) == ("5702", False, "hashing-64")
    assert "carpet" in heading["name"] or "kilim" in heading["name"]
    assert 0.9 < heading["probability"] <= 1.0


def test_names_are_in_the_language_asked_for(client: TestClient) -> None:
    names = [
        client.post("/v1/hs", json={"text": "kilim", "language": code}).json()["headings"][0]["name"]
        for code in ("en", "fr", "ar")
    ]
    assert len(set(names)) == 3


def test_a_text_without_a_word_is_a_problem(client: TestClient) -> None:
    answer = client.post("/v1/hs", json={"text": "!"})
    assert (answer.status_code, answer.json()["detail"]) == (422, "text is '!', expected at least one word")


def test_without_a_model_the_answer_is_503_with_what_would_do(without_model: TestClient) -> None:
    answer = without_model.post("/v1/hs", json={"text": "kilim"})
    assert answer.status_code == 503
    assert "`souk train headings` makes one" in answer.json()["detail"]


def test_a_match_shows_the_inferred_headings(client: TestClient) -> None:
    answer = client.post("/v1/match", json={"text": "wool rug", "language": "en"}).json()
    assert (answer["headings"][0]["heading"], answer["headings"][0]["stated"]) == ("5701", False)


def test_a_stated_code_wins_over_what_the_text_lets_expect(client: TestClient) -> None:
    request = {"text": "wool rug", "constraints": {"hs": "5702.10"}}
    answer = client.post("/v1/match", json={"request": request, "language": "en"}).json()
    [heading] = answer["headings"]
    assert (heading["heading"], heading["probability"], heading["stated"]) == ("5702", 1.0, True)


def test_without_a_model_a_match_shows_no_heading(without_model: TestClient) -> None:
    assert without_model.post("/v1/match", json={"text": "wool rug"}).json()["headings"] == []
