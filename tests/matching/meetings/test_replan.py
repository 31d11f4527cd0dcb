from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from matching.meetings.checker import Rule, violations
from matching.meetings.planner import plan_meetings
from matching.meetings.problem import NONE, MeetingPlan, MeetingProblem
from matching.meetings.replan import Place, Why, extended, replan
from tests.matching.meetings.fairs import plain_fair, plan_of, random_fair

PROMISES = {Rule.MINIMUM, Rule.REQUIRED}


def changed(fair: MeetingProblem, rng: np.random.Generator) -> MeetingProblem:
    """The fair after someone cancelled, hours changed, and a table was closed."""
    available = fair.available & (rng.random(fair.available.shape) < 0.9)
    available[rng.integers(len(available))] = False
    tables = np.maximum(fair.tables - (rng.random(len(fair.tables)) < 0.3), 0)
    return replace(fair, available=available, tables=tables)


@given(seed=st.integers(0, 10**6), rare_rules=st.booleans(), fill=st.booleans(), moves=st.integers(0, 3))
@settings(max_examples=60)
def test_new_plan_keeps_every_rule_and_reports_all_that_differs(
    seed: int, rare_rules: bool, fill: bool, moves: int
) -> None:
    rng = np.random.default_rng(seed)
    fair = random_fair(seed, rare_rules=rare_rules)
    old = plan_meetings(fair, seed=0)
    off = rng.random(len(old.slot)) < 0.1
    now = changed(fair, rng)
    found = replan(now, old, called_off=off, fill=fill, moves=moves)
    assert {broken.rule for broken in violations(now, found.plan)} <= PROMISES
    differs = (old.slot != found.plan.slot) | (old.table != found.plan.table)
    assert [change.pair for change in found.changes] == np.flatnonzero(differs).tolist()
    assert not ((found.plan.slot != NONE) & off).any()
    kept_by_chains = {change.why for change in found.changes} if moves == 0 else set()
    assert Why.MADE_WAY not in kept_by_chains
    assert fill or not any(change.why is Why.FILLED for change in found.changes)


@given(seed=st.integers(0, 10**6))
@example(seed=918198)  # a fixed pair and another, both required, stand in each other's way
@settings(max_examples=20)
def test_fair_that_has_not_changed_keeps_its_plan(seed: int) -> None:
    fair = random_fair(seed, rare_rules=True)
    old = plan_meetings(fair, seed=0)
    found = replan(fair, old)
    assert found.changes == ()
    assert (found.plan.table == old.table).all()


def three_meetings() -> tuple[MeetingProblem, MeetingPlan]:
    """Two buyers, two exhibitors, two slots of one half-day, two tables; buyer 1 has not met exhibitor 2."""
    fair = replace(plain_fair(2, 2, 2, 2), half_day=np.zeros(2, np.int64))
    return fair, plan_of(fair, {(0, 2): (0, 0), (0, 3): (1, 1), (1, 3): (0, 1)})


def test_meetings_of_one_who_cancels_are_dropped_by_name_and_nobody_moves() -> None:
    fair, old = three_meetings()
    gone = fair.available.copy()
    gone[3] = False
    found = replan(replace(fair, available=gone), old)
    assert [(change.participants, change.was, change.now, change.why) for change in found.changes] == [
        ((0, 3), Place(1, 1), None, Why.ABSENT),
        ((1, 3), Place(0, 1), None, Why.ABSENT),
    ]
    assert found.affected == (0, 1, 3)


def test_freed_slots_are_filled_only_where_asked() -> None:
    fair, old = three_meetings()
    off = (fair.first == 0) & (fair.second == 3)
    assert {change.why for change in replan(fair, old, called_off=off).changes} == {Why.CALLED_OFF}
    filled = replan(fair, old, called_off=off, fill=True).changes
    assert [(change.participants, change.now, change.why) for change in filled] == [
        ((0, 3), None, Why.CALLED_OFF),
        ((1, 2), Place(1, 0), Why.FILLED),
    ]


def test_meeting_without_its_table_goes_to_a_free_slot() -> None:
    fair, old = three_meetings()
    fair = replace(fair, score=np.array([1.0, 1.0, 1.0, 0.5]), tables=np.array([1, 2]), half_day=np.zeros(2, np.int64))
    found = replan(fair, old)
    assert [(change.participants, change.was, change.now, change.why) for change in found.changes] == [
        ((1, 3), Place(0, 1), None, Why.NO_TABLE)
    ]
    longer = replace(plain_fair(2, 2, 3, 2), tables=np.array([1, 2, 1]), half_day=np.zeros(3, np.int64))
    wider = replace(longer, score=fair.score)
    assert [change.now for change in replan(wider, old).changes] == [Place(2, 0)]


def test_newly_locked_meeting_pushes_out_the_one_in_its_way() -> None:
    fair, old = three_meetings()
    locked = replace(fair, fixed=np.array([1, NONE, NONE, NONE]))
    found = {change.participants: change for change in replan(locked, old).changes}
    assert found[0, 2].now == Place(1, 0)
    assert found[0, 2].why is Why.LOCKED
    assert found[0, 3].was == Place(1, 1)
    assert found[0, 3].why is Why.BUSY


def test_another_meeting_makes_way_only_where_moves_are_allowed() -> None:
    fair = replace(plain_fair(2, 2, 2, 2), half_day=np.zeros(2, np.int64), maximum=np.array([2, 2, 0, 2]))
    old = plan_of(fair, {(0, 3): (0, 0)})
    hours = fair.available.copy()
    hours[1, 1] = False
    early = replace(fair, available=hours)
    assert replan(early, old, fill=True).changes == ()
    assert {(change.participants, change.why) for change in replan(early, old, fill=True, moves=1).changes} == {
        ((0, 3), Why.MADE_WAY),
        ((1, 3), Why.FILLED),
    }


def test_late_arrival_stands_behind_the_rows_of_the_old_plan() -> None:
    fair, old = three_meetings()
    shorter = MeetingPlan(old.slot[:3], old.table[:3], old.bound)
    assert extended(shorter, 4).slot.tolist() == [*old.slot[:3].tolist(), NONE]
    assert replan(fair, shorter).plan.slot[:3].tolist() == old.slot[:3].tolist()


def test_participants_left_with_fewer_meetings_than_promised_are_named() -> None:
    fair, old = three_meetings()
    promised = replace(fair, minimum=np.array([2, 0, 0, 2]))
    off = (fair.first == 1) & (fair.second == 3)
    assert replan(promised, old, called_off=off).short == (3,)
