from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from data.keys import Scope
from data.workspace import Models
from matching.errors import TooManyRequests
from matching.ranker import GlassBoxRanker
from service.access import Allowances
from service.app import create_app
from service.envelope import SECURITY_HEADERS
from service.live import Live
from service.settings import ServiceSettings
from tests.conftest import HashingEncoder

MakeKey = Callable[..., dict[str, str]]
_OPEN = {"/healthz", "/readyz"}
FAIR = {
    "name": "Confidential", "time_zone": "Africa/Casablanca", "tables": 2,
    "sessions": [{"day": "2026-10-07", "starts": "09:00", "ends": "10:00"}],
}  # fmt: skip


def _operations(client: TestClient) -> list[tuple[str, str, dict[str, Any]]]:
    paths = client.get("/openapi.json").json()["paths"]
    return [(method, path, operation) for path, found in paths.items() for method, operation in found.items()]


def _path(path: str, supplier: str, request: str, webhook: str = "W1", erasure: str = "E1", draw: str = "D1") -> str:
    named = {
        "supplier_id": supplier, "request_id": request, "kind": "suppliers", "webhook_id": webhook,
        "erasure_id": erasure, "draw_id": draw, "fair_id": "F-SECRET", "participant_id": "P-SECRET", "plan_id": "1",
        "invitation_id": "I1", "meeting_id": "M1", "run_id": "T1", "sheet": "participants",
    }  # fmt: skip
    for name, value in named.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def _body(path: str, supplier: str, request: str, match_id: str) -> dict[str, Any]:
    """A body that would be answered with data of whoever owns what it names."""
    event = {
        "event_id": "e9", "query_id": match_id, "action_name": "click", "timestamp": "2026-03-01T12:00:00Z",
        "event_attributes": {"object": {"object_id": supplier}},
    }  # fmt: skip
    bodies: dict[str, dict[str, Any]] = {
        "/v1/match": {"json": {"request_id": request}},
        "/v1/draws": {"json": {"request_id": request, "threshold": 0.01}},
        "/v1/match/batch": {"json": {"requests": [{"text": "confidential zellij"}]}},
        "/v1/feedback": {"json": event},
        "/v1/feedback/batch": {"json": {"events": [event]}},
        "/v1/suppliers/{supplier_id}": {"json": {"name": "Theirs"}, "headers": {"if-match": "*"}},
        "/v1/requests/{request_id}": {"json": {"text": "theirs"}, "headers": {"if-match": "*"}},
        "/v1/erasures": {"json": {"supplier_id": supplier}},
        "/v1/webhooks": {"json": {"url": "https://theirs.example", "event_types": ["match.found"]}},
        "/v1/imports/{kind}": {"content": b"{}"},
        "/v1/fairs/{fair_id}": {"json": FAIR},
        "/v1/fairs/{fair_id}/participants/{participant_id}": {"json": {"name": "Theirs", "role": "buyer"}},
        "/v1/fairs/{fair_id}/wishes": {"json": {"wishes": [{"by": "P-SECRET", "about": "P-2"}]}},
        "/v1/fairs/{fair_id}/imports/{sheet}": {"files": {"file": ("x.csv", b"company,role\nTheirs,buyer\n")}},
        "/v1/fairs/{fair_id}/closures": {"json": {"table": 1}},
        "/v1/fairs/{fair_id}/plans": {"json": {}},
        "/v1/fairs/{fair_id}/plans/{plan_id}/edits": {
            "json": {"edits": [{"action": "lock", "first": "P-SECRET", "second": "P-2"}]}
        },
        "/v1/fairs/{fair_id}/invitations": {
            "json": {"from_id": "P-SECRET", "to_id": "P-2", "starts_at": "2026-10-07T09:00"}
        },
        "/v1/fairs/{fair_id}/invitations/{invitation_id}/reply": {"json": {"answer": "accept"}},
        "/v1/fairs/{fair_id}/meetings/{meeting_id}/outcome": {"json": {"outcome": "held"}},
        "/v1/imports/{kind}/file": {"files": {"file": ("x.csv", b"name\nTheirs\n")}},
    }
    return bodies.get(path, {})


