from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom

from data.shrinkage import shrunk_rates

COUNTS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=30)


def _rates(*counts: tuple[int, int]) -> list[float]:
    """Rates of suppliers, each given by successes and failures."""
    table = np.array(counts, np.int64)
    rates: list[float] = shrunk_rates(table[:, 0], table.sum(axis=1)).tolist()
    return rates


def test_a_rate_of_few_trials_is_drawn_further_than_one_of_many() -> None:
    once, often, *_ = _rates((1, 0), (90, 10), *[(5, 5)] * 20)
    assert 0.5 < once < often < 0.9


def test_rates_that_differ_widely_are_drawn_less_than_rates_that_are_alike() -> None:
    assert _rates((9, 1), *[(10, 0), (0, 10)] * 10)[0] > _rates((9, 1), *[(5, 5)] * 20)[0] + 0.1


def test_where_nobody_was_tried_twice_every_rate_is_near_that_of_all() -> None:
    assert _rates((1, 0), (0, 1), (1, 0)) == pytest.approx([3 / 5] * 3, abs=0.01)


def test_without_trials_there_is_no_rate() -> None:
    assert np.isnan(_rates((0, 0), (3, 1))[0])
    assert shrunk_rates(np.zeros(0, np.int64), np.zeros(0, np.int64)).tolist() == []


@given(COUNTS)
def test_a_success_more_never_lowers_a_rate_beside_the_same_others(counts: list[tuple[int, int]]) -> None:
    rates = _rates(*counts, (2, 1), (1, 2))
    assert rates[-2] > rates[-1]


@given(COUNTS)
def test_the_prior_is_the_likeliest_beta_of_the_mean_rate(counts: list[tuple[int, int]]) -> None:
    table = np.array(counts, np.int64)
    successes, trials = table[:, 0], table.sum(axis=1)
    mean = (successes.sum() + 1) / (trials.sum() + 2)

    def likelihood(prior_trials: float) -> float:
        shapes = mean * prior_trials, (1 - mean) * prior_trials
        return float(betabinom.logpmf(successes, trials, *shapes).sum())

    rates = shrunk_rates(successes, trials)
    rated = trials > 0
    if not rated.any() or np.isclose(successes[rated] / trials[rated], mean).all():
        return
    place = int(np.argmax(np.abs(successes / np.maximum(trials, 1) - mean) * rated))
    drawn = (rates[place] - mean) / (successes[place] / trials[place] - mean)
    prior_trials = trials[place] * (1 / drawn - 1)
    best = max(map(likelihood, np.geomspace(1, 200, 60)))
    assert likelihood(prior_trials) == pytest.approx(best, abs=1e-6)
