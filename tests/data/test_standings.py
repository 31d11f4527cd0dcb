from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from data.erasure import Erasures, Subject, SubjectKind
from data.keys import Keys
from data.schema import Kind
from data.standings import BEST, Standings
from data.store import Store
from data.webhooks import EventType, Outbox, Webhooks
from data.workspace import Models, Workspace
from matching.profiles import BuyerRequest, Supplier
from matching.ranker import GlassBoxRanker
from tests.conftest import HashingEncoder

RUGS = BuyerRequest(id="R1", text="hand knotted wool rugs")


def _maker(number: int, description: str = "hand knotted wool rugs") -> Supplier:
    return Supplier(id=f"M{number:02}", name=f"Maker {number}", description=description)


@pytest.fixture
def store(database_url: str) -> Store:
    store = Store(database_url, "acme")
    store.put(Kind.SUPPLIERS, [_maker(number, "argan oil") for number in range(12)])
    return store


@pytest.fixture
def workspace(store: Store, encoder: HashingEncoder, ranker: GlassBoxRanker, tmp_path: Any) -> Workspace:
    made = Workspace(store, Models(encoder, ranker), tmp_path / "index")
    made.load()
    return made


@pytest.fixture
def told(store: Store, workspace: Workspace) -> Callable[[], list[dict[str, Any]]]:
    """What webhooks are told of once the catalogue has caught up; a webhook is there from the beginning."""
    keys = Keys(store.database)
    Webhooks(store.database, "acme", keys).create("https://portal.example", [EventType.MATCH_FOUND])

    def look() -> list[dict[str, Any]]:
        workspace.catch_up()
        Standings(store).bring_up(workspace.matcher, workspace.seen)
        return [json.loads(one.body)["data"] for one in Outbox(store.database, keys).claim()]

    return look


Told = Callable[[], list[dict[str, Any]]]


def _found(data: dict[str, Any]) -> list[str]:
    return [match["supplier_id"] for match in data["matches"]]


def test_a_new_request_is_told_with_its_best_matches(store: Store, workspace: Workspace, told: Told) -> None:
    store.put(Kind.REQUESTS, [RUGS])
    (data,) = told()
    ranked = workspace.matcher.match(RUGS, top=BEST).matches
    assert data["request_id"] == "R1"
    assert data["matches"] == [
        {"supplier_id": one.supplier.id, "rank": one.rank, "score": one.score, "probability": one.probability}
        for one in ranked
    ]
    assert data["versions"] == {"encoder": "hashing-64", "ranker": "simple"}
    assert told() == []


def test_a_supplier_put_is_told_of_each_request_among_whose_best_it_newly_stands(store: Store, told: Told) -> None:
    store.put(Kind.REQUESTS, [RUGS, BuyerRequest(id="R2", text="argan oil")])
    told()
    store.put(Kind.SUPPLIERS, [_maker(50)])
    assert [(data["request_id"], _found(data)) for data in told()] == [("R1", ["M50"])]


def test_a_supplier_that_stood_there_already_is_not_told_again(store: Store, told: Told) -> None:
    store.put(Kind.REQUESTS, [RUGS])
    store.put(Kind.SUPPLIERS, [_maker(50)])
    told()
    store.put(Kind.SUPPLIERS, [_maker(50).model_copy(update={"country": "MA"})])
    assert told() == []


def test_who_moves_up_because_another_went_is_not_told(store: Store, told: Told) -> None:
    store.put(Kind.SUPPLIERS, [_maker(number) for number in range(30, 42)])
    store.put(Kind.REQUESTS, [RUGS])
    (first,) = told()
    store.delete(Kind.SUPPLIERS, _found(first)[0])
    assert told() == []


def test_a_request_that_was_changed_is_told_with_who_is_new_there(store: Store, told: Told) -> None:
    store.put(Kind.SUPPLIERS, [_maker(number) for number in range(30, 36)])
    store.put(Kind.REQUESTS, [BuyerRequest(id="R1", text="argan oil")])
    before = set(_found(told()[0]))
    store.put(Kind.REQUESTS, [RUGS])
    (data,) = told()
    assert set(_found(data)) == {f"M{number}" for number in range(30, 36)} - before


def test_requests_of_before_the_webhook_are_not_told(store: Store, workspace: Workspace) -> None:
    store.put(Kind.REQUESTS, [BuyerRequest(id="R1", text="argan oil")])
    workspace.catch_up()
    keys = Keys(store.database)
    Webhooks(store.database, "acme", keys).create("https://portal.example", [EventType.MATCH_FOUND])
    Standings(store).bring_up(workspace.matcher, workspace.seen)
    stood = workspace.matcher.match(BuyerRequest(text="argan oil")).matches[0].supplier
    store.put(Kind.SUPPLIERS, [stood.model_copy(update={"country": "MA"})])
    workspace.catch_up()
    Standings(store).bring_up(workspace.matcher, workspace.seen)
    assert Outbox(store.database, keys).claim() == ()


def test_a_change_that_is_not_in_the_matcher_yet_is_told_later(store: Store, workspace: Workspace, told: Told) -> None:
    store.put(Kind.REQUESTS, [RUGS])
    told()
    seen, matcher = workspace.seen, workspace.matcher
    store.put(Kind.SUPPLIERS, [_maker(50)])
    store.put(Kind.REQUESTS, [BuyerRequest(id="R2", text="kilim")])
    Standings(store).bring_up(matcher, seen)
    assert sorted(data["request_id"] for data in told()) == ["R1", "R2"]


def test_of_two_processes_that_look_at_once_one_is_heard(store: Store, workspace: Workspace, told: Told) -> None:
    store.put(Kind.REQUESTS, [RUGS])
    workspace.catch_up()
    first, second = Standings(store), Standings(store)
    best = second._best
    second._best = lambda *given: (first.bring_up(workspace.matcher, workspace.seen), best(*given))[1]  # type: ignore[method-assign, func-returns-value]
    second.bring_up(workspace.matcher, workspace.seen)
    assert len(told()) == 1


def test_a_matcher_that_still_has_an_erased_supplier_tells_nothing(
    store: Store, workspace: Workspace, told: Told
) -> None:
    store.put(Kind.REQUESTS, [RUGS])
    store.put(Kind.SUPPLIERS, [_maker(50)])
    workspace.catch_up()
    Erasures(store, Keys(store.database)).erase(Subject(SubjectKind.SUPPLIER, "M50"))
    Standings(store).bring_up(workspace.matcher, workspace.seen)
    (data,) = told()
    assert "M50" not in _found(data)
