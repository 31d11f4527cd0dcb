"""Moves at the ends of busy runs: of all Kempe chains those that can close a break without opening one."""

from __future__ import annotations

from math import log

import numpy as np

from matching.meetings.annealing import FINE, Days, complement, enough, take
from matching.meetings.chains import last_person, table_shift
from matching.meetings.compiled import borrowing, compiled, copy
from matching.meetings.problem import Flags, Numbers
from matching.meetings.slots import draw
from matching.meetings.timetable import Timetable

ANYWHERE = 32
"""Of so many moves an eighth goes from any meeting to any free slot, lest a plan be out of reach."""


@compiled
def move_run_ends(
    timetable: Timetable, days: Days, random: Numbers, best: Numbers, costs: Numbers, heat: float, moves: int
) -> None:
    """Try so many moves at one temperature, each from the end of a busy run to a slot beside one.

    A chain changes the days of the two at its ends. It is followed from the end at which it costs nothing, or what the
    temperature allows: of every chain that is worth taking one end is such.

    days  : of breaks, where everyone waits in every slot and the day has one part.
    costs : those of the plan as it is and of the best one.
    """
    people = len(timetable.holder)
    path, other = np.empty(2 * people, np.int64), np.empty(2 * people, np.int64)
    move_along(timetable, days, random, best, costs, path, other, heat, moves)


@borrowing
def move_along(
    timetable: Timetable,
    days: Days,
    random: Numbers,
    best: Numbers,
    costs: Numbers,
    path: Numbers,
    other: Numbers,
    heat: float,
    moves: int,
) -> None:
    """Move run ends with two paths that are written over at each move."""
    slot, ends, holder = timetable.slot, timetable.people, timetable.holder
    possible, movable, breaks, cost = timetable.possible, days.movable, days.waits_held, days.cost
    unseen = False
    for _ in range(moves):
        end_of, place, chance = (
            draw(random, 2 * len(slot)),
            draw(random, ANYWHERE * holder.shape[1]),
            draw(random, FINE),
        )
        person, near = ends[end_of // 2, end_of % 2], slot[end_of // 2]
        if near < 0:
            continue
        near, far = from_to(holder, person, near, place)
        if far < 0 or holder[person, far] >= 0 or not possible[holder[person, near], far]:
            continue
        change = dearer(holder, breaks, cost, person, near, far)
        if change > 0 and change > bearable(heat, chance):
            continue
        count, end, left, taken = follow(holder, ends, movable, possible, person, near, far, path)
        if count == 0:
            continue
        change += dearer(holder, breaks, cost, end, left, taken)
        if change > 0 and change > bearable(heat, chance):
            continue
        most = bearable(heat, chance)
        second, tables = 0, table_shift(timetable, path, count)
        if not enough(timetable, near, far, tables):
            apart = last_person(timetable, person, path, count)
            second, more = complement(timetable, days, random, person, apart, near, far, tables, most - change, other)
            change += more
            if second == 0:
                continue
        unseen = take(timetable, days, near, far, path, count, other, second, change, best, costs, unseen)
    if unseen:
        copy(slot, best)


@borrowing
def bearable(heat: float, chance: int) -> float:
    """The most that a move may add to the cost, for a number that is drawn below FINE."""
    return -heat * log((chance + 1) / FINE)


@borrowing
def from_to(holder: Numbers, person: int, near: int, place: int) -> tuple[int, int]:
    """The end of the run that slot near is in, and a slot beside a run; sometimes slot near itself and any slot.

    place   : a number drawn below ANYWHERE * slots; its last two bits tell the directions.
    returns : the second is -1 where there is none.
    """
    far, kind = place // ANYWHERE, place % ANYWHERE
    if kind < ANYWHERE // 8:
        return near, far
    return run_end(holder, person, near, 2 * (kind & 1) - 1), beside_run(holder, person, far, (kind & 2) - 1)


@borrowing
def run_end(holder: Numbers, person: int, slot: int, step: int) -> int:
    """The last busy slot of the person's run in that direction."""
    while busy(holder, person, slot + step):
        slot += step
    return slot


@borrowing
def beside_run(holder: Numbers, person: int, slot: int, step: int) -> int:
    """The first free slot past the run that slot is in, else the last one before the next run; -1 where none is."""
    slots = holder.shape[1]
    if busy(holder, person, slot):
        beyond = run_end(holder, person, slot, step) + step
        return beyond if 0 <= beyond < slots else -1
    while 0 <= slot + step < slots and holder[person, slot + step] < 0:
        slot += step
    return slot if 0 <= slot + step < slots else -1


@borrowing
def busy(holder: Numbers, person: int, slot: int) -> bool:
    """Whether the person has a meeting then; never outside of the day."""
    return bool(0 <= slot < holder.shape[1] and holder[person, slot] >= 0)


@borrowing
def follow(
    holder: Numbers, people: Numbers, movable: Flags, possible: Flags, person: int, near: int, far: int, path: Numbers
) -> tuple[int, int, int, int]:
    """Follow the meetings that change places when the person, free in slot far, moves there from slot near.

    path    : receives the pairs in the order met.
    returns : how many there are, 0 where one of them cannot move; whom they end at, the slot it leaves and the one it
              takes.
    """
    here, there, count = near, far, 0
    pair = holder[person, here]
    while pair >= 0:
        if not movable[pair] or not possible[pair, there]:
            return 0, person, here, there
        path[count] = pair
        count += 1
        ends = people[pair]
        person = ends[1] if ends[0] == person else ends[0]
        here, there = there, here
        pair = holder[person, here]
    return count, person, there, here


@borrowing
def dearer(holder: Numbers, breaks: Numbers, cost: Numbers, person: int, left: int, taken: int) -> int:
    """What it adds to the cost that a person meets in slot taken rather than in slot left.

    breaks : int64 (people,), of the plan as it is; only the neighbours of the two slots tell how many they become.
    """
    runs = parts(holder, person, left, -1) - parts(holder, person, taken, left)
    return int(cost[breaks[person] + runs] - cost[breaks[person]])


@borrowing
def parts(holder: Numbers, person: int, slot: int, without: int) -> int:
    """Runs that a meeting in the slot joins to one, less that one; of its neighbours one slot may count as free."""
    before = slot - 1 != without and busy(holder, person, slot - 1)
    after = slot + 1 != without and busy(holder, person, slot + 1)
    return int(before) + int(after) - 1
