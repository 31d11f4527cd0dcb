"""The client against a real server, also one that is killed, or whose answers are lost on the way."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest

from data import shipped
from data.database import Database
from data.fair_plans import Action, Edit
from data.fair_sheets import FairSheet
from data.fairs import Role, Wish
from data.keys import Keys, Scope
from service.client import (
    ApiError,
    BuyerRequest,
    EventType,
    FeedbackEvent,
    Filters,
    NotFound,
    PreconditionFailed,
    Records,
    SoukClient,
    Supplier,
    TooManyRequests,
    Unavailable,
)
from service.fair_schemas import ClosureBody, InvitationBody, InvitationReply, OutcomeBody, PlanFormat
from tests.cuts import Cutting
from tests.fairs import FAIR, participants
from tests.served import Served
from tests.service.conftest import wait_until

RUGS = Supplier.model_validate(
    {"id": "S 1?#", "name": "Tapis", "country": "Maroc", "products": [{"name": "hand-knotted wool rugs"}]}
)
RECEIVER = "https://portal.example/souk"
DROPPED = Edit(action=Action.DROP, first="B1", second="S1")
WANTED = BuyerRequest(id="R 1", text="hand-knotted wool rugs, 60 pieces", country="DK")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("client")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    running = Served(f"sqlite:///{folder}/souk.db", folder, SOUK_FOLLOW_SECONDS="0.1")
    running.wait_until_ready()
    yield running
    running.close()


@pytest.fixture(scope="module")
def key(folder: Path) -> Callable[..., str]:
    """Makes a key of an organisation that nobody used before."""
    made = iter(range(1_000))
    database = Database.open(f"sqlite:///{folder}/souk.db")

    def make(*, requests_per_minute: int | None = None) -> str:
        keys = Keys(database)
        return keys.create(f"firm-{next(made)}", "test", Scope, requests_per_minute=requests_per_minute)

    return make


@pytest.fixture
def client(served: Served, key: Callable[..., str]) -> Iterator[SoukClient]:
    with SoukClient(served.address, key()) as running:
        yield running


def _event(query_id: str, supplier_id: str, event_id: str = "e-1") -> FeedbackEvent:
    return FeedbackEvent.model_validate(
        {
            "event_id": event_id, "action_name": "click", "query_id": query_id, "timestamp": datetime.now(UTC),
            "event_attributes": {"object": {"object_id": supplier_id}},
        }
    )  # fmt: skip


def _invitation(client: SoukClient) -> InvitationBody:
    starts = client.fairs.free_slots("F1", "B1", "S1").slots[0]
    return InvitationBody(from_id="S1", to_id="B1", starts_at=starts)


def _is_matched(client: SoukClient, supplier_id: str) -> bool:
    return bool(client.match("rugs", filters=Filters(ids=(supplier_id,)), explain=False).matches)


# Each operation of the OpenAPI document, as a caller of the client reaches it; in an order that finds what it needs.
METHODS: Mapping[str, Callable[[SoukClient, Path], object]] = {
    "PUT /v1/suppliers/{supplier_id}": lambda client, _: client.put_supplier(RUGS),
    "GET /v1/suppliers/{supplier_id}": lambda client, _: client.supplier(RUGS.id),
    "GET /v1/suppliers": lambda client, _: list(client.suppliers(country=["MA"])),
    "PUT /v1/requests/{request_id}": lambda client, _: client.put_request(WANTED),
    "GET /v1/requests/{request_id}": lambda client, _: client.request("R 1"),
    "GET /v1/requests": lambda client, _: list(client.requests(country="DK")),
    "POST /v1/match": lambda client, _: client.match("wool rugs"),
    "POST /v1/draws": lambda client, _: client.draw("wool rugs", k=2, threshold=0.01, seed=7),
    "GET /v1/draws/{draw_id}": lambda client, _: client.stored_draw(client.draw("wool rugs").match_id),
    "POST /v1/match/batch": lambda client, _: client.match_batch([WANTED]),
    "POST /v1/hs": lambda client, _: client.headings("wool rugs"),
    "GET /v1/suppliers/{supplier_id}/requests": lambda client, _: client.requests_for(RUGS.id),
    "GET /v1/suppliers/{supplier_id}/advice": lambda client, _: client.advice(RUGS.id, first=3, language="fr"),
    "POST /v1/feedback": lambda client, _: client.feedback(_event(client.match("wool rugs").match_id, RUGS.id)),
    "POST /v1/feedback/batch": lambda client, _: client.feedback_batch([_event("none", RUGS.id)]),
    "POST /v1/imports/{kind}": lambda client, _: client.import_requests([WANTED]),
    "POST /v1/imports/{kind}/file": lambda client, file: client.import_file(Records.SUPPLIERS, file),
    "GET /v1/exports/{kind}": lambda client, _: list(client.export_suppliers()),
    "GET /v1/exposure": lambda client, _: client.exposure(),
    "POST /v1/training-runs": lambda client, _: client.start_training(seed=1),
    "GET /v1/training-runs/{run_id}": lambda client, _: client.training_run(client.start_training(seed=1).id),
    "DELETE /v1/suppliers/{supplier_id}": lambda client, _: client.delete_supplier(RUGS.id),
    "DELETE /v1/requests/{request_id}": lambda client, _: client.delete_request("R 1"),
    "POST /v1/erasures": lambda client, _: client.erase(supplier_id="F1"),
    "GET /v1/erasures": lambda client, _: client.erasures(supplier_id="F1"),
    "GET /v1/erasures/{erasure_id}": lambda client, _: client.erasure(client.erasures(supplier_id="F1")[0].id),
    "POST /v1/webhooks": lambda client, _: client.create_webhook(RECEIVER, EventType),
    "GET /v1/webhooks": lambda client, _: client.webhooks(),
    "GET /v1/webhooks/{webhook_id}/deliveries": lambda client, _: client.deliveries(client.webhooks()[0].id),
    "DELETE /v1/webhooks/{webhook_id}": lambda client, _: client.delete_webhook(client.webhooks()[0].id),
    "PUT /v1/fairs/{fair_id}": lambda client, _: client.fairs.put(FAIR),
    "GET /v1/fairs": lambda client, _: client.fairs.all(),
    "GET /v1/fairs/{fair_id}": lambda client, _: client.fairs.get("F1"),
    "POST /v1/fairs/{fair_id}/imports/{sheet}": lambda client, file: client.fairs.import_sheet(
        "F1", FairSheet.PARTICIPANTS, file, role=Role.EXHIBITOR
    ),
    "PUT /v1/fairs/{fair_id}/participants/{participant_id}": lambda client, _: [
        client.fairs.put_participant("F1", one) for one in participants()
    ],
    "GET /v1/fairs/{fair_id}/participants": lambda client, _: client.fairs.participants("F1"),
    "PUT /v1/fairs/{fair_id}/wishes": lambda client, _: client.fairs.put_wishes("F1", [Wish(by="B1", about="S1")]),
    "GET /v1/fairs/{fair_id}/wishes": lambda client, _: client.fairs.wishes("F1"),
    "GET /v1/fairs/{fair_id}/check": lambda client, _: client.fairs.check("F1"),
    "POST /v1/fairs/{fair_id}/plans": lambda client, _: client.fairs.plan("F1"),
    "GET /v1/fairs/{fair_id}/plan-jobs": lambda client, _: client.fairs.plan_jobs("F1"),
    "GET /v1/fairs/{fair_id}/plan-jobs/{job_id}": lambda client, _: client.fairs.plan_job(
        "F1", client.fairs.plan_jobs("F1")[0].id
    ),
    "DELETE /v1/fairs/{fair_id}/plan-jobs/{job_id}": lambda client, _: client.fairs.cancel_plan_job(
        "F1", client.fairs.start_plan("F1", name="not wanted", wait_seconds=0).id
    ),
    "GET /v1/fairs/{fair_id}/fairness": lambda client, _: client.fairs.fairness("F1"),
    "GET /v1/fairs/{fair_id}/plans": lambda client, _: client.fairs.plans("F1"),
    "GET /v1/fairs/{fair_id}/plans/{plan_id}": lambda client, _: client.fairs.read_plan("F1", "1", version=1),
    "POST /v1/fairs/{fair_id}/plans/{plan_id}/publication": lambda client, _: client.fairs.publish("F1", "1"),
    "POST /v1/fairs/{fair_id}/plans/{plan_id}/edits": lambda client, _: client.fairs.edit("F1", "1", [DROPPED]),
    "GET /v1/fairs/{fair_id}/plans/{plan_id}/export": lambda client, _: client.fairs.export("F1", "1", PlanFormat.XLSX),
    "GET /v1/fairs/{fair_id}/meetings": lambda client, _: client.fairs.meetings("F1"),
    "GET /v1/fairs/{fair_id}/participants/{participant_id}/agenda": lambda client, _: client.fairs.agenda("F1", "B1"),
    "GET /v1/fairs/{fair_id}/free-slots": lambda client, _: client.fairs.free_slots("F1", "B1", "S1"),
    "POST /v1/fairs/{fair_id}/invitations": lambda client, _: client.fairs.invite("F1", _invitation(client)),
    "GET /v1/fairs/{fair_id}/invitations": lambda client, _: client.fairs.invitations("F1", participant_id="B1"),
    "POST /v1/fairs/{fair_id}/invitations/{invitation_id}/reply": lambda client, _: client.fairs.reply(
        "F1", client.fairs.invitations("F1")[0].id, InvitationReply(answer="accept")
    ),
    "POST /v1/fairs/{fair_id}/participants/{participant_id}/check-in": lambda client, _: client.fairs.check_in(
        "F1", "B1"
    ),
    "POST /v1/fairs/{fair_id}/meetings/{meeting_id}/outcome": lambda client, _: client.fairs.outcome(
        "F1", client.fairs.agenda("F1", "B1").meetings[-1].id, OutcomeBody(outcome="held", rating=5)
    ),
    "POST /v1/fairs/{fair_id}/participants/{participant_id}/cancellation": lambda client, _: client.fairs.cancel(
        "F1", "S2"
    ),
    "POST /v1/fairs/{fair_id}/closures": lambda client, _: client.fairs.close_table("F1", ClosureBody(table=1)),
    "DELETE /v1/fairs/{fair_id}": lambda client, _: client.fairs.delete("F1"),
    "GET /healthz": lambda client, _: client.health(),
    "GET /readyz": lambda client, _: client.readiness(),
    "GET /metrics": lambda client, _: client.metrics(),
}


def _answered(folder: Path) -> list[dict[str, Any]]:
    """What the server's log says of each request."""
    lines = (folder / "server.log").read_text(encoding="utf-8").splitlines()
    return [line for text in lines if text.startswith("{") and "status" in (line := json.loads(text))]


