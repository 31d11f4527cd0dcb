"""What was promised to a webhook by a server that was killed is delivered by the next one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.receiver import Receiver
from tests.served import Served
from tests.service.conftest import wait_until

FIRM = {"name": "Vannerie Doum", "description": "baskets of palm leaf"}


def test_a_killed_server_delivers_after_its_restart(database_url: str, tmp_path: Path) -> None:
    served = Served(database_url, tmp_path)
    served.wait_until_ready()
    receiver = Receiver()
    receiver.close()
    with served.client() as client:
        body = {"url": receiver.url, "event_types": ["match.found"]}
        webhook = client.post("/v1/webhooks", json=body).json()
        client.put("/v1/suppliers/S1", json=FIRM)
        client.put("/v1/requests/R1", json={"text": "palm leaf baskets"})

        def last() -> dict[str, Any]:
            found = client.get(f"/v1/webhooks/{webhook['id']}/deliveries").json()["deliveries"]
            return found[0] if found else {}

        wait_until(lambda: last().get("last_answer") is not None)
        served.kill()
        receiver = Receiver(port=receiver.port)
        served.restart()
        served.wait_until_ready()
        wait_until(lambda: len(receiver.received) > 0, seconds=60)
        assert receiver.received[0].data["request_id"] == "R1"
        assert receiver.received[0].is_signed_with(webhook["secret"])
        wait_until(lambda: last().get("state") == "delivered")
    served.close()
    receiver.close()


def test_two_servers_on_one_database_tell_each_match_once(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    servers = [Served(database_url, tmp_path), Served(database_url, tmp_path / "other")]
    receiver = Receiver()
    for served in servers:
        served.wait_until_ready()
    with servers[0].client() as here, servers[1].client() as there:
        here.post("/v1/webhooks", json={"url": receiver.url, "event_types": ["match.found"]})
        here.put("/v1/suppliers/S1", json=FIRM)
        for number in range(20):
            client = here if number % 2 else there
            client.put(f"/v1/requests/R{number:02}", json={"text": "palm leaf baskets"})
        expected = [f"R{number:02}" for number in range(20)]
        wait_until(lambda: {one.data["request_id"] for one in receiver.received} == set(expected), seconds=60)
    for served in servers:
        served.close()
    assert sorted(one.data["request_id"] for one in receiver.received) == expected
    receiver.close()
