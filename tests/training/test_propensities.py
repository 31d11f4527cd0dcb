from __future__ import annotations

import numpy as np

from training.judgment_rules import JudgmentRules
from training.judgments import gains_of
from training.propensities import Method, Propensities, estimate_propensities
from training.ranker import JudgedCandidates
from training.simulation import Shown, UserModel, Users, simulate

BY_POSITION = Users()


def _estimate(
    judged: JudgedCandidates, shown: Shown, rules: JudgmentRules, shuffled: float, users: Users = BY_POSITION
) -> Propensities:
    log = simulate(judged, shown, sessions=6_000, seed=4, users=users, shuffled=shuffled)
    return estimate_propensities(log, gains_of(log, rules)[1], smoothness=rules.position.smoothness)


def test_shuffled_lists_tell_how_likely_each_position_is_looked_at(
    simulated: JudgedCandidates, shown: Shown, rules: JudgmentRules
) -> None:
    users = Users(decay=0.8)
    found = _estimate(simulated, shown, rules, 0.5, users)
    low, high = found.interval()
    assert found.method is Method.INTERVENTION
    np.testing.assert_allclose(found.values, users.attention(10), rtol=0.12)
    assert ((low <= users.attention(10) + 1e-12) & (users.attention(10) <= high + 1e-12)).mean() >= 0.8


def test_the_curve_roughly_follows_users_who_read_from_the_top_and_give_up(
    simulated: JudgedCandidates, shown: Shown, rules: JudgmentRules
) -> None:
    """In a cascade attention depends on what stands above: only on average it falls as simulated looks do."""
    users = Users(UserModel.CASCADE, goes_on=0.8, goes_on_after=0.8)
    found = _estimate(simulated, shown, rules, 0.5, users)
    np.testing.assert_allclose(found.values, 0.8 ** np.arange(10), rtol=0.25)


def test_fixed_rankings_leave_it_to_regression_em_which_is_rougher(
    simulated: JudgedCandidates, shown: Shown, rules: JudgmentRules
) -> None:
    found = _estimate(simulated, shown, rules, 0.0)
    assert found.method is Method.REGRESSION_EM
    np.testing.assert_allclose(found.values, Users().attention(10), rtol=0.5)


def test_positions_beyond_the_last_have_its_propensity() -> None:
    found = Propensities(Method.NONE, np.array([1.0, 0.5]), np.zeros((2, 2)), 0)
    assert found(np.array([1, 2, 9])).tolist() == [1.0, 0.5, 0.5]


def test_a_log_without_choices_corrects_nothing(
    simulated: JudgedCandidates, shown: Shown, rules: JudgmentRules
) -> None:
    log = simulate(simulated, shown, sessions=20, seed=1)
    silent = log.with_events(log.events.take(np.empty(0, np.int64)))
    found = estimate_propensities(silent, gains_of(silent, rules)[1], smoothness=0.15)
    assert found.method is Method.NONE
    assert found.values.tolist() == [1.0]
