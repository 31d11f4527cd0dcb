from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from matching.meetings.hindrances import Unmet
from matching.meetings.problem import MeetingProblem
from matching.meetings.unmet import unmet_pairs
from tests.matching.meetings.fairs import plain_fair, plan_of

FAIR = plain_fair(2, 2, slots=2, tables=2)
"""Buyers 0 and 1, exhibitors 2 and 3; pairs (0, 2), (0, 3), (1, 2), (1, 3)."""
ONE_MEETING = {(0, 2): (0, 0)}


@pytest.mark.parametrize(
    ("reason", "fair", "meetings", "pair"),
    [
        (
            Unmet.NO_COMMON_SLOT,
            replace(FAIR, available=np.array([[1, 1], [1, 0], [1, 1], [0, 1]], bool)),
            ONE_MEETING,
            3,
        ),
        (Unmet.EXCLUSIVE, replace(FAIR, exclusive=np.array([0, 0, -1, -1])), ONE_MEETING, 1),
        (Unmet.ONE_FULL, replace(FAIR, maximum=np.array([1, 2, 2, 2])), ONE_MEETING, 1),
        (Unmet.BOTH_FULL, replace(FAIR, maximum=np.ones(4, int)), {(0, 2): (0, 0), (1, 3): (0, 1)}, 1),
        (Unmet.NO_TABLE, replace(FAIR, tables=np.array([1, 0])), ONE_MEETING, 3),
        (Unmet.TAKEN, replace(FAIR, available=np.array([[1, 0], [1, 1], [1, 1], [1, 1]], bool)), ONE_MEETING, 1),
        (Unmet.ORDER, replace(FAIR, before=np.array([[3, 0]])), ONE_MEETING, 3),
        (Unmet.OPEN, FAIR, ONE_MEETING, 3),
    ],
)
def test_pair_that_is_not_held_has_its_reason(
    reason: Unmet, fair: MeetingProblem, meetings: dict[tuple[int, int], tuple[int, int]], pair: int
) -> None:
    assert {unmet.pair: unmet.reason for unmet in unmet_pairs(fair, plan_of(fair, meetings).slot)}[pair] == reason


def test_pair_without_an_interpreter_left_says_so() -> None:
    fair = replace(FAIR, interpreter=np.array([0, -1, -1, 0]), interpreters=np.array([[1, 0]]))
    reasons = {unmet.pair: unmet.reason for unmet in unmet_pairs(fair, plan_of(fair, ONE_MEETING).slot)}
    assert reasons[3] == Unmet.NO_INTERPRETER


def test_pair_whose_slot_was_taken_names_the_meetings_in_its_way() -> None:
    fair = replace(FAIR, available=np.array([[1, 0], [1, 1], [1, 1], [1, 1]], bool))
    taken = next(unmet for unmet in unmet_pairs(fair, plan_of(fair, ONE_MEETING).slot) if unmet.pair == 1)
    assert taken.instead == (0,)
