from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from data.events import Action, EventLog
from data.track_records import ANSWERS, CONTACT
from service.live import Live


@pytest.fixture
def match_id(client: TestClient) -> str:
    answer: dict[str, str] = client.post("/v1/match", json={"text": "argan oil", "top": 2}).json()
    return answer["match_id"]


def _event(query_id: str, event_id: str = "e1", supplier_id: str = "S1", **changes: Any) -> dict[str, Any]:
    attributes = {"object": {"object_id": supplier_id}, "position": {"ordinal": 1}, "rating": 5}
    return {
        "event_id": event_id, "query_id": query_id, "action_name": "click", "client_id": "portal",
        "timestamp": "2026-03-01T12:00:00+02:00", "event_attributes": attributes, **changes,
    }  # fmt: skip


@pytest.mark.parametrize("action", Action)
def test_each_action_is_kept_with_both_times(client: TestClient, live: Live, match_id: str, action: Action) -> None:
    before = datetime.now(UTC)
    answer = client.post("/v1/feedback", json=_event(match_id, action_name=action, message="très bien"))
    assert answer.json() == {"stored": 1, "known": 0, "refused": []}
    ((event, received_at),) = EventLog(live.database, "default").events(match_id)
    assert (event.action_name, event.object_id, event.document["message"]) == (action, "S1", "très bien")
    assert event.happened_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert received_at >= before


def test_an_event_is_stored_once(client: TestClient, live: Live, match_id: str) -> None:
    client.post("/v1/feedback", json=_event(match_id))
    assert client.post("/v1/feedback", json=_event(match_id, action_name="deal")).json()["known"] == 1
    assert [event.action_name for event, _ in EventLog(live.database, "default").events(match_id)] == ["click"]


def test_late_events_are_read_in_the_order_in_which_they_happened(
    client: TestClient, live: Live, match_id: str
) -> None:
    client.post("/v1/feedback", json=_event(match_id, "e2", timestamp="2026-03-02T00:00:00Z"))
    client.post("/v1/feedback", json=_event(match_id, "e1", timestamp="2026-03-01T00:00:00Z"))
    assert [event.id for event, _ in EventLog(live.database, "default").events(match_id)] == ["e1", "e2"]


@pytest.mark.parametrize(
    ("query_id", "supplier_id", "detail"),
    [
        ("gone", "S1", "no match has the id 'gone'"),
        (None, "S9", "did not rank supplier 'S9'"),
    ],
)
def test_an_event_of_what_is_not_known_is_refused_by_name(
    client: TestClient, match_id: str, query_id: str | None, supplier_id: str, detail: str
) -> None:
    answer = client.post("/v1/feedback", json=_event(query_id or match_id, "e1", supplier_id))
    assert answer.status_code == 404
    assert detail in answer.json()["detail"]


def test_a_batch_stores_what_is_known_and_names_the_rest(client: TestClient, match_id: str) -> None:
    events = [_event(match_id, "e1"), _event("gone", "e2"), _event(match_id, "e3", "S9"), _event(match_id, "e1")]
    answer = client.post("/v1/feedback/batch", json={"events": events}).json()
    assert answer["stored"] == 1
    assert [(one["event_id"], one["field"]) for one in answer["refused"]] == [("e2", "query_id"), ("e3", "object_id")]
    assert client.post("/v1/feedback/batch", json={"events": events}).json()["known"] == 2


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"action_name": "applause"}, "Input should be 'impression'"),
        ({"timestamp": "0001-01-01T00:00:00+23:00"}, "expected 2000 to 2099"),
        ({"action_name": "impression", "event_attributes": {"object": {"object_id": "S1"}}}, "position is missing"),
        ({"action_name": "rating", "event_attributes": {"object": {"object_id": "S1"}}}, "rating is missing"),
    ],
)
def test_an_event_that_says_too_little_is_refused(
    client: TestClient, match_id: str, changes: dict[str, Any], expected: str
) -> None:
    answer = client.post("/v1/feedback", json=_event(match_id, **changes))
    assert answer.status_code == 422
    assert expected in answer.json()["detail"]


def test_what_was_told_of_a_supplier_is_in_the_features_of_its_next_impressions(client: TestClient, live: Live) -> None:
    def features() -> dict[str, dict[str, float | None]]:
        answer = client.post("/v1/match", json={"text": "argan oil"}).json()
        impressions = EventLog(live.database, "default").impressions(answer["match_id"])
        return {one.object_id: dict(one.features) for one in impressions}

    assert {one["newcomer"] for one in features().values()} == {1.0}
    match_id = client.post("/v1/match", json={"text": "argan oil"}).json()["match_id"]
    client.post("/v1/feedback", json=_event(match_id, action_name=Action.MEETING_ACCEPTED))
    assert features()["S1"]["response_rate"] is None
    live.renew_track_records()
    told = features()
    assert told["S1"]["response_rate"] == told["S1"]["acceptance_rate"] == pytest.approx(2 / 3, abs=0.01)
    assert told["S2"]["response_rate"] is None


def test_track_records_know_every_action_of_a_supplier() -> None:
    assert {CONTACT, *ANSWERS} <= set(Action)