def _succeeded(folder: Path, since: int) -> set[str]:
    return {f"{one['method']} {one['route']}" for one in _answered(folder)[since:] if one["status"] < 300}


def test_every_operation_of_the_description_has_a_method(served: Served, client: SoukClient, folder: Path) -> None:
    paths = httpx.get(f"{served.address}/openapi.json").json()["paths"]
    assert {f"{method.upper()} {path}" for path, operations in paths.items() for method in operations} == set(METHODS)
    (folder / "firms.csv").write_text("id;name\nF1;Doum\n", encoding="utf-8")
    for operation, call in METHODS.items():
        if operation == "POST /v1/match":
            wait_until(lambda: _is_matched(client, RUGS.id))
        before = len(_answered(folder))
        call(client, folder / "firms.csv")
        wait_until(lambda operation=operation, before=before: operation in _succeeded(folder, before))


def test_what_is_put_is_read_listed_and_matched(client: SoukClient) -> None:
    assert client.put_supplier(RUGS).outcome == "created"
    assert client.supplier(RUGS.id).record == RUGS
    assert list(client.suppliers(country=["Maroc"])) == [RUGS]
    assert list(client.suppliers(country=["Turkey"])) == []
    wait_until(lambda: _is_matched(client, RUGS.id))
    match = client.match(request=WANTED, language="fr").matches[0]
    assert match.supplier.id == RUGS.id
    assert match.explanation is not None


