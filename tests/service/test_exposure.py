from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from fastapi.testclient import TestClient

from data.keys import Scope


def test_attention_is_told_by_group_and_by_supplier(client: TestClient) -> None:
    assert client.get("/v1/exposure").json() == {
        "groups": {"size": [], "country": [], "newness": []}, "suppliers": [],
    }  # fmt: skip
    shown = client.post("/v1/match", json={"text": "wool rug", "top": 2}).json()["matches"]
    answer = client.get("/v1/exposure").json()
    received = {one["name"]: one["received"] for one in answer["suppliers"]}
    assert received == pytest.approx({shown[0]["supplier"]["id"]: 1.0, shown[1]["supplier"]["id"]: 1 / np.log2(3)})
    assert next(one for one in answer["groups"]["size"] if one["name"] == "small")["received"] == pytest.approx(1.0)
    assert sum(one["earned"] for one in answer["suppliers"]) == pytest.approx(sum(received.values()))
    assert len(client.get("/v1/exposure?limit=1").json()["suppliers"]) == 1


def test_a_limit_out_of_bounds_is_a_problem(client: TestClient) -> None:
    answer = client.get("/v1/exposure?limit=0")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_the_ledger_is_for_analysts(client: TestClient, key: Callable[..., dict[str, str]]) -> None:
    assert client.get("/v1/exposure", headers=key("acme", Scope.MATCH)).status_code == 403
    assert client.get("/v1/exposure", headers=key("acme", Scope.ANALYST)).status_code == 200
