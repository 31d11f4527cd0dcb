from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from matching.features import FEATURES
from training.calibration import calibrated, fit_calibration, folds, out_of_fold_scores, wilson_interval
from training.metrics import expected_calibration_error
from training.ranker import JudgedCandidates, fit_ranker


def judged(requests: int) -> JudgedCandidates:
    """Twenty candidates each; relevance grows with the first feature."""
    generator = np.random.default_rng(0)
    features = generator.uniform(-1, 1, (20 * requests, len(FEATURES)))
    grades = np.digitize(features[:, 0] + generator.normal(0, 0.3, len(features)), [0.3, 0.6, 1.0])
    return JudgedCandidates(features, grades, np.arange(len(features)) // 20, np.arange(len(features)) % 20)


def test_each_request_is_left_out_once_and_never_fitted_on_when_measured() -> None:
    parts = list(folds(23, seed=1))
    assert sorted(np.concatenate([left_out for _, left_out in parts]).tolist()) == list(range(23))
    assert all(not set(fitted_on) & set(left_out) for fitted_on, left_out in parts)


def test_scores_come_from_rankers_that_never_saw_the_request() -> None:
    candidates = judged(10)
    scores = out_of_fold_scores(candidates, seed=0)
    fitted_on, left_out = next(iter(folds(10, seed=0)))
    ranker = fit_ranker(candidates.of_requests(fitted_on), version="fold")
    held_out = candidates.of_requests(left_out)
    expected = ranker.scores(ranker.terms(held_out.features))
    assert scores[np.isin(candidates.requests, left_out)].tolist() == expected.tolist()


def test_a_calibration_is_isotonic_regression_where_every_step_is_large() -> None:
    scores = np.repeat([-2.0, 0.0, 3.0], 100)
    grades = np.concatenate([np.repeat([0, 2], [90, 10]), np.repeat([1, 3], [50, 50]), np.repeat([0, 2], [20, 80])])
    found = fit_calibration(scores, grades)
    expected = IsotonicRegression().fit(scores, grades >= 2)
    assert found(scores) == pytest.approx(expected.predict(scores))
    assert (found.edges, found.candidates) == ((-2.0, 0.0), (100, 100, 100))


@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 3)), min_size=1, max_size=300))
def test_steps_hold_thirty_candidates_at_least_and_the_share_of_relevant_ones(pairs: list[tuple[int, int]]) -> None:
    scores, grades = np.array(pairs, np.float64)[:, 0], np.array(pairs)[:, 1]
    found = fit_calibration(scores, grades)
    assert sum(found.candidates) == len(pairs)
    assert len(found.candidates) == 1 or min(found.candidates) >= 30
    for probability, candidates in zip(found.probabilities, found.candidates, strict=True):
        members = found(scores) == probability
        assert members.sum() >= candidates
        assert (grades[members] >= 2).mean() == pytest.approx(probability)


def test_calibrated_probabilities_are_close_to_what_happens_and_scores_stay() -> None:
    candidates = judged(60)
    ranker = fit_ranker(candidates, version="v")
    found = calibrated(ranker, candidates)
    unseen = out_of_fold_scores(candidates, seed=1)
    assert expected_calibration_error(found.probabilities(unseen), candidates.grades >= 2) < 0.05
    assert (found.curves, found.base) == (ranker.curves, ranker.base)


def test_too_few_requests_leave_the_ranker_without_calibration() -> None:
    candidates = judged(4)
    assert calibrated(fit_ranker(candidates, version="v"), candidates).calibration is None


def test_the_interval_is_that_of_wilson() -> None:
    low, high = wilson_interval(np.array([0.0, 0.5]), np.array([10, 100]))
    assert low[0] == 0.0
    assert high[0] == pytest.approx(1.96**2 / (10 + 1.96**2))
    assert (low[1] + high[1]) / 2 == pytest.approx(0.5)
