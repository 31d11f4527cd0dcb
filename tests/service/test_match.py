from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient


def _match(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/match", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_text_is_answered_with_ranked_explained_matches(client: TestClient) -> None:
    answer = _match(client, text="organic argan oil from Morocco, FOB", top=2, language="fr")
    first = answer["matches"][0]
    assert [match["rank"] for match in answer["matches"]] == [1, 2]
    assert first["supplier"]["id"] == "S1"
    assert "Satisfait" in " ".join(first["explanation"]["sentences"])
    assert answer["versions"] == {"encoder": "hashing-64", "ranker": "simple"}


def test_the_terms_of_an_answer_add_up_to_its_score(client: TestClient) -> None:
    for match in _match(client, text="wool rug")["matches"]:
        total = match["explanation"]["base"]
        for term in match["explanation"]["terms"]:
            total += term["contribution"]
        assert total == match["score"]


def test_a_structured_request_has_its_form_respected(client: TestClient) -> None:
    request = {"id": "R1", "text": "argan oil", "language": "en", "constraints": {"delivery_country": "Allemagne"}}
    answer = _match(client, request=request)
    findings = answer["matches"][0]["explanation"]["findings"]
    assert answer["request_id"] == "R1"
    assert findings == [{"need": "delivery_country", "status": "met", "text": "delivery to Germany"}]


def test_filters_leave_suppliers_out(client: TestClient) -> None:
    answer = _match(client, text="argan oil", filters={"countries": ["Turquie"]}, explain=False)
    assert [match["supplier"]["id"] for match in answer["matches"]] == ["S3"]
    assert answer["matches"][0]["explanation"] is None


def test_the_same_question_gets_the_same_answer(client: TestClient) -> None:
    assert _match(client, text="argan oil") == _match(client, text="argan oil")


def test_a_batch_is_answered_in_the_order_of_its_requests(client: TestClient) -> None:
    requests = [{"id": "R1", "text": "kilim"}, {"id": "R2", "text": "argan oil"}]
    answer = client.post("/v1/match/batch", json={"requests": requests, "top": 1}).json()
    found = [(ranking["request_id"], ranking["matches"][0]["supplier"]["id"]) for ranking in answer["rankings"]]
    assert found == [("R1", "S3"), ("R2", "S1")]


@pytest.mark.parametrize(
    ("body", "field", "expected"),
    [
        ({"text": ""}, "text", "at least 1 character"),
        ({"text": "\x00"}, "text", "at least 1 character"),
        ({"text": "a" * 100_000}, "text", "at most 20000 characters"),
        ({"text": "argan", "top": 0}, "top", "greater than or equal to 1"),
        ({"text": "argan", "language": "xx"}, "language", "'xx' is not offered; expected one of en, ar"),
        (
            {"text": "argan", "filters": {"countries": ["Atlantis"]}},
            "filters.countries.0",
            "'Atlantis' is not a country",
        ),
        ({"text": "argan", "request": {"text": "argan"}}, "", "expected either text or request"),
        ({"request": {"text": "argan", "constraints": {"hs": "15"}}}, "request.constraints.hs", "six digits"),
        ({"text": "argan", "wish": 1}, "wish", "Extra inputs are not permitted"),
    ],
)
def test_bad_input_is_a_problem_that_names_the_field(
    client: TestClient, body: dict[str, Any], field: str, expected: str
) -> None:
    answer = client.post("/v1/match", json=body)
    fault = answer.json()["faults"][0]
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert fault["field"] == field
    assert expected in fault["expected"]


def test_a_text_without_words_is_a_problem(client: TestClient) -> None:
    answer = client.post("/v1/match", json={"text": "!!!"})
    assert (answer.status_code, answer.json()["detail"]) == (422, "text is '!!!', expected at least one word")


def test_a_broken_body_is_a_problem(client: TestClient) -> None:
    answer = client.post("/v1/match", content=b"{", headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["title"] == "Unprocessable Entity"


def test_a_body_beyond_the_limit_is_refused_unread(client: TestClient) -> None:
    answer = client.post("/v1/match", content=b"x" * 2_000_001)
    assert answer.status_code == 413
    assert answer.json()["detail"] == "the body has 2000001 bytes, expected at most 2000000"
