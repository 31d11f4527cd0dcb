from __future__ import annotations

from fastapi.testclient import TestClient


def test_a_supplier_is_given_whole(client: TestClient) -> None:
    answer = client.get("/v1/suppliers/S1").json()
    assert (answer["name"], answer["country"], answer["products"][0]["hs"]) == ("Tamount", "MA", "1515.90")


def test_an_unknown_supplier_is_a_problem_that_names_the_id(client: TestClient) -> None:
    answer = client.get("/v1/suppliers/S9")
    assert (answer.status_code, answer.json()["detail"]) == (404, "no supplier has the id 'S9'")
