"""Waiting between meetings: how much there is of it in a plan, and a plan of the same meetings with less."""

from __future__ import annotations

from math import inf

import numpy as np

from matching.meetings.annealing import Days, anneal
from matching.meetings.problem import NONE, Flags, MeetingProblem, Numbers
from matching.meetings.timetable import empty_timetable

MOVES_PER_MEETING = 2_000
HEATS = (0.7, 0.04)
EVENNESS = 20
"""One wait costs this much, and each further one of the same person 2 more than the one before."""


def shorten_waits(
    problem: MeetingProblem, slot: Numbers, *, seed: int, moves: int | None = None, until: float = inf
) -> Numbers:
    """Move meetings so that people wait less between them, and nobody much longer than others.

    slot    : int64 (m,), a plan that breaks no rule; the same pairs meet in the plan returned.
    moves   : tries, MOVES_PER_MEETING for each meeting where it is not given; the same number gives the same plan.
    until   : reading of time.monotonic at which the search stops, though moves are left.
    returns : int64 (m,), slots, as good as those given or better.
    """
    meetings = int((slot != NONE).sum())
    tries = MOVES_PER_MEETING * meetings if moves is None else moves
    timetable = empty_timetable(problem)
    best, _ = anneal(timetable, slot, waiting_days(problem), seed=seed, moves=tries, heats=HEATS, until=until)
    return best


def waiting_days(problem: MeetingProblem) -> Days:
    """What waiting costs: every slot between two meetings of a half-day in which the person is there."""
    present = people_present(problem)
    count = np.arange(present.shape[1] + 1)
    return Days(
        waits_held=np.zeros(len(present), np.int64),
        waiting=present,
        part=problem.half_day,
        by_run=np.zeros(1, bool),
        cost=EVENNESS * count + count * (count - 1),
        movable=(problem.length == 1) & (problem.fixed == NONE),
    )


def people_present(problem: MeetingProblem) -> Flags:
    """When each person is there, for whomever it meets. returns: bool (people, s)."""
    present = np.zeros((int(problem.person.max(initial=-1)) + 1, len(problem.half_day)), bool)
    np.logical_or.at(present, problem.person, problem.available)
    return present


def people_busy(problem: MeetingProblem, slot: Numbers) -> Flags:
    """When each person has a meeting. returns: bool (people, s)."""
    busy = np.zeros((int(problem.person.max(initial=-1)) + 1, len(problem.half_day)), bool)
    for step in range(int(problem.length.max(initial=1))):
        held = (slot != NONE) & (problem.length > step)
        for side in (problem.first, problem.second):
            busy[problem.person[side[held]], slot[held] + step] = True
    return busy


def idle_slots(problem: MeetingProblem, slot: Numbers) -> Numbers:
    """Slots that each person waits: there, without a meeting, between two meetings of one half-day.

    returns : int64 (people,).
    """
    busy, present = people_busy(problem, slot), people_present(problem)
    idle = np.zeros(len(busy), np.int64)
    for part in np.unique(problem.half_day):
        inside = problem.half_day == part
        met = busy[:, inside]
        began = np.logical_or.accumulate(met, axis=1)
        goes_on = np.logical_or.accumulate(met[:, ::-1], axis=1)[:, ::-1]
        idle += (began & goes_on & ~met & present[:, inside]).sum(axis=1)
    return idle
