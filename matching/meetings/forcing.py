"""A meeting forced into a slot: what is in its way is driven out, and waits for another slot."""

from __future__ import annotations

from math import inf

from matching.meetings.compiled import borrowing
from matching.meetings.ledger import Ledger, add, drive_out, drop, has_all
from matching.meetings.problem import Numbers
from matching.meetings.slots import draw, helps
from matching.meetings.timetable import Timetable, fits, in_order, room

LOOKS, VICTIMS = 60, 6
"""Persons looked at, and meetings compared, to find one that gives up its table."""


@borrowing
def force(timetable: Timetable, ledger: Ledger, random: Numbers, pair: int, start: int) -> tuple[bool, float]:
    """Hold the pair then and drive out what is in its way. returns: whether it could be held; what the plan gains."""
    gain = 0.0
    if timetable.slot[pair] >= 0:
        gain += drop(timetable, ledger, pair)
    for slot in range(start, start + timetable.length[pair]):
        for side in range(2):
            held = timetable.holder[timetable.people[pair, side], slot]
            if held >= 0:
                gain += drive_out(timetable, ledger, held)
    gain += end_rare_conflicts(timetable, ledger, pair, start)
    for side in range(2):
        who = ledger.first[pair] if side == 0 else ledger.second[pair]
        if ledger.meetings[who] >= ledger.maximum[who]:
            gain += drop_cheapest(timetable, ledger, who, timetable.people[pair, side])
    for slot in range(start, start + timetable.length[pair]):
        for _ in range(2):
            held = -1 if room(timetable, pair, start) else victim(timetable, ledger, random, pair, slot)
            if held >= 0:
                gain += drive_out(timetable, ledger, held)
    if not fits(timetable, pair, start):
        return False, gain
    return True, gain + add(timetable, ledger, pair, start)


@borrowing
def end_rare_conflicts(timetable: Timetable, ledger: Ledger, pair: int, start: int) -> float:
    """Drive out whatever excludes the pair or would be out of order with it. returns: what the plan gains."""
    gain, group = 0.0, timetable.group[pair]
    if group >= 0 and timetable.group_held[group] >= 0:
        gain += drive_out(timetable, ledger, timetable.group_held[group])
    for row in range(len(timetable.earlier)):
        early, late = timetable.earlier[row], timetable.later[row]
        other = late if early == pair else early
        concerned = early == pair or late == pair  # noqa: PLR1714 - compiled code has no sets of mixed use
        if concerned and timetable.slot[other] >= 0 and not in_order(timetable, pair, start):
            gain += drive_out(timetable, ledger, other)
    return gain


@borrowing
def drop_cheapest(timetable: Timetable, ledger: Ledger, who: int, person: int) -> float:
    """Drive out the meeting of a participant that is worth least. returns: what the plan gains."""
    found, least = -1, inf
    for slot in range(len(timetable.tables)):
        held = timetable.holder[person, slot]
        if held < 0 or (ledger.first[held] != who and ledger.second[held] != who):
            continue
        if ledger.value[held] < least:
            found, least = held, ledger.value[held]
    return drive_out(timetable, ledger, found) if found >= 0 else 0.0


@borrowing
def victim(timetable: Timetable, ledger: Ledger, random: Numbers, pair: int, slot: int) -> int:
    """A meeting that gives the pair its table or interpreter: one with another slot open, else one worth little."""
    found, least, seen = -1, inf, 0
    for _ in range(LOOKS):
        held = timetable.holder[draw(random, len(timetable.holder)), slot]
        if held < 0 or timetable.length[held] > 1 or not helps(timetable, pair, held, slot):
            continue
        worth = ledger.value[held]
        for side in range(2):
            who = ledger.first[held] if side == 0 else ledger.second[held]
            if ledger.meetings[who] <= ledger.minimum[who]:
                worth += ledger.promise[0]
        if open_start(timetable, ledger, random, held) >= 0:
            return int(held)
        if worth < least:
            found, least = held, worth
        seen += 1
        if seen == VICTIMS:
            break
    return int(found)


@borrowing
def open_start(timetable: Timetable, ledger: Ledger, random: Numbers, pair: int) -> int:
    """A candidate slot in which the pair fits as things are, any of them; -1 where there is none."""
    first, count = ledger.of_pair[pair], ledger.of_pair[pair + 1] - ledger.of_pair[pair]
    if count == 0 or has_all(ledger, pair):
        return -1
    shift = draw(random, count)
    for step in range(count):
        start = ledger.start[first + (step + shift) % count]
        if fits(timetable, pair, start):
            return int(start)
    return -1
