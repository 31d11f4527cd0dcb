"""Who meets whom: the best pairs that respect minima, maxima and room, with slots left aside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack

from matching.meetings.problem import NONE, Flags, Floats, MeetingProblem, Numbers
from matching.meetings.starts import covered, exclusive_groups, most_at_once, needs_table, possible_starts

PROMISE = 100.0
"""How many of the best meetings one promised meeting is worth; a required pair is worth as many promises."""
NEARLY = 1e-6


@dataclass(frozen=True)
class Selection:
    """The pairs to be held, and what could not be kept.

    chosen    : bool (m,)
    bound     : float, no plan that keeps as many promises scores more
    shortfall : int64 (n,), promised meetings that no selection can give beside the others
    missing   : bool (m,), required pairs that no selection can hold beside the others
    most      : float, no plan is worth more, broken promises counted at their price
    """

    chosen: Flags
    bound: float
    shortfall: Numbers
    missing: Flags
    most: float


@dataclass(frozen=True)
class Rows:
    """Linear conditions on the pairs: low <= matrix @ held <= high."""

    matrix: csr_array
    low: Floats
    high: Floats


def select(problem: MeetingProblem) -> Selection:
    """Choose the pairs of the highest total score; a broken promise costs more than any meeting is worth.

    Source: the b-matching polytope, Schrijver, Combinatorial Optimization (2003), chapter 21; slots count by cuts.
    """
    possible = possible_starts(problem)
    pairs = len(problem.first)
    promise, duty = penalties(problem)
    if not pairs:
        nobody = np.zeros(0, bool)
        return Selection(nobody, 0.0, problem.minimum.copy(), nobody, -promise * float(problem.minimum.sum()))
    rows = conditions(problem, possible)
    columns = pairs + len(problem.minimum) + pairs
    cost = np.concatenate([-problem.score, np.full(len(problem.minimum), promise), np.full(pairs, duty)])
    highest = np.concatenate([possible.any(axis=1), problem.minimum, problem.required]).astype(float)
    held, value = solved(cost, rows, highest)
    chosen, slack = held[:pairs] > 0.5, held[pairs:]
    shortfall = np.maximum(problem.minimum - degrees(problem, chosen), 0)
    missing = problem.required & ~chosen
    assert len(slack) == columns - pairs
    broken = promise * shortfall.sum() + duty * missing.sum()
    return Selection(chosen, -value + broken, shortfall, missing, -value)


def penalties(problem: MeetingProblem) -> tuple[float, float]:
    """Price of a promised meeting that is not held, and of a required pair. returns: both in units of score."""
    promise = PROMISE * float(problem.score.max(initial=1.0))
    return promise, PROMISE * promise


def degrees(problem: MeetingProblem, held: Flags) -> Numbers:
    """Meetings of each participant. returns: int64 (n,)."""
    ends = np.concatenate([problem.first[held], problem.second[held]])
    return np.bincount(ends, minlength=len(problem.minimum))


def incidence(ends: Numbers, pairs: Numbers, weight: Floats, shape: tuple[int, int]) -> csr_array:
    """A matrix with a weight where a row has a part in a pair; equal places add up."""
    return csr_array((weight, (ends, pairs)), shape=shape).tocsr()


def conditions(problem: MeetingProblem, possible: Flags) -> Rows:
    """Every linear condition of the selection, over pairs, shortfalls and missing required pairs, in that order."""
    n, m = len(problem.minimum), len(problem.first)
    pairs = np.arange(m)
    ends, twice = np.concatenate([problem.first, problem.second]), np.tile(pairs, 2)
    meets = incidence(ends, twice, np.ones(2 * m), (n, m))
    promised, required = problem.minimum > 0, np.flatnonzero(problem.required)
    caps, highs = capacity_rows(problem, possible)
    blocks = [
        hstack([vstack([meets, caps]), csr_array((n + caps.shape[0], n + m))]),
        hstack([meets, eye_array(n), csr_array((n, m))]).tocsr()[promised],
        hstack([eye_array(m), csr_array((m, n)), eye_array(m)]).tocsr()[required],
    ]
    lows = [np.full(n + caps.shape[0], -np.inf), problem.minimum[promised], np.ones(len(required))]
    tops = [problem.maximum, highs, np.full(promised.sum() + len(required), np.inf)]
    matrix, low, high = vstack(blocks).tocsr(), np.concatenate(lows).astype(float), np.concatenate(tops).astype(float)
    bites = (low > -np.inf) | (abs(matrix).sum(axis=1) > high)
    return Rows(matrix[bites], low[bites], high[bites])


def capacity_rows(problem: MeetingProblem, possible: Flags) -> tuple[csr_array, Floats]:
    """What time, places and interpreters allow, as rows over pairs, and the highest value of each.

    Each bound is taken over the whole fair and over each half-day, for the pairs that can meet in no other.
    """
    m, people = len(problem.first), int(problem.person.max(initial=-1)) + 1
    during = covered(problem, possible)
    free = np.zeros((people, possible.shape[1]), bool)
    np.logical_or.at(free, problem.person, problem.available)
    ends, twice = problem.person[np.concatenate([problem.first, problem.second])], np.tile(np.arange(m), 2)
    seated, everyone = needs_table(problem), np.ones(m, bool)
    most, at_tables = most_at_once(problem, possible, everyone), most_at_once(problem, possible, seated)
    blocks, highs = [exclusive_rows(problem)], [np.ones(exclusive_groups(problem).max(initial=NONE) + 1)]
    for slots in [np.ones(possible.shape[1], bool), *(problem.half_day == h for h in np.unique(problem.half_day))]:
        inside = ~during[:, ~slots].any(axis=1) & possible.any(axis=1)
        length = np.where(inside, problem.length, 0).astype(float)
        blocks += [incidence(ends, twice, np.tile(length, 2), (people, m)), csr_array((length * seated)[None])]
        highs += [free[:, slots].sum(axis=1), np.minimum(at_tables, problem.tables)[slots].sum(keepdims=True)]
        blocks += [csr_array(length[None]), interpreter_rows(problem, length)]
        highs += [
            most[slots].sum(keepdims=True),
            problem.interpreters[:, slots[: problem.interpreters.shape[1]]].sum(axis=1),
        ]
    return vstack(blocks).tocsr(), np.concatenate(highs).astype(float)


def exclusive_rows(problem: MeetingProblem) -> csr_array:
    """One row for each group of which one pair is held at most."""
    groups = exclusive_groups(problem)
    inside = np.flatnonzero(groups != NONE)
    return incidence(groups[inside], inside, np.ones(len(inside)), (groups.max(initial=NONE) + 1, len(groups)))


def interpreter_rows(problem: MeetingProblem, length: Floats) -> csr_array:
    """One row for each pool of interpreters: the slots that its pairs take."""
    needing = np.flatnonzero(problem.interpreter != NONE)
    shape = (len(problem.interpreters), len(length))
    return incidence(problem.interpreter[needing], needing, length[needing], shape)


def solved(cost: Floats, rows: Rows, highest: Floats) -> tuple[Floats, float]:
    """Minimise the cost; whole numbers where the linear optimum is not whole by itself.

    returns : the value of each column, 0..highest; the cost below which none can come.
    """
    upper, lower = np.isfinite(rows.high), np.isfinite(rows.low)
    answer = linprog(
        cost,
        A_ub=vstack([rows.matrix[upper], -rows.matrix[lower]]),
        b_ub=np.concatenate([rows.high[upper], -rows.low[lower]]),
        bounds=np.stack([np.zeros(len(highest)), highest], axis=1),
        method="highs-ipm",
    )
    held = np.asarray(answer.x, float)
    if np.abs(held - held.round()).max() < NEARLY:
        return held.round(), float(answer.fun)
    return rounded(cost, rows, highest, held), float(answer.fun)


def rounded(cost: Floats, rows: Rows, highest: Floats, linear: Floats) -> Floats:
    """The best whole solution found within a bounded search, near the linear one."""
    answer = milp(
        cost,
        constraints=LinearConstraint(rows.matrix, rows.low, rows.high),
        bounds=Bounds(0, highest),
        integrality=np.ones(len(cost)),
        options={"mip_rel_gap": 1e-6, "node_limit": 200},
    )
    return np.floor(linear + NEARLY) if answer.x is None else np.asarray(answer.x, float).round()
