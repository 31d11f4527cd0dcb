"""Simulated annealing over Kempe chains: two slots change places along a chain, and only its two ends feel it."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, log
from time import monotonic
from typing import NamedTuple

import numpy as np

from matching.meetings.chains import flip, last_person, table_shift
from matching.meetings.compiled import borrowing, compiled, copy
from matching.meetings.problem import Flags, Numbers
from matching.meetings.slots import draw
from matching.meetings.timetable import Timetable, hold, in_order

CHUNK = 50_000
"""Moves between two looks at the clock."""
GIVEN_BACK = 3
"""Waits that a second chain can be hoped to save."""
PARTNERS = 12
"""Chains looked at for one that gives back the table which another takes."""
FINE = 1 << 30


class Days(NamedTuple):
    """What a person's day costs. Everything but waits_held is fixed.

    waits_held : int64 (people,), waits of each person's day as it is
    waiting    : bool (people, s), slots in which a person without a meeting waits
    part       : int64 (s,), rising; nobody waits from one part of the day to the next
    by_run     : bool (1,), whether slots waited in one after the other count as one wait
    cost       : int64 (s + 1,), what so many waits of one person cost, convex
    movable    : bool (m,), pairs that a chain may move
    """

    waits_held: Numbers
    waiting: Flags
    part: Numbers
    by_run: Flags
    cost: Numbers
    movable: Flags


Step = Callable[[Timetable, Days, Numbers, Numbers, Numbers, float, int], None]


def anneal(
    timetable: Timetable,
    slot: Numbers,
    days: Days,
    *,
    seed: int,
    moves: int,
    heats: tuple[float, float],
    until: float = inf,
    step: Step | None = None,
) -> tuple[Numbers, Numbers]:
    """Search for a plan of the same meetings whose days cost least.

    timetable : empty; holds some plan afterwards.
    slot      : int64 (m,), a plan that breaks no rule.
    moves     : tries; the temperature falls with them, so that the same number gives the same plan.
    heats     : temperature of the first and of the last move, in units of the cost of one wait.
    until     : reading of time.monotonic at which the search stops, though moves are left.
    step      : tries moves of its kind at one temperature; those between any two slots where it is not given.
    returns   : int64 (m,), the best plan seen, never worse than the one given; int64 (2,), its cost before and after.
    Source    : Kirkpatrick, Gelatt & Vecchi, Optimization by Simulated Annealing, Science 220 (1983).
    """
    fill(timetable, slot)
    before = count_all(timetable, days)
    best = slot.copy()
    costs = np.array([before, before], np.int64)
    random = np.array([seed + 1], np.int64)
    done, hottest, fall = 0, heats[0] * float(days.cost[1]), heats[1] / heats[0]
    while done < moves and costs[1] > 0 and monotonic() < until:
        heat = hottest * fall ** (done / moves)
        done += CHUNK
        (step or search)(timetable, days, random, best, costs, heat, min(CHUNK, moves - done + CHUNK))
    return best, np.array([before, costs[1]])


@borrowing
def fill(timetable: Timetable, slot: Numbers) -> None:
    """Hold every meeting of the plan."""
    for pair in range(len(slot)):
        if slot[pair] >= 0:
            hold(timetable, pair, slot[pair])


@borrowing
def count_all(timetable: Timetable, days: Days) -> int:
    """Count everyone's waits. returns: what they cost together."""
    total = 0
    for person in range(len(timetable.holder)):
        days.waits_held[person] = waits(timetable, days, person, -1, -1)
        total += days.cost[days.waits_held[person]]
    return total


@borrowing
def waits(timetable: Timetable, days: Days, person: int, left: int, taken: int) -> int:
    """Waits of a person between first and last meeting of each part, were slot left free and slot taken busy."""
    count, open_wait, met, part = 0, 0, False, -1
    held, waiting = timetable.holder[person], days.waiting[person]
    for slot in range(len(held)):
        if days.part[slot] != part:
            part, met, open_wait = days.part[slot], False, 0
        if slot == taken or (held[slot] >= 0 and slot != left):
            count += min(open_wait, 1) if days.by_run[0] else open_wait
            met, open_wait = True, 0
        elif met and waiting[slot]:
            open_wait += 1
    return count


@compiled
def search(
    timetable: Timetable, days: Days, random: Numbers, best: Numbers, costs: Numbers, heat: float, moves: int
) -> None:
    """Try so many moves at one temperature; costs are those of the plan as it is and of the best one."""
    longest = 2 * len(timetable.holder)
    path, other = np.empty(longest, np.int64), np.empty(longest, np.int64)
    search_along(timetable, days, random, best, costs, path, other, heat, moves)


