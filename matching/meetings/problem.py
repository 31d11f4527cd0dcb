"""A fair as the planner sees it: participants and pairs as rows, slots as columns, and the plan that answers it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
NONE = -1


@dataclass(frozen=True)
class MeetingProblem:
    """Who may meet whom, when, and in how many places at once.

    Participants are rows 0..n-1, slots columns 0..s-1 in order of time, candidate pairs rows 0..m-1. A pair that is
    forbidden is simply not there. Whatever a fair knows beside this (names, hours, languages) stays with the caller.

    Parameters
    ----------
    available    : bool (n, s), whether the participant is free then
    minimum      : int64 (n,), meetings promised to the participant
    maximum      : int64 (n,), meetings it holds at most
    first        : int64 (m,), one participant of each pair
    second       : int64 (m,), the other
    score        : float64 (m,), worth of the meeting, above 0
    required     : bool (m,), a pair that has to meet
    half_day     : int64 (s,), number of the half-day of each slot, rising; nobody waits across half-days
    tables       : int64 (s,), meetings that can be held at shared tables in each slot
    booth        : bool (n,), whoever meets at a booth of its own; a meeting of such a one needs no table
    person       : int64 (n,), who is served by the same person has the same number, and is never met twice at once
    length       : int64 (m,), slots that the meeting lasts, one after the other within a half-day
    fixed        : int64 (m,), the slot where the meeting has to begin; NONE where it is free
    interpreter  : int64 (m,), pool of interpreters that the meeting needs one of; NONE where a language is shared
    interpreters : int64 (k, s), interpreters of each pool that are there in each slot
    exclusive    : int64 (m,), of the pairs with the same number one at most is held; NONE where the pair stands alone;
                   empty where all do
    before       : int64 (p, 2), two pairs each: where both are held, the first ends before the second begins
    """

    available: Flags
    minimum: Numbers
    maximum: Numbers
    first: Numbers
    second: Numbers
    score: Floats
    required: Flags
    half_day: Numbers
    tables: Numbers
    booth: Flags
    person: Numbers
    length: Numbers
    fixed: Numbers
    interpreter: Numbers
    interpreters: Numbers = field(default_factory=lambda: np.empty((0, 0), np.int64))
    exclusive: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    before: Numbers = field(default_factory=lambda: np.empty((0, 2), np.int64))


@dataclass(frozen=True)
class MeetingPlan:
    """Which pairs meet, when, and at which table.

    slot  : int64 (m,), the slot where the meeting begins; NONE where the pair does not meet
    table : int64 (m,), 0..tables-1; NONE where the pair does not meet or meets at a booth
    bound : float, no plan of the problem that keeps as many promises scores more; the plan is the best there is where
            its score equals this
    selection_bound : float, the same with slots left aside, never below bound; infinite where nobody worked it out
    """

    slot: Numbers
    table: Numbers
    bound: float
    selection_bound: float = np.inf