def test_a_key_of_another_organisation_finds_no_trace_of_the_first(client: TestClient, key: MakeKey) -> None:
    """Every operation of the OpenAPI document, so that a new one is covered by itself."""
    ours, theirs = key("ours"), key("theirs")
    client.put("/v1/suppliers/S-SECRET", json={"name": "Confidential", "description": "zellij"}, headers=ours)
    client.put("/v1/requests/R-SECRET", json={"text": "confidential zellij"}, headers=ours)
    match_id = client.post("/v1/match", json={"request_id": "R-SECRET"}, headers=ours).json()["match_id"]
    asked = {"request_id": "R-SECRET", "threshold": 0.01}
    drawn = client.post("/v1/draws", json=asked, headers=ours).json()["match_id"]
    hook = {"url": "https://confidential.example", "event_types": ["match.found", "model.changed"]}
    webhook = client.post("/v1/webhooks", json=hook, headers=ours).json()["id"]
    client.put("/v1/suppliers/S-ERASED", json={"name": "Confidential"}, headers=ours)
    erasure = client.post("/v1/erasures", json={"supplier_id": "S-ERASED"}, headers=ours).json()["id"]
    client.put("/v1/fairs/F-SECRET", json=FAIR, headers=ours)
    person = {"name": "Confidential", "role": "buyer"}
    client.put("/v1/fairs/F-SECRET/participants/P-SECRET", json=person, headers=ours)
    for method, path, _ in _operations(client):
        if path in _OPEN or (method, path) == ("put", "/v1/fairs/{fair_id}"):
            continue
        named = _path(path, "S-SECRET", "R-SECRET", webhook, erasure, drawn)
        given = _body(path, "S-SECRET", "R-SECRET", match_id) if method in ("put", "post") else {}
        headers = {**theirs, **given.pop("headers", {})}
        answer = client.request(method, named, headers=headers, **given)
        told = (
            answer.text.lower().replace("supplier 's-secret'", "").replace("'s-secret'", "").replace("'r-secret'", "")
        )
        assert "confidential" not in told and "s-secret" not in told, (method, path, answer.text)
        if any(secret in named for secret in ("SECRET", webhook, erasure, drawn)) or path == "/v1/erasures":
            assert answer.status_code in (403, 404, 412, 422), (method, path, answer.text)
    cursor = client.post("/v1/match", json={"text": "zellij", "top": 1}, headers=ours).json()["match_id"]
    assert client.post("/v1/match", json={"cursor": _cursor(cursor)}, headers=theirs).status_code == 404
    assert client.get("/v1/suppliers/S-SECRET", headers=ours).json()["name"] == "Confidential"
    assert [one["id"] for one in client.get("/v1/webhooks", headers=ours).json()["webhooks"]] == [webhook]
    assert client.get("/v1/erasures", params={"supplier_id": "S-ERASED"}, headers=theirs).json() == {"receipts": []}


def _cursor(match_id: str) -> str:
    from service import cursors

    return cursors.written(match_id, 0)


def test_without_a_key_every_operation_is_closed_once_a_key_was_made(client: TestClient, key: MakeKey) -> None:
    key()
    for method, path, operation in _operations(client):
        answer = client.request(method, _path(path, "S1", "R1"))
        expected = {200} if path in _OPEN else {401}
        assert answer.status_code in expected, (method, path, answer.text)
        assert str(answer.status_code) in operation["responses"]
    assert client.get("/").status_code == 401
    assert client.get("/v1/suppliers").headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("made", [Scope.MATCH, Scope.WRITE, Scope.FEEDBACK, Scope.ANALYST, Scope.ADMIN])
def test_a_key_does_only_what_its_scopes_say(client: TestClient, key: MakeKey, made: Scope) -> None:
    headers = key("default", made)
    doors = {
        Scope.MATCH: client.post("/v1/match", json={"text": "kilim"}, headers=headers),
        Scope.WRITE: client.put("/v1/suppliers/S5", json={"name": "X"}, headers=headers),
        Scope.FEEDBACK: client.post("/v1/feedback", json={}, headers=headers),
        Scope.ANALYST: client.get("/v1/exports/requests", headers=headers),
        Scope.ADMIN: client.get("/metrics", headers=headers),
    }
    open_to = {scope for scope, answer in doors.items() if answer.status_code != 403}
    implied = {Scope.WRITE: {Scope.WRITE, Scope.ANALYST}, Scope.ADMIN: set(Scope)}
    assert open_to == implied.get(made, {made})


