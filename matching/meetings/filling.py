"""Meetings put into the free places of a plan that stands: nobody who has a meeting is moved for them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from matching.meetings.blocking import with_pairs
from matching.meetings.exact import (
    WHOLE,
    Choice,
    best_choice,
    held_choice,
    interpreter_time,
    programme,
    table_time,
    usage,
)
from matching.meetings.problem import NONE, Flags, Floats, MeetingProblem, Numbers
from matching.meetings.selection import degrees, penalties, select
from matching.meetings.starts import exclusive_groups, possible_starts

NODES = 200
SECONDS = 60.0
"""After which a programme stops with what it has; a plan of thousands of meetings takes about one."""
BEST_OF_EACH = 2
"""Open pairs of each participant that are thought of beside those that the selection chose."""


@dataclass(frozen=True)
class Filled:
    """A plan with its free places taken.

    slot  : int64 (m,)
    bound : float, no plan that holds those that stay where they are, and keeps as many promises, scores more
    """

    slot: Numbers
    bound: float


def rehoused(problem: MeetingProblem, stays: Numbers, was: Numbers) -> Numbers:
    """Give as many meetings as can be that lost their place another slot, the nearest ones, by an assignment problem.

    stays   : int64 (m,), slots of the meetings that stay; NONE for all others.
    was     : int64 (m,), the slot that each homeless meeting had; NONE for all others.
    returns : int64 (m,), those that stay and those that found a slot.
    """
    homeless = was != NONE
    choice = Choice(*np.nonzero(free_starts(problem, stays) & homeless[:, None]))
    if not len(choice.pair):
        return stays
    # By hand an organiser may have given somebody more meetings than it wishes; those are not what is in question.
    fair = replace(problem, maximum=np.maximum(problem.maximum, degrees(problem, (stays != NONE) | homeless)))
    rows, cost, highest = programme(fair, stays, choice)
    cost[: len(choice.pair)] -= nearness(problem, choice, was, penalties(problem)[0])
    answer = milp(
        cost,
        constraints=LinearConstraint(rows.matrix, rows.low, rows.high),
        bounds=Bounds(0, highest),
        integrality=np.arange(len(cost)) < len(choice.pair),
        options={"node_limit": NODES, "time_limit": SECONDS, "mip_rel_gap": 1e-9},
    )
    slot = stays.copy()
    if answer.x is not None:
        held = answer.x[: len(choice.pair)] > WHOLE
        slot[choice.pair[held]] = choice.start[held]
    return slot


def nearness(problem: MeetingProblem, choice: Choice, was: Numbers, promise: float) -> Floats:
    """Worth of holding each column above its score: a meeting more counts above all, then how near its slot is."""
    count = len(np.unique(choice.pair))
    far = np.abs(choice.start - was[choice.pair]) / len(problem.half_day)
    worth: Floats = promise * (1 - far / (2 * count))
    return worth


def filled(problem: MeetingProblem, stays: Numbers, allowed: Flags) -> Filled:
    """Take the free places by the best pairs: selected with slots left aside, then given slots by an exact programme.

    stays   : int64 (m,), slots of the meetings that stay; NONE for all others.
    allowed : bool (m,), pairs that may be added.
    """
    starts = free_starts(problem, stays) & allowed[:, None]
    opened: Flags = np.any(starts, axis=1)
    rest = remainder(problem, stays, opened)
    selection = select(rest)
    wanted = best_of_each(problem, opened)
    wanted[np.flatnonzero(opened)[selection.chosen]] = True
    choice = Choice(*np.nonzero(starts & wanted[:, None]))
    found = best_choice(problem, stays, choice, node_limit=NODES, gap=1e-6, seconds=SECONDS)
    kept_score = float(problem.score[stays != NONE].sum())
    return Filled(found.slot, kept_score + selection.most + broken(rest, found.slot[opened] != NONE))


def free_starts(problem: MeetingProblem, stays: Numbers) -> Flags:
    """Where pairs without a meeting could begin while those that stay are held. returns: bool (m, s)."""
    groups = exclusive_groups(problem)
    excluded = (groups != NONE) & np.isin(groups, groups[(stays != NONE) & (groups != NONE)])
    full = degrees(problem, stays != NONE) >= problem.maximum
    closed = (stays != NONE) | excluded | full[problem.first] | full[problem.second]
    open_starts: Flags = possible_starts(left_over(problem, stays)) & ~closed[:, None]
    return open_starts


def left_over(problem: MeetingProblem, stays: Numbers) -> MeetingProblem:
    """The fair with the time, the tables and the interpreters that those who stay do not take."""
    takes = usage(problem, held_choice(stays))
    seated, engaged = table_time(problem, takes)[0], interpreter_time(problem, takes)[0]
    speaking = np.bincount(engaged, minlength=problem.interpreters.size).reshape(problem.interpreters.shape)
    return replace(
        problem,
        available=problem.available & ~busy(problem, stays)[problem.person],
        tables=problem.tables - np.bincount(seated, minlength=len(problem.tables)),
        interpreters=problem.interpreters - speaking,
    )


def busy(problem: MeetingProblem, stays: Numbers) -> Flags:
    """When each person has a meeting. returns: bool (people, s)."""
    taken = np.zeros((int(problem.person.max(initial=-1)) + 1, len(problem.half_day)), bool)
    takes = usage(problem, held_choice(stays))
    for side in (problem.first, problem.second):
        taken[problem.person[side[takes.pair]], takes.slot] = True
    return taken


def remainder(problem: MeetingProblem, stays: Numbers, opened: Flags) -> MeetingProblem:
    """What is left over for some open pairs, with the promises that are still owed."""
    held = degrees(problem, stays != NONE)
    return replace(
        with_pairs(left_over(problem, stays), opened),
        minimum=np.maximum(problem.minimum - held, 0),
        maximum=np.maximum(problem.maximum - held, 0),
    )


def best_of_each(problem: MeetingProblem, opened: Flags) -> Flags:
    """The open pairs of the highest score of each participant. returns: bool (m,)."""
    pairs, best = np.flatnonzero(opened), np.zeros(len(opened), bool)
    for side in (problem.first, problem.second):
        order = pairs[np.lexsort((-problem.score[pairs], side[pairs]))]
        place = np.arange(len(order))
        begins = np.diff(side[order], prepend=NONE) != 0
        best[order[place - np.maximum.accumulate(np.where(begins, place, 0)) < BEST_OF_EACH]] = True
    return best


def broken(problem: MeetingProblem, held: Flags) -> float:
    """Price of the promises and required pairs that are not kept."""
    promise, duty = penalties(problem)
    lacking = np.maximum(problem.minimum - degrees(problem, held), 0).sum()
    return float(promise * lacking + duty * (problem.required & ~held).sum())
