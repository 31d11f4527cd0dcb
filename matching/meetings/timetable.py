"""The plan while it is being searched: arrays that compiled moves read and write, and the moves that all share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.meetings.compiled import borrowing
from matching.meetings.problem import NONE, Flags, MeetingProblem, Numbers
from matching.meetings.starts import exclusive_groups, needs_table, possible_starts


class Timetable(NamedTuple):
    """Who is busy when. Everything but the first five is fixed.

    slot        : int64 (m,), where each pair begins; NONE where it does not meet
    holder      : int64 (people, s), the pair that a person meets in then; NONE where free
    seated      : int64 (s,), meetings at shared tables
    engaged     : int64 (k, s), interpreters at work
    group_held  : int64 (groups,), the pair held of each exclusive group
    possible    : bool (m, s), where each pair may begin
    people      : int64 (m, 2), persons of each pair
    length      : int64 (m,)
    table       : bool (m,), whether the pair needs a table
    tables      : int64 (s,)
    pool        : int64 (m,)
    interpreters: int64 (k, s)
    group       : int64 (m,)
    earlier     : int64 (p,), pairs that end before the pair at the same place of later begins
    later       : int64 (p,)
    bound       : bool (m,), whether precedence, length, an interpreter or a group binds the pair: no chain moves it
    """

    slot: Numbers
    holder: Numbers
    seated: Numbers
    engaged: Numbers
    group_held: Numbers
    possible: Flags
    people: Numbers
    length: Numbers
    table: Flags
    tables: Numbers
    pool: Numbers
    interpreters: Numbers
    group: Numbers
    earlier: Numbers
    later: Numbers
    bound: Flags


def empty_timetable(problem: MeetingProblem) -> Timetable:
    """A timetable in which nobody meets yet."""
    m, slots = len(problem.first), len(problem.half_day)
    group = exclusive_groups(problem)
    bound = (problem.length > 1) | (problem.interpreter != NONE) | (group != NONE)
    bound[problem.before.ravel()] = True
    return Timetable(
        slot=np.full(m, NONE),
        holder=np.full((int(problem.person.max(initial=-1)) + 1, slots), NONE),
        seated=np.zeros(slots, np.int64),
        engaged=np.zeros_like(problem.interpreters),
        group_held=np.full(group.max(initial=NONE) + 1, NONE),
        possible=possible_starts(problem),
        people=np.stack([problem.person[problem.first], problem.person[problem.second]], axis=1),
        length=problem.length,
        table=needs_table(problem),
        tables=problem.tables,
        pool=problem.interpreter,
        interpreters=problem.interpreters,
        group=group,
        earlier=np.ascontiguousarray(problem.before[:, 0]),
        later=np.ascontiguousarray(problem.before[:, 1]),
        bound=bound,
    )


def timetable_of(problem: MeetingProblem, slot: Numbers) -> Timetable:
    """The timetable of a plan that breaks no rule."""
    timetable = empty_timetable(problem)
    for pair in np.flatnonzero(slot != NONE):
        hold(timetable, int(pair), int(slot[pair]))
    return timetable


@borrowing
def hold(timetable: Timetable, pair: int, start: int) -> None:
    """Let the pair meet from that slot on."""
    timetable.slot[pair] = start
    for slot in range(start, start + timetable.length[pair]):
        timetable.holder[timetable.people[pair, 0], slot] = pair
        timetable.holder[timetable.people[pair, 1], slot] = pair
        if timetable.table[pair]:
            timetable.seated[slot] += 1
        if timetable.pool[pair] >= 0:
            timetable.engaged[timetable.pool[pair], slot] += 1
    if timetable.group[pair] >= 0:
        timetable.group_held[timetable.group[pair]] = pair


@borrowing
def release(timetable: Timetable, pair: int) -> None:
    """Let the pair not meet."""
    start = timetable.slot[pair]
    timetable.slot[pair] = -1
    for slot in range(start, start + timetable.length[pair]):
        timetable.holder[timetable.people[pair, 0], slot] = -1
        timetable.holder[timetable.people[pair, 1], slot] = -1
        if timetable.table[pair]:
            timetable.seated[slot] -= 1
        if timetable.pool[pair] >= 0:
            timetable.engaged[timetable.pool[pair], slot] -= 1
    if timetable.group[pair] >= 0:
        timetable.group_held[timetable.group[pair]] = -1


@borrowing
def in_order(timetable: Timetable, pair: int, start: int) -> bool:
    """Whether every pair that comes before or after this one does so when it begins then."""
    if not timetable.bound[pair]:
        return True
    for row in range(len(timetable.earlier)):
        early, late = timetable.earlier[row], timetable.later[row]
        if early == pair and 0 <= timetable.slot[late] < start + timetable.length[pair]:
            return False
        if late == pair and timetable.slot[early] >= 0 and timetable.slot[early] + timetable.length[early] > start:
            return False
    return True


@borrowing
def room(timetable: Timetable, pair: int, start: int) -> bool:
    """Whether a table and an interpreter are left for the pair from that slot on."""
    for slot in range(start, start + timetable.length[pair]):
        if timetable.table[pair] and timetable.seated[slot] >= timetable.tables[slot]:
            return False
        pool = timetable.pool[pair]
        if pool >= 0 and timetable.engaged[pool, slot] >= timetable.interpreters[pool, slot]:
            return False
    return True


@borrowing
def both_free(timetable: Timetable, pair: int, start: int) -> bool:
    """Whether neither person of the pair meets anyone from that slot on."""
    for slot in range(start, start + timetable.length[pair]):
        for side in range(2):
            if timetable.holder[timetable.people[pair, side], slot] >= 0:
                return False
    return True


@borrowing
def fits(timetable: Timetable, pair: int, start: int) -> bool:
    """Whether the pair can meet from that slot on with nothing else moved."""
    if not timetable.possible[pair, start]:
        return False
    if timetable.group[pair] >= 0 and timetable.group_held[timetable.group[pair]] >= 0:
        return False
    return both_free(timetable, pair, start) and room(timetable, pair, start) and in_order(timetable, pair, start)
