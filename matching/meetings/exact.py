"""The best way to hold some pairs in some slots beside meetings that stay: a time-indexed programme, solved exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array, eye_array, hstack, vstack

from matching.meetings.problem import NONE, Floats, MeetingProblem, Numbers
from matching.meetings.selection import Rows, degrees, penalties
from matching.meetings.starts import exclusive_groups, needs_table

WHOLE = 0.5
LONGEST = 1e6
"""Seconds that stand for no limit of time."""


@dataclass(frozen=True)
class Choice:
    """Pairs and the slots where each may begin, column by column; pairs in rising order."""

    pair: Numbers
    start: Numbers


@dataclass(frozen=True)
class Outcome:
    """slot: int64 (m,), the plan; bound: float, nothing better is in reach, broken promises counted at their price."""

    slot: Numbers
    bound: float
    proven: bool


@dataclass(frozen=True)
class Usage:
    """Which column takes what: parallel arrays, one entry for each column and slot that it lasts."""

    column: Numbers
    pair: Numbers
    slot: Numbers


def usage(problem: MeetingProblem, choice: Choice) -> Usage:
    """Spread each column over the slots that it lasts."""
    length = problem.length[choice.pair]
    column = np.repeat(np.arange(len(choice.pair)), length)
    step = np.arange(len(column)) - np.repeat(np.cumsum(length) - length, length)
    return Usage(column, choice.pair[column], choice.start[column] + step)


def best_choice(
    problem: MeetingProblem, stays: Numbers, choice: Choice, *, node_limit: int, gap: float, seconds: float
) -> Outcome:
    """Hold of the choice what makes the plan worth most.

    stays   : int64 (m,), slots of meetings that stay; NONE for every pair of the choice.
    choice  : columns of which each could be held beside those that stay.
    """
    if not len(choice.pair):
        return Outcome(stays, np.inf, False)
    rows, cost, highest = programme(problem, stays, choice)
    answer = milp(
        cost,
        constraints=LinearConstraint(rows.matrix, rows.low, rows.high),
        bounds=Bounds(0, highest),
        integrality=np.arange(len(cost)) < len(choice.pair),
        options={"node_limit": node_limit, "mip_rel_gap": gap, "time_limit": min(max(seconds, 0.01), LONGEST)},
    )
    slot = stays.copy()
    if answer.x is not None:
        held = answer.x[: len(choice.pair)] > WHOLE
        slot[choice.pair[held]] = choice.start[held]
    bound = -answer.mip_dual_bound if answer.mip_dual_bound is not None else np.inf
    return Outcome(slot, bound, answer.status == 0)


def programme(problem: MeetingProblem, stays: Numbers, choice: Choice) -> tuple[Rows, Floats, Floats]:
    """Conditions, costs and highest values of the columns, the shortfalls and the missing required pairs."""
    n, count = len(problem.minimum), len(choice.pair)
    promise, duty = penalties(problem)
    before = degrees(problem, stays != NONE)
    lacking = np.maximum(problem.minimum - before, 0)
    owed = np.flatnonzero(problem.required & (stays == NONE))
    meets = of_participants(problem, choice)
    of_pair = table_of(choice.pair, np.arange(count), (len(problem.first), count))
    promised = lacking > 0
    resources, room = resource_rows(problem, stays, choice)
    rest = n + len(owed)
    matrix = vstack(
        [
            hstack(
                [vstack([meets, of_pair, resources]), csr_array((n + len(problem.first) + resources.shape[0], rest))]
            ),
            hstack([meets, eye_array(n), csr_array((n, len(owed)))]).tocsr()[promised],
            hstack([of_pair[owed], csr_array((len(owed), n)), eye_array(len(owed))]),
        ]
    ).tocsr()
    high = np.concatenate(
        [problem.maximum - before, np.ones(len(problem.first)), room, np.full(promised.sum() + len(owed), np.inf)]
    )
    low = np.concatenate(
        [np.full(len(high) - promised.sum() - len(owed), -np.inf), lacking[promised], np.ones(len(owed))]
    )
    bites = (low > -np.inf) | (matrix.sum(axis=1) > high)
    cost = np.concatenate([-problem.score[choice.pair], np.full(n, promise), np.full(len(owed), duty)])
    highest = np.concatenate([np.ones(count), lacking, np.ones(len(owed))])
    return Rows(matrix[bites], low[bites], high[bites].astype(float)), cost, highest


def table_of(rows: Numbers, columns: Numbers, shape: tuple[int, int]) -> csr_array:
    """A matrix of ones at the given places; equal places add up."""
    return coo_array((np.ones(len(rows)), (rows, columns)), shape=shape).tocsr()


def of_participants(problem: MeetingProblem, choice: Choice) -> csr_array:
    """One row for each participant: the columns in which it meets."""
    ends = np.concatenate([problem.first[choice.pair], problem.second[choice.pair]])
    columns = np.tile(np.arange(len(choice.pair)), 2)
    return table_of(ends, columns, (len(problem.minimum), len(choice.pair)))


def resource_rows(problem: MeetingProblem, stays: Numbers, choice: Choice) -> tuple[csr_array, Floats]:
    """Time of each person, tables, interpreters, groups and precedence: rows over the columns, and what is left."""
    takes, taken = usage(problem, choice), usage(problem, held_choice(stays))
    kinds = [person_time, table_time, interpreter_time, group_share]
    blocks, room = [], []
    for kind in kinds:
        rows, entries, capacity = kind(problem, takes)
        gone, _, _ = kind(problem, taken)
        blocks.append(table_of(rows, entries, (len(capacity), len(choice.pair))))
        room.append(capacity - np.bincount(gone, minlength=len(capacity)))
    ordered, most = precedence_rows(problem, stays, choice)
    return vstack([*blocks, ordered]).tocsr(), np.concatenate([*room, most])


def held_choice(stays: Numbers) -> Choice:
    """The meetings of a plan as columns."""
    pairs = np.flatnonzero(stays != NONE)
    return Choice(pairs, stays[pairs])


def person_time(problem: MeetingProblem, takes: Usage) -> tuple[Numbers, Numbers, Floats]:
    """One of each person in each slot."""
    slots, people = len(problem.half_day), int(problem.person.max(initial=-1)) + 1
    ends = np.concatenate([problem.first[takes.pair], problem.second[takes.pair]])
    rows = problem.person[ends] * slots + np.tile(takes.slot, 2)
    return rows, np.tile(takes.column, 2), np.ones(people * slots)


def table_time(problem: MeetingProblem, takes: Usage) -> tuple[Numbers, Numbers, Floats]:
    """The shared tables of each slot."""
    seated = needs_table(problem)[takes.pair]
    return takes.slot[seated], takes.column[seated], problem.tables.astype(float)


def interpreter_time(problem: MeetingProblem, takes: Usage) -> tuple[Numbers, Numbers, Floats]:
    """The interpreters of each pool in each slot."""
    pool = problem.interpreter[takes.pair]
    needed = pool != NONE
    rows = pool[needed] * len(problem.half_day) + takes.slot[needed]
    return rows, takes.column[needed], problem.interpreters.ravel().astype(float)


def group_share(problem: MeetingProblem, takes: Usage) -> tuple[Numbers, Numbers, Floats]:
    """One pair of each exclusive group; counted once for each column, in its first slot."""
    groups = exclusive_groups(problem)
    begins = np.diff(takes.column, prepend=-1) != 0
    inside = begins & (groups[takes.pair] != NONE)
    return groups[takes.pair[inside]], takes.column[inside], np.ones(groups.max(initial=NONE) + 1)


def precedence_rows(problem: MeetingProblem, stays: Numbers, choice: Choice) -> tuple[csr_array, Floats]:
    """For two pairs in order and each slot: not both that the first ends later and that the second began by then."""
    slots = len(problem.half_day)
    pair = np.concatenate([choice.pair, held_choice(stays).pair])
    start = np.concatenate([choice.start, held_choice(stays).start])
    matrix, most = csr_array((0, len(choice.pair))), np.zeros(0)
    for early, late in problem.before:
        runs_on = (pair == early) & (start + problem.length[pair] > np.arange(slots)[:, None])
        began = (pair == late) & (start <= np.arange(slots)[:, None])
        both = (runs_on | began).astype(float)
        matrix = vstack([matrix, csr_array(both[:, : len(choice.pair)])]).tocsr()
        most = np.concatenate([most, 1 - both[:, len(choice.pair) :].sum(axis=1)])
    return matrix, most
