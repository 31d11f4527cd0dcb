from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from data.snapshot import Snapshot
from service.live import Live
from service.settings import ServiceSettings
from tests.conftest import HashingEncoder
from tests.service.conftest import wait_until


@pytest.fixture
def snapshot(live: Live, settings: ServiceSettings) -> Path:
    """The snapshot of the four suppliers, written by the service that runs."""
    wait_until(lambda: live.failure is None)
    live.workspace("default").save_snapshot()
    return settings.index_path


def _ids(path: Path, encoder: HashingEncoder) -> list[str]:
    return [supplier_id for supplier_id, _ in Snapshot.load(path, encoder).places]


def _match(client: TestClient, text: str = "wool rug kilim") -> dict[str, Any]:
    answer = client.post("/v1/match", json={"text": text}, headers={"idempotency-key": "k"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_erased_supplier_is_at_once_in_no_answer_and_in_no_snapshot(
    client: TestClient, snapshot: Path, encoder: HashingEncoder, live: Live
) -> None:
    assert _match(client)["matches"][0]["supplier"]["id"] == "S3"
    receipt = client.post("/v1/erasures", json={"supplier_id": "S3"})
    assert receipt.status_code == 201
    assert _ids(snapshot, encoder) == ["S1", "S2", "S4"]
    assert b"S3" not in snapshot.read_bytes()
    again = _match(client)
    assert "S3" not in [match["supplier"]["id"] for match in again["matches"]]
    assert [one.id for one in live.matcher("default").catalogue.suppliers] == ["S1", "S2", "S4"]
    assert client.get("/v1/suppliers/S3").status_code == 404
    assert receipt.json()["erased"] == {"suppliers": 1, "changes": 1, "impressions": 1, "matches": 1, "answers": 1}


def test_a_receipt_is_read_again_by_its_id_and_by_whom_it_is_about(client: TestClient) -> None:
    receipt = client.post("/v1/erasures", json={"supplier_id": "S3"}).json()
    assert "S3" not in str(receipt)
    assert client.get(f"/v1/erasures/{receipt['id']}").json() == receipt
    assert client.get("/v1/erasures", params={"supplier_id": "S3"}).json() == {"receipts": [receipt]}
    assert client.get("/v1/erasures", params={"supplier_id": "S1"}).json() == {"receipts": []}
    assert {model["version"]: model["saw"] for model in receipt["models"]} == {
        "hashing-64": "unknown", "simple": "unknown"
    }  # fmt: skip


def test_an_erased_request_is_no_longer_told_of(client: TestClient) -> None:
    client.put("/v1/requests/R1", json={"text": "kilim"})
    match_id = client.post("/v1/match", json={"request_id": "R1"}).json()["match_id"]
    assert client.post("/v1/erasures", json={"request_id": "R1"}).json()["erased"]["matches"] == 1
    event = {
        "event_id": "e1", "query_id": match_id, "action_name": "click", "timestamp": "2026-03-01T12:00:00Z",
        "event_attributes": {"object": {"object_id": "S1"}},
    }  # fmt: skip
    assert client.post("/v1/feedback", json=event).status_code == 404


def test_a_later_page_goes_on_where_the_first_ended(client: TestClient) -> None:
    first = client.post("/v1/match", json={"text": "argan oil", "top": 2}).json()
    shown = [match["supplier"]["id"] for match in first["matches"]]
    third = client.post("/v1/match", json={"text": "argan oil", "top": 3}).json()["matches"][2]["supplier"]["id"]
    client.post("/v1/erasures", json={"supplier_id": shown[0]})
    second = client.post("/v1/match", json={"cursor": first["next_cursor"], "top": 2}).json()
    assert second["matches"][0]["supplier"]["id"] == third
    assert second["matches"][0]["rank"] == 3


@pytest.mark.parametrize("body", [{}, {"supplier_id": "S1", "client_id": "c"}, {"supplier_id": ""}, {"id": "S1"}])
def test_one_subject_has_to_be_named(client: TestClient, body: dict[str, str]) -> None:
    assert client.post("/v1/erasures", json=body).status_code == 422
    assert client.get("/v1/erasures", params=body).status_code == 422
    assert client.get("/v1/suppliers/S1").status_code == 200


def test_what_nothing_is_held_of_is_told(client: TestClient) -> None:
    assert client.post("/v1/erasures", json={"client_id": "nobody"}).status_code == 404
    assert client.get("/v1/erasures/none").status_code == 404


def test_a_deleted_supplier_goes_out_of_the_snapshot_promptly(
    client: TestClient, snapshot: Path, encoder: HashingEncoder
) -> None:
    """The settings of these tests let snapshots be written every 30 seconds."""
    assert "S3" in _ids(snapshot, encoder)
    client.delete("/v1/suppliers/S3")
    wait_until(lambda: _ids(snapshot, encoder) == ["S1", "S2", "S4"], seconds=15)
