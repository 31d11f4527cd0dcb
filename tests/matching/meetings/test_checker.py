from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from matching.meetings.checker import Rule, violations
from matching.meetings.problem import MeetingProblem
from tests.matching.meetings.fairs import plain_fair, plan_of

FAIR = plain_fair(2, 3, slots=4, tables=2)
"""Buyers 0 and 1, exhibitors 2, 3 and 4; pairs 0 to 2 are buyer 0's, 3 to 5 buyer 1's; two half-days of two slots."""
PAIRS = len(FAIR.first)


def at(pair: int, value: int, elsewhere: int = -1) -> np.ndarray:
    return np.where(np.arange(PAIRS) == pair, value, elsewhere)


def rules(fair: MeetingProblem, meetings: dict[tuple[int, int], tuple[int, int]]) -> list[Rule]:
    return [violation.rule for violation in violations(fair, plan_of(fair, meetings))]


GOOD = {(0, 2): (0, 0), (1, 3): (0, 1), (0, 3): (1, 0)}


def test_plan_that_keeps_every_rule_has_no_violation() -> None:
    assert rules(FAIR, GOOD) == []


BROKEN = [
    (Rule.DOUBLE_BOOKING, FAIR, {(0, 2): (0, 0), (0, 3): (0, 1)}),
    (Rule.DOUBLE_BOOKING, replace(FAIR, person=np.array([0, 1, 2, 2, 4])), {(0, 2): (0, 0), (1, 3): (0, 1)}),
    (Rule.AVAILABILITY, replace(FAIR, available=np.arange(5)[:, None] != np.full(4, 3)), {(1, 3): (0, 0)}),
    (Rule.HALF_DAY, replace(FAIR, length=at(0, 2, 1)), {(0, 2): (1, 0)}),
    (Rule.HALF_DAY, replace(FAIR, length=at(0, 2, 1)), {(0, 2): (3, 0)}),
    (Rule.DOUBLE_BOOKING, replace(FAIR, length=at(0, 2, 1)), {(0, 2): (0, 0), (0, 3): (1, 1)}),
    (Rule.FIXED, replace(FAIR, fixed=at(0, 3)), {(0, 2): (0, 0)}),
    (Rule.REQUIRED, replace(FAIR, required=np.arange(PAIRS) == 5), GOOD),
    (Rule.MINIMUM, replace(FAIR, minimum=np.array([0, 0, 0, 0, 1])), GOOD),
    (Rule.MAXIMUM, replace(FAIR, maximum=np.array([1, 4, 4, 4, 4])), GOOD),
    (Rule.TABLES, replace(FAIR, tables=np.array([1, 2, 2, 2])), GOOD),
    (Rule.TABLE_USE, FAIR, {(0, 2): (0, 0), (1, 3): (0, 0)}),
    (Rule.TABLE_USE, FAIR, {(0, 2): (0, -1)}),
    (Rule.TABLE_USE, replace(FAIR, booth=np.arange(5) == 2), {(0, 2): (0, 0)}),
    (Rule.TABLE_USE, FAIR, {(0, 2): (0, 2)}),
    (Rule.INTERPRETERS, replace(FAIR, interpreter=at(0, 0), interpreters=np.zeros((1, 4), int)), {(0, 2): (0, 0)}),
    (Rule.EXCLUSIVE, replace(FAIR, exclusive=np.array([0, 0, -1, -1, -1, -1])), {(0, 2): (0, 0), (0, 3): (1, 0)}),
    (Rule.PRECEDENCE, replace(FAIR, before=np.array([[1, 0]])), {(0, 2): (0, 0), (0, 3): (1, 0)}),
]


@pytest.mark.parametrize(("rule", "fair", "meetings"), BROKEN)
def test_each_broken_rule_is_found(
    rule: Rule, fair: MeetingProblem, meetings: dict[tuple[int, int], tuple[int, int]]
) -> None:
    assert rule in rules(fair, meetings)


def test_every_rule_has_a_plan_that_breaks_it() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(Rule)


def test_violation_says_who_and_when() -> None:
    (violation,) = violations(FAIR, plan_of(FAIR, {(0, 2): (0, 0), (0, 3): (0, 1)}))
    assert (violation.pairs, violation.slots) == ((0, 1), (0,))
    assert violation.detail == "person 0 is in 2 meetings in slot 0: pairs [0, 1]"
