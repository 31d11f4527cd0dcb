"""Two tables exchange their meetings for some slots: the move by which table changes are searched away."""

from __future__ import annotations

from math import log
from typing import NamedTuple

import numpy as np

from matching.meetings.compiled import borrowing, copy
from matching.meetings.problem import Flags, Numbers
from matching.meetings.slots import draw

HOTTEST, COLDEST = 1.0, 0.3
"""Temperature of the first and of the last exchange, in changes of table."""
CUT = 8
"""One in so many exchanges parts two meetings that follow each other at a table, where it could spare them."""
FINE = 1 << 30


class Seating(NamedTuple):
    """Who sits where. All but the first two are fixed.

    table  : int64 (m,), NONE where the pair sits at none
    guests : int64 (s, tables), the pair that sits there then; NONE where nobody does
    slot   : int64 (m,)
    free   : bool (m,), meetings that may change table, each of one slot
    before : int64 (2, m), the meeting that should be at the same table before, of each side
    after  : int64 (2, m), and the one after
    tables : int64 (s,)
    """

    table: Numbers
    guests: Numbers
    slot: Numbers
    free: Flags
    before: Numbers
    after: Numbers
    tables: Numbers


def exchanged(seating: Seating, *, seed: int, moves: int) -> Numbers:
    """Search for tables with fewer changes, by simulated annealing; never more than there are.

    returns : int64 (m,), the tables. seating is used up.
    """
    best = seating.table.copy()
    unkept = np.flatnonzero((seating.after != -1).any(axis=0) | (seating.before != -1).any(axis=0))
    if len(unkept) and seating.guests.shape[1] > 1:
        exchange(seating, unkept, np.array([seed + 1], np.int64), best, moves)
    return best


@borrowing
def exchange(seating: Seating, linked: Numbers, random: Numbers, best: Numbers, moves: int) -> None:
    """Try so many exchanges; best receives the tables with the fewest changes."""
    now, least, unseen, slots = 0, 0, False, len(seating.tables)
    for done in range(moves):
        pair = linked[draw(random, len(linked))]
        target = table_missed(seating, pair, random)
        if target < 0:
            continue
        heat = HOTTEST * (COLDEST / HOTTEST) ** (done / moves)
        here = seating.table[pair]
        begin, end = stretch(seating, seating.slot[pair], here, target, draw(random, CUT) == 0, slots)
        if not exchangeable(seating, begin, end, here, target):
            continue
        change = -changes(seating, begin, end, here, target)
        swap(seating, begin, end, here, target)
        change += changes(seating, begin, end, here, target)
        if change > -heat * log((draw(random, FINE) + 1) / FINE):
            swap(seating, begin, end, here, target)
            continue
        if unseen and change > 0:
            swap(seating, begin, end, here, target)
            copy(seating.table, best)
            unseen = False
            swap(seating, begin, end, here, target)
        now += change
        if now < least:
            least, unseen = now, True
    if unseen:
        copy(seating.table, best)


@borrowing
def table_missed(seating: Seating, pair: int, random: Numbers) -> int:
    """Another table where a neighbour of the meeting sits. returns: NONE where there is none."""
    links, side = (seating.before, seating.after), draw(random, 4)
    link = links[0] if side < 2 else links[1]
    other = link[side % 2, pair]
    if other < 0 or seating.table[other] < 0 or seating.table[other] == seating.table[pair]:
        return -1
    return int(seating.table[other])


@borrowing
def stretch(seating: Seating, slot: int, here: int, target: int, cut: bool, slots: int) -> tuple[int, int]:
    """The slots around one within which no two meetings that follow each other at either table are parted."""
    begin, end = slot, slot + 1
    while begin > 0 and not cut and (follows(seating, begin, here) or follows(seating, begin, target)):
        begin -= 1
    while end < slots and not cut and (follows(seating, end, here) or follows(seating, end, target)):
        end += 1
    return begin, end


@borrowing
def follows(seating: Seating, slot: int, table: int) -> bool:
    """Whether someone stays at the table from the slot before."""
    late, early = seating.guests[slot, table], seating.guests[slot - 1, table]
    if late < 0 or early < 0:
        return False
    return bool(seating.before[0, late] == early or seating.before[1, late] == early)


@borrowing
def exchangeable(seating: Seating, begin: int, end: int, here: int, target: int) -> bool:
    """Whether every meeting at the two tables may move to the other one."""
    for slot in range(begin, end):
        if max(here, target) >= seating.tables[slot]:
            return False
        for table in (here, target):
            pair = seating.guests[slot, table]
            if pair >= 0 and not seating.free[pair]:
                return False
    return True


@borrowing
def changes(seating: Seating, begin: int, end: int, here: int, target: int) -> int:
    """Changes of table next to the meetings at the two tables."""
    count = 0
    for slot in range(begin, end):
        for table in (here, target):
            pair = seating.guests[slot, table]
            if pair < 0:
                continue
            for side in range(2):
                for link in (seating.before, seating.after):
                    other = link[side, pair]
                    if other < 0 or seating.table[other] == table:
                        continue
                    inside = begin <= seating.slot[other] < end
                    both = inside and (seating.table[other] == here or seating.table[other] == target)
                    count += 1 if both else 2
    return count // 2


@borrowing
def swap(seating: Seating, begin: int, end: int, here: int, target: int) -> None:
    """Exchange the meetings of two tables."""
    for slot in range(begin, end):
        one, other = seating.guests[slot, here], seating.guests[slot, target]
        seating.guests[slot, here], seating.guests[slot, target] = other, one
        if one >= 0:
            seating.table[one] = target
        if other >= 0:
            seating.table[other] = here
