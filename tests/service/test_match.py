from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from data.events import EventLog
from matching.certificates import current_day
from matching.exposure import ExposurePolicy
from service.app import create_app
from service.live import Live
from service.settings import ServiceSettings
from tests.service.conftest import wait_until


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
    assert answer["versions"] == {"encoder": "hashing-64", "ranker": "simple", "rates": None, "tried": None}
    assert answer["day"] == current_day().isoformat()


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


def test_the_same_question_gets_the_same_answer_under_a_match_id_of_its_own(client: TestClient) -> None:
    first, second = _match(client, text="argan oil"), _match(client, text="argan oil")
    assert first.pop("match_id") != second.pop("match_id")
    assert first == second


def test_pages_follow_one_ranking_whatever_happens_between(client: TestClient) -> None:
    whole = [match["supplier"]["id"] for match in _match(client, text="argan oil wool rug zellij")["matches"]]
    first = _match(client, text="argan oil wool rug zellij", top=2)
    client.put("/v1/suppliers/S0", json={"name": "argan oil wool rug zellij"})
    client.delete(f"/v1/suppliers/{whole[2]}")
    second = _match(client, cursor=first["next_cursor"], top=2)
    assert [match["supplier"]["id"] for match in first["matches"]] == whole[:2]
    assert [(match["rank"], match["supplier"]["id"]) for match in second["matches"]] == [(4, whole[3])]
    assert (second["match_id"], second["next_cursor"]) == (first["match_id"], None)


def test_a_stored_request_is_matched_by_its_id(client: TestClient) -> None:
    client.put("/v1/requests/R7", json={"text": "kilim", "language": "en"})
    answer = _match(client, request_id="R7")
    assert (answer["request_id"], answer["matches"][0]["supplier"]["id"]) == ("R7", "S3")


def test_a_request_that_is_not_stored_is_a_problem_that_names_it(client: TestClient) -> None:
    answer = client.post("/v1/match", json={"request_id": "R9"})
    assert (answer.status_code, answer.json()["detail"]) == (404, "no request has the id 'R9'")


@pytest.mark.parametrize("cursor", ["x", "WyJhIiwgLTFd", "WyJhIiwgdHJ1ZV0", "bm9uZQ"])
def test_a_cursor_of_nobody_is_refused(client: TestClient, cursor: str) -> None:
    answer = client.post("/v1/match", json={"cursor": cursor})
    assert (answer.status_code, "expected one that an earlier answer gave" in answer.json()["detail"]) == (422, True)


def test_a_request_sent_twice_under_one_key_is_answered_once(client: TestClient) -> None:
    headers = {"idempotency-key": "k1"}
    first, second = (client.post("/v1/match", json={"text": "kilim"}, headers=headers) for _ in range(2))
    assert (first.json(), second.headers["idempotent-replayed"]) == (second.json(), "true")
    other = client.post("/v1/match", json={"text": "argan"}, headers=headers)
    assert (other.status_code, other.json()["detail"]) == (
        422, "Idempotency-Key 'k1' came with another request before"
    )  # fmt: skip


def test_what_is_shown_is_noted_with_its_feature_row(client: TestClient, live: Live) -> None:
    answer = _match(client, text="argan oil", top=2)
    following = _match(client, cursor=answer["next_cursor"], top=2)
    shown = EventLog(live.database, "default").impressions(answer["match_id"])
    matches = answer["matches"] + following["matches"]
    assert [(one.position, one.object_id, one.score) for one in shown] == [
        (match["rank"], match["supplier"]["id"], match["score"]) for match in matches
    ]
    assert {(one.ranker_version, one.propensity) for one in shown} == {("simple", 1.0)}
    for one, match in zip(shown, matches, strict=True):
        terms = [term for term in match["explanation"]["terms"] if term["state"] != "not asked"]
        assert one.features == {term["feature"]: term["value"] for term in terms}


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
        ({"text": "argan", "request": {"text": "argan"}}, "", "expected one of text, request, request_id and cursor"),
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


def test_a_body_that_states_no_length_is_refused_where_it_grows_beyond_the_limit(client: TestClient) -> None:
    answer = client.post("/v1/match", content=iter([b"x" * 1_500_000] * 2))
    assert answer.status_code == 413


