from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.synthetic_fairs import Availability, FairSize, synthetic_fair
from matching.meetings.hindrances import Change, Clash, Finding, Mend
from matching.meetings.planner import plan_meetings, shortfalls
from matching.meetings.preflight import preflight
from tests.matching.meetings.fairs import plain_fair

FAIR = plain_fair(2, 3, slots=4, tables=3)
"""Buyers 0 and 1, exhibitors 2, 3 and 4."""


def closed(rows: list[int], slots: list[int]) -> np.ndarray:
    available = FAIR.available.copy()
    available[np.ix_(rows, slots)] = False
    return available


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1
    return findings[0]


def test_fair_that_can_work_has_no_finding() -> None:
    assert preflight(replace(FAIR, minimum=np.array([3, 3, 2, 2, 2]))) == []


def test_minimum_above_free_slots_is_found_and_the_slots_to_open_are_named() -> None:
    fair = replace(FAIR, minimum=np.array([3, 0, 0, 0, 0]), available=closed([0], [1, 2]))
    finding = only(preflight(fair))
    assert (finding.clash, finding.participants, finding.needed, finding.there) == (Clash.MINIMUM_SLOTS, (0,), 3, 2)
    assert Mend(Change.OPEN_SLOT, (0,), slot=1) in finding.mends
    assert Mend(Change.LOWER_MINIMUM, (0,), number=2) in finding.mends


def test_minimum_above_compatible_partners_is_found_and_the_ban_to_lift_is_named() -> None:
    kept = ~((FAIR.first == 1) & (FAIR.second == 2))
    fair = replace(
        FAIR,
        **{name: getattr(FAIR, name)[kept] for name in ("first", "second", "score", "required", "length", "fixed")},
        interpreter=FAIR.interpreter[kept],
        exclusive=FAIR.exclusive[kept],
        minimum=np.array([0, 0, 2, 0, 0]),
    )
    finding = only(preflight(fair, forbidden=np.array([[1, 2]])))
    assert (finding.clash, finding.participants, finding.needed, finding.there) == (Clash.MINIMUM_PAIRS, (2,), 2, 1)
    assert Mend(Change.LIFT_BAN, (1, 2)) in finding.mends


def test_required_pair_without_common_slot_is_found_and_either_could_open_one() -> None:
    available = closed([0], [0, 1]) & closed([2], [2, 3])
    fair = replace(FAIR, available=available, required=(FAIR.first == 0) & (FAIR.second == 2))
    finding = only(preflight(fair))
    assert (finding.clash, finding.participants) == (Clash.REQUIRED_SLOT, (0, 2))
    assert {(mend.participants, mend.slot) for mend in finding.mends[:-1]} == {
        ((0,), 0),
        ((0,), 1),
        ((2,), 2),
        ((2,), 3),
    }


def test_required_pairs_above_a_maximum_are_found() -> None:
    fair = replace(FAIR, required=FAIR.first == 0, maximum=np.array([2, 4, 4, 4, 4]))
    finding = only(preflight(fair))
    assert (finding.clash, finding.participants, finding.needed, finding.there) == (Clash.REQUIRED_MAXIMUM, (0,), 3, 2)
    assert finding.mends == (Mend(Change.RAISE_MAXIMUM, (0,), number=3),)


def test_required_pairs_that_exclude_one_another_are_found() -> None:
    fair = replace(FAIR, required=FAIR.first == 0, exclusive=np.where(FAIR.first == 0, 0, -1))
    assert only(preflight(fair)).clash == Clash.REQUIRED_EXCLUSIVE


def test_too_few_tables_for_all_promises_are_counted() -> None:
    fair = replace(FAIR, tables=np.ones(4, np.int64), minimum=np.array([0, 0, 2, 2, 2]))
    finding = only(preflight(fair))
    assert (finding.clash, finding.needed, finding.there) == (Clash.TABLES, 6, 4)
    assert finding.mends == (Mend(Change.ADD_TABLES, number=2),)


def test_minima_that_block_one_another_are_named_without_bystanders() -> None:
    fair = replace(FAIR, minimum=np.array([0, 0, 1, 1, 1]), available=closed([2, 3, 4], [1, 2, 3]))
    finding = only(preflight(fair))
    assert (finding.clash, finding.participants) == (Clash.TOGETHER, (2, 3, 4))
    assert (finding.needed, finding.there) == (3, 2)
    assert Mend(Change.OPEN_SLOT, (2,), slot=1) in finding.mends
    fewer = preflight(replace(fair, minimum=np.array([0, 0, 1, 1, 0])))
    assert fewer == []


def test_every_change_named_as_a_mend_does_mend() -> None:
    fair = replace(FAIR, minimum=np.array([0, 0, 1, 1, 1]), maximum=np.array([1, 1, 4, 4, 4]))
    mends = only(preflight(fair)).mends
    assert Mend(Change.RAISE_MAXIMUM, (0,), number=2) in mends
    assert preflight(replace(fair, maximum=np.array([2, 1, 4, 4, 4]))) == []


def test_promises_broken_by_the_plan_of_a_hard_fair_were_foretold() -> None:
    fair = synthetic_fair(FairSize(10, 26, 8, 8), Availability.HARD, seed=3)
    assert shortfalls(fair, plan_meetings(fair, seed=0, rounds=10)).sum() > 0
    assert preflight(fair)
