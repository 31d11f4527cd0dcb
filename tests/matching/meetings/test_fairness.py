from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from matching.meetings.fairness import price_of_fairness
from tests.matching.meetings.fairs import plain_fair

FAIR = replace(plain_fair(2, 2, 2, 1), score=np.array([1.0, 0.25, 0.75, 0.125]), minimum=np.array([0, 0, 0, 1]))
"""Two meetings in all; the second exhibitor, the less wanted one, is promised one."""


def test_one_more_promised_meeting_costs_the_better_one_that_it_displaces() -> None:
    found = price_of_fairness(FAIR)
    assert (found.promised, found.score) == (1, pytest.approx(1.0 + 0.25))
    assert found.lost == pytest.approx((1.0 + 0.25) - (0.25 + 0.125))


def test_promises_beyond_what_is_possible_are_counted() -> None:
    found = price_of_fairness(FAIR, extra=2)
    assert (found.lacking, found.then_lacking) == (0, 1)


def test_fairness_is_free_where_nobody_is_promised_anything() -> None:
    assert price_of_fairness(replace(FAIR, minimum=np.zeros(4, np.int64))).lost == 0
