"""Moves that fit meetings into a plan that stands: what may stay stays, and what has to leave goes where it is free."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.meetings.chains import chain, flip
from matching.meetings.compiled import compiled
from matching.meetings.problem import NONE, MeetingProblem, Numbers
from matching.meetings.slots import opened
from matching.meetings.timetable import Timetable, both_free, empty_timetable, fits, hold, in_order, room

STAYS, ABSENT, EXCLUDED, FULL, BUSY, ORDER, TABLE, INTERPRETER = range(8)
"""What stands in a meeting's way, in the order looked at; STAYS where nothing does."""


class Fitting(NamedTuple):
    """A plan being put together. Everything but the timetable's first five and held is fixed.

    held    : int64 (n,), meetings of each participant
    maximum : int64 (n,)
    ends    : int64 (m, 2), participants of each pair
    """

    timetable: Timetable
    held: Numbers
    maximum: Numbers
    ends: Numbers


def empty_fitting(problem: MeetingProblem) -> Fitting:
    """A plan in which nobody meets yet."""
    ends = np.stack([problem.first, problem.second], axis=1)
    return Fitting(empty_timetable(problem), np.zeros(len(problem.maximum), np.int64), problem.maximum, ends)


@compiled
def keep(fitting: Fitting, order: Numbers, slot: Numbers, obstacle: Numbers) -> None:
    """Hold each pair of the order in its slot unless something stands in its way, which obstacle receives."""
    for pair in order:
        obstacle[pair] = obstacle_to(fitting, pair, slot[pair])
        if obstacle[pair] == STAYS:
            seat_pair(fitting, pair, slot[pair])


@compiled
def seat_pair(fitting: Fitting, pair: int, slot: int) -> None:
    """Let the pair meet, and count it for both."""
    hold(fitting.timetable, pair, slot)
    fitting.held[fitting.ends[pair, 0]] += 1
    fitting.held[fitting.ends[pair, 1]] += 1


@compiled
def wanted_less(fitting: Fitting, pair: int) -> bool:
    """Whether one of the two has all the meetings it wishes."""
    one, other = fitting.ends[pair, 0], fitting.ends[pair, 1]
    return bool(fitting.held[one] >= fitting.maximum[one] or fitting.held[other] >= fitting.maximum[other])


@compiled
def obstacle_to(fitting: Fitting, pair: int, slot: int) -> int:
    """The first thing that keeps the pair from meeting in the slot."""
    timetable = fitting.timetable
    if not timetable.possible[pair, slot]:
        return ABSENT
    among_people = obstacle_among_people(fitting, pair, slot)
    if among_people != STAYS or room(timetable, pair, slot):
        return among_people
    for during in range(slot, slot + timetable.length[pair]):
        if timetable.table[pair] and timetable.seated[during] >= timetable.tables[during]:
            return TABLE
    return INTERPRETER


@compiled
def obstacle_among_people(fitting: Fitting, pair: int, slot: int) -> int:
    """Which other meetings of the two, or of their firms, keep the pair from meeting in the slot."""
    timetable = fitting.timetable
    if timetable.group[pair] >= 0 and timetable.group_held[timetable.group[pair]] >= 0:
        return EXCLUDED
    if wanted_less(fitting, pair):
        return FULL
    if not both_free(timetable, pair, slot):
        return BUSY
    return STAYS if in_order(timetable, pair, slot) else ORDER


@compiled
def place(fitting: Fitting, order: Numbers, waits: Numbers, longest: int) -> None:
    """Hold each pair of the order in a free slot, the one next to most of their meetings; else by a short chain.

    waits   : int64 (m,), what a pair that has found no slot waits for: 1; 0 for the others. It is written.
    longest : how many other meetings may move so that one more is held.
    """
    path = np.empty(2 * len(fitting.timetable.holder), np.int64)
    best = np.empty(2 * len(fitting.timetable.holder), np.int64)
    for pair in order:
        waits[pair] = 1
        if wanted_less(fitting, pair):
            continue
        slot = best_slot(fitting.timetable, pair)
        if slot >= 0 or (longest > 0 and by_short_chain(fitting, pair, longest, path, best)):
            waits[pair] = 0
        if slot >= 0:
            seat_pair(fitting, pair, slot)


@compiled
def best_slot(timetable: Timetable, pair: int) -> int:
    """The free slot with the most meetings of the two right before and after it. returns: NONE where none is free."""
    found, most = -1, -1
    slots = len(timetable.tables)
    for slot in range(slots):
        if not timetable.possible[pair, slot] or not fits(timetable, pair, slot):
            continue
        beside = 0
        for side in range(2):
            person = timetable.people[pair, side]
            if slot > 0 and timetable.holder[person, slot - 1] >= 0:
                beside += 1
            if slot + 1 < slots and timetable.holder[person, slot + 1] >= 0:
                beside += 1
        if beside > most:
            found, most = slot, beside
    return found


@compiled
def by_short_chain(fitting: Fitting, pair: int, longest: int, path: Numbers, best: Numbers) -> bool:
    """Hold the pair by the chain that moves fewest meetings, of those no longer than allowed."""
    timetable = fitting.timetable
    slots, fewest, start, goal = len(timetable.tables), longest + 1, 0, 0
    if timetable.bound[pair]:
        return False
    for side in range(2):
        free, busy = timetable.people[pair, side], timetable.people[pair, 1 - side]
        for near in range(slots):
            if not timetable.possible[pair, near] or timetable.holder[free, near] >= 0:
                continue
            for far in range(slots):
                if timetable.holder[busy, near] < 0 or timetable.holder[busy, far] >= 0:
                    continue
                count = chain(timetable, busy, near, far, path)
                if 0 < count < fewest and opened(timetable, pair, free, busy, near, far, path, count):
                    fewest, start, goal = count, near, far
                    best[:count] = path[:count]
    if fewest > longest:
        return False
    flip(timetable, start, goal, best, fewest)
    seat_pair(fitting, pair, start)
    return True


def open_pairs(problem: MeetingProblem, slot: Numbers) -> Numbers:
    """Pairs that do not meet, required ones first, then those of people promised more, then by score."""
    waiting = np.flatnonzero(slot == NONE)
    ends = np.concatenate([problem.first[slot != NONE], problem.second[slot != NONE]])
    short = np.bincount(ends, minlength=len(problem.minimum)) < problem.minimum
    promised = short[problem.first[waiting]] | short[problem.second[waiting]]
    return waiting[np.lexsort((-problem.score[waiting], ~promised, ~problem.required[waiting]))]