def test_a_list_goes_on_over_all_its_pages(client: SoukClient) -> None:
    firms = [Supplier(id=f"L{number:04}", name=f"Firm {number}") for number in range(1_200)]
    assert client.import_suppliers(firms).created == 1_200
    assert list(client.suppliers()) == firms


def test_a_ranking_goes_on_over_all_its_pages(client: SoukClient) -> None:
    client.import_suppliers(
        {"id": f"S{number}", "name": f"Rugs {number}", "description": "wool rugs"} for number in range(7)
    )
    wait_until(lambda: _is_matched(client, "S6"))
    first = client.match("wool rugs", top=3)
    pages = [first, *client.pages_after(first, top=3)]
    assert [[match.rank for match in page.matches] for page in pages] == [[1, 2, 3], [4, 5, 6], [7]]


def test_rows_that_cannot_be_used_are_told_by_their_place_among_all(client: SoukClient) -> None:
    rows: list[dict[str, Any]] = [{"id": f"N{number}", "name": f"Firm {number}"} for number in range(1_100)]
    rows[3]["country"], rows[1_050]["country"] = "Atlantis", "Atlantis"
    answer = client.import_suppliers(rows)
    assert (answer.created, answer.faults) == (1_098, 2)
    assert [(fault.row, fault.column) for fault in answer.refused] == [(4, "country"), (1_051, "country")]


