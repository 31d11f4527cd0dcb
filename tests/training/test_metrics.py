from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from training.metrics import expected_calibration_error, ndcg, randomisation_p, recall, reciprocal_rank

GRADES = {"a": 3, "b": 2, "c": 1}


def test_ndcg_is_discounted_gain_over_the_best_possible() -> None:
    gained = 1 / math.log2(2) + 3 / math.log2(4)
    best = 3 / math.log2(2) + 2 / math.log2(3) + 1 / math.log2(4)
    assert ndcg(["c", "x", "a"], GRADES) == pytest.approx(gained / best)


@given(st.lists(st.integers(0, 3), min_size=2, max_size=30).filter(any), st.integers(1, 12))
def test_ndcg_agrees_with_scikit_learn(grades: list[int], depth: int) -> None:
    ids = [str(number) for number in range(len(grades))]
    falling = np.arange(len(grades), 0, -1.0)
    expected = ndcg_score([grades], [falling], k=depth)
    assert ndcg(ids, dict(zip(ids, grades, strict=True)), depth=depth) == pytest.approx(expected)


def test_recall_is_the_share_of_relevant_ids_found_in_depth() -> None:
    assert recall(["x", "c", "a", "b"], GRADES, depth=3) == pytest.approx(2 / 3)


def test_reciprocal_rank_waits_for_one_who_sells_what_is_asked() -> None:
    assert reciprocal_rank(["c", "x", "b", "a"], GRADES) == pytest.approx(1 / 3)
    assert reciprocal_rank(["c"], GRADES) == 0.0


def test_nothing_relevant_measures_zero() -> None:
    assert (ndcg(["a"], {}), recall(["a"], {}), reciprocal_rank(["a"], {})) == (0.0, 0.0, 0.0)


def test_calibration_error_is_the_mean_gap_of_bins_of_equal_mass() -> None:
    probabilities = np.array([0.1, 0.9, 0.1, 0.9])
    relevant = np.array([False, True, True, True])
    assert expected_calibration_error(probabilities, relevant, bins=2) == pytest.approx((0.4 + 0.1) / 2)
    assert expected_calibration_error(np.array([0.0, 1.0]), np.array([False, True])) == 0.0


def test_randomisation_counts_the_signs_that_give_a_mean_as_far_from_zero() -> None:
    # Of the 2**8 signs of eight equal differences only two, all plus and all minus, reach the mean.
    assert randomisation_p(np.full(8, 0.1)) == pytest.approx(2 / 2**8, abs=0.003)
    assert randomisation_p(np.array([0.1, -0.1])) == 1.0


def test_measures_are_those_of_trec_eval_worked_out_by_hand() -> None:
    """By its definitions of ndcg_cut_10, recall_50 and, with -l 2, recip_rank."""
    grades = {"a": 3, "b": 2, "c": 1, "d": 1, "never ranked": 2}
    run = ["x", "c", "b", "y", "a", "d"]
    gained = 1 / np.log2(3) + 2 / np.log2(4) + 3 / np.log2(6) + 1 / np.log2(7)
    ideal = 3 / np.log2(2) + 2 / np.log2(3) + 2 / np.log2(4) + 1 / np.log2(5) + 1 / np.log2(6)
    assert ndcg(run, grades) == pytest.approx(gained / ideal)
    assert ndcg(run, grades) == pytest.approx(0.5178, abs=5e-5)
    assert recall(run, grades) == 4 / 5
    assert reciprocal_rank(run, grades) == 1 / 3
