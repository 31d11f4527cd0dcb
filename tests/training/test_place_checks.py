from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.feedback_log import FeedbackLog
from training.judgment_rules import JudgmentRules
from training.judgments import gains_of
from training.log_faults import with_bots
from training.place_checks import most_unexplained
from training.propensities import estimate_propensities
from training.ranker import JudgedCandidates
from training.simulation import Shown, UserModel, Users, simulate

DISLIKED = 7


def _found(log: FeedbackLog, rules: JudgmentRules) -> float:
    _, chosen = gains_of(log, rules)
    propensities = estimate_propensities(log, chosen, smoothness=rules.position.smoothness)
    return most_unexplained(log, chosen, propensities, rules.position.least_propensity)


@pytest.fixture(scope="module")
def without_it(simulated: JudgedCandidates) -> JudgedCandidates:
    return replace(simulated, grades=np.where(simulated.rows == DISLIKED, 0, simulated.grades))


@pytest.mark.parametrize("users", [UserModel.POSITION, UserModel.CASCADE])
def test_a_supplier_that_everybody_likes_follows_its_places(
    users: UserModel, without_it: JudgedCandidates, shown: Shown, rules: JudgmentRules
) -> None:
    liked = replace(without_it, grades=np.where(without_it.rows == DISLIKED, 3, without_it.grades))
    log = simulate(liked, shown, sessions=3_000, seed=1, shuffled=0.3, users=Users(users))
    assert _found(log, rules) < 0.1


def test_bots_that_never_come_back_click_wherever_it_stands(
    without_it: JudgedCandidates, shown: Shown, rules: JudgmentRules
) -> None:
    log = simulate(without_it, shown, sessions=3_000, seed=1, shuffled=0.3)
    assert _found(log, rules) < 0.1
    assert _found(with_bots(log, DISLIKED, visits=300, seed=1, named=False), rules) > 0.5


def test_where_nothing_was_chosen_nothing_is_unexplained(
    without_it: JudgedCandidates, shown: Shown, rules: JudgmentRules
) -> None:
    log = simulate(without_it, shown, sessions=50, seed=1)
    assert _found(log.with_events(log.events.take(np.empty(0, np.int64))), rules) == 0.0
