from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.meetings.checker import Rule, violations
from matching.meetings.exact import Choice, best_choice
from matching.meetings.filling import filled, free_starts, rehoused
from matching.meetings.planner import plan_meetings
from matching.meetings.problem import NONE, MeetingPlan, MeetingProblem, Numbers
from tests.matching.meetings.fairs import plain_fair, plan_of, random_fair

PROMISES = {Rule.MINIMUM, Rule.REQUIRED, Rule.TABLE_USE, Rule.FIXED}
"""Rules that say nothing of where those who stay are; tables are given later."""


def standing(fair: MeetingProblem, seed: int, share: float) -> tuple[Numbers, Numbers]:
    """Slots of a plan of which some meetings stay, and the slots that the others had."""
    plan = plan_meetings(fair, seed=0).slot
    stays = np.where(np.random.default_rng(seed).random(len(plan)) < share, plan, NONE)
    return stays, np.where(stays == NONE, plan, NONE)


def most_rehoused(fair: MeetingProblem, stays: Numbers, was: Numbers) -> int:
    """The same by trying every way to give the homeless slots."""
    homeless = np.flatnonzero(was != NONE)
    most = 0
    for slots in product(range(NONE, len(fair.half_day)), repeat=len(homeless)):
        slot = stays.copy()
        slot[homeless] = slots
        plan = MeetingPlan(slot, np.full(len(slot), NONE), np.inf)
        if {one.rule for one in violations(fair, plan)} <= PROMISES:
            most = max(most, int((slot[homeless] != NONE).sum()))
    return most


@given(seed=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_as_many_homeless_meetings_are_held_as_trying_every_way_finds(seed: int) -> None:
    fair = random_fair(seed, rare_rules=False)
    stays, was = standing(fair, seed, 0.6)
    was[np.flatnonzero(was != NONE)[3:]] = NONE
    tables = fair.tables.copy()
    tables[seed % len(tables)] = 0
    now = replace(fair, tables=np.maximum(tables, np.bincount(stays[stays != NONE], minlength=len(tables))))
    found = rehoused(now, stays, was)
    assert (found[stays != NONE] == stays[stays != NONE]).all()
    assert np.sum(found[was != NONE] != NONE) == most_rehoused(now, stays, was)


def test_two_who_want_the_same_slot_both_find_one_where_each_alone_could_take_it() -> None:
    """The first to choose would take slot 1, the only one that is left to the other."""
    fair = replace(plain_fair(2, 2, 3, 1), half_day=np.zeros(3, np.int64))
    hours = fair.available.copy()
    hours[1] = [False, True, False]
    fair = replace(fair, available=hours, score=np.array([1.0, 1.0, 1.0, 0.5]), tables=np.array([0, 1, 1]))
    was = plan_of(fair, {(0, 2): (0, 0), (1, 3): (0, 1)}).slot
    found = rehoused(fair, np.full(4, NONE), was)
    assert {(int(pair), int(found[pair])) for pair in np.flatnonzero(found != NONE)} == {(0, 2), (3, 1)}


def test_a_homeless_meeting_takes_the_nearest_slot() -> None:
    fair = replace(plain_fair(1, 1, 6, 1), half_day=np.zeros(6, np.int64), tables=np.array([1, 0, 0, 0, 1, 1]))
    assert rehoused(fair, np.array([NONE]), np.array([3])).tolist() == [4]


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_filling_moves_nobody_breaks_no_rule_and_no_way_to_fill_exceeds_its_bound(seed: int) -> None:
    fair = random_fair(seed, rare_rules=True)
    stays, _ = standing(fair, seed, 0.5)
    found = filled(fair, stays, np.ones(len(stays), bool))
    assert (found.slot[stays != NONE] == stays[stays != NONE]).all()
    plan = MeetingPlan(found.slot, np.full(len(stays), NONE), np.inf)
    assert {one.rule for one in violations(fair, plan)} <= PROMISES
    everything = Choice(*np.nonzero(free_starts(fair, stays)))
    best = best_choice(fair, stays, everything, node_limit=10_000, gap=0, seconds=60).slot
    assert fair.score[found.slot != NONE].sum() <= found.bound + 1e-6
    if not (fair.minimum.any() or fair.required.any()):
        assert fair.score[best != NONE].sum() <= found.bound + 1e-6


def test_free_places_go_to_the_best_pairs_that_are_allowed() -> None:
    fair = replace(plain_fair(1, 3, 2, 1), score=np.array([1.0, 0.5, 0.75]))
    allowed = np.array([False, True, True])
    found = filled(fair, np.full(3, NONE), allowed)
    assert (found.slot != NONE).tolist() == [False, True, True]
    assert found.bound == pytest.approx(1.25)