def test_a_text_that_holds_half_a_character_is_a_problem(client: TestClient) -> None:
    body = b'{"text": "argan", "filters": {"countries": ["\\ud800"]}}'
    answer = client.post("/v1/match", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


def test_an_expired_certificate_is_broken_says_so_and_passes_no_filter(client: TestClient) -> None:
    expired = {"scheme": "Halal", "number": "H-1", "expires": "2020-01-31"}
    client.put("/v1/suppliers/S1", json={"name": "argan oil", "certifications": [expired, "HACCP"]})
    wait_until(lambda: _held(client, "argan oil") == [expired, "HACCP"])
    request = {"text": "argan oil", "language": "fr", "constraints": {"certifications": ["Halal"]}}
    findings = _match(client, request=request)["matches"][0]["explanation"]["findings"]
    assert findings == [
        {"need": "certifications", "status": "broken", "text": "certificat Halal (expiré le 31 janvier 2020)"}
    ]
    assert _match(client, text="argan oil", filters={"certifications": ["Halal"]})["matches"] == []
    assert client.get("/v1/suppliers", params={"certification": "Halal"}).json()["records"] == []


def _held(client: TestClient, text: str) -> list[Any]:
    card = _match(client, text=text, top=1, filters={"ids": ["S1"]})["matches"][0]["supplier"]
    held: list[Any] = [_stated(one) for one in card["certifications"]]
    return held


def _stated(certificate: Any) -> Any:
    if isinstance(certificate, str):
        return certificate
    return {name: value for name, value in certificate.items() if value is not None}


def _fair(app: FastAPI, settings: ServiceSettings, policy: str) -> FastAPI:
    """The service of `app` with attention shared."""
    shared = settings.model_copy(update={"exposure": ExposurePolicy.parse(policy)})
    models = app.state.live._load_models
    return create_app(shared, models)


def test_a_moved_match_is_marked_on_whichever_page_it_comes(app: FastAPI, settings: ServiceSettings) -> None:
    with TestClient(_fair(app, settings, "country:TR=0.45")) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        whole = _match(client, text="argan oil", language="en")["matches"]
        page, paged = _match(client, text="argan oil", language="en", top=1), []
        while True:
            paged += page["matches"]
            if page["next_cursor"] is None:
                break
            page = _match(client, cursor=page["next_cursor"], top=1, language="en")
    assert whole[0]["supplier"]["country"] == "TR"
    assert whole[0]["moved_from"] > 1
    assert "Moved up from place" in whole[0]["explanation"]["sentences"][-1]
    assert [_uncompared(match) for match in paged] == [_uncompared(match) for match in whole]


def _uncompared(match: dict[str, Any]) -> dict[str, Any]:
    """The match without what the one above it has more, which the first of a page does not tell."""
    return match | {"explanation": match["explanation"] | {"compared": None}}


def test_no_match_is_moved_unless_attention_is_to_be_shared(client: TestClient) -> None:
    assert {match["moved_from"] for match in _match(client, text="argan oil")["matches"]} == {None}


@pytest.fixture
def listed_twice(client: TestClient) -> TestClient:
    """S1 has a copy, S1b, that scores lower for who asks delivery to France."""
    stored = client.get("/v1/suppliers/S1").json()
    profile = {name: value for name, value in stored.items() if name not in {"id", "markets", "incoterms"}}
    client.put("/v1/suppliers/S1b", json=profile)
    wait_until(lambda: _match(client, text="argan oil", filters={"ids": ["S1b"]})["matches"] != [])
    return client


FRANCE = {"text": "argan oil", "language": "en", "constraints": {"delivery_country": "FR"}}


def test_a_near_duplicate_is_named_by_the_match_that_stays_on_whichever_page_it_comes(
    listed_twice: TestClient,
) -> None:
    whole = _match(listed_twice, request=FRANCE)["matches"]
    assert {match["supplier"]["id"]: match["also_listed_as"] for match in whole} == {
        "S1": ["S1b"], "S2": [], "S3": [], "S4": [],
    }  # fmt: skip
    page, paged = _match(listed_twice, request=FRANCE, top=1), []
    while page["next_cursor"] is not None:
        paged += page["matches"]
        page = _match(listed_twice, cursor=page["next_cursor"], top=1)
    paged += page["matches"]
    for on_a_page, at_once in zip(paged, whole, strict=True):
        for field in ("rank", "supplier", "score", "also_listed_as"):
            assert on_a_page[field] == at_once[field]
        assert on_a_page["explanation"]["sentences"] == at_once["explanation"]["sentences"]


def test_feedback_about_a_folded_supplier_is_taken(listed_twice: TestClient) -> None:
    match_id = _match(listed_twice, request=FRANCE, top=1)["match_id"]
    about = {"object": {"object_id": "S1b"}}
    event = {"event_id": "e1", "query_id": match_id, "action_name": "contact", "timestamp": "2026-03-01T10:00:00Z"}
    assert listed_twice.post("/v1/feedback", json=event | {"event_attributes": about}).json()["stored"] == 1


def test_an_erased_near_duplicate_is_named_on_no_further_page(listed_twice: TestClient) -> None:
    first = _match(listed_twice, request={"text": "wool rugs", "language": "en"}, top=1)
    listed_twice.post("/v1/erasures", json={"supplier_id": "S1b"})
    rest = _match(listed_twice, cursor=first["next_cursor"], top=10)["matches"]
    assert {match["supplier"]["id"]: match["also_listed_as"] for match in rest}["S1"] == []


def test_each_need_states_its_words_and_whether_it_counts(client: TestClient) -> None:
    request = {"text": "500 litres of argan oil to Germany", "constraints": {"quantity": {"value": 200, "unit": "kg"}}}
    needs = [(one["kind"], one["words"], one["standing"]) for one in _match(client, request=request)["needs"]]
    assert needs == [
        ("quantity", None, "counts"),
        ("quantity", "500 litres", "outweighed"),
        ("delivery_country", "Germany", "counts"),
    ]


def test_what_is_not_asked_is_no_need_of_the_answer(client: TestClient) -> None:
    request = {"text": "500 litres of argan oil to Germany", "not_asked": ["delivery_country"]}
    assert [one["kind"] for one in _match(client, request=request)["needs"]] == ["quantity"]
