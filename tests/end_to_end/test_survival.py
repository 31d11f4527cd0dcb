"""What happens to a real server that is killed, whose disk is full, or whose database goes away."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.kills import kill_and_look
from tests.postgresql import PostgresqlServer
from tests.served import SOUK, Served
from tests.service.conftest import wait_until

FIRM = {"name": "Vannerie Doum", "description": "baskets of palm leaf"}


@pytest.fixture
def served(database_url: str, tmp_path: Path) -> Iterator[Served]:
    running = Served(database_url, tmp_path)
    running.wait_until_ready()
    yield running
    running.close()


def test_no_acknowledged_write_is_lost_or_doubled_when_the_server_is_killed(served: Served, database_url: str) -> None:
    verdict = kill_and_look(served, database_url, suppliers=60, events=200, kills=2, seed=7)
    assert (verdict.lost_suppliers, verdict.lost_events, verdict.doubled, verdict.unmatched) == (
        set(),
        set(),
        [],
        set(),
    )


def test_a_write_to_one_replica_is_soon_matched_by_another(served: Served, database_url: str, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Served(database_url, tmp_path / "other")
    other.wait_until_ready()
    with served.client() as here, other.client() as there:
        assert here.put("/v1/suppliers/S1", json=FIRM).status_code == 201
        wait_until(lambda: _best(there) == "S1")
        here.delete("/v1/suppliers/S1")
        wait_until(lambda: _best(there) is None)
    other.close()


def _best(client: httpx.Client) -> str | None:
    matches = client.post("/v1/match", json={"text": "palm leaf baskets", "explain": False}).json()["matches"]
    return matches[0]["supplier"]["id"] if matches and len(matches) == 1 else None


def test_a_server_asked_to_end_ends_well(database_url: str, tmp_path: Path) -> None:
    running = Served(database_url, tmp_path)
    running.wait_until_ready()
    assert running.close() in (0, -signal.SIGTERM)
    lines = (tmp_path / "server.log").read_text(encoding="utf-8").splitlines()
    assert any("DEVELOPMENT MODE" in line for line in lines)
    answered = [json.loads(line) for line in lines if line.startswith("{") and "answered" in line]
    assert answered[-1]["route"] == "/readyz"


def test_without_a_key_a_server_is_not_opened_to_a_network(database_url: str) -> None:
    environment = {"SOUK_DATABASE_URL": database_url, "PATH": str(Path(sys.executable).parent)}
    done = subprocess.run(
        [SOUK, "serve", "--host", "0.0.0.0"], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2
    assert "there is no API key" in " ".join(done.stderr.split())


def test_a_full_disk_is_told_and_outlived(tmp_path: Path) -> None:
    """No file may grow beyond a bound, which is what the server sees of a full disk."""
    served = Served(f"sqlite:///{tmp_path}/souk.db", tmp_path)
    served.wait_until_ready()
    with served.client() as client:
        assert client.put("/v1/suppliers/S1", json=FIRM).status_code == 201
        _, hard = resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        refused = client.put("/v1/suppliers/S2", json=FIRM)
        assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
        assert client.get("/v1/suppliers/S1").json()["name"] == FIRM["name"]
        resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        wait_until(lambda: client.put("/v1/suppliers/S2", json=FIRM).is_success)
        assert client.get("/v1/suppliers/S2").status_code == 200
    served.close()


def test_a_database_that_went_away_is_told_and_used_again(postgresql: PostgresqlServer, tmp_path: Path) -> None:
    served = Served(postgresql.url(), tmp_path)
    served.wait_until_ready()
    with served.client() as client:
        assert client.put("/v1/suppliers/S1", json=FIRM).status_code == 201
        postgresql.stop()
        try:
            refused = client.put("/v1/suppliers/S2", json=FIRM)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
            wait_until(lambda: client.get("/readyz").status_code == 503)
        finally:
            postgresql.start()
        wait_until(lambda: client.get("/readyz").status_code == 200)
        assert client.put("/v1/suppliers/S2", json=FIRM).status_code == 201
        assert client.get("/v1/suppliers/S1").status_code == 200
    served.close()
