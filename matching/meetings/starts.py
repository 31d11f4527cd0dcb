"""Where each pair could begin if nobody else met, and what each slot holds at most."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from matching.meetings.problem import NONE, Flags, MeetingProblem, Numbers


def possible_starts(problem: MeetingProblem) -> Flags:
    """Tell in which slots each pair could begin: both free throughout, within one half-day, a place and an interpreter.

    returns : bool (m, s).
    """
    slots = len(problem.half_day)
    free = problem.available[problem.first] & problem.available[problem.second]
    free &= (problem.tables > 0) | ~needs_table(problem)[:, None]
    interpreted = problem.interpreter != NONE
    free[interpreted] &= problem.interpreters[problem.interpreter[interpreted]] > 0
    free[problem.person[problem.first] == problem.person[problem.second]] = False
    possible = free.copy()
    for step in range(1, int(problem.length.max(initial=1))):
        longer = problem.length > step
        later = np.zeros_like(free)
        later[:, : slots - step] = free[:, step:] & (problem.half_day[step:] == problem.half_day[: slots - step])
        possible[longer] &= later[longer]
    bound = problem.fixed != NONE
    possible[bound] &= np.arange(slots) == problem.fixed[bound, None]
    return possible


def needs_table(problem: MeetingProblem) -> Flags:
    """Whether a pair meets at a shared table, since neither has a booth. returns: bool (m,)."""
    return ~(problem.booth[problem.first] | problem.booth[problem.second])


def covered(problem: MeetingProblem, possible: Flags) -> Flags:
    """In which slots each pair could be meeting, its later slots included. returns: bool (m, s)."""
    during = possible.copy()
    for step in range(1, int(problem.length.max(initial=1))):
        during[:, step:] |= possible[:, : possible.shape[1] - step] & (problem.length > step)[:, None]
    return during


def most_at_once(problem: MeetingProblem, possible: Flags, pairs: Flags) -> Numbers:
    """Bound from above how many of the given pairs can meet in each slot, by a largest matching of their participants.

    pairs   : bool (m,), the pairs that count.
    returns : int64 (s,).
    """
    people = int(problem.person.max(initial=-1)) + 1
    during = covered(problem, possible) & pairs[:, None]
    most = np.zeros(len(problem.half_day), np.int64)
    for slot in range(len(most)):
        met = np.flatnonzero(during[:, slot])
        ends = (problem.person[problem.first[met]], problem.person[problem.second[met]])
        graph = csr_array((np.ones(len(met)), ends), shape=(people, people))
        most[slot] = (maximum_bipartite_matching(graph.tocsr()) >= 0).sum()
    return most


def exclusive_groups(problem: MeetingProblem) -> Numbers:
    """Number of the group of which one pair at most is held, NONE outside of any. returns: int64 (m,)."""
    return problem.exclusive if len(problem.exclusive) else np.full(len(problem.first), NONE)
