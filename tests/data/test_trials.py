from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from data.database import Database
from data.events import EventLog, ShownMatch
from data.model_versions import TrialWay
from data.store import Store
from data.trials import RunningTrial, drafts, ranker_versions
from matching.interleaving import InterleavedMatcher
from matching.matcher import Matcher
from matching.profiles import BuyerRequest
from matching.ranker import GlassBoxRanker
from matching.teams import Teams
from tests.conftest import simple_ranker
from tests.data.conftest import NOW, Clock

TEXTS = [f"argan oil {number}" for number in range(400)]


def _trial(version: str = "tried", share: float = 0.25, way: TrialWay = TrialWay.INTERLEAVE) -> RunningTrial:
    ranker = simple_ranker()
    return RunningTrial(GlassBoxRanker(version, ranker.base, ranker.curves, {}), share, way)


def test_a_trial_takes_its_share_of_the_requests_and_another_one_others() -> None:
    taken = [_trial().takes(text) for text in TEXTS]
    assert 60 < sum(taken) < 140
    assert taken != [_trial("other").takes(text) for text in TEXTS]
    assert _trial(share=1.0).takes("argan oil")


def test_equal_words_are_taken_alike_and_drafted_alike() -> None:
    one, other = "Argan oil, organic!", "argan  OIL organic"
    assert _trial().takes(one) == _trial().takes(other)
    assert _trial().coins(one, 20).tolist() == _trial().coins(other, 20).tolist()
    assert _trial().coins(one, 20).tolist() == _trial().coins(one, 100)[:20].tolist()


def test_coins_fall_either_way_in_every_round() -> None:
    thrown = np.array([_trial().coins(text, 9) for text in TEXTS])
    assert thrown.mean(axis=0) == pytest.approx(0.5, abs=0.1)
    assert np.abs(np.corrcoef(thrown.T) - np.eye(9)).max() < 0.2


def test_the_way_of_a_trial_says_what_answers(matcher: Matcher) -> None:
    split, interleaved = _trial(way=TrialWay.SPLIT).beside(matcher), _trial().beside(matcher)
    assert (type(split), split.ranker.version) == (Matcher, "tried")
    assert isinstance(interleaved, InterleavedMatcher)
    assert (interleaved.ranker.version, interleaved.tried.version) == ("simple", "tried")


def test_drafted_matches_are_kept_apart_from_those_of_one_ranker(database_url: str, clock: Clock) -> None:
    database = Database.open(database_url, clock=clock)
    log = EventLog(Store(database, "acme").database, "acme")
    database.ensure_organisation("acme")
    teams = Teams("simple", "tried", (True, False))
    asked = BuyerRequest(text="argan oil")
    log.note_match(ShownMatch("m0", asked, ("S1", "S2"), "e", "simple", teams=teams), [])
    clock.now += timedelta(hours=1)
    log.note_match(ShownMatch("m1", asked, ("S1", "S2"), "e", "simple"), [])
    log.note_match(ShownMatch("m2", asked, ("S1", "S2"), "e", "simple", teams=teams), [])
    assert log.match("m2").teams == teams
    assert log.match("m1").teams is None
    since = NOW + timedelta(minutes=1)
    assert ranker_versions(database, "acme", since) == {"m1": "simple"}
    assert drafts(database, "acme", since) == {"m2": teams}
