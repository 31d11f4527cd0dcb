"""Kempe chains: two slots change places along a path of meetings, so that one person becomes free."""

from __future__ import annotations

from matching.meetings.compiled import borrowing
from matching.meetings.problem import Numbers
from matching.meetings.timetable import Timetable, hold, release


@borrowing
def chain(timetable: Timetable, person: int, near: int, far: int, path: Numbers) -> int:
    """Follow the meetings that change places when the person's meeting moves from slot near to slot far.

    The person has to be free in slot far. Source: list edge colouring by Kempe chains, after Vizing (1964).

    path    : int64 (2 * people,), receives the pairs in the order met.
    returns : how many there are; 0 where one of them cannot move, or the person has no meeting in slot near.
    """
    here, there, count = near, far, 0
    pair = timetable.holder[person, here]
    while pair >= 0:
        if timetable.bound[pair] or not timetable.possible[pair, there]:
            return 0
        path[count] = pair
        count += 1
        ends = timetable.people[pair]
        person = ends[1] if ends[0] == person else ends[0]
        here, there = there, here
        pair = timetable.holder[person, here]
    return count


@borrowing
def table_shift(timetable: Timetable, path: Numbers, count: int) -> int:
    """Tables that a flip takes out of the slot of the path's first meeting and needs in the other."""
    shift = 0
    for place in range(count):
        if timetable.table[path[place]]:
            shift += 1 if place % 2 == 0 else -1
    return shift


@borrowing
def flip(timetable: Timetable, near: int, far: int, path: Numbers, count: int) -> None:
    """Move every meeting of the path to the other of the two slots."""
    for place in range(count):
        release(timetable, path[place])
    for place in range(count):
        hold(timetable, path[place], far if place % 2 == 0 else near)


@borrowing
def last_person(timetable: Timetable, person: int, path: Numbers, count: int) -> int:
    """Whom the path ends at when it starts at the person."""
    for place in range(count):
        ends = timetable.people[path[place]]
        person = ends[1] if ends[0] == person else ends[0]
    return person
