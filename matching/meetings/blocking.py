"""Promises that cannot be kept together: a smallest set of them, proven by a linear programme."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import vstack

from matching.meetings.exact import Choice, programme
from matching.meetings.problem import NONE, Flags, Floats, MeetingProblem, Numbers
from matching.meetings.selection import Rows, conditions
from matching.meetings.starts import exclusive_groups, possible_starts

WITH_SLOTS = 60_000
"""Pairs times slots up to which slots are looked at; above it, time is counted as in the selection of pairs."""
ONE_BY_ONE = 200
"""Promises up to which a blocking set is made as small as it can be."""
NOTHING = 1e-6


@dataclass(frozen=True)
class Promises:
    """Who is promised its minimum, bool (n,), and which pairs are required, bool (m,)."""

    participants: Flags
    pairs: Flags

    def __len__(self) -> int:
        return int(self.participants.sum() + self.pairs.sum())


@dataclass(frozen=True)
class Blocking:
    """Promises of which any one less could be kept; together they lack so many meetings at least."""

    participants: tuple[int, ...]
    pairs: tuple[int, ...]
    lacking: int


def blocking_set(problem: MeetingProblem) -> Blocking | None:
    """Find promises that are jointly impossible; None where all can be kept as far as linear programming sees.

    Source: deletion filter, Chinneck, Feasibility and Infeasibility in Optimization (2008), chapter 6.
    """
    promises = Promises(problem.minimum > 0, problem.required)
    lacking, blamed = least_lacking(problem, promises)
    if lacking < NOTHING:
        return None
    kept = smallest(problem, blamed) if len(blamed) <= ONE_BY_ONE else blamed
    lacking, _ = least_lacking(problem, kept)
    participants, pairs = np.flatnonzero(kept.participants), np.flatnonzero(kept.pairs)
    return Blocking(tuple(participants.tolist()), tuple(pairs.tolist()), int(np.ceil(lacking - NOTHING)))


def smallest(problem: MeetingProblem, promises: Promises) -> Promises:
    """Drop promises that the rest is impossible without: many at once while that goes, one by one in the end."""
    at_once = max(1, len(promises) // 2)
    while True:
        order = np.flatnonzero(np.concatenate([promises.participants, promises.pairs]))
        for start in range(0, len(order), at_once):
            promises = without(problem, promises, order[start : start + at_once])
        if at_once == 1:
            return promises
        at_once //= 2


def without(problem: MeetingProblem, promises: Promises, some: Numbers) -> Promises:
    """The promises less some and those that matter no more, if they stay impossible; else the promises themselves.

    some : int64, participants by their rows, pairs by theirs behind all participants
    """
    flags = np.concatenate([promises.participants, promises.pairs])
    if not flags[some].any():
        return promises
    flags[some] = False
    lacking, blamed = least_lacking(problem, Promises(*np.split(flags, [len(promises.participants)])))
    # What the proof does not rest on is left out with it; the proof alone is as impossible.
    return blamed if lacking >= NOTHING else promises


def least_lacking(problem: MeetingProblem, promises: Promises) -> tuple[float, Promises]:
    """How many promised meetings are lacking in the best case, and the promises that the proof of it rests on."""
    minimum = np.where(promises.participants, problem.minimum, 0)
    needed = promises.participants[problem.first] | promises.participants[problem.second] | promises.pairs
    fair = with_pairs(replace(problem, minimum=minimum, required=promises.pairs), needed)
    possible = possible_starts(fair)
    if possible.sum() <= WITH_SLOTS:
        rows, cost, highest = programme(fair, np.full(len(fair.first), NONE), Choice(*np.nonzero(possible)))
    else:
        rows, cost, highest = whole_fair(fair, possible)
    slack, owed = cost >= fair.score.max(initial=1.0), int(fair.required.sum())
    promised = int((minimum > 0).sum())
    value, prices = lacking_of(rows, slack.astype(float), highest)
    blamed = Promises(np.zeros_like(promises.participants), np.zeros_like(promises.pairs))
    blames = prices[len(prices) - promised - owed :] > NOTHING
    blamed.participants[np.flatnonzero(minimum > 0)[blames[:promised]]] = True
    blamed.pairs[np.flatnonzero(promises.pairs)[blames[promised:]]] = True
    return value, blamed


def whole_fair(fair: MeetingProblem, possible: Flags) -> tuple[Rows, Floats, Floats]:
    """The selection's conditions in the form of the programme with slots."""
    pairs, n = len(fair.first), len(fair.minimum)
    cost = np.concatenate([-fair.score, np.full(n + pairs, 2 * fair.score.max(initial=1.0))])
    highest = np.concatenate([possible.any(axis=1), fair.minimum, fair.required]).astype(float)
    return conditions(fair, possible), cost, highest


def lacking_of(rows: Rows, cost: Floats, highest: Floats) -> tuple[float, Floats]:
    """Least cost, and by how much each lower limit adds to it, 0 for rows without one."""
    upper, lower = np.isfinite(rows.high), np.isfinite(rows.low)
    prices = np.zeros(len(rows.low))
    if not lower.any():
        return 0.0, prices
    answer = linprog(
        cost,
        A_ub=vstack([rows.matrix[upper], -rows.matrix[lower]]),
        b_ub=np.concatenate([rows.high[upper], -rows.low[lower]]),
        bounds=np.stack([np.zeros(len(highest)), highest], axis=1),
        method="highs",
    )
    prices[lower] = -answer.ineqlin.marginals[upper.sum() :]
    return float(answer.fun), prices


def with_pairs(problem: MeetingProblem, kept: Flags) -> MeetingProblem:
    """The problem with some of its pairs alone, numbered anew; order among pairs is left out."""
    return replace(
        problem,
        first=problem.first[kept],
        second=problem.second[kept],
        score=problem.score[kept],
        required=problem.required[kept],
        length=problem.length[kept],
        fixed=problem.fixed[kept],
        interpreter=problem.interpreter[kept],
        exclusive=exclusive_groups(problem)[kept],
        before=np.empty((0, 2), np.int64),
    )
