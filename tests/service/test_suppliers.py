from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.service.conftest import wait_until

SOAP = {"name": "Savonnerie", "description": "black soap", "country": "Maroc"}


def _found(client: TestClient, text: str) -> list[str]:
    answer = client.post("/v1/match", json={"text": text, "explain": False}).json()
    return [match["supplier"]["id"] for match in answer["matches"]]


def test_a_supplier_is_given_whole(client: TestClient) -> None:
    answer = client.get("/v1/suppliers/S1").json()
    assert (answer["name"], answer["country"], answer["products"][0]["hs"]) == ("Tamount", "MA", "1515.90")


def test_an_unknown_supplier_is_a_problem_that_names_the_id(client: TestClient) -> None:
    answer = client.get("/v1/suppliers/S9")
    assert (answer.status_code, answer.json()["detail"]) == (404, "no supplier has the id 'S9'")


def test_what_was_put_is_read_back_and_soon_matched(client: TestClient) -> None:
    put = client.put("/v1/suppliers/S5", json=SOAP)
    assert (put.status_code, put.json()) == (201, {"id": "S5", "outcome": "created", "change": 5})
    assert client.get("/v1/suppliers/S5").json()["country"] == "MA"
    wait_until(lambda: _found(client, "black soap")[:1] == ["S5"])


def test_the_same_put_twice_is_one_change(client: TestClient) -> None:
    first, second = (client.put("/v1/suppliers/S5", json=SOAP) for _ in range(2))
    assert (second.status_code, second.json()["outcome"]) == (200, "unchanged")
    assert first.headers["etag"] == second.headers["etag"] == '"5"'


def test_a_changed_supplier_is_soon_matched_by_what_it_is_now(client: TestClient) -> None:
    client.put("/v1/suppliers/S4", json={"name": "Zellij Fassi", "description": "cumin and saffron"})
    wait_until(lambda: _found(client, "saffron")[:1] == ["S4"])


def test_a_deleted_supplier_is_in_no_further_answer(client: TestClient) -> None:
    assert client.delete("/v1/suppliers/S3").status_code == 204
    assert "S3" not in _found(client, "hand knotted wool rugs")
    assert client.get("/v1/suppliers/S3").status_code == 404
    assert client.delete("/v1/suppliers/S3").status_code == 404


def test_an_id_in_the_body_must_be_that_of_the_path(client: TestClient) -> None:
    answer = client.put("/v1/suppliers/S5", json={**SOAP, "id": "S6"})
    assert (answer.status_code, answer.json()["detail"]) == (422, "id is 'S6', expected 'S5' as in the path")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if-match": '"1"'}, 200),
        ({"if-match": '"7", "1"'}, 200),
        ({"if-match": "*"}, 200),
        ({"if-match": '"2"'}, 412),
        ({"if-none-match": "*"}, 412),
    ],
)
def test_a_write_may_be_bound_to_what_was_read(client: TestClient, headers: dict[str, str], status: int) -> None:
    assert client.get("/v1/suppliers/S1").headers["etag"] == '"1"'
    assert client.put("/v1/suppliers/S1", json=SOAP, headers=headers).status_code == status
    assert (client.get("/v1/suppliers/S1").json()["name"] == "Savonnerie") == (status == 200)


def test_a_delete_may_be_bound_to_what_was_read(client: TestClient) -> None:
    assert client.delete("/v1/suppliers/S1", headers={"if-match": '"9"'}).status_code == 412
    assert client.delete("/v1/suppliers/S1", headers={"if-match": '"1"'}).status_code == 204


def test_who_has_a_supplier_already_is_not_sent_it_again(client: TestClient) -> None:
    assert client.get("/v1/suppliers/S1", headers={"if-none-match": '"1"'}).status_code == 304
    assert client.get("/v1/suppliers/S1", headers={"if-none-match": '"2"'}).status_code == 200


def _pages(client: TestClient, path: str, **given: Any) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = client.get(path, params={**given, **({"cursor": cursor} if cursor else {})}).json()
        found += [record["id"] for record in page["records"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def test_pages_give_every_supplier_once(client: TestClient) -> None:
    assert _pages(client, "/v1/suppliers", limit=3) == ["S1", "S2", "S3", "S4"]


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ({"country": ["Maroc"]}, ["S1", "S2"]),
        ({"certification": ["ecocert"]}, ["S1"]),
        ({"size": ["small"]}, ["S3"]),
        ({"language": ["en", "tr"]}, ["S2", "S3"]),
        ({"hs": ["5701.10"]}, ["S3"]),
    ],
)
def test_a_list_gives_those_that_pass_its_filters(client: TestClient, given: dict[str, Any], ids: list[str]) -> None:
    assert _pages(client, "/v1/suppliers", limit=1, **given) == ids


def test_a_cursor_of_another_list_is_refused(client: TestClient) -> None:
    cursor = client.get("/v1/suppliers", params={"limit": 1}).json()["next_cursor"]
    assert client.get("/v1/requests", params={"cursor": cursor}).status_code == 422


def test_requests_are_kept_like_suppliers(client: TestClient) -> None:
    assert client.put("/v1/requests/R1", json={"text": "kilim", "country": "Allemagne"}).status_code == 201
    assert client.put("/v1/requests/R2", json={"text": "argan", "language": "fr"}).status_code == 201
    assert client.get("/v1/requests/R1").json()["country"] == "DE"
    assert _pages(client, "/v1/requests", limit=1) == ["R1", "R2"]
    assert _pages(client, "/v1/requests", country="DE") == ["R1"]
    assert client.delete("/v1/requests/R1").status_code == 204
    assert client.get("/v1/requests/R1").status_code == 404


def test_the_requests_that_fit_a_supplier_are_ranked(client: TestClient) -> None:
    for number, text in enumerate(("spare parts", "wool rugs", "argan oil")):
        client.put(f"/v1/requests/R{number}", json={"text": text})
    answer = client.get("/v1/suppliers/S3/requests", params={"top": 2}).json()
    assert answer["supplier_id"] == "S3"
    assert [(match["rank"], match["request"]["id"]) for match in answer["matches"]][0] == (1, "R1")
    assert len(answer["matches"]) == 2


def test_a_supplier_is_advised_what_recent_requests_ask_beside_what_its_profile_lacks(client: TestClient) -> None:
    asked = {"text": "argan oil for kitchens", "constraints": {"certifications": ["Ecocert"]}}
    client.put("/v1/requests/R1", json=asked)
    answer = client.get("/v1/suppliers/S2/advice", params={"first": 1, "language": "fr"}).json()
    assert (answer["supplier_id"], answer["requests"]) == ("S2", 1)
    assert answer["gaps"][:2] == ["size", "description"]
    assert answer["gaps_sentence"].startswith("Votre profil n'indique pas : taille de l'entreprise, ")
    assert answer["placed"] + len(answer["advice"]) >= 1


def test_advice_in_a_language_that_is_not_offered_is_refused(client: TestClient) -> None:
    answer = client.get("/v1/suppliers/S2/advice", params={"language": "xx"})
    assert (answer.status_code, answer.json()["faults"][0]["field"]) == (422, "query.language")
    assert client.get("/v1/suppliers/S9/advice").status_code == 404