def test_an_exported_file_can_be_imported_again(client: SoukClient, tmp_path: Path) -> None:
    client.put_supplier(RUGS)
    (tmp_path / "firms.xlsx").write_bytes(b"".join(client.export_file(Records.SUPPLIERS, "xlsx")))
    assert client.import_file(Records.SUPPLIERS, tmp_path / "firms.xlsx").unchanged == 1


def test_a_separator_of_lines_inside_a_text_does_not_break_its_export(client: SoukClient) -> None:
    firms = [Supplier(id="S1", name="Doum", description="baskets\u2028mats\u2029"), Supplier(id="S2", name="Souss")]
    client.import_suppliers(firms)
    assert list(client.export_suppliers()) == firms


def test_a_write_bound_to_an_etag_happens_only_while_the_record_has_it(client: SoukClient) -> None:
    written = client.put_supplier(RUGS, if_none_match="*")
    assert client.supplier(RUGS.id).etag == written.etag
    client.put_supplier(RUGS.model_copy(update={"city": "Azrou"}), if_match=written.etag)
    with pytest.raises(PreconditionFailed):
        client.delete_supplier(RUGS.id, if_match=written.etag)
    assert client.supplier(RUGS.id).record.city == "Azrou"


def test_feedback_tells_what_became_of_each_event(client: SoukClient) -> None:
    client.put_supplier(RUGS)
    wait_until(lambda: _is_matched(client, RUGS.id))
    query_id = client.match("wool rugs").match_id
    assert client.feedback(_event(query_id, RUGS.id)).stored == 1
    answer = client.feedback_batch([_event(query_id, RUGS.id), _event("gone", RUGS.id, "e-2")])
    assert (answer.known, [refused.event_id for refused in answer.refused]) == (1, ["e-2"])
    with pytest.raises(NotFound, match="no match has the id 'gone'"):
        client.feedback(_event("gone", RUGS.id, "e-3"))


def test_an_erasure_is_told_by_its_receipt_ever_after(client: SoukClient) -> None:
    client.put_supplier(RUGS)
    receipt = client.erase(supplier_id=RUGS.id)
    assert receipt.erased == {"suppliers": 1, "changes": 1}
    assert client.erasures(supplier_id=RUGS.id) == [client.erasure(receipt.id)] == [receipt]
    assert client.erasures(client_id=RUGS.id) == []
    with pytest.raises(NotFound, match="nothing is held of a supplier"):
        client.erase(supplier_id=RUGS.id)


def test_a_webhook_shows_its_secret_where_it_is_asked_for_alone(client: SoukClient) -> None:
    webhook = client.create_webhook(RECEIVER, [EventType.MODEL_CHANGED])
    assert webhook.secret.startswith("whsec_")
    assert webhook.secret not in repr(webhook)
    assert [one.id for one in client.webhooks()] == [webhook.id]
    assert client.deliveries(webhook.id) == []
    client.delete_webhook(webhook.id)
    assert client.webhooks() == []


def test_a_failure_tells_the_field_and_the_request_id(client: SoukClient, folder: Path) -> None:
    with pytest.raises(ApiError) as told:
        list(client.requests(country="Atlantis"))
    assert (told.value.status, told.value.title) == (422, HTTPStatus(422).phrase)
    assert [(fault.field, fault.value) for fault in told.value.faults] == [("query.country", "Atlantis")]
    wait_until(lambda: told.value.request_id in [answer["request_id"] for answer in _answered(folder)])


