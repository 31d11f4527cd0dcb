from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from data.database import Database
from data.events import EventLog, ShownMatch
from data.feedback_log import fingerprint
from data.shadows import Misses, NotedScore, RunningShadow, ShadowLog, ShadowScore, shadow_score
from data.trials import RunningTrial
from matching.exposure import ExposurePolicy
from matching.matcher import Matcher
from matching.profiles import BuyerRequest
from matching.ranker import GlassBoxRanker
from tests.conftest import simple_ranker
from tests.data.conftest import NOW, Clock

SCORE = ShadowScore("m1", 0.001, 0.002, 0.9, 0.8, 0.3, 0.4)
ASKED = BuyerRequest(id="R1", text="argan oil")


@pytest.fixture
def log(database_url: str, clock: Clock) -> ShadowLog:
    database = Database.open(database_url, clock=clock)
    database.ensure_organisation("acme")
    for match_id in ("m1", "m2"):
        EventLog(database, "acme").note_match(ShownMatch(match_id, ASKED, ("S1",), "e", "r"), [])
    return ShadowLog(database, "acme")


def _turned(ranker: GlassBoxRanker) -> GlassBoxRanker:
    """What speaks for a supplier speaks against it."""
    curves = tuple(
        one.model_copy(update={"contributions": tuple(-part for part in one.contributions), "unknown": -one.unknown})
        for one in ranker.curves
    )
    return GlassBoxRanker("turned", ranker.base, curves, {})


def test_two_rankers_of_one_mind_change_nothing(matcher: Matcher) -> None:
    scoring = matcher.score(ASKED)
    score = shadow_score("m1", scoring, matcher, simple_ranker())
    assert (score.stayed, score.overlap) == (1.0, pytest.approx(1.0))
    assert score.in_use_small == score.shadow_small > 0.0
    assert min(score.in_use_seconds, score.shadow_seconds) > 0.0


@pytest.mark.parametrize("match_id", ["m1", "m2"])
def test_another_order_shows_in_overlap_and_exposure(matcher: Matcher, match_id: str) -> None:
    """The one small firm sells rugs: last for argan oil, and first where everything is turned round."""
    score = shadow_score(match_id, matcher.score(ASKED), matcher, _turned(matcher.ranker))
    assert (score.stayed, score.overlap < 0.9) == (1.0, True)
    assert score.shadow_small > score.in_use_small


def test_a_floor_of_exposure_holds_in_the_shadow_too(matcher: Matcher) -> None:
    policy = ExposurePolicy.parse("size:small=0.4")
    scoring = matcher.score(ASKED, exposure=policy)
    score = shadow_score("m1", scoring, matcher, _turned(matcher.ranker), policy)
    assert min(score.in_use_small, score.shadow_small) >= 0.3
    trial = RunningTrial(_turned(matcher.ranker), 1.0)
    answered = trial.beside(matcher).score(ASKED, exposure=policy)
    assert shadow_score("m1", answered, matcher, _turned(matcher.ranker), policy).overlap == score.overlap


def test_a_shadow_takes_another_share_than_a_trial_of_the_same_ranker() -> None:
    texts = [f"argan oil {number}" for number in range(200)]
    shadow, trial = RunningShadow("simple", 0.5), RunningTrial(simple_ranker(), 0.5)
    both = sum(shadow.takes(text) and trial.takes(text) for text in texts)
    assert 60 < sum(map(shadow.takes, texts)) < 140
    assert 25 < both < 75


def test_what_was_found_is_told_with_the_request_and_since_a_moment(log: ShadowLog, clock: Clock) -> None:
    log.note("v", [SCORE], Misses())
    clock.now += timedelta(minutes=5)
    log.note("v", [replace(SCORE, match_id="m2")], Misses())
    log.note("other", [SCORE], Misses())
    assert log.scores("v", NOW) == (
        NotedScore(**vars(SCORE), request_id="R1", request=fingerprint("argan oil")),
        NotedScore(**vars(replace(SCORE, match_id="m2")), request_id="R1", request=fingerprint("argan oil")),
    )
    assert [score.match_id for score in log.scores("v", clock.now)] == ["m2"]


def test_of_a_match_that_was_erased_meanwhile_nothing_is_noted(log: ShadowLog) -> None:
    log.note("v", [SCORE, replace(SCORE, match_id="gone")], Misses())
    assert [score.match_id for score in log.scores("v", NOW)] == ["m1"]


def test_what_all_replicas_missed_adds_up(log: ShadowLog, clock: Clock) -> None:
    log.note("v", [], Misses(dropped=2))
    clock.now += timedelta(seconds=30)
    log.note("v", [], Misses(failed=1, fault="ValueError: x"))
    log.note("v", [], Misses(dropped=1))
    assert log.misses("v", NOW) == Misses(3, 1, "ValueError: x")
    clock.now += timedelta(minutes=2)
    log.note("v", [], Misses(failed=4, fault="y" * 9_000))
    assert log.misses("v", clock.now) == Misses(0, 4, "y" * 500)
    assert log.misses("v", NOW) == Misses(3, 5, "y" * 500)
    assert log.misses("other", NOW) == Misses()
