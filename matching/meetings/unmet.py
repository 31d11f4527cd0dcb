"""Why a wished pair does not meet."""

from __future__ import annotations

import numpy as np

from matching.meetings.hindrances import Unmet, UnmetPair
from matching.meetings.problem import NONE, Flags, MeetingProblem, Numbers
from matching.meetings.selection import degrees
from matching.meetings.starts import possible_starts
from matching.meetings.timetable import Timetable, both_free, in_order, room, timetable_of


def unmet_pairs(problem: MeetingProblem, slot: Numbers, among: Flags | None = None) -> list[UnmetPair]:
    """Give each pair that is not held the reason that stands against it in this plan.

    slot  : int64 (m,), a plan that breaks no rule.
    among : bool (m,), the pairs that are asked for; all where it is not given.
    """
    possible, timetable = possible_starts(problem), timetable_of(problem, slot)
    full = degrees(problem, slot != NONE) >= problem.maximum
    missing = np.flatnonzero((slot == NONE) & (True if among is None else among))
    return [explained(problem, timetable, possible[pair], full, int(pair)) for pair in missing]


def explained(problem: MeetingProblem, timetable: Timetable, possible: Flags, full: Flags, pair: int) -> UnmetPair:
    """The reason of one pair; possible: bool (s,), where it could begin if nobody else met."""
    if not possible.any():
        return UnmetPair(pair, Unmet.NO_COMMON_SLOT)
    group = timetable.group[pair]
    if group != NONE and timetable.group_held[group] != NONE:
        return UnmetPair(pair, Unmet.EXCLUSIVE, instead=(int(timetable.group_held[group]),))
    ends = np.array([problem.first[pair], problem.second[pair]])
    at_maximum = tuple(int(end) for end in ends[full[ends]])
    if at_maximum:
        return UnmetPair(pair, Unmet.BOTH_FULL if len(at_maximum) == 2 else Unmet.ONE_FULL, at_maximum)
    return hindered(problem, timetable, np.flatnonzero(possible), pair)


def hindered(problem: MeetingProblem, timetable: Timetable, starts: Numbers, pair: int) -> UnmetPair:
    """What stands in the pair's way in the slots where it could begin."""
    free = [int(start) for start in starts if both_free(timetable, pair, int(start))]
    if not free:
        return UnmetPair(pair, Unmet.TAKEN, instead=in_the_way(problem, timetable, starts, pair))
    roomy = [start for start in free if room(timetable, pair, start)]
    if roomy:
        ordered = any(in_order(timetable, pair, start) for start in roomy)
        return UnmetPair(pair, Unmet.OPEN if ordered else Unmet.ORDER)
    lasting = np.array(free)[:, None] + np.arange(problem.length[pair])
    no_table = (timetable.seated >= timetable.tables)[lasting].any(axis=1).all()
    return UnmetPair(pair, Unmet.NO_TABLE if no_table and timetable.table[pair] else Unmet.NO_INTERPRETER)


def in_the_way(problem: MeetingProblem, timetable: Timetable, starts: Numbers, pair: int) -> tuple[int, ...]:
    """Meetings of either person in the slots where the pair could begin, the weakest first."""
    slots = starts[:, None] + np.arange(problem.length[pair])
    taken = np.unique(timetable.holder[timetable.people[pair]][:, slots.ravel()])
    taken = taken[taken != NONE]
    return tuple(int(held) for held in taken[np.argsort(problem.score[taken], kind="stable")])
