from __future__ import annotations

import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from data.schema import DELIVERIES
from data.workspace import Models
from matching.ranker import GlassBoxRanker
from service.app import create_app
from service.live import Live
from service.settings import ServiceSettings
from service.webhooks import AddressRefused, Reach, is_public
from tests.conftest import HashingEncoder
from tests.receiver import Receiver
from tests.service.conftest import wait_until

MakeKey = Callable[..., dict[str, str]]
RUGS = {"text": "wool rugs"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()


def _create(client: TestClient, url: str, *event_types: str) -> dict[str, Any]:
    body = {"url": url, "event_types": event_types or ("match.found",)}
    answer = client.post("/v1/webhooks", json=body)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def _last(client: TestClient, webhook: dict[str, Any]) -> dict[str, Any]:
    """The last delivery, empty where there is none."""
    deliveries = client.get(f"/v1/webhooks/{webhook['id']}/deliveries").json()["deliveries"]
    return deliveries[0] if deliveries else {}


def _make_due(live: Live) -> None:
    """Let what waits for a further try be tried now."""
    with live.database.writing() as connection:
        due = DELIVERIES.update().where(DELIVERIES.c.due_at.is_not(None))
        connection.execute(due.values(due_at=live.database.clock()))


def test_a_request_and_a_supplier_are_told_as_they_match(client: TestClient, receiver: Receiver) -> None:
    webhook = _create(client, receiver.url)
    client.put("/v1/requests/R1", json=RUGS)
    wait_until(lambda: len(receiver.received) == 1)
    client.put("/v1/suppliers/S9", json={"name": "Rug House", "description": "wool rugs"})
    wait_until(lambda: len(receiver.received) == 2)
    first, second = receiver.received
    assert (first.data["request_id"], first.data["matches"][0]["supplier_id"]) == ("R1", "S3")
    assert [match["supplier_id"] for match in second.data["matches"]] == ["S9"]
    wait_until(lambda: _last(client, webhook)["state"] == "delivered")
    assert (_last(client, webhook)["attempts"], _last(client, webhook)["last_answer"]) == (1, "200")


def test_a_message_is_signed_as_its_receiver_expects_and_holds_no_text(client: TestClient, receiver: Receiver) -> None:
    webhook = _create(client, receiver.url)
    client.put("/v1/requests/R1", json={"text": "confidential wool rugs"})
    wait_until(lambda: len(receiver.received) == 1)
    received = receiver.received[0]
    assert received.is_signed_with(webhook["secret"])
    assert not replace(received, body=received.body + b" ").is_signed_with(webhook["secret"])
    assert received.headers["content-type"] == "application/json"
    assert abs(int(received.headers["webhook-timestamp"]) - time.time()) < 60
    assert b"confidential" not in received.body
    assert received.headers["webhook-id"] == _last(client, webhook)["id"]


def test_what_failed_is_sent_again_under_the_same_id(client: TestClient, live: Live) -> None:
    receiver = Receiver(500)
    webhook = _create(client, receiver.url)
    client.put("/v1/requests/R1", json=RUGS)
    wait_until(lambda: _last(client, webhook).get("last_answer") == "500")
    assert _last(client, webhook)["state"] == "pending"
    _make_due(live)
    wait_until(lambda: _last(client, webhook)["state"] == "delivered")
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 1
    assert len({one.body for one in receiver.received}) == 1
    assert all(one.is_signed_with(webhook["secret"]) for one in receiver.received)
    receiver.close()


def test_a_redirect_is_not_followed(client: TestClient) -> None:
    receiver = Receiver(307)
    webhook = _create(client, receiver.url)
    client.put("/v1/requests/R1", json=RUGS)
    wait_until(lambda: _last(client, webhook).get("last_answer") == "307")
    assert [one.path for one in receiver.received] == ["/souk"]
    receiver.close()


def test_a_receiver_that_answers_410_is_switched_off(client: TestClient) -> None:
    receiver = Receiver(410)
    webhook = _create(client, receiver.url)
    client.put("/v1/requests/R1", json=RUGS)
    wait_until(lambda: _last(client, webhook).get("state") == "failed")
    assert client.get("/v1/webhooks").json()["webhooks"][0]["switched_off_at"] is not None
    receiver.close()


def test_one_receiver_that_never_answers_holds_up_no_other(client: TestClient, receiver: Receiver) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        webhook = _create(client, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        _create(client, receiver.url)
        client.put("/v1/requests/R1", json=RUGS)
        wait_until(lambda: len(receiver.received) == 1)
        assert _last(client, webhook)["state"] == "pending"


def test_a_model_that_changed_is_told_after_a_restart(
    client: TestClient, receiver: Receiver, settings: ServiceSettings, encoder: HashingEncoder, ranker: GlassBoxRanker
) -> None:
    _create(client, receiver.url, "model.changed")
    newer = GlassBoxRanker("newer", ranker.base, ranker.curves, {})
    with TestClient(create_app(settings, lambda: Models(encoder, newer))):
        wait_until(lambda: bool(receiver.received))
    assert receiver.received[0].type == "model.changed"
    assert receiver.received[0].data == {"kind": "ranker", "version": "newer", "previous_version": "simple"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://portal.example/", "url begins with 'http', expected https"),
        ("ftp://portal.example/", "expected https"),
        ("https://user:word@portal.example/", "has a user or a fragment"),
        ("https://10.0.0.1/", "the address of 10.0.0.1 is not public"),
        ("https://[::ffff:169.254.169.254]/", "is not public"),
        ("https:///souk", "expected https, a host"),
        ("nonsense", "expected https, a host"),
        ("https://portal.example:99999/", "a port up to 65535"),
    ],
)
def test_a_url_that_may_lead_inside_is_refused_with_what_was_expected(
    client: TestClient, url: str, expected: str
) -> None:
    answer = client.post("/v1/webhooks", json={"url": url, "event_types": ["match.found"]})
    assert answer.status_code == 422
    assert expected in answer.json()["detail"]


def test_once_there_is_a_key_loopback_is_private(client: TestClient, receiver: Receiver, key: MakeKey) -> None:
    webhook = _create(client, receiver.url)
    headers = key()
    client.headers.update(headers)
    client.put("/v1/requests/R1", json=RUGS)
    wait_until(lambda: "expected https" in (_last(client, webhook).get("last_answer") or ""))
    assert receiver.received == []


def test_a_name_with_a_private_address_is_refused_when_it_is_connected_to(client: TestClient, key: MakeKey) -> None:
    client.headers.update(key())
    webhook = _create(client, "https://localhost/souk")
    client.put("/v1/requests/R1", json=RUGS)
    wait_until(lambda: _last(client, webhook).get("last_answer") == "the address of localhost is not public")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of localhost, and of no address, with its key in one file."""
    openssl = shutil.which("openssl")
    assert openssl, "openssl is needed by this test"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "certificate.pem"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    both = tmp_path / "both.pem"
    both.write_bytes((tmp_path / "key.pem").read_bytes() + (tmp_path / "certificate.pem").read_bytes())
    return both


@pytest.mark.parametrize("is_known", [True, False])
def test_a_private_host_that_the_settings_name_is_told_by_https_under_its_name(
    settings: ServiceSettings, encoder: HashingEncoder, ranker: GlassBoxRanker, certificate: Path, is_known: bool,
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver,
) -> None:  # fmt: skip
    """What is connected to is an address; what the certificate must be of is the name."""
    if is_known:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    listed = settings.model_copy(update={"webhook_private_hosts": ("localhost",)})
    app: FastAPI = create_app(listed, lambda: Models(encoder, ranker))
    live: Live = app.state.live
    with TestClient(app) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        token = live.keys.create("default", "test", ["admin"])  # type: ignore[list-item]
        client.headers["authorization"] = f"Bearer {token}"
        webhook = _create(client, f"https://localhost:{receiver.port}/souk")
        client.put("/v1/requests/R1", json=RUGS)
        wait_until(lambda: _last(client, webhook).get("last_answer") is not None)
        answer = _last(client, webhook)["last_answer"]
    if is_known:
        assert (answer, receiver.received[0].headers["host"]) == ("200", f"localhost:{receiver.port}")
    else:
        assert "CERTIFICATE_VERIFY_FAILED" in answer


def test_a_secret_is_shown_once_and_is_in_no_log(
    client: TestClient, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    webhook = _create(client, receiver.url)
    client.put("/v1/requests/R1", json=RUGS)
    wait_until(lambda: _last(client, webhook).get("state") == "delivered")
    assert "secret" not in client.get("/v1/webhooks").json()["webhooks"][0]
    assert webhook["secret"] not in caplog.text
    assert webhook["secret"].removeprefix("whsec_") not in caplog.text


def test_messages_are_counted_by_what_became_of_them(client: TestClient, app: FastAPI, live: Live) -> None:
    sample = app.state.metrics.registry.get_sample_value

    def count(state: str) -> float:
        return float(sample("souk_webhook_deliveries_total", {"state": state}))

    receiver = Receiver(500, 200, 410)
    _create(client, receiver.url)
    client.put("/v1/requests/R1", json=RUGS)
    wait_until(lambda: (count("retried"), sample("souk_webhook_deliveries_waiting")) == (1, 1))
    _make_due(live)
    wait_until(lambda: (count("sent"), sample("souk_webhook_deliveries_waiting")) == (1, 0))
    client.put("/v1/requests/R2", json=RUGS)
    wait_until(lambda: count("failed") == 1)
    assert (count("sent"), count("retried")) == (1, 1)
    receiver.close()


def test_looking_for_matches_counts_as_no_match(client: TestClient, app: FastAPI, receiver: Receiver) -> None:
    def measured() -> list[float]:
        samples = app.state.metrics.stages.collect()[0].samples
        return [one.value for one in samples if one.name.endswith("_count")]

    client.post("/v1/match", json=RUGS)
    before = measured()
    _create(client, receiver.url)
    client.put("/v1/requests/R1", json=RUGS)
    wait_until(lambda: len(receiver.received) == 1)
    assert measured() == before != []


def test_a_deleted_webhook_is_told_nothing(client: TestClient, receiver: Receiver) -> None:
    gone, other = _create(client, receiver.url), _create(client, receiver.url)
    assert client.delete(f"/v1/webhooks/{gone['id']}").status_code == 204
    client.put("/v1/requests/R1", json=RUGS)
    wait_until(lambda: _last(client, other).get("state") == "delivered")
    assert len(receiver.received) == 1
    assert client.get(f"/v1/webhooks/{gone['id']}/deliveries").status_code == 404


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "::", "::1", "fc00::1", "fe80::1", "fe80::1%eth0", "ff02::1", "::ffff:127.0.0.1",
     "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"],
)  # fmt: skip
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(AddressRefused):
        Reach((), is_development=True).check_address("portal.example", address)
    Reach(("Portal.Example",), is_development=False).check_address("portal.example", address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)
