from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.synthetic_fairs import Availability, FairSize, synthetic_fair
from matching.meetings import planner
from matching.meetings.checker import PROMISES, violations
from matching.meetings.planner import broken_price, plan_meetings, planned_with_slots
from matching.meetings.problem import NONE
from matching.meetings.selection import penalties
from matching.meetings.windows import worth
from tests.matching.meetings.fairs import best_worth, plain_fair, random_fair


@given(seed=st.integers(0, 10**6), rare_rules=st.booleans())
@example(seed=324_701, rare_rules=True)  # slots break a promise that the selection could keep
@settings(max_examples=60)
def test_plan_of_a_small_fair_is_as_good_as_the_exact_programme_and_keeps_every_rule(
    seed: int, rare_rules: bool
) -> None:
    fair = random_fair(seed, rare_rules=rare_rules)
    plan = plan_meetings(fair, seed=0)
    best = best_worth(fair, *penalties(fair))
    assert {violation.rule for violation in violations(fair, plan)} <= PROMISES
    assert worth(fair, plan.slot) == pytest.approx(best, abs=1e-4)
    assert best + broken_price(fair, plan.slot) <= plan.bound + 1e-4
    assert plan.bound <= plan.selection_bound + 1e-6


@given(seed=st.integers(0, 10**6))
@settings(max_examples=15)
def test_search_by_windows_keeps_every_rule_and_stays_below_its_bound(seed: int) -> None:
    fair = random_fair(seed, rare_rules=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planner, "WHOLE_COLUMNS", -1)
        slot, bound = planned_with_slots(fair, np.full(len(fair.first), NONE), seed=seed, rounds=4, until=np.inf)
    plan = planner.MeetingPlan(slot, planner.seat(fair, slot), bound)
    assert {violation.rule for violation in violations(fair, plan)} <= PROMISES
    assert best_worth(fair, *penalties(fair)) <= bound + 1e-4


@pytest.mark.parametrize("availability", Availability)
def test_synthetic_fair_is_planned_to_the_bound_with_every_promise_kept(availability: Availability) -> None:
    fair = synthetic_fair(FairSize(30, 40, 12, 18), availability, seed=3)
    plan = plan_meetings(fair, seed=1)
    assert violations(fair, plan) == []
    assert fair.score[plan.slot != NONE].sum() == pytest.approx(plan.bound, rel=1e-5)


def test_plan_is_the_same_for_the_same_seed_and_rounds() -> None:
    fair = synthetic_fair(FairSize(30, 60, 12, 18), Availability.HARD, seed=4)
    one, other = (plan_meetings(fair, seed=5, rounds=3) for _ in range(2))
    assert (one.slot == other.slot).all()


def test_fair_without_candidate_pairs_has_an_empty_plan() -> None:
    plan = plan_meetings(plain_fair(0, 3, 4, 2), seed=0)
    assert len(plan.slot) == 0
