"""Large-neighbourhood search: some slots, or some people's whole fair, are planned anew while all else stays."""

from __future__ import annotations

from time import monotonic

import numpy as np

from matching.meetings.exact import Choice, best_choice
from matching.meetings.problem import NONE, Flags, Floats, MeetingProblem, Numbers
from matching.meetings.selection import degrees, penalties
from matching.meetings.starts import needs_table

PEOPLE_COLUMNS = 4_000
SLOT_COLUMNS = 1_500
"""Columns of one window at most: enough to find what pays, few enough to be solved within a second."""
LARGEST_PART = 1 / 3
"""Share of all candidates that one window holds at most."""
SMALLER, LARGER = 0.7, 1.1
"""A window that was not solved to its optimum makes the next ones smaller; one that was lets them grow again."""
SLOT_WINDOW_EVERY = 4
"""Windows of people gain more in less time; one of slots in between finds what they cannot."""
NODES = 20
"""Branches that one window is given: a count, where a clock would let a busy machine change the plan."""


def worth(problem: MeetingProblem, slot: Numbers) -> float:
    """Score of a plan less the price of every promise and required pair that it breaks."""
    promise, duty = penalties(problem)
    held = slot != NONE
    lacking = np.maximum(problem.minimum - degrees(problem, held), 0).sum()
    return float(problem.score[held].sum() - promise * lacking - duty * (problem.required & ~held).sum())


def search_windows(
    problem: MeetingProblem,
    slot: Numbers,
    candidates: Flags,
    loss: Floats,
    *,
    seed: int,
    rounds: int,
    until: float = np.inf,
    target: float = np.inf,
) -> Numbers:
    """Plan one window after another anew and keep every change for the better.

    slot       : int64 (m,), a plan that breaks no rule.
    candidates : bool (m, s), starts worth a thought.
    loss       : float64 (n,), where the plan is suspected to lose; whoever loses more is planned anew more often.
    rounds     : windows tried at most; the search ends before at the target, a worth that cannot be passed.
    until      : reading of time.monotonic at which the search stops; where it never does, seed and rounds decide all.
    returns    : int64 (m,), a plan worth as much or more.
    """
    random = np.random.default_rng(seed)
    value, size = worth(problem, slot), 1.0
    for number in range(rounds):
        left = until - monotonic()
        if value >= target or left <= 0:
            break
        slots_next = number % SLOT_WINDOW_EVERY == SLOT_WINDOW_EVERY - 1
        columns = int(size * min(SLOT_COLUMNS if slots_next else PEOPLE_COLUMNS, LARGEST_PART * candidates.sum()))
        if slots_next:
            stays, choice = slot_window(problem, slot, candidates, columns, random)
        else:
            stays, choice = people_window(problem, slot, candidates, columns, loss, random)
        found = best_choice(problem, stays, choice, node_limit=NODES, gap=1e-6, seconds=left)
        size = min(1.0, size * LARGER) if found.proven else size * SMALLER
        better = worth(problem, found.slot)
        if better > value:
            slot, value = found.slot, better
    return slot


def slot_window(
    problem: MeetingProblem, slot: Numbers, candidates: Flags, columns: int, random: np.random.Generator
) -> tuple[Numbers, Choice]:
    """Release the meetings of random slots, as many as fill the columns. returns: what stays, the choice."""
    slots = candidates.shape[1]
    order = random.permutation(slots)
    within = np.cumsum((candidates & (slot == NONE)[:, None]).sum(axis=0)[order]) <= columns
    opened = np.isin(np.arange(slots), order[: max(2, within.sum())])
    return released(problem, slot, during(problem, slot, opened), candidates)


def people_window(
    problem: MeetingProblem, slot: Numbers, candidates: Flags, columns: int, loss: Floats, random: np.random.Generator
) -> tuple[Numbers, Choice]:
    """Release every meeting of some who lose much, as many as fill the columns. returns: as slot_window."""
    weight = loss + loss.mean() + 1e-9
    order = np.argsort(random.exponential(size=len(loss)) / weight, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    met = np.minimum(place[problem.first], place[problem.second])
    count = len(order)
    while True:
        stays, choice = released(problem, slot, (slot != NONE) & (met < count), candidates)
        if len(choice.pair) <= columns or count <= 2:
            return stays, choice
        count = min(count - 1, int(count * max(0.3, columns / len(choice.pair))))


def during(problem: MeetingProblem, slot: Numbers, opened: Flags) -> Flags:
    """Meetings that take place wholly inside the opened slots. returns: bool (m,)."""
    closed = np.concatenate([[0], np.cumsum(~opened)])
    inside: Flags = closed[np.minimum(slot + problem.length, len(opened))] == closed[slot]
    held: Flags = inside & (slot != NONE)
    return held


def released(problem: MeetingProblem, slot: Numbers, free: Flags, candidates: Flags) -> tuple[Numbers, Choice]:
    """What stays when some meetings are released, and all that can then be held beside it, what was held included."""
    stays = np.where(free, NONE, slot)
    busy, full = occupied(problem, stays)
    thinkable = candidates & (stays == NONE)[:, None]
    thinkable[free, slot[free]] = True
    pair, start = np.nonzero(thinkable)
    fits = np.ones(len(pair), bool)
    for step in range(int(problem.length.max(initial=1))):
        lasts = problem.length[pair] > step
        then = np.minimum(start + step, candidates.shape[1] - 1)
        taken = busy[problem.person[problem.first[pair]], then] | busy[problem.person[problem.second[pair]], then]
        fits &= ~(lasts & (taken | (full[then] & needs_table(problem)[pair])))
    return stays, Choice(pair[fits], start[fits])


def occupied(problem: MeetingProblem, stays: Numbers) -> tuple[Flags, Flags]:
    """When each person is busy, bool (people, s); which slots have no table left, bool (s,)."""
    busy = np.zeros((int(problem.person.max(initial=-1)) + 1, len(problem.half_day)), bool)
    seated = np.zeros(len(problem.half_day), np.int64)
    held = np.flatnonzero(stays != NONE)
    for step in range(int(problem.length.max(initial=1))):
        lasting = held[problem.length[held] > step]
        then = stays[lasting] + step
        busy[problem.person[problem.first[lasting]], then] = True
        busy[problem.person[problem.second[lasting]], then] = True
        np.add.at(seated, then, needs_table(problem)[lasting])
    return busy, seated >= problem.tables