@borrowing
def search_along(
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
    """Search with two paths that are written over at each move."""
    people, slots = timetable.holder.shape
    unseen = False
    for _ in range(moves):
        person, near, far = draw(random, people), draw(random, slots), draw(random, slots)
        if near == far or timetable.holder[person, near] < 0:
            continue
        most = -heat * log((draw(random, FINE) + 1) / FINE)
        count, change = look(timetable, days, person, near, far, path)
        if count == 0 or change > most + GIVEN_BACK * days.cost[1]:
            continue
        second = 0
        tables = table_shift(timetable, path, count)
        if not enough(timetable, near, far, tables):
            apart = last_person(timetable, person, path, count)
            second, more = complement(timetable, days, random, person, apart, near, far, tables, most - change, other)
            change += more
            if second == 0:
                continue
        if change > most:
            continue
        unseen = take(timetable, days, near, far, path, count, other, second, change, best, costs, unseen)
    if unseen:
        copy(timetable.slot, best)


@borrowing
def take(
    timetable: Timetable,
    days: Days,
    near: int,
    far: int,
    path: Numbers,
    count: int,
    other: Numbers,
    second: int,
    change: int,
    best: Numbers,
    costs: Numbers,
    unseen: bool,
) -> bool:
    """Turn both chains unless that is forbidden, at a change of the cost that was borne.

    unseen  : whether the plan before is the best one and not written down; it is, before it grows dearer.
    returns : the same of the plan that comes out.
    """
    if unseen and change > 0:
        copy(timetable.slot, best)
        unseen = False
    if turn(timetable, days, near, far, path, count, other, second):
        costs[0] += change
        if costs[0] < costs[1]:
            costs[1] = costs[0]
            unseen = True
    return unseen


@borrowing
def look(timetable: Timetable, days: Days, person: int, near: int, far: int, path: Numbers) -> tuple[int, int]:
    """Follow the meetings that change places when the person's meeting moves from slot near to slot far.

    Where the person has a meeting in slot far too, the way has to come back by it, and nobody's day changes.

    path    : receives the pairs in the order met.
    returns : how many there are, 0 where one of them cannot move; what the flip adds to the cost.
    """
    here, there, count, end = near, far, 0, person
    ring = timetable.holder[person, far] >= 0
    pair = timetable.holder[person, here]
    while pair >= 0:
        if not days.movable[pair] or not timetable.possible[pair, there]:
            return 0, 0
        path[count] = pair
        count += 1
        ends = timetable.people[pair]
        end = ends[1] if ends[0] == end else ends[0]
        if end == person:
            return count, 0
        here, there = there, here
        pair = timetable.holder[end, here]
    if ring:
        return 0, 0
    return count, added(timetable, days, person, near, far) + added(timetable, days, end, there, here)


@borrowing
def added(timetable: Timetable, days: Days, person: int, left: int, taken: int) -> int:
    """What it adds to the cost that a person meets in slot taken rather than in slot left."""
    now = days.cost[days.waits_held[person]]
    return int(days.cost[waits(timetable, days, person, left, taken)] - now)


@borrowing
def enough(timetable: Timetable, near: int, far: int, tables: int) -> bool:
    """Whether so many more meetings at tables fit in slot far, or so many fewer than none in slot near."""
    if tables > 0:
        return bool(timetable.seated[far] + tables <= timetable.tables[far])
    return tables == 0 or bool(timetable.seated[near] - tables <= timetable.tables[near])


@borrowing
def complement(
    timetable: Timetable,
    days: Days,
    random: Numbers,
    person: int,
    end: int,
    near: int,
    far: int,
    tables: int,
    most: float,
    path: Numbers,
) -> tuple[int, int]:
    """A chain between the same slots that gives back the tables which the chain from person to end takes.

    most    : what the chain may add to the cost.
    returns : how many pairs it has, 0 where none was found; what it adds to the cost.
    """
    people = len(timetable.holder)
    start, goal = (far, near) if tables > 0 else (near, far)
    for _ in range(PARTNERS):
        partner = draw(random, people)
        if timetable.holder[partner, start] < 0 or timetable.holder[partner, goal] >= 0 or partner in (person, end):
            continue
        count, change = look(timetable, days, partner, start, goal, path)
        if count > 0 and change <= most and table_shift(timetable, path, count) == abs(tables):
            return count, change
    return 0, 0


@borrowing
def turn(
    timetable: Timetable, days: Days, near: int, far: int, path: Numbers, count: int, other: Numbers, second: int
) -> bool:
    """Flip both chains, unless an interpreter or an order of meetings forbids it. returns: whether it is done.

    other : a chain of pairs that starts wherever its first pair is, empty where second is 0.
    """
    start, goal = near, far
    if second > 0 and timetable.slot[other[0]] == far:
        start, goal = far, near
    flip(timetable, near, far, path, count)
    flip(timetable, start, goal, other, second)
    if not (allowed(timetable, path, count) and allowed(timetable, other, second)):
        flip(timetable, far, near, path, count)
        flip(timetable, goal, start, other, second)
        return False
    recount(timetable, days, path, count)
    recount(timetable, days, other, second)
    return True


@borrowing
def allowed(timetable: Timetable, path: Numbers, count: int) -> bool:
    """Whether the pairs keep their order and have an interpreter each."""
    for place in range(count):
        pair = path[place]
        if not timetable.bound[pair]:
            continue
        slot, pool = timetable.slot[pair], timetable.pool[pair]
        if pool >= 0 and timetable.engaged[pool, slot] > timetable.interpreters[pool, slot]:
            return False
        if not in_order(timetable, pair, slot):
            return False
    return True


@borrowing
def recount(timetable: Timetable, days: Days, path: Numbers, count: int) -> None:
    """Count the waits of the persons at the chain's ends anew."""
    for place in range(0, count, max(1, count - 1)):
        for side in range(2):
            person = timetable.people[path[place], side]
            days.waits_held[person] = waits(timetable, days, person, -1, -1)
