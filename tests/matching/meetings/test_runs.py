from __future__ import annotations

import numpy as np
import pytest

from matching.meetings.annealing import anneal, count_all, fill
from matching.meetings.breaks import break_days, breaks_of
from matching.meetings.problem import MeetingProblem, Numbers
from matching.meetings.runs import dearer, move_run_ends
from matching.meetings.slots import place_all
from matching.meetings.timetable import empty_timetable
from tests.matching.meetings.fairs import plain_fair


def placed(tables: int) -> tuple[MeetingProblem, Numbers]:
    """Each of six buyers meets each of six exhibitors in a day of fourteen slots, as edge colouring leaves it."""
    problem = plain_fair(6, 6, 14, tables)
    slot, left = place_all(problem, np.ones(len(problem.first), bool), seed=0, rounds=1000)
    assert not left.any()
    return problem, slot


@pytest.mark.parametrize("tables", [3, 6])
def test_cost_that_the_search_keeps_is_that_of_its_best_plan_counted_anew(tables: int) -> None:
    problem, slot = placed(tables)
    days = break_days(problem, None)
    best, costs = anneal(empty_timetable(problem), slot, days, seed=0, moves=2000, heats=(2.0, 1.0), step=move_run_ends)
    assert costs.tolist() == [breaks_of(problem, slot).sum(), breaks_of(problem, best).sum()]
    assert np.bincount(best).max() <= tables


def test_neighbours_of_two_slots_tell_what_a_count_of_the_whole_day_tells() -> None:
    problem, slot = placed(6)
    timetable, days = empty_timetable(problem), break_days(problem, 1)
    fill(timetable, slot)
    count_all(timetable, days)
    before = days.cost[breaks_of(problem, slot)]
    for pair, near in enumerate(slot.tolist()):
        person = timetable.people[pair, 0]
        for far in np.flatnonzero(timetable.holder[person] < 0):
            there = slot.copy()
            there[pair] = far
            whole = days.cost[breaks_of(problem, there)][person] - before[person]
            assert dearer(timetable.holder, days.waits_held, days.cost, person, near, int(far)) == whole
