from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.synthetic_fairs import Availability, FairSize, synthetic_fair
from matching.meetings.checker import PROMISES, violations
from matching.meetings.forcing import force
from matching.meetings.ledger import ledger_of, take_back
from matching.meetings.places import seat
from matching.meetings.problem import NONE, Flags, MeetingPlan, MeetingProblem
from matching.meetings.relaxation import Relaxation, nearly_best, relax, rounded_plan
from matching.meetings.selection import degrees, penalties
from matching.meetings.starts import possible_starts
from matching.meetings.timetable import timetable_of
from matching.meetings.trades import DEPTH, trade
from matching.meetings.windows import worth
from tests.matching.meetings.fairs import best_worth, random_fair

HARD = synthetic_fair(FairSize(60, 100, 12, 35), Availability.HARD, seed=2)


def relaxed(fair: MeetingProblem) -> tuple[Relaxation, Flags]:
    relaxation = relax(fair, steps=1_000)
    return relaxation, nearly_best(relaxation, 0.02 * float(fair.score.max(initial=0.0)))


@given(seed=st.integers(0, 10**6), rare_rules=st.booleans())
@settings(max_examples=40, deadline=None)
def test_traded_plan_keeps_every_rule_and_is_worth_no_less_nor_more_than_the_best(seed: int, rare_rules: bool) -> None:
    fair = random_fair(seed, rare_rules=rare_rules)
    relaxation, _ = relaxed(fair)
    before = rounded_plan(fair, relaxation)
    after = trade(fair, before, relaxation, possible_starts(fair), seed=seed, moves=4_000)
    plan = MeetingPlan(after, seat(fair, after), relaxation.bound)
    assert {violation.rule for violation in violations(fair, plan)} <= PROMISES
    assert worth(fair, before) <= worth(fair, after) <= best_worth(fair, *penalties(fair)) + 1e-4


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_train_that_is_taken_back_leaves_plan_and_counts_as_they_were(seed: int) -> None:
    fair = random_fair(seed, rare_rules=True)
    relaxation, _ = relaxed(fair)
    slot, possible = rounded_plan(fair, relaxation), possible_starts(fair)
    timetable, ledger = timetable_of(fair, slot), ledger_of(fair, slot, relaxation, possible, depth=DEPTH)
    holder = timetable.holder.copy()
    for pair, start in np.argwhere(possible):
        if timetable.slot[pair] != start:
            ledger.counts[:] = 0
            _, gain = force(timetable, ledger, np.array([seed + 1]), int(pair), int(start))
            assert gain == pytest.approx(worth(fair, timetable.slot) - worth(fair, slot), abs=1e-6)
            take_back(timetable, ledger, 0)
        assert (timetable.slot == slot).all()
        assert (timetable.holder == holder).all()
        assert (ledger.meetings == degrees(fair, slot != NONE)).all()


def test_trades_come_near_the_bound_from_a_rounded_plan_of_a_fair_with_narrow_hours() -> None:
    relaxation, candidates = relaxed(HARD)
    before = rounded_plan(HARD, relaxation)
    after = trade(HARD, before, relaxation, candidates, seed=0, moves=500_000)
    assert worth(HARD, before) < 0.99 * relaxation.bound < worth(HARD, after)
    assert violations(HARD, MeetingPlan(after, seat(HARD, after), relaxation.bound)) == []


def test_trades_are_the_same_for_the_same_seed_and_moves() -> None:
    relaxation, candidates = relaxed(HARD)
    slot = rounded_plan(HARD, relaxation)
    one, other = (trade(HARD, slot, relaxation, candidates, seed=4, moves=60_000) for _ in range(2))
    assert (one == other).all()


def test_bound_of_columns_that_rest_counts_all_of_them() -> None:
    bounds = [relax(HARD, steps=steps).bound for steps in (200, 1_000, 4_000)]
    assert bounds == sorted(bounds, reverse=True)
    relaxation, candidates = relaxed(HARD)
    slot = trade(HARD, rounded_plan(HARD, relaxation), relaxation, candidates, seed=0, moves=200_000)
    assert worth(HARD, slot) <= bounds[-1]
