"""Meetings that are agreed already, between any two participants: all are placed, with few breaks in people's days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from math import inf
from time import monotonic

import numpy as np

from matching.meetings.annealing import Days, anneal
from matching.meetings.formula import settle
from matching.meetings.idle import people_busy
from matching.meetings.problem import NONE, Flags, MeetingProblem, Numbers
from matching.meetings.runs import move_run_ends
from matching.meetings.slots import place_all
from matching.meetings.starts import possible_starts
from matching.meetings.timetable import empty_timetable

MOVES_PER_MEETING = 50_000
"""Of the first start; each further one has twice as many as the one before, so that easy plans are found soon."""
HEATS = ((0.2, 0.12), (3.0, 0.05), (0.2, 0.12))
"""Temperatures of the first starts and of all after: cool ones end lower on large fairs, a hot one leaves traps."""
ROUNDS = 200_000
LARGEST_FORMULA = 20_000
"""Meetings times slots up to which the fewest breaks are sought by a formula, and proven."""
TOO_MANY = 4
"""Cost of one break more than a participant may have, in breaks."""


@dataclass(frozen=True)
class AgreedMeetings:
    """Meetings that are all to be held.

    problem : every pair of it meets; half-days do not part a day, so that a break may span them.
    open_to : bool (m, s), slots that each meeting is kept to, beside the hours of its two.
    """

    problem: MeetingProblem
    open_to: Flags


@dataclass(frozen=True)
class BreaksPlan:
    """When each meeting is, and what that makes of the days.

    slot   : int64 (m,), NONE for a meeting that found no slot
    breaks : int64 (people,), of each person
    proven : whether no plan has fewer breaks, those that exceed what one may have counted first
    """

    slot: Numbers
    breaks: Numbers
    proven: bool = False

    @property
    def unplaced(self) -> int:
        """Meetings that found no slot."""
        return int((self.slot == NONE).sum())

    @property
    def total(self) -> int:
        """Breaks of all together."""
        return int(self.breaks.sum())

    @property
    def spread(self) -> int:
        """Breaks that one person has more than another, those who meet nobody included."""
        return int(self.breaks.max(initial=0) - self.breaks.min(initial=self.breaks.max(initial=0)))


def breaks_of(problem: MeetingProblem, slot: Numbers) -> Numbers:
    """Breaks of each person: runs of slots without a meeting between two meetings. returns: int64 (people,)."""
    busy = people_busy(problem, slot)
    begins = busy & ~np.pad(busy, ((0, 0), (1, 0)))[:, :-1]
    breaks: Numbers = np.maximum(begins.sum(axis=1) - 1, 0)
    return breaks


def fewest_breaks(
    agreed: AgreedMeetings,
    *,
    seed: int,
    starts: int = 8,
    moves: int | None = None,
    conflicts: int = 5_000_000,
    most: int | None = None,
    until: float = inf,
) -> BreaksPlan:
    """Place all meetings and search for the slots with the fewest breaks: to the proof, or from several starts.

    starts    : searches, each from a plan of its own; one where the fair is small enough for the proof.
    moves     : tries of the first search, MOVES_PER_MEETING for each meeting where it is not given; then twice as many.
    conflicts : of the solver that takes away what breaks the first search leaves, after which it stops.
    most      : breaks that nobody should exceed; it holds wherever the search finds it possible.
    until     : reading of time.monotonic at which the search stops.
    returns   : the plan that leaves fewest meetings out, of these that of the least excess, then of the fewest breaks.
    Source    : Bofill et al., Constraint Solving Approaches to the Business-to-Business Meeting Scheduling Problem,
                JAIR 74 (2022).
    """
    problem, possible = agreed.problem, possible_starts(agreed.problem) & agreed.open_to
    tries = MOVES_PER_MEETING * len(problem.first) if moves is None else moves
    best = one_search(agreed, seed, tries, most, HEATS[0], until)
    if possible.any(axis=1).all() and possible.sum() <= LARGEST_FORMULA and rank(best, most) != (0, 0, 0):
        settled = settle(
            problem, possible, best.slot, breaks_of=partial(breaks_of, problem), most=most, conflicts=conflicts,
            until=until,
        )  # fmt: skip
        return BreaksPlan(settled.slot, breaks_of(problem, settled.slot), settled.proven)
    for start in range(1, starts):
        if rank(best, most) == (0, 0, 0) or monotonic() >= until:
            break
        found = one_search(agreed, seed + start, tries << start, most, HEATS[min(start, len(HEATS) - 1)], until)
        best = min(best, found, key=partial(rank, most=most))
    return replace(best, proven=rank(best, most) == (0, 0, 0))


def rank(plan: BreaksPlan, most: int | None) -> tuple[int, int, int]:
    """What makes one plan better than another, the lower the better."""
    excess = 0 if most is None else int(np.maximum(plan.breaks - most, 0).sum())
    return plan.unplaced, excess, plan.total


def one_search(
    agreed: AgreedMeetings, seed: int, moves: int, most: int | None, heats: tuple[float, float], until: float
) -> BreaksPlan:
    """Place the meetings, then move them."""
    problem, everything = agreed.problem, np.ones(len(agreed.problem.first), bool)
    slot, _ = place_all(problem, everything, seed=seed, rounds=ROUNDS, until=until, open_to=agreed.open_to)
    timetable = empty_timetable(problem)
    timetable = timetable._replace(possible=timetable.possible & agreed.open_to)
    days = break_days(problem, most)
    slot, _ = anneal(timetable, slot, days, seed=seed, moves=moves, heats=heats, until=until, step=move_run_ends)
    return BreaksPlan(slot, breaks_of(problem, slot))


def break_days(problem: MeetingProblem, most: int | None) -> Days:
    """What breaks cost: each the same, however long it is; those beyond what one may have far more."""
    people, slots = int(problem.person.max(initial=-1)) + 1, len(problem.half_day)
    count = np.arange(slots + 1)
    return Days(
        waits_held=np.zeros(people, np.int64),
        waiting=np.ones((people, slots), bool),
        part=np.zeros(slots, np.int64),
        by_run=np.ones(1, bool),
        cost=count + TOO_MANY * np.maximum(count - (slots if most is None else most), 0),
        movable=(problem.length == 1) & (problem.fixed == NONE),
    )
