"""An analyst's way through a trial and a shadow: the real server, the real commands, users who choose."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from data import shipped
from data.model_versions import ModelKind
from data.registry import Registry
from matching.ranker import GlassBoxRanker
from tests.served import SOUK, Served
from tests.service.conftest import wait_until

GOODS = ("argan oil", "wool rugs", "leather bags", "olive oil", "saffron", "ceramic tiles", "palm baskets", "dates")
REQUESTS = [f"{goods}, {number} boxes" for goods in GOODS for number in (20, 40, 60, 80)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Over the sample, with a candidate that turns every curve of the ranker in use round."""
    folder = tmp_path_factory.mktemp("trials")
    ranker = GlassBoxRanker.load(shipped.RANKER)
    turned = tuple(
        one.model_copy(update={"contributions": tuple(-part for part in one.contributions), "support": None})
        for one in ranker.curves
    )
    GlassBoxRanker("turned", ranker.base, turned, {}).save(folder / "turned" / "ranker.json")
    Registry(folder / "models").add(ModelKind.RANKER, "turned", folder / "turned", code="test")
    running = Served(f"sqlite:///{folder}/souk.db", folder, SOUK_FOLLOW_SECONDS="0.2")
    running.wait_until_ready()
    yield running
    running.close()


def _souk(served: Served, *arguments: str) -> str:
    environment = served.environment | {"COLUMNS": "200"}
    done = subprocess.run([SOUK, *arguments], env=environment, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def _table(text: str, first: str) -> dict[str, dict[str, str]]:
    """Rows, by their first cell, of the Markdown table that begins with a column."""
    lines = text.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith(f"| {first} |"))
    names, rows = _cells(lines[start]), {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows[_cells(line)[0]] = dict(zip(names, _cells(line), strict=True))
    return rows


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _match(client: httpx.Client, text: str) -> dict[str, Any]:
    answer = client.post("/v1/match", json={"text": text, "explain": False})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def _choose(client: httpx.Client, answer: Mapping[str, Any], place: int, user: str) -> None:
    match = answer["matches"][place]
    event = {
        "event_id": f"{answer['match_id']}-{place}", "query_id": answer["match_id"], "action_name": "contact",
        "user_id": user, "timestamp": "2026-03-01T12:00:00Z",
        "event_attributes": {
            "object": {"object_id": match["supplier"]["id"]}, "position": {"ordinal": match["rank"]}
        },
    }  # fmt: skip
    assert client.post("/v1/feedback", json=event).status_code == 200


def test_a_draft_on_users_shows_who_wins(served: Served) -> None:
    """Users write to the first supplier that the ranker in use placed."""
    _souk(served, "models", "try", "turned", "--interleave", "--share", "1")
    with served.client() as client:
        wait_until(lambda: _match(client, "warming up")["versions"]["tried"] == "turned")
        for number, text in enumerate(REQUESTS):
            answer = _match(client, text)
            teams = [match["placed_by"] for match in answer["matches"]]
            _choose(client, answer, teams.index(answer["versions"]["ranker"]), f"user-{number}")
    told = _souk(served, "models", "compare", "--online", "--markdown")
    assert told.startswith("turned places suppliers in turns with the ranker in use, in 100% of the requests, since ")
    won = _table(told, "won by")["choices"]
    assert (won["tried won"], won["in use won"], won["share won"]) == ("0", str(len(REQUESTS)), "0.000")
    assert float(won["p"]) < 0.001


def test_a_division_of_requests_shows_both_and_their_difference(served: Served) -> None:
    """Users write to somebody only where the ranker in use answered."""
    _souk(served, "models", "try", "turned", "--share", "0.5")
    with served.client() as client:
        wait_until(lambda: any(_match(client, text)["versions"]["ranker"] == "turned" for text in REQUESTS[:8]))
        answered = [_match(client, text) for text in REQUESTS]
        for number, answer in enumerate(answered):
            if answer["versions"]["ranker"] != "turned":
                _choose(client, answer, 0, f"user-{number}")
    told = _souk(served, "models", "compare", "--online", "--markdown")
    assert told.startswith("turned answers 50% of the requests, since ")
    rows = [_cells(line) for line in told.splitlines() if line.startswith("| matches with a choice")]
    assert [row[1] for row in rows[1:]] == ["turned", "difference"]
    assert float(rows[1][3]) == 0.0
    assert float(rows[2][5]) < 0.0


def test_a_shadow_shows_what_it_would_have_changed(served: Served) -> None:
    _souk(served, "models", "try")
    _souk(served, "models", "shadow", "turned", "--share", "1")
    with served.client() as client:

        def shows() -> bool:
            asked = [_match(client, text) for text in REQUESTS]
            assert {answer["versions"]["tried"] for answer in asked} == {None}
            return "\n0 requests scored" not in _souk(served, "models", "compare", "--shadow")

        wait_until(shows, seconds=60)
    told = _souk(served, "models", "compare", "--shadow", "--markdown")
    assert " 0 dropped because too many came at once, 0 failed\n" in told
    assert float(_table(told, "measure")["rank-biased overlap of them"]["shadow"]) < 0.9
    assert len(_table(told, "match")) >= 1
    assert "what it would have brought cannot be estimated: no feedback on these requests yet" in told
