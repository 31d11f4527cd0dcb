from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from data.events import EventLog
from data.keys import Scope
from matching.draw import differences, draw_again
from matching.lots import Draw
from service.live import Live
from tests.service.conftest import wait_until


def _draw(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/draws", json={"threshold": 0.01, **body})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_request_goes_to_k_of_those_that_qualify(client: TestClient) -> None:
    answer = _draw(client, text="argan oil", k=2, language="fr")
    drawn = Draw.model_validate(answer["draw"]).drawn
    assert [match["supplier"]["id"] for match in answer["matches"]] == [lot.supplier_id for lot in drawn]
    assert [match["rank"] for match in answer["matches"]] == [1, 2]
    assert answer["matches"][0]["explanation"]["sentences"]
    assert all(match["moved_from"] is None for match in answer["matches"])
    assert sum(lot["propensity"] for lot in answer["draw"]["lots"]) == pytest.approx(2.0)
    assert answer["next_cursor"] is None


def test_an_answer_holds_all_that_its_replay_needs(client: TestClient) -> None:
    stated = Draw.model_validate(_draw(client, text="argan oil", k=2)["draw"])
    assert differences(stated, draw_again(stated)) == ()


def test_a_draw_is_kept_as_it_was_carried_out(client: TestClient) -> None:
    answer = _draw(client, text="argan oil", k=1, threshold=0.02)
    kept = Draw.model_validate(client.get(f"/v1/draws/{answer['match_id']}").json())
    stated = Draw.model_validate(answer["draw"])
    assert {lot.supplier_id: lot for lot in kept.lots} == {lot.supplier_id: lot for lot in stated.lots}
    assert kept.model_copy(update={"lots": ()}) == stated.model_copy(update={"lots": ()})
    assert differences(kept, draw_again(kept)) == ()
    ranked = client.post("/v1/match", json={"text": "argan oil"}).json()["match_id"]
    assert client.get(f"/v1/draws/{ranked}").status_code == 404


def test_the_same_request_state_and_seed_give_the_same_draw(client: TestClient) -> None:
    first, second = (_draw(client, text="argan oil", k=2, seed=7) for _ in range(2))
    assert first.pop("match_id") != second.pop("match_id")
    assert first == second


def test_without_a_seed_each_draw_has_one_of_its_own(client: TestClient) -> None:
    assert len({_draw(client, text="argan oil")["draw"]["seed"] for _ in range(5)}) == 5


def test_what_was_drawn_is_noted_with_the_propensities_of_the_draw(client: TestClient, live: Live) -> None:
    answer = _draw(client, text="argan oil", k=2)
    drawn = Draw.model_validate(answer["draw"]).drawn
    noted = EventLog(live.database, "default").impressions(answer["match_id"])
    assert [(one.object_id, one.position, one.propensity) for one in noted] == [
        (lot.supplier_id, lot.place, lot.place_propensity) for lot in drawn
    ]
    assert all(0 < one.propensity < 1 for one in noted)
    ledger = {one["name"]: one["received"] for one in client.get("/v1/exposure").json()["suppliers"]}
    assert ledger[drawn[0].supplier_id] == pytest.approx(1.0)


def test_attention_that_is_owed_raises_the_weight(client: TestClient) -> None:
    shown = client.post("/v1/match", json={"text": "argan oil", "top": 2}).json()["matches"]
    ledger = client.get("/v1/exposure").json()["suppliers"]
    lots = {lot["supplier_id"]: lot for lot in _draw(client, text="argan oil")["draw"]["lots"]}
    assert [lots[one["name"]]["debt"] for one in ledger] == pytest.approx(
        [one["earned"] - one["received"] for one in ledger]
    )
    first, second = (lots[match["supplier"]["id"]] for match in shown)
    assert (first["debt"] < 0 < second["debt"]) or (second["debt"] < 0 < first["debt"])
    assert all((lot["weight"] > lot["probability"]) == (lot["debt"] > 0) for lot in (first, second))


def test_feedback_may_name_the_drawn_and_no_others(client: TestClient) -> None:
    answer = _draw(client, text="argan oil", k=1)
    drawn = answer["matches"][0]["supplier"]["id"]
    other = next(lot["supplier_id"] for lot in answer["draw"]["lots"] if lot["place"] is None)
    for supplier_id, status in ((drawn, 200), (other, 404)):
        event = {
            "event_id": supplier_id, "action_name": "contact", "query_id": answer["match_id"],
            "timestamp": "2026-03-01T10:00:00Z", "event_attributes": {"object": {"object_id": supplier_id}},
        }  # fmt: skip
        assert client.post("/v1/feedback", json=event).status_code == status


def test_where_nobody_qualifies_nobody_is_drawn(client: TestClient) -> None:
    answer = _draw(client, text="argan oil", threshold=1.0)
    assert (answer["matches"], answer["draw"]["lots"]) == ([], [])


def test_filters_hold_in_a_draw(client: TestClient) -> None:
    answer = _draw(client, text="argan oil", filters={"ids": ["S2"]}, explain=False)
    assert [match["supplier"]["id"] for match in answer["matches"]] == ["S2"]
    assert answer["matches"][0]["explanation"] is None


def test_a_draw_sent_twice_is_drawn_once(client: TestClient) -> None:
    sent = {"json": {"text": "argan oil", "threshold": 0.01}, "headers": {"idempotency-key": "d-1"}}
    first, second = (client.post("/v1/draws", **sent) for _ in range(2))  # type: ignore[arg-type]
    assert first.json() == second.json()


def test_a_draw_that_cannot_be_is_a_problem_that_names_the_field(client: TestClient) -> None:
    refused: dict[str, object] = {"k": 21, "threshold": 0, "seed": 2**53, "top": 3, "cursor": "x"}
    for field, value in refused.items():
        answer = client.post("/v1/draws", json={"text": "argan", field: value})
        assert (answer.status_code, [fault["field"] for fault in answer.json()["faults"]]) == (422, [field])
    assert client.post("/v1/draws", json={}).status_code == 422


def test_a_draw_takes_the_scope_of_a_match(client: TestClient, key: Callable[..., dict[str, str]]) -> None:
    refused = client.post("/v1/draws", json={"text": "argan oil"}, headers=key("acme", Scope.ANALYST))
    assert refused.status_code == 403


def test_a_firm_that_is_listed_twice_has_one_lot_and_names_the_other(client: TestClient) -> None:
    client.put("/v1/suppliers/S1b", json={"name": "Tamount SARL", "country": "MA", "description": "argan oil"})
    wait_until(lambda: client.post("/v1/match", json={"text": "argan", "filters": {"ids": ["S1b"]}}).json()["matches"])
    answer = _draw(client, text="organic argan oil", k=3)
    lots = {lot["supplier_id"] for lot in answer["draw"]["lots"]}
    assert len(lots & {"S1", "S1b"}) == 1
    also_listed = {match["supplier"]["id"]: match["also_listed_as"] for match in answer["matches"]}
    assert [also_listed.get("S1"), also_listed.get("S1b")] in ([["S1b"], None], [None, ["S1"]])
    assert not any(ids for supplier_id, ids in also_listed.items() if supplier_id not in {"S1", "S1b"})
