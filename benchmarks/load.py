"""A server under load on loopback: explained answers over very many suppliers, alone and beside updates.

.venv/bin/python -m benchmarks.load [--suppliers 100000] [--workers 2] [--seconds 20]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, cycle
from pathlib import Path

import httpx
import numpy as np

from benchmarks.synthetic import synthetic_suppliers
from data import shipped
from data.collection import Collection
from data.store import Store

_PORT = 8_731
_CONNECTIONS = (1, 8, 32)
_UPDATES_A_SECOND = 200
_UPDATING_CONNECTIONS = 4
_LONGEST_LOAD_SECONDS = 1_800


@contextmanager
def served(folder: Path, suppliers: int, workers: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server over synthetic suppliers that is ready."""
    url = f"sqlite:///{folder}/souk.db"
    Store(url).put_suppliers(synthetic_suppliers(suppliers))
    environment = {**os.environ, "SOUK_DATABASE_URL": url, "SOUK_INDEX_PATH": f"{folder}/suppliers.index"}
    command = [str(Path(sys.executable).with_name("souk")), "serve", "--port", str(_PORT), "--workers", str(workers)]
    start = time.perf_counter()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        _await_ready(start)
        print(f"ready over {suppliers} suppliers after {time.perf_counter() - start:.0f} s, {workers} workers")
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _await_ready(start: float) -> None:
    while time.perf_counter() - start < _LONGEST_LOAD_SECONDS:
        try:
            # Each new connection may meet another worker.
            answers = [httpx.get(f"http://127.0.0.1:{_PORT}/readyz", timeout=10).status_code for _ in range(12)]
            if set(answers) == {200}:
                return
        except httpx.HTTPError:
            pass
        time.sleep(1)
    raise TimeoutError("the server was not ready in time")


class Caller:
    """One connection that sends a request, waits for the answer, and notes how long it took."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self.failed = 0

    async def call(self, method: str, path: str, bodies: Iterator[bytes], until: float, pause: float = 0.0) -> None:
        """Call until a moment of the performance counter, at most once in `pause` seconds."""
        reader, writer = await asyncio.open_connection("127.0.0.1", _PORT)
        due = time.perf_counter()
        while (start := time.perf_counter()) < until:
            body = next(bodies)
            target = path.format(json.loads(body).get("id", "")) if "{}" in path else path
            head = f"{method} {target} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
            status, length = await _head(reader)
            await reader.readexactly(length)
            self.taken.append(1000 * (time.perf_counter() - start))
            self.failed += status >= 300
            due += pause
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        writer.close()


async def _head(reader: asyncio.StreamReader) -> tuple[int, int]:
    lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    lengths = [int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length")]
    return int(lines[0].split()[1]), lengths[0]


def _asked() -> Iterator[bytes]:
    requests = Collection.read(shipped.SAMPLE).requests
    return (json.dumps({"text": request.text}).encode() for request in cycle(requests))


def _updates(number: int) -> Iterator[bytes]:
    """Suppliers that are there already, each with another profile than before."""
    changed = (supplier for seed in count(1) for supplier in synthetic_suppliers(number, seed=seed))
    return (supplier.model_dump_json(exclude_defaults=True).encode() for supplier in changed)


async def load(connections: int, seconds: float, updated: int = 0) -> tuple[list[Caller], list[Caller]]:
    """Ask over some connections for some seconds; beside it update suppliers where `updated` says of how many."""
    until = time.perf_counter() + seconds
    askers, updaters = [Caller() for _ in range(connections)], [Caller() for _ in range(_UPDATING_CONNECTIONS)]
    bodies, updates = _asked(), _updates(updated)
    pause = _UPDATING_CONNECTIONS / _UPDATES_A_SECOND
    await asyncio.gather(
        *(asker.call("POST", "/v1/match", bodies, until) for asker in askers),
        *(one.call("PUT", "/v1/suppliers/{}", updates, until, pause) for one in updaters if updated),
    )
    return askers, updaters


def told(name: str, callers: list[Caller], seconds: float) -> None:
    """Print what callers met."""
    taken = np.concatenate([caller.taken for caller in callers])
    failed = sum(caller.failed for caller in callers)
    print(
        f"{name}: {len(taken) / seconds:.0f} a second, median {np.median(taken):.1f} ms, "
        f"99th percentile {np.quantile(taken, 0.99):.1f} ms, {failed} failed"
    )


def memory_of(process: subprocess.Popen[bytes]) -> list[float]:
    """Resident memory of the process and of its workers, in MB."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8").split()
    statuses = (Path(f"/proc/{pid}/status").read_text(encoding="utf-8") for pid in (str(process.pid), *children))
    return [int(line.split()[1]) / 1024 for text in statuses for line in text.splitlines() if "VmRSS" in line]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--suppliers", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), options.suppliers, options.workers) as process:
        asyncio.run(load(8, min(10.0, options.seconds)))
        for connections in _CONNECTIONS:
            askers, _ = asyncio.run(load(connections, options.seconds))
            told(f"{connections} connections", askers, options.seconds)
        askers, updaters = asyncio.run(load(8, options.seconds, updated=options.suppliers))
        told("8 connections beside updates", askers, options.seconds)
        told("updates", updaters, options.seconds)
        print("memory in MB, process and workers: " + ", ".join(f"{size:.0f}" for size in memory_of(process)))


if __name__ == "__main__":
    main()