def test_a_revoked_key_and_a_made_up_one_are_refused_alike(client: TestClient, key: MakeKey, live: Live) -> None:
    headers = key()
    made_up = f"{headers['authorization'][:-1]}{'A' if headers['authorization'][-1] != 'A' else 'B'}"
    live.keys.revoke(live.keys.all()[0].id)
    answers = [client.get("/v1/suppliers", headers={"authorization": token}) for token in
               (headers["authorization"], made_up, "Bearer x", "Bearer é".encode())]  # fmt: skip
    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {
        (401, "the key is unknown or revoked")
    }


def test_revoking_the_last_key_does_not_open_the_service(client: TestClient, key: MakeKey, live: Live) -> None:
    key()
    live.keys.revoke(live.keys.all()[0].id)
    assert client.get("/v1/suppliers").status_code == 401


def test_development_mode_is_closed_to_a_page_of_another_name(client: TestClient) -> None:
    assert client.get("/v1/suppliers", headers={"host": "evil.example"}).status_code == 401


def test_development_mode_is_closed_where_the_service_listens_to_a_network(
    tmp_path: Path, encoder: HashingEncoder, ranker: GlassBoxRanker
) -> None:
    settings = ServiceSettings(database_url=f"sqlite:///{tmp_path}/s.db", index_path=tmp_path / "i", host="0.0.0.0")
    with TestClient(create_app(settings, lambda: Models(encoder, ranker))) as client:
        assert client.get("/v1/suppliers").status_code in (401, 503)


def test_a_key_is_held_to_its_allowance_and_told_of_it(client: TestClient, key: MakeKey) -> None:
    headers = key(requests_per_minute=2)
    first, _, third = (client.get("/v1/suppliers/S1", headers=headers) for _ in range(3))
    assert first.headers["ratelimit-policy"] == '"key";q=2;w=60'
    assert first.headers["ratelimit"].startswith('"key";r=1;t=')
    assert third.status_code == 429
    assert int(third.headers["retry-after"]) >= 1


def test_an_allowance_fills_up_again_with_time() -> None:
    now = [0.0]
    allowances = Allowances(lambda: now[0])
    assert [allowances.take("k", 2).remaining for _ in range(2)] == [1, 0]
    with pytest.raises(TooManyRequests) as refusal:
        allowances.take("k", 2)
    now[0] += refusal.value.retry_after_seconds
    assert allowances.take("k", 2).limit == 2


def test_every_answer_carries_the_security_headers_and_a_request_id(client: TestClient) -> None:
    for answer in (client.get("/healthz"), client.get("/nowhere"), client.post("/v1/match", content=b"{")):
        assert {name: answer.headers[name] for name in SECURITY_HEADERS} == dict(SECURITY_HEADERS)
        assert answer.headers["x-request-id"]


def test_a_request_id_is_taken_over_where_it_is_a_plain_one(client: TestClient) -> None:
    assert client.get("/healthz", headers={"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert client.get("/healthz", headers={"x-request-id": "a b\t<"}).headers["x-request-id"] != "a b\t<"


@pytest.mark.parametrize(("origin", "allowed"), [("https://portal.example", True), ("https://evil.example", False)])
def test_only_pages_of_the_named_origins_may_call(settings: ServiceSettings, origin: str, allowed: bool) -> None:
    listed = settings.model_copy(update={"allowed_origins": ("https://portal.example",)})
    app: FastAPI = create_app(listed)
    client = TestClient(app)
    headers = {"origin": origin, "access-control-request-method": "POST"}
    answer = client.options("/v1/match", headers=headers)
    assert answer.headers.get("access-control-allow-origin") == (origin if allowed else None)


def test_no_log_line_holds_a_key(client: TestClient, key: MakeKey, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    headers = key()
    client.get("/v1/suppliers/S1", headers=headers)
    fields = [record.fields for record in caplog.records if record.name == "souk.access"]
    assert (fields[-1]["route"], fields[-1]["status"], fields[-1]["organisation"]) == (
        "/v1/suppliers/{supplier_id}", 200, "default"
    )  # fmt: skip
    assert headers["authorization"].split("_", 2)[2] not in caplog.text + str(fields)


def test_metrics_tell_requests_stages_and_catalogue(client: TestClient) -> None:
    client.post("/v1/match", json={"text": "kilim"})
    text = client.get("/metrics").text
    assert 'souk_requests_total{method="POST",route="/v1/match",status="200"} 1.0' in text
    for stage in ("encode", "recall", "features", "rank", "explain"):
        assert f'souk_stage_seconds_count{{stage="{stage}"}}' in text
    assert "souk_suppliers 4.0" in text
    assert 'souk_model{kind="ranker",version="simple"} 1.0' in text
