from __future__ import annotations

import numpy as np
import pytest

from data.feedback_log import FeedbackLog
from matching.features import FEATURE_NAMES
from training.counterfactual import Weighting, estimate_order, places_by
from training.judgment_rules import JudgmentRules
from training.judgments import gains_of
from training.log_split import split_by_time_and_request
from training.propensities import Method, Propensities
from training.ranker import JudgedCandidates
from training.simulation import Shown, Users, simulate

GIVEN = Propensities(Method.NONE, Users().attention(10), np.zeros((10, 10)), 0)


@pytest.fixture(scope="module")
def log(simulated: JudgedCandidates, shown: Shown) -> FeedbackLog:
    return simulate(simulated, shown, sessions=4_000, seed=5, shuffled=0.5)


@pytest.mark.parametrize("weighting", Weighting)
def test_the_value_of_an_order_never_shown_is_found_in_the_log(
    simulated: JudgedCandidates, shown: Shown, log: FeedbackLog, rules: JudgmentRules, weighting: Weighting
) -> None:
    better = simulated.features[:, FEATURE_NAMES.index("clause_similarity")]
    users = Users()
    truth = float((users.chance(simulated.grades[shown.reordered(better).rows]) @ users.attention(10)).mean())
    before = float((users.chance(simulated.grades[shown.rows]) @ users.attention(10)).mean())
    rows = log.request_of_impressions * 30 + log.impressions.suppliers
    outcomes = gains_of(log, rules)[1].astype(np.float64)
    found = estimate_order(log, outcomes, better[rows], GIVEN, weighting=weighting)
    assert [one.estimator for one in found] == ["IPS", "self-normalised IPS", "doubly robust"]
    for one in found:
        assert one.low <= truth <= one.high
        assert one.gained_low <= truth - before <= one.gained_high
        assert one.gained_low > 0


def test_the_order_that_was_shown_has_the_value_that_was_observed(
    simulated: JudgedCandidates, shown: Shown, rules: JudgmentRules
) -> None:
    fixed = simulate(simulated, shown, sessions=500, seed=5)
    outcomes = gains_of(fixed, rules)[0]
    for one in estimate_order(fixed, outcomes, fixed.impressions.scores, GIVEN):
        assert one.value == pytest.approx(outcomes.sum() / 500)
        assert (one.gained, one.gained_low, one.gained_high) == (0.0, 0.0, 0.0)


def test_places_are_those_of_the_scores_within_each_match(log: FeedbackLog) -> None:
    scores = np.random.default_rng(0).normal(size=len(log.impressions))
    places = places_by(log, scores)
    for match in (0, 7):
        rows = np.flatnonzero(log.impressions.matches == match)
        assert [int(row) for row in rows[np.argsort(-scores[rows])]] == [
            int(rows[places[rows] == place][0]) for place in range(1, 11)
        ]


def test_a_split_leaves_no_request_and_no_later_event_in_the_training_part(log: FeedbackLog) -> None:
    # 10 of 40 requests are asked only in the last fifth of the time.
    late = log.matched_at > np.quantile(log.matched_at, 0.85)
    new = np.isin(log.match_requests, np.arange(10))
    season = log.of_matches(late == new)
    training, held_out = split_by_time_and_request(season, held_out=0.3)
    asked, measured = (set(part.request_of_impressions.tolist()) for part in (training, held_out))
    cut = held_out.matched_at[held_out.impressions.matches].min()
    assert measured
    assert measured <= set(range(10))
    assert not asked & measured
    assert training.matched_at[training.impressions.matches].max() < cut
    assert training.events.happened_at.max() < cut < season.events.happened_at.max()
