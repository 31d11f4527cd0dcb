from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.synthetic_fairs import Availability, FairSize, synthetic_fair
from matching.meetings.annealing import anneal
from matching.meetings.checker import Rule, violations
from matching.meetings.idle import HEATS, idle_slots, shorten_waits, waiting_days
from matching.meetings.places import seat
from matching.meetings.problem import NONE, MeetingPlan, MeetingProblem, Numbers
from matching.meetings.selection import select
from matching.meetings.slots import place_all
from matching.meetings.timetable import empty_timetable
from tests.matching.meetings.fairs import plain_fair, plan_of, random_fair

PROMISES = {Rule.MINIMUM, Rule.REQUIRED}


def waits_one_by_one(fair: MeetingProblem, slot: Numbers) -> list[int]:
    """Slots that each person waits, looked up slot by slot."""
    waits = []
    for person in range(int(fair.person.max()) + 1):
        mine = [pair for pair in range(len(slot)) if person in fair.person[[fair.first[pair], fair.second[pair]]]]
        busy = {s for pair in mine if slot[pair] != NONE for s in range(slot[pair], slot[pair] + fair.length[pair])}
        there = fair.available[fair.person == person].any(axis=0)
        count = 0
        for part in set(fair.half_day.tolist()):
            met = [s for s in busy if fair.half_day[s] == part]
            count += sum(there[s] and s not in busy for s in range(min(met), max(met))) if met else 0
        waits.append(count)
    return waits


def coloured(fair: MeetingProblem, seed: int) -> Numbers:
    """Some plan that keeps every rule of the fair but its promises."""
    return place_all(fair, select(fair).chosen, seed=seed, rounds=200)[0]


@given(seed=st.integers(0, 10**6), rare_rules=st.booleans())
@settings(max_examples=40)
def test_same_pairs_meet_by_the_same_rules_and_wait_no_more(seed: int, rare_rules: bool) -> None:
    fair = random_fair(seed, rare_rules=rare_rules)
    slot = coloured(fair, seed)
    days = waiting_days(fair)
    after, (cost_before, cost_after) = anneal(empty_timetable(fair), slot, days, seed=seed, moves=2_000, heats=HEATS)
    waits = idle_slots(fair, after)
    assert ((after == NONE) == (slot == NONE)).all()
    assert {found.rule for found in violations(fair, MeetingPlan(after, seat(fair, after), np.inf))} <= PROMISES
    assert waits.tolist() == waits_one_by_one(fair, after)
    assert days.cost[waits].sum() == cost_after <= cost_before == days.cost[idle_slots(fair, slot)].sum()


def test_search_is_the_same_for_the_same_seed_and_moves() -> None:
    fair = synthetic_fair(FairSize(30, 60, 12, 18), Availability.NORMAL, seed=2)
    slot = coloured(fair, seed=0)
    one, other = (shorten_waits(fair, slot, seed=3, moves=70_000) for _ in range(2))
    assert (one == other).all()
    assert idle_slots(fair, one).sum() < idle_slots(fair, slot).sum() / 4


def test_search_out_of_time_gives_back_the_plan_as_it_was() -> None:
    fair = synthetic_fair(FairSize(10, 20, 8, 6), Availability.NORMAL, seed=2)
    slot = coloured(fair, seed=0)
    assert (shorten_waits(fair, slot, seed=0, until=0.0) == slot).all()


def test_wait_ends_where_tables_are_full_and_two_chains_have_to_turn_together() -> None:
    fair = plain_fair(2, 2, 3, 1)
    fair = replace(fair, half_day=np.zeros(3, np.int64))
    slot = plan_of(fair, {(0, 2): (0, 0), (1, 3): (1, 0), (0, 3): (2, 0)}).slot
    assert idle_slots(fair, slot).tolist() == [1, 0, 0, 0]
    assert idle_slots(fair, shorten_waits(fair, slot, seed=0, moves=2_000)).sum() == 0


def test_nobody_waits_while_away() -> None:
    fair = plain_fair(1, 2, 6, 2)
    slot = plan_of(fair, {(0, 1): (0, 0), (0, 2): (2, 0)}).slot
    away = fair.available.copy()
    away[0, 1] = False
    assert idle_slots(fair, slot)[0] == 1
    assert idle_slots(replace(fair, available=away), slot)[0] == 0


def test_fixed_meeting_is_left_where_it_is() -> None:
    fair = plain_fair(1, 2, 6, 2)
    plan = plan_of(fair, {(0, 1): (0, 0), (0, 2): (2, 0)})
    after = shorten_waits(replace(fair, fixed=np.array([0, NONE])), plan.slot, seed=0, moves=1_000)
    assert after[0] == 0
    assert idle_slots(fair, after).sum() == 0
