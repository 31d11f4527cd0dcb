"""Writes suppliers and feedback while the server is killed at random moments, then looks for each acknowledged one."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
from sqlalchemy import select

from data.database import Database
from data.schema import CHANGES, EVENTS
from tests.served import Served

_EVENTS_AT_ONCE = 20
_EVENTS_A_MATCH = 1_000
_GIVE_UP_SECONDS = 900


@dataclass
class Acknowledged:
    """What the server said it had stored."""

    suppliers: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Verdict:
    """What was found after the last kill: each should be empty."""

    lost_suppliers: set[str]
    lost_events: set[str]
    doubled: list[str]
    unmatched: set[str]
    kills: int


def kill_and_look(served: Served, database_url: str, *, suppliers: int, events: int, kills: int, seed: int) -> Verdict:
    """Write `suppliers` and `events`, killing and restarting `kills` times meanwhile, and look for all of them."""
    acknowledged = Acknowledged()
    writers = [
        threading.Thread(target=_put_suppliers, args=(served, suppliers, acknowledged)),
        threading.Thread(target=_send_events, args=(served, events, acknowledged)),
    ]
    for writer in writers:
        writer.start()
    done = _kill_at_random(served, kills, random.Random(seed), lambda: any(writer.is_alive() for writer in writers))
    for writer in writers:
        writer.join()
    served.kill()
    served.restart()
    served.wait_until_ready()
    return _look(served, database_url, acknowledged, done + 1)


def _kill_at_random(served: Served, kills: int, chance: random.Random, going_on: Callable[[], bool]) -> int:
    done = 0
    while done < kills and going_on():
        time.sleep(chance.uniform(0.05, 1.5))
        served.kill()
        served.restart()
        done += 1
        served.wait_until_ready()
    return done


def _put_suppliers(served: Served, number: int, acknowledged: Acknowledged) -> None:
    with served.client() as client:
        for place in range(number):
            body = {"name": f"Firm {place}", "description": f"makes {_word(place)}"}
            _until_done(lambda body=body, place=place: client.put(f"/v1/suppliers/K{place}", json=body))
            acknowledged.suppliers.add(f"K{place}")


def _send_events(served: Served, number: int, acknowledged: Acknowledged) -> None:
    with served.client() as client:
        shown: dict[str, Any] = {}
        for start in range(0, number, _EVENTS_AT_ONCE):
            if start % _EVENTS_A_MATCH == 0:
                shown = _shown(client)
            ids = [f"E{place}" for place in range(start, min(start + _EVENTS_AT_ONCE, number))]
            events = [_event(event_id, shown) for event_id in ids]
            answer = _until_done(lambda events=events: client.post("/v1/feedback/batch", json={"events": events}))
            assert answer.json()["refused"] == [], answer.text
            acknowledged.events.update(ids)


def _shown(client: httpx.Client) -> dict[str, Any]:
    for _ in count():
        found: dict[str, Any] = _until_done(
            lambda: client.post("/v1/match", json={"text": "makes firm", "top": 1})
        ).json()
        if found["matches"]:
            return found
        time.sleep(0.1)
    raise AssertionError


def _event(event_id: str, shown: dict[str, Any]) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "query_id": shown["match_id"],
        "action_name": "click",
        "timestamp": "2026-03-01T12:00:00Z",
        "event_attributes": {"object": {"object_id": shown["matches"][0]["supplier"]["id"]}},
    }


def _until_done(send: Callable[[], httpx.Response]) -> httpx.Response:
    """Send until it is acknowledged; a server that is gone, or not ready, is asked again."""
    until = time.monotonic() + _GIVE_UP_SECONDS
    while time.monotonic() < until:
        try:
            answer = send()
        except httpx.TransportError:
            time.sleep(0.05)
            continue
        if answer.is_success:
            return answer
        assert answer.status_code == 503, answer.text
        time.sleep(0.05)
    raise TimeoutError


def _look(served: Served, database_url: str, acknowledged: Acknowledged, kills: int) -> Verdict:
    with served.client() as client:
        lines = client.get("/v1/exports/suppliers").text.splitlines()
        stored = [json.loads(line)["id"] for line in lines]
        unmatched = {one for one in acknowledged.suppliers if not _is_matched(client, one)}
    database = Database.open(database_url)
    with database.reading() as connection:
        events = connection.execute(select(EVENTS.c.id)).scalars().all()
        numbers = connection.execute(select(CHANGES.c.number)).scalars().all()
    database.close()
    doubled = [one for one in {*stored, *events} if stored.count(one) > 1 or events.count(one) > 1] if (
        len(set(stored)) != len(stored) or len(set(events)) != len(events)
    ) else []  # fmt: skip
    assert len(set(numbers)) == len(numbers) == len(stored)
    return Verdict(acknowledged.suppliers - set(stored), acknowledged.events - set(events), doubled, unmatched, kills)


def _is_matched(client: httpx.Client, supplier_id: str) -> bool:
    """Whether the catalogue in service has it; who comes first among all is a question of ranking, not of survival."""
    body = {"text": _word(int(supplier_id[1:])), "filters": {"ids": [supplier_id]}, "explain": False}
    matches = client.post("/v1/match", json=body).json()["matches"]
    return [match["supplier"]["id"] for match in matches] == [supplier_id]


def _word(place: int) -> str:
    """A word that no other supplier has, of letters alone."""
    letters = "".join(chr(ord("a") + int(digit)) for digit in f"{place:05}")
    return f"zq{letters}"
