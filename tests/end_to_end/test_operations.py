"""A real server while its models are swapped, and with several workers."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from safetensors.numpy import load_file, save_file

from data import shipped
from matching.encoder import encoder_fingerprint, file_checksum
from matching.ranker import GlassBoxRanker
from tests.served import SOUK, Served
from tests.service.conftest import wait_until

FIRM = {"name": "Vannerie Doum", "description": "baskets of palm leaf"}


# Models that change under a stream of requests


@dataclass
class ShippedCopies:
    """Copies of the shipped models in a folder, and others to put in their place."""

    folder: Path
    settings: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        shutil.copytree(shipped.ENCODER, self.folder / "encoder")
        shutil.copytree(shipped.HEADINGS, self.folder / "headings")
        shutil.copy(shipped.RANKER, self.folder / "ranker.json")
        self.settings = {
            "SOUK_ENCODER": str(self.folder / "encoder"),
            "SOUK_HEADINGS_PATH": str(self.folder / "headings"),
            "SOUK_RANKER_PATH": str(self.folder / "ranker.json"),
            "SOUK_FOLLOW_SECONDS": "0.5",
        }

    def rename_ranker(self, version: str) -> None:
        ranker = GlassBoxRanker.load(shipped.RANKER)
        GlassBoxRanker(version, ranker.base, ranker.curves, ranker.trained_on).save(self.folder / "ranker.json")

    def turn_encoder(self) -> str:
        """Put an encoder whose space is turned round in place, with headings that name it; its fingerprint."""
        new = self.folder / "new"
        shutil.copytree(shipped.ENCODER, new)
        tensors = load_file(new / "model.safetensors")
        save_file(tensors | {"embeddings": tensors["embeddings"][:, ::-1].copy()}, new / "model.safetensors")
        manifest = json.loads((new / "manifest.json").read_text(encoding="utf-8"))
        manifest["sha256"] = {name: file_checksum(new / name) for name in manifest["sha256"]}
        (new / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        fingerprint = encoder_fingerprint(manifest["sha256"])
        headings = self.folder / "headings" / "manifest.json"
        named = json.loads(headings.read_text(encoding="utf-8")) | {"encoder": fingerprint}
        headings.write_text(json.dumps(named), encoding="utf-8")
        (self.folder / "encoder").rename(self.folder / "old")
        new.rename(self.folder / "encoder")
        return fingerprint


class Stream:
    """Requests one after the other on several connections; how each was answered, and by which models."""

    def __init__(self, served: Served, connections: int = 3) -> None:
        self.statuses: Counter[int] = Counter()
        self.versions: list[tuple[str, str]] = []
        self._served = served
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(connections)]

    def __enter__(self) -> Stream:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        with self._served.client() as client:
            while not self._ends.is_set():
                answer = client.post("/v1/match", json={"text": "argan oil", "top": 3})
                self.statuses[answer.status_code] += 1
                versions = answer.json()["versions"]
                self.versions.append((versions["encoder"], versions["ranker"]))


def test_no_request_fails_while_ranker_encoder_and_headings_are_swapped(database_url: str, tmp_path: Path) -> None:
    copies = ShippedCopies(tmp_path)
    served = Served(database_url, tmp_path, **copies.settings)
    served.wait_until_ready()
    with Stream(served) as stream:
        wait_until(lambda: len(stream.versions) > 0)
        encoder, ranker = stream.versions[0]
        copies.rename_ranker("second")
        wait_until(lambda: stream.versions[-1] == (encoder, "second"), seconds=60)
        turned = copies.turn_encoder()
        wait_until(lambda: stream.versions[-1] == (turned, "second"), seconds=60)
    assert set(stream.statuses) == {200}
    assert set(stream.versions) == {(encoder, ranker), (encoder, "second"), (turned, "second")}
    served.close()


# Several workers


@pytest.fixture
def workers(database_url: str, tmp_path: Path) -> Iterator[Served]:
    running = Served(database_url, tmp_path, SOUK_WORKERS="2")
    running.wait_until_ready()
    yield running
    running.close()


def _process_that_answered(folder: Path, request_id: str) -> int:
    """Of the line that is logged behind each answer."""
    found: list[str] = []

    def is_logged() -> bool:
        lines = (folder / "server.log").read_text(encoding="utf-8").splitlines(keepends=True)
        found.extend(line for line in lines if f'"{request_id}"' in line and line.endswith("\n"))
        return bool(found)

    wait_until(is_logged)
    process: int = json.loads(found[0])["process"]
    return process


@pytest.fixture
def by_worker(workers: Served, tmp_path: Path) -> Iterator[dict[int, httpx.Client]]:
    """A connection to each worker, which keeps those that it took, under the worker's process id."""
    found: dict[int, httpx.Client] = {}
    with ExitStack() as opened:
        for number in range(1_000):
            client, request_id = opened.enter_context(workers.client()), f"which-{number}"
            client.get("/healthz", headers={"x-request-id": request_id})
            found.setdefault(_process_that_answered(tmp_path, request_id), client)
            if len(found) == 2:
                break
        for client in found.values():
            wait_until(lambda client=client: client.get("/readyz").status_code == 200)
        yield found


