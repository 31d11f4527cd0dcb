from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.overlap import rank_biased_overlap, share_that_stays

TEN = np.arange(10)


def test_one_order_overlaps_wholly_and_strangers_not_at_all() -> None:
    assert rank_biased_overlap(TEN, TEN) == pytest.approx(1.0)
    assert rank_biased_overlap(TEN, TEN + 10) == 0.0
    assert (share_that_stays(TEN, TEN[::-1]), share_that_stays(TEN, TEN + 5)) == (1.0, 0.5)
    nobody = np.empty(0, np.int64)
    assert (rank_biased_overlap(nobody, nobody), share_that_stays(nobody, nobody)) == (1.0, 1.0)


def test_a_change_in_front_costs_more_than_one_behind() -> None:
    front, behind = TEN.copy(), TEN.copy()
    front[[0, 1]], behind[[8, 9]] = [1, 0], [9, 8]
    assert rank_biased_overlap(TEN, front) < rank_biased_overlap(TEN, behind) < 1.0
    # Two places swapped: only depth 1 disagrees, by (1 - p) of the whole.
    assert rank_biased_overlap(TEN, front, persistence=0.8) == pytest.approx(1.0 - (1 - 0.8))


@given(st.permutations(range(14)), st.integers(1, 14))
def test_it_is_the_sum_that_the_paper_writes(second: list[int], depth: int) -> None:
    first, p = list(range(14)), 0.9
    agreement = [len(set(first[:d]) & set(second[:d])) / d for d in range(1, depth + 1)]
    expected = agreement[-1] * p**depth + (1 - p) / p * sum(a * p**d for d, a in enumerate(agreement, start=1))
    assert rank_biased_overlap(np.array(first), np.array(second), depth) == pytest.approx(expected)
