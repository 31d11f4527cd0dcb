from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.meetings.checker import Rule, violations
from matching.meetings.places import seat, stand_second, table_changes
from matching.meetings.problem import NONE, MeetingPlan
from matching.meetings.selection import select
from matching.meetings.slots import place_all
from tests.matching.meetings.fairs import plain_fair, plan_of, random_fair

TABLES = {Rule.TABLES, Rule.TABLE_USE}


@given(seed=st.integers(0, 10**6), rare_rules=st.booleans())
@settings(max_examples=40)
def test_every_meeting_has_a_table_of_its_own_and_kept_ones_keep_theirs(seed: int, rare_rules: bool) -> None:
    fair = random_fair(seed, rare_rules=rare_rules)
    slot, _ = place_all(fair, select(fair).chosen, seed=seed, rounds=200)
    table = seat(fair, slot, seed=seed)
    assert not TABLES & {found.rule for found in violations(fair, MeetingPlan(slot, table, np.inf))}
    again = seat(fair, slot, kept=table, seed=seed + 1)
    assert (again == table).all()


def test_exhibitors_keep_their_tables_and_buyers_walk() -> None:
    fair = plain_fair(3, 3, 6, 3)
    days = {
        (buyer, 3 + stand): ((buyer + stand) % 3 + 3 * (buyer % 2), stand) for buyer in range(3) for stand in range(3)
    }
    slot = plan_of(fair, days).slot
    table = seat(fair, slot)
    assert table_changes(fair, slot, table, stand_second(fair)) == 0


def test_table_changes_count_each_meeting_that_is_elsewhere_than_the_one_before() -> None:
    fair = plain_fair(3, 1, 6, 2)
    plan = plan_of(fair, {(0, 3): (0, 0), (1, 3): (2, 1), (2, 3): (5, 0)})
    assert table_changes(fair, plan.slot, plan.table, stand_second(fair)) == 2
    assert table_changes(fair, plan.slot, plan.table, ~stand_second(fair)) == 0


def test_table_that_is_gone_is_given_up_and_one_at_a_booth_has_none() -> None:
    fair = plain_fair(2, 2, 2, 2)
    fair = replace(fair, tables=np.array([1, 2]), booth=np.array([False, False, False, True]))
    slot = plan_of(fair, {(0, 2): (0, 0), (1, 2): (1, 0), (1, 3): (0, 0)}).slot
    table = seat(fair, slot, kept=np.where(slot != NONE, 1, NONE))
    assert table.tolist() == [0, NONE, 1, NONE]
