"""A ranker beside the one in use: in turns with it on users, or in the shadow."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from data.database import Database
from data.events import EventLog
from data.in_use import shadow_in_use, trial_in_use
from data.model_versions import ModelKind, ModelVersion, Shadow, Trial, TrialWay
from data.registry import Registry
from data.shadows import Misses, RunningShadow, ShadowLog
from data.store import Store
from data.workspace import Models
from matching.features import FEATURE_NAMES
from matching.matcher import Matcher
from matching.profiles import BuyerRequest, Supplier
from matching.ranker import Curve, GlassBoxRanker
from service.app import create_app
from service.metrics import Metrics
from service.settings import ServiceSettings
from service.shadowing import AnsweredMatch, Shadowing
from tests.conftest import HashingEncoder, simple_ranker
from tests.service.conftest import wait_until

BEGUN = datetime.now(UTC)
TEXTS = [f"argan oil {number}" for number in range(12)]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


@pytest.fixture
def settings(settings: ServiceSettings, registry: Registry) -> ServiceSettings:
    return settings.model_copy(update={"models_path": registry.folder, "follow_seconds": 0.05})


@pytest.fixture
def app(settings: ServiceSettings, suppliers: tuple[Supplier, ...]) -> FastAPI:
    Store(settings.database_url).put_suppliers(suppliers)

    def load() -> Models:
        trial, shadow = trial_in_use(settings), shadow_in_use(settings)
        return Models(HashingEncoder(), simple_ranker(), trial=trial, shadow=shadow)

    return create_app(settings, load)


@pytest.fixture
def events(settings: ServiceSettings) -> EventLog:
    return EventLog(Database.open(settings.database_url), "default")


@pytest.fixture
def shadows(settings: ServiceSettings) -> ShadowLog:
    return ShadowLog(Database.open(settings.database_url), "default")


def added(registry: Registry, version: str = "turned") -> ModelVersion:
    """A ranker that puts last whom the one in use puts first."""
    curves = tuple(
        one.model_copy(update={"contributions": tuple(-part for part in one.contributions), "unknown": -one.unknown})
        for one in simple_ranker().curves
    )
    source = registry.folder.parent / version
    GlassBoxRanker(version, 0.5, curves, {}).save(source / "ranker.json")
    return registry.add(ModelKind.RANKER, version, source, code="test")


def _match(client: TestClient, text: str, **options: Any) -> dict[str, Any]:
    answer = client.post("/v1/match", json={"text": text, **options})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def interleaving(client: TestClient, registry: Registry) -> Iterator[TestClient]:
    """Every request is drafted by both."""
    added(registry)
    registry.try_beside(Trial(version="turned", way=TrialWay.INTERLEAVE, share=1.0), who="ana")
    wait_until(lambda: _match(client, "argan oil")["versions"]["tried"] == "turned")
    yield client
    registry.try_beside(None, who="ana")


# Interleaving


def test_both_rankers_place_as_many_and_each_match_adds_up(interleaving: TestClient) -> None:
    leaders = set()
    for text in TEXTS:
        matches = _match(interleaving, text)["matches"]
        teams = [match["placed_by"] for match in matches]
        leaders.add(teams[0])
        assert [teams.count(one) for one in ("simple", "turned")] == [2, 2]
        for match in matches:
            score = match["explanation"]["base"]
            for term in match["explanation"]["terms"]:
                score += term["contribution"]
            assert score == match["score"]
    assert leaders == {"simple", "turned"}


def test_the_same_words_are_drafted_alike_and_paged_as_they_were_drafted(interleaving: TestClient) -> None:
    def seen(answer: dict[str, Any]) -> list[tuple[str, str, float]]:
        return [(match["supplier"]["id"], match["placed_by"], match["score"]) for match in answer["matches"]]

    for text in TEXTS[:4]:
        whole = _match(interleaving, text)
        assert seen(_match(interleaving, text.upper())) == seen(whole)
        first = _match(interleaving, text, top=1)
        later = interleaving.post("/v1/match", json={"cursor": first["next_cursor"], "top": 3}).json()
        assert seen(first) + seen(later) == seen(whole)
        assert later["versions"]["tried"] == "turned"


def test_what_was_shown_is_noted_with_who_placed_it(interleaving: TestClient, events: EventLog) -> None:
    answer = _match(interleaving, "argan oil", top=3)
    interleaving.post("/v1/match", json={"cursor": answer["next_cursor"]})
    noted, teams = events.impressions(answer["match_id"]), events.match(answer["match_id"]).teams
    assert teams is not None
    assert (teams.in_use, teams.tried) == ("simple", "turned")
    assert [one.ranker_version for one in noted] == ["turned" if is_tried else "simple" for is_tried in teams.by_tried]
    assert [one.position for one in noted] == [1, 2, 3, 4]
    assert {one.propensity for one in noted} == {1.0}
    assert [one.score for one in noted[:3]] == [match["score"] for match in answer["matches"]]


def test_a_page_after_the_trial_is_ranked_by_the_one_in_use(interleaving: TestClient, registry: Registry) -> None:
    first = _match(interleaving, "argan oil", top=1)
    registry.try_beside(None, who="ana")
    wait_until(lambda: _match(interleaving, "argan oil")["versions"]["tried"] is None)
    later = interleaving.post("/v1/match", json={"cursor": first["next_cursor"]}).json()
    assert len(later["matches"]) == 3
    assert {match["placed_by"] for match in later["matches"]} == {None}


def test_draws_stay_with_the_ranker_in_use(interleaving: TestClient) -> None:
    drawn = interleaving.post("/v1/draws", json={"text": "argan oil", "k": 2, "threshold": 0.01}).json()
    assert drawn["versions"] == {"encoder": "hashing-64", "ranker": "simple", "rates": None, "tried": None}


# In the shadow


def test_a_shadow_scores_and_changes_no_answer(client: TestClient, registry: Registry, shadows: ShadowLog) -> None:
    before = [_match(client, text) for text in TEXTS]
    added(registry)
    registry.shadow(Shadow(version="turned", share=1.0), who="ana")
    wait_until(lambda: bool(_match(client, "argan oil")) and bool(shadows.scores("turned", BEGUN)), seconds=30)
    after = [_match(client, text) for text in TEXTS]
    changing = {"match_id", "next_cursor"}
    for old, new in zip(before, after, strict=True):
        assert {name: value for name, value in old.items() if name not in changing} == {
            name: value for name, value in new.items() if name not in changing
        }
    answered = {answer["match_id"] for answer in after}
    wait_until(lambda: answered <= {score.match_id for score in shadows.scores("turned", BEGUN)})
    assert all(score.overlap < 1.0 for score in shadows.scores("turned", BEGUN) if score.match_id in answered)
    registry.shadow(None, who="ana")


def test_a_damaged_ranker_in_the_shadow_is_told_and_harms_no_answer(
    client: TestClient, registry: Registry, shadows: ShadowLog
) -> None:
    model = added(registry)
    registry.shadow(Shadow(version="turned", share=1.0), who="ana")
    (model.files / "ranker.json").chmod(0o644)
    (model.files / "ranker.json").write_text("{}", encoding="utf-8")
    wait_until(lambda: bool(_match(client, "argan oil")) and shadows.misses("turned", BEGUN).failed > 0, seconds=30)
    assert "ranker.json: SHA-256 is" in (shadows.misses("turned", BEGUN).fault or "")
    assert client.get("/readyz").json()["status"] == "ready"


class FailingRanker(GlassBoxRanker):
    """Cannot score."""

    def __init__(self) -> None:
        curves = tuple(Curve(feature=name, edges=(), contributions=(0.0,), unknown=0.0) for name in FEATURE_NAMES)
        super().__init__("failing", 0.0, curves, {})

    def scores(self, terms: Any) -> Any:
        raise ZeroDivisionError(f"{len(terms)} candidates")


@pytest.fixture
def answered(client: TestClient, matcher: Matcher) -> AnsweredMatch:
    """A match of the service, noted, and not scored yet."""
    match_id = _match(client, "argan oil")["match_id"]
    return AnsweredMatch("default", match_id, matcher.score(BuyerRequest(text="argan oil")), matcher, None)


def test_a_ranker_that_fails_is_told_once_and_counted(
    settings: ServiceSettings, answered: AnsweredMatch, shadows: ShadowLog, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = Metrics()
    shadowing = Shadowing(Database.open(settings.database_url), metrics)
    with caplog.at_level(logging.WARNING, "service.shadowing"):
        shadowing.start()
        for _ in range(3):
            shadowing.offer(RunningShadow("failing", 1.0, FailingRanker()), answered)
        wait_until(lambda: shadows.misses("failing", BEGUN).failed == 3)
        shadowing.stop()
    assert shadows.misses("failing", BEGUN) == Misses(0, 3, "ZeroDivisionError: 4 candidates")
    assert [record.message for record in caplog.records].count(
        "ranker failing in the shadow fails: ZeroDivisionError: 4 candidates"
    ) == 1
    assert metrics.registry.get_sample_value("souk_shadow_requests_total", {"state": "failed"}) == 3


def test_what_cannot_be_kept_up_with_is_dropped_and_counted(
    settings: ServiceSettings, answered: AnsweredMatch, shadows: ShadowLog
) -> None:
    """Two may wait, and nothing scores yet: the others go at once."""
    shadowing = Shadowing(Database.open(settings.database_url), Metrics(), waiting=2)
    shadow = RunningShadow("simple", 1.0, simple_ranker())
    shadowing.offer(shadow, answered)
    for _ in range(5):
        shadowing.offer(RunningShadow("failing", 1.0, FailingRanker()), answered)
    shadowing.start()
    wait_until(lambda: len(shadows.scores("simple", BEGUN)) == 1)
    shadowing.stop()
    assert shadows.misses("failing", BEGUN).dropped == 4
    assert shadows.misses("failing", BEGUN).failed == 1


def test_what_still_waits_at_the_end_is_counted_as_dropped(
    settings: ServiceSettings, answered: AnsweredMatch, shadows: ShadowLog
) -> None:
    shadowing = Shadowing(Database.open(settings.database_url), Metrics())
    shadowing.offer(RunningShadow("simple", 1.0, simple_ranker()), answered)
    shadowing.stop()
    shadowing.start()
    shadowing.stop()
    assert shadows.misses("simple", BEGUN) == Misses(dropped=1)