def test_the_key_is_that_of_the_environment_where_none_is_given(
    served: Served, key: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = key()
    monkeypatch.delenv("SOUK_API_KEY", raising=False)
    with SoukClient(served.address) as stranger, pytest.raises(ApiError, match="no key was given"):
        stranger.match("rugs")
    monkeypatch.setenv("SOUK_API_KEY", token)
    with SoukClient(served.address) as known:
        assert known.match("rugs").matches == []


def test_beyond_its_allowance_a_client_waits_as_it_is_told(
    served: Served, key: Callable[..., str], folder: Path
) -> None:
    before = len(_answered(folder))
    with SoukClient(served.address, key(requests_per_minute=60)) as client:
        while 429 not in [answer["status"] for answer in _answered(folder)[before:]]:
            assert list(client.requests()) == []


def test_a_client_that_must_not_try_again_is_told_how_long_to_wait(served: Served, key: Callable[..., str]) -> None:
    with SoukClient(served.address, key(requests_per_minute=1), retries=0) as client:
        client.match("rugs")
        with pytest.raises(TooManyRequests) as told:
            client.match("rugs")
    assert told.value.retry_after_seconds is not None
    assert told.value.retry_after_seconds > 0


def test_a_lost_answer_is_asked_for_again_and_nothing_is_done_twice(served: Served, key: Callable[..., str]) -> None:
    token = key()
    with SoukClient(served.address, token) as near:
        near.put_supplier(RUGS)
        wait_until(lambda: _is_matched(near, RUGS.id))
        event = _event(near.match("wool rugs").match_id, RUGS.id)
    for call, found in (
        (lambda client: client.feedback(event).stored, 1),
        (lambda client: client.put_supplier(RUGS).outcome, "unchanged"),
        (lambda client: client.delete_supplier(RUGS.id), None),
    ):
        with Cutting(served.address, answers=1) as far, SoukClient(far.address, token) as client:
            assert call(client) == found
            assert far.lost == 1


def test_a_bound_write_whose_answer_is_lost_is_left_to_the_caller(served: Served, key: Callable[..., str]) -> None:
    token = key()
    with Cutting(served.address, answers=1) as far, SoukClient(far.address, token) as client:
        with pytest.raises(Unavailable) as told:
            client.put_supplier(RUGS, if_none_match="*")
        assert (told.value.uncertain, told.value.status) == (True, None)
        assert client.supplier(RUGS.id).record == RUGS


def test_an_erasure_whose_answer_is_lost_is_found_by_its_receipt(served: Served, key: Callable[..., str]) -> None:
    token = key()
    with SoukClient(served.address, token) as near:
        near.put_supplier(RUGS)
    with Cutting(served.address, answers=1) as far, SoukClient(far.address, token) as client:
        with pytest.raises(Unavailable) as told:
            client.erase(supplier_id=RUGS.id)
        assert told.value.uncertain
        assert [receipt.erased["suppliers"] for receipt in client.erasures(supplier_id=RUGS.id)] == [1]


def test_a_webhook_whose_answer_is_lost_is_not_made_a_second_time(served: Served, key: Callable[..., str]) -> None:
    with Cutting(served.address, answers=1) as far, SoukClient(far.address, key()) as client:
        with pytest.raises(Unavailable) as told:
            client.create_webhook(RECEIVER, EventType)
        assert told.value.uncertain
        assert [webhook.url for webhook in client.webhooks()] == [RECEIVER]


def test_a_client_gives_up_after_as_many_tries_as_it_may(served: Served, key: Callable[..., str]) -> None:
    with Cutting(served.address, answers=10) as far, SoukClient(far.address, key(), retries=2) as client:
        with pytest.raises(Unavailable):
            client.match("rugs")
        assert far.lost == 3


def test_a_service_that_cannot_match_yet_is_asked_again_when_it_said(tmp_path: Path) -> None:
    ranker = tmp_path / "ranker.json"
    served = Served(f"sqlite:///{tmp_path}/souk.db", tmp_path, SOUK_RANKER_PATH=str(ranker))
    put_there = threading.Thread(target=_once_refused, args=(tmp_path, lambda: shutil.copy(shipped.RANKER, ranker)))
    put_there.start()
    with SoukClient(served.address, retries=10) as client:
        assert client.match("rugs", top=3).matches != []
        assert client.readiness().status == "ready"
    put_there.join()
    served.close()


def _once_refused(folder: Path, act: Callable[[], object]) -> None:
    """Act once the server has answered a match by 503."""
    wait_until(lambda: any(a["route"] == "/v1/match" and a["status"] == 503 for a in _answered(folder)), seconds=120)
    act()


def test_readiness_tells_why_a_service_cannot_match(tmp_path: Path) -> None:
    served = Served(f"sqlite:///{tmp_path}/souk.db", tmp_path, SOUK_RANKER_PATH=str(tmp_path / "none.json"))
    with SoukClient(served.address, retries=10) as client:
        wait_until(lambda: "none.json" in (client.readiness().detail or ""), seconds=120)
    served.close()


def test_each_put_is_done_although_the_server_is_killed_meanwhile(tmp_path: Path) -> None:
    served = Served(f"sqlite:///{tmp_path}/souk.db", tmp_path)
    served.wait_until_ready()
    firms = [Supplier(id=f"K{number:02}", name=f"Firm {number}") for number in range(60)]
    with SoukClient(served.address, retries=10) as client:
        puts = threading.Thread(target=lambda: [client.put_supplier(firm) for firm in firms])
        puts.start()
        wait_until(lambda: len(_answered(tmp_path)) > 10)
        served.kill()
        served.restart()
        puts.join()
        assert list(client.suppliers()) == firms
    served.close()
