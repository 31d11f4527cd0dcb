from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from matching.meetings.breaks import AgreedMeetings, breaks_of, fewest_breaks
from matching.meetings.checker import violations
from matching.meetings.places import seat
from matching.meetings.problem import NONE, MeetingPlan
from tests.matching.meetings.fairs import may, plain_fair, plan_of


def agreed_meetings(seed: int) -> AgreedMeetings:
    """A dozen meetings between any of seven in seven slots; some are in order, fixed, or kept to one half."""
    rng = np.random.default_rng(seed)
    slots = 7
    ends = np.array(list(combinations(range(7), 2)))[rng.permutation(21)[:12]]
    fair = plain_fair(3, 4, slots, 3)
    problem = replace(
        fair,
        half_day=np.zeros(slots, np.int64),
        available=rng.random((7, slots)) < 0.95,
        first=ends[:, 0],
        second=ends[:, 1],
        before=np.array([[0, 1], [2, 3]]),
    )
    early = (rng.random(12) < 0.15)[:, None]
    return AgreedMeetings(problem, np.where(early, np.arange(slots) < 4, np.ones(slots, bool)))


def optimum(agreed: AgreedMeetings, most: int) -> float | None:
    """Fewest breaks by mixed-integer programme: a busy run begins once more than its person has breaks."""
    problem, (m, slots) = agreed.problem, agreed.open_to.shape
    n = len(problem.available)
    rows, low, high = [], [], []

    def rule(terms: dict[int, float], lowest: float, highest: float) -> None:
        row = np.zeros(m * slots + n * slots)
        row[list(terms)] = list(terms.values())
        rows.append(row), low.append(lowest), high.append(highest)

    for pair in range(m):
        rule({pair * slots + slot: 1 for slot in range(slots)}, 1, 1)
    for slot in range(slots):
        rule({pair * slots + slot: 1 for pair in range(m)}, 0, problem.tables[slot])
    for one in range(n):
        mine = np.flatnonzero((problem.first == one) | (problem.second == one))
        for slot in range(slots):
            busy = {int(pair) * slots + slot: 1.0 for pair in mine}
            rule(busy, 0, 1)
            before = {int(pair) * slots + slot - 1: -1.0 for pair in mine} if slot else {}
            rule({**busy, **before, m * slots + one * slots + slot: -1.0}, -np.inf, 0)
        rule({m * slots + one * slots + slot: 1.0 for slot in range(slots)}, 0, most + 1)
    for early, late in problem.before.tolist():
        times = {early * slots + slot: -float(slot) for slot in range(slots)}
        rule({**times, **{late * slots + slot: float(slot) for slot in range(slots)}}, 1, np.inf)
    open_slots = [
        [may(problem, pair, slot) and agreed.open_to[pair, slot] for slot in range(slots)] for pair in range(m)
    ]
    highest = np.concatenate([np.array(open_slots, float).ravel(), np.ones(n * slots)])
    cost = np.concatenate([np.zeros(m * slots), np.ones(n * slots)])
    rules = LinearConstraint(np.array(rows), low, high)
    found = milp(cost, constraints=rules, bounds=Bounds(0, highest), integrality=np.ones(len(cost)))
    met = len(set(problem.first.tolist()) | set(problem.second.tolist()))
    return None if found.x is None else round(found.fun) - met


@pytest.mark.parametrize("most", [7, 1])
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_all_meetings_are_placed_with_as_few_breaks_as_the_exact_programme_proves(seed: int, most: int) -> None:
    agreed = agreed_meetings(seed)
    fewest = optimum(agreed, most)
    found = fewest_breaks(agreed, seed=0, starts=2, moves=400_000, most=most)
    assert fewest is not None
    assert (found.unplaced, found.total) == (0, fewest)
    assert found.breaks.max() <= most
    plan = MeetingPlan(found.slot, seat(agreed.problem, found.slot), np.inf)
    assert violations(agreed.problem, plan) == []
    assert agreed.open_to[np.arange(len(found.slot)), found.slot].all()


def test_break_is_a_run_of_slots_between_two_meetings_however_long() -> None:
    fair = plain_fair(1, 3, 8, 1)
    slot = plan_of(fair, {(0, 1): (0, 0), (0, 2): (4, 0), (0, 3): (6, 0)}).slot
    assert breaks_of(fair, slot).tolist() == [2, 0, 0, 0]


def test_meeting_that_fits_nowhere_is_left_and_counted() -> None:
    fair = replace(plain_fair(1, 2, 1, 1), required=np.ones(2, bool))
    found = fewest_breaks(AgreedMeetings(fair, np.ones((2, 1), bool)), seed=0, moves=10)
    assert found.unplaced == 1
    assert (found.slot == NONE).sum() == 1
