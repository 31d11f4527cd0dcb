from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import anyio.to_thread
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.service.conftest import wait_until

SERIES = {
    "souk_requests_total", "souk_request_seconds_bucket", "souk_stage_seconds_bucket", "souk_requests_open",
    "souk_queue_requests_bucket", "souk_suppliers", "souk_vectors", "souk_changes_behind", "souk_model",
    "souk_models_refused", "souk_exposure", "souk_keys_refused_total", "souk_webhook_deliveries_total",
    "souk_webhook_deliveries_waiting", "souk_shadow_requests_total",
}  # fmt: skip


@pytest.fixture
def gate(app: FastAPI) -> Iterator[threading.Event]:
    """Keeps whoever asks for /waits until it is opened."""
    opened = threading.Event()

    @app.get("/waits")
    def waits() -> None:
        opened.wait(20)

    yield opened
    opened.set()


def test_every_series_is_there(client: TestClient) -> None:
    client.post("/v1/match", json={"text": "argan oil"})
    text = client.get("/metrics").text
    assert {name for name in SERIES if f"\n{name}" not in text} == set()


def test_requests_that_wait_for_a_thread_are_counted(app: FastAPI, client: TestClient, gate: threading.Event) -> None:
    """With all threads taken, one request waits, and the next one finds it waiting."""
    sample = app.state.metrics.registry.get_sample_value
    assert client.portal is not None
    limiter = client.portal.call(anyio.to_thread.current_default_thread_limiter)
    threads = int(limiter.total_tokens)
    with ThreadPoolExecutor(threads + 2) as asking:
        for _ in range(threads + 1):
            asking.submit(client.get, "/waits")
        wait_until(lambda: limiter.statistics().tasks_waiting == 1)
        asking.submit(client.get, "/waits")
        wait_until(lambda: sample("souk_requests_open") == threads + 2)
        gate.set()
    assert sample("souk_queue_requests_sum") == 1
    assert sample("souk_requests_open") == 0


def test_attention_of_groups_is_told_with_what_was_earned(client: TestClient) -> None:
    client.post("/v1/match", json={"text": "wool rug", "top": 1})
    lines = [line.rpartition(" ") for line in client.get("/metrics").text.splitlines()]
    values = {name: float(value) for name, _, value in lines if name.startswith('souk_exposure{by="size"')}
    assert values == {
        'souk_exposure{by="size",group="small",kind="received"}': pytest.approx(1.0),
        'souk_exposure{by="size",group="small",kind="earned"}': pytest.approx(1.0),
    }