def test_connections_opened_at_once_are_shared_out_among_workers(
    by_worker: dict[int, httpx.Client], workers: Served, tmp_path: Path
) -> None:
    host, port = workers.address.removeprefix("http://").split(":")
    with ExitStack() as opened:
        # All wait to be accepted before either worker can have taken one and answered.
        waiting = [opened.enter_context(socket.create_connection((host, int(port)))) for _ in range(32)]
        for number, connection in enumerate(waiting):
            connection.sendall(f"GET /healthz HTTP/1.1\r\nhost: {host}\r\nx-request-id: one-{number}\r\n\r\n".encode())
        taken = {_process_that_answered(tmp_path, f"one-{number}") for number in range(32)}
    assert taken == set(by_worker)


def test_a_port_that_another_server_holds_is_not_shared(workers: Served) -> None:
    second = subprocess.run(
        [SOUK, "serve", "--workers", "2", "--port", workers.address.rsplit(":", 1)[1]],
        env=workers.environment, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert second.returncode != 0
    assert b"Address already in use" in second.stderr


def _matches(client: httpx.Client) -> list[str]:
    answer = client.post("/v1/match", json={"text": "palm leaf baskets", "explain": False})
    return [match["supplier"]["id"] for match in answer.json()["matches"]]


def test_a_write_to_one_worker_is_soon_matched_by_the_other(by_worker: dict[int, httpx.Client]) -> None:
    here, there = by_worker.values()
    assert here.put("/v1/suppliers/S1", json=FIRM).status_code == 201
    wait_until(lambda: _matches(there) == ["S1"])
    here.delete("/v1/suppliers/S1")
    wait_until(lambda: _matches(there) == [])


def test_metrics_are_those_of_all_workers(by_worker: dict[int, httpx.Client]) -> None:
    for client in by_worker.values():
        for _ in range(5):
            assert client.get("/v1/suppliers").status_code == 200
    for client in by_worker.values():
        text = client.get("/metrics").text
        assert 'souk_requests_total{method="GET",route="/v1/suppliers",status="200"} 10.0' in text
        assert _serving(client) == 2
        assert "souk_suppliers 324.0" in text


def test_a_worker_that_died_leaves_the_gauges_and_is_replaced(
    by_worker: dict[int, httpx.Client], workers: Served
) -> None:
    (dead, _), (_, client) = by_worker.items()
    os.kill(dead, signal.SIGKILL)
    wait_until(lambda: _serving(client) == 1)
    wait_until(lambda: _serving(client) == 2, seconds=60)
    assert dead not in _processes(workers.process.pid)


def _serving(client: httpx.Client) -> float:
    """How many processes serve the ranker."""
    found = re.search(r'^souk_model\{kind="ranker".*\} (.*)$', client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_workers_asked_to_end_finish_what_was_begun(workers: Served) -> None:
    """An import that is still being sent when the server is asked to end is answered and stored."""
    pids, sent = _processes(workers.process.pid), threading.Event()

    def lines() -> Iterator[bytes]:
        for number in range(20):
            yield json.dumps({"id": f"S{number}", "name": "Doum"}).encode() + b"\n"
            sent.set()
            time.sleep(0.1)

    def end() -> None:
        sent.wait()
        workers.process.terminate()

    threading.Thread(target=end).start()
    headers = {"content-type": "application/x-ndjson"}
    with workers.client() as client:
        answer = client.post("/v1/imports/suppliers", content=lines(), headers=headers)
    assert answer.json()["created"] == 20
    assert workers.process.wait(timeout=60) == 0
    assert [pid for pid in pids if _is_there(pid)] == []


def test_workers_end_with_the_process_that_started_them(workers: Served) -> None:
    pids = _processes(workers.process.pid)
    workers.kill()
    wait_until(lambda: not any(map(_is_there, pids)), seconds=60)


def _processes(parent: int) -> list[int]:
    """The workers of a server: its children that are no helper of multiprocessing."""
    children = [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split()]
    return [pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def _is_there(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
