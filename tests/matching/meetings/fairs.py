"""Small fairs for tests, and the obvious programme that plans them to the last point."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from matching.meetings.problem import NONE, MeetingPlan, MeetingProblem


def plain_fair(buyers: int, exhibitors: int, slots: int, tables: int) -> MeetingProblem:
    """Everybody may meet everybody of the other side at any time, for the same score."""
    first, second = (side.ravel() for side in np.indices((buyers, exhibitors)))
    n, m = buyers + exhibitors, buyers * exhibitors
    return MeetingProblem(
        available=np.ones((n, slots), bool),
        minimum=np.zeros(n, np.int64),
        maximum=np.full(n, slots),
        first=first,
        second=second + buyers,
        score=np.ones(m),
        required=np.zeros(m, bool),
        half_day=np.arange(slots) * 2 // slots,
        tables=np.full(slots, tables),
        booth=np.zeros(n, bool),
        person=np.arange(n),
        length=np.ones(m, np.int64),
        fixed=np.full(m, NONE),
        interpreter=np.full(m, NONE),
        interpreters=np.zeros((0, slots), np.int64),
        exclusive=np.full(m, NONE),
    )


def random_fair(seed: int, *, rare_rules: bool) -> MeetingProblem:
    """A fair of a dozen; with rare rules, some pairs are long, fixed, interpreted, ordered or exclusive."""
    rng = np.random.default_rng(seed)
    buyers, exhibitors, slots = (int(rng.integers(low, high)) for low, high in ((2, 6), (2, 7), (2, 7)))
    fair = plain_fair(buyers, exhibitors, slots, int(rng.integers(1, 5)))
    n, m = len(fair.minimum), len(fair.first)
    fair = replace(
        fair,
        available=rng.random((n, slots)) < rng.choice([0.6, 0.9]),
        minimum=rng.integers(0, 2, n),
        maximum=rng.integers(1, slots + 1, n),
        score=rng.uniform(0.1, 1, m).round(3),
        required=rng.random(m) < 0.05,
    )
    return with_rare_rules(fair, rng) if rare_rules else fair


def with_rare_rules(fair: MeetingProblem, rng: np.random.Generator) -> MeetingProblem:
    """Add every rule that few fairs know."""
    n, (m, slots) = len(fair.minimum), (len(fair.first), len(fair.half_day))
    any_to_any = rng.random() < 0.3
    ends = np.array(list(combinations(range(n), 2)))[rng.permutation(n * (n - 1) // 2)[:m]] if any_to_any else None
    return replace(
        fair,
        first=fair.first if ends is None else ends[:, 0],
        second=fair.second if ends is None else ends[:, 1],
        booth=rng.random(n) < 0.2,
        person=np.where(rng.random(n) < 0.2, 0, np.arange(n)),
        length=1 + (rng.random(m) < 0.2).astype(np.int64),
        fixed=np.where(rng.random(m) < 0.1, rng.integers(0, slots, m), NONE),
        interpreter=np.where(rng.random(m) < 0.3, 0, NONE),
        interpreters=rng.integers(0, 2, (1, slots)),
        exclusive=np.where(rng.random(m) < 0.3, rng.integers(0, 3, m), NONE),
        before=np.array([rng.permutation(m)[:2] for _ in range(rng.integers(0, 4))], np.int64).reshape(-1, 2),
    )


def best_worth(fair: MeetingProblem, promise: float, duty: float) -> float:
    """Highest score less what broken promises cost: a variable for each pair and slot, rules written one by one."""
    starts = [
        (pair, slot) for pair in range(len(fair.first)) for slot in range(len(fair.half_day)) if may(fair, pair, slot)
    ]
    n, owed = len(fair.minimum), np.flatnonzero(fair.required)
    rows, low, high = [], [], []

    def rule(members: list[bool], lowest: float, highest: float, slack: int | None = None) -> None:
        row = np.zeros(len(starts) + n + len(owed))
        row[: len(starts)] = members
        if slack is not None:
            row[len(starts) + slack] = 1
        rows.append(row), low.append(lowest), high.append(highest)

    def runs(pair: int, start: int, slot: int) -> bool:
        return start <= slot < start + fair.length[pair]

    ends = [{int(fair.first[pair]), int(fair.second[pair])} for pair in range(len(fair.first))]
    for pair in range(len(fair.first)):
        rule([pair == other for other, _ in starts], -np.inf, 1)
    for one in range(n):
        rule([one in ends[pair] for pair, _ in starts], -np.inf, fair.maximum[one])
        rule([one in ends[pair] for pair, _ in starts], fair.minimum[one], np.inf, one)
    for place, pair in enumerate(owed):
        rule([pair == other for other, _ in starts], 1, np.inf, n + place)
    for group in set(fair.exclusive.tolist()) - {NONE}:
        rule([fair.exclusive[pair] == group for pair, _ in starts], -np.inf, 1)
    for slot in range(len(fair.half_day)):
        for person in set(fair.person.tolist()):
            served = [
                any(fair.person[end] == person for end in ends[pair]) and runs(pair, at, slot) for pair, at in starts
            ]
            rule(served, -np.inf, 1)
        rule([runs(p, at, slot) and not any(fair.booth[list(ends[p])]) for p, at in starts], -np.inf, fair.tables[slot])
        for pool in range(len(fair.interpreters)):
            busy = [runs(pair, at, slot) and fair.interpreter[pair] == pool for pair, at in starts]
            rule(busy, -np.inf, fair.interpreters[pool, slot])
    for early, late in fair.before.tolist():
        for one, (pair, at) in enumerate(starts):
            for other, (second, begins) in enumerate(starts):
                if pair == early and second == late and begins < at + fair.length[pair]:
                    rule([place in {one, other} for place in range(len(starts))], -np.inf, 1 if one != other else 0)
    cost = np.concatenate([[-fair.score[pair] for pair, _ in starts], np.full(n, promise), np.full(len(owed), duty)])
    most = np.concatenate([np.ones(len(starts)), fair.minimum, np.ones(len(owed))])
    rules = LinearConstraint(np.array(rows), low, high)
    return -milp(
        cost, constraints=rules, bounds=Bounds(0, most), integrality=np.ones(len(cost)), options={"mip_rel_gap": 0}
    ).fun


def may(fair: MeetingProblem, pair: int, start: int) -> bool:
    """Whether the pair could begin there if it were alone."""
    slots = range(start, start + int(fair.length[pair]))
    if slots[-1] >= len(fair.half_day) or len({fair.half_day[slot] for slot in slots}) > 1:
        return False
    one, other = fair.first[pair], fair.second[pair]
    free = all(fair.available[one, slot] and fair.available[other, slot] for slot in slots)
    return bool(free and fair.person[one] != fair.person[other] and fair.fixed[pair] in {NONE, start})


def plan_of(fair: MeetingProblem, meetings: dict[tuple[int, int], tuple[int, int]]) -> MeetingPlan:
    """The plan that holds the pair of two participants in a slot, at a table."""
    slot, table = np.full(len(fair.first), NONE), np.full(len(fair.first), NONE)
    for (one, other), (at, seat) in meetings.items():
        pair = np.flatnonzero((fair.first == one) & (fair.second == other))[0]
        slot[pair], table[pair] = at, seat
    return MeetingPlan(slot, table, np.inf)
