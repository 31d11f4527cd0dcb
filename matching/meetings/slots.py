"""When the chosen pairs meet: list edge colouring by direct slots, Kempe chains, and ejection with tabu."""

from __future__ import annotations

from time import monotonic

import numpy as np

from matching.meetings.chains import chain, flip, last_person, table_shift
from matching.meetings.compiled import borrowing, copy
from matching.meetings.problem import NONE, Flags, Floats, MeetingProblem, Numbers
from matching.meetings.timetable import Timetable, both_free, empty_timetable, fits, hold, in_order, release, room

TENURE = 12
"""Rounds for which an ejected pair stays out of the slot that it was ejected from, and as many again at random."""
CHUNK = 20_000
"""Rounds between two looks at the clock."""


def place_all(
    problem: MeetingProblem,
    chosen: Flags,
    *,
    seed: int,
    rounds: int,
    until: float = np.inf,
    open_to: Flags | None = None,
) -> tuple[Numbers, Flags]:
    """Give a slot to each chosen pair, to as much of their total score as can be reached.

    chosen  : bool (m,)
    rounds  : tries to place a pair for which no slot is open.
    until   : reading of time.monotonic at which the search stops, though rounds are left; the first go is always taken.
    open_to : bool (m, s), slots that a pair is kept to beside all that its people are; all where it is not given.
    returns : int64 (m,), the slots, NONE where a pair is not held; bool (m,), chosen pairs that found no slot.
    """
    timetable = empty_timetable(problem)
    if open_to is not None:
        timetable = timetable._replace(possible=timetable.possible & open_to)
    open_slots = timetable.possible.sum(axis=1)
    waiting = np.flatnonzero(chosen)
    waiting = waiting[np.lexsort((-problem.score[waiting], open_slots[waiting], -problem.length[waiting]))]
    weight = np.where(problem.required, 1e4, 1.0) * problem.score
    queue = np.full(len(problem.first), NONE)
    queue[: len(waiting)] = waiting[::-1]
    tabu = np.zeros((len(problem.first), len(problem.half_day)), np.int64)
    random = np.array([seed + 1, len(waiting)], np.int64)
    best, state = timetable.slot.copy(), np.array([len(waiting), 0], np.int64)
    least, path = np.array([np.inf]), np.empty(2 * len(timetable.holder), np.int64)
    while state[0] and state[1] < rounds and (state[1] == 0 or monotonic() < until):
        search(timetable, queue, state, tabu, weight, random, best, least, path, min(rounds, int(state[1]) + CHUNK))
    return best, chosen & (best == NONE)


@borrowing
def draw(random: Numbers, below: int) -> int:
    """A number 0..below-1 of a linear congruential sequence (Park & Miller 1988) whose state is the first entry."""
    random[0] = random[0] * 48271 % 2147483647
    return int(random[0] % below)


@borrowing
def search(
    timetable: Timetable,
    queue: Numbers,
    state: Numbers,
    tabu: Numbers,
    weight: Floats,
    random: Numbers,
    best: Numbers,
    least: Floats,
    path: Numbers,
    stop: int,
) -> None:
    """Place waiting pairs until none waits or the round to stop at comes; keep the plan that leaves least out."""
    while state[0] > 0 and state[1] < stop:
        state[1] += 1
        place = state[0] - 1 if state[1] < least[0] else draw(random, state[0])
        pair = queue[place]
        state[0] -= 1
        queue[place] = queue[state[0]]
        if not (direct(timetable, pair) or by_chain(timetable, pair, path) or by_table(timetable, pair, path, random)):
            eject(timetable, pair, queue, state, tabu, random)
        left = 0.0
        for other in range(state[0]):
            left += weight[queue[other]]
        if left < least[0]:
            least[0] = left
            copy(timetable.slot, best)


@borrowing
def direct(timetable: Timetable, pair: int) -> bool:
    """Place the pair in the fitting slot with the most tables left."""
    found, most = -1, -1
    for slot in range(len(timetable.tables)):
        left = timetable.tables[slot] - timetable.seated[slot]
        if left > most and fits(timetable, pair, slot):
            found, most = slot, left
    if found >= 0:
        hold(timetable, pair, found)
    return found >= 0


@borrowing
def by_chain(timetable: Timetable, pair: int, path: Numbers) -> bool:
    """Place the pair where one of the two is free, by a chain that frees the other."""
    if timetable.bound[pair]:
        return False
    slots = len(timetable.tables)
    for side in range(2):
        free, busy = timetable.people[pair, side], timetable.people[pair, 1 - side]
        for near in range(slots):
            if not timetable.possible[pair, near] or timetable.holder[free, near] >= 0:
                continue
            if timetable.holder[busy, near] < 0:
                continue
            for far in range(slots):
                if far == near or timetable.holder[busy, far] >= 0:
                    continue
                count = chain(timetable, busy, near, far, path)
                if count and opened(timetable, pair, free, busy, near, far, path, count):
                    flip(timetable, near, far, path, count)
                    hold(timetable, pair, near)
                    return True
    return False


@borrowing
def opened(
    timetable: Timetable, pair: int, free: int, busy: int, near: int, far: int, path: Numbers, count: int
) -> bool:
    """Whether the pair fits in slot near, and all tables suffice, once the path is flipped."""
    if last_person(timetable, busy, path, count) == free:
        return False
    shift, own = table_shift(timetable, path, count), 1 if timetable.table[pair] else 0
    near_fits = timetable.seated[near] - shift + own <= timetable.tables[near]
    return near_fits and bool(timetable.seated[far] + shift <= timetable.tables[far])


@borrowing
def by_table(timetable: Timetable, pair: int, path: Numbers, random: Numbers) -> bool:
    """Place the pair where both are free and only a table is wanting, by a chain that moves one meeting elsewhere."""
    if timetable.bound[pair] or not timetable.table[pair]:
        return False
    slots, people = len(timetable.tables), len(timetable.holder)
    for near in range(slots):
        if not timetable.possible[pair, near] or not both_free(timetable, pair, near):
            continue
        for far in range(slots):
            if far == near or timetable.seated[far] >= timetable.tables[far]:
                continue
            start = draw(random, people)
            for step in range(people):
                person = (start + step) % people
                if timetable.holder[person, near] < 0 or timetable.holder[person, far] >= 0:
                    continue
                count = chain(timetable, person, near, far, path)
                if count and table_shift(timetable, path, count) == 1 and apart(timetable, pair, person, path, count):
                    flip(timetable, near, far, path, count)
                    hold(timetable, pair, near)
                    return True
    return False


@borrowing
def apart(timetable: Timetable, pair: int, person: int, path: Numbers, count: int) -> bool:
    """Whether a flip of the path leaves both persons of the pair free where they were."""
    last = last_person(timetable, person, path, count)
    ends = timetable.people[pair]
    return not (last == ends[0] or last == ends[1] or person == ends[0] or person == ends[1])


@borrowing
def eject(timetable: Timetable, pair: int, queue: Numbers, state: Numbers, tabu: Numbers, random: Numbers) -> None:
    """Place the pair in the slot where it drives out fewest, of those open to it; the driven out wait again."""
    found, fewest, ties = -1, 1 << 40, 0
    for slot in range(len(timetable.tables)):
        if not timetable.possible[pair, slot]:
            continue
        harm = 4 * conflicts(timetable, pair, slot) + (64 if tabu[pair, slot] > state[1] else 0)
        ties = ties + 1 if harm == fewest else 1
        if harm < fewest or (harm == fewest and draw(random, ties) == 0):
            found, fewest = slot, harm
    if found < 0:
        return
    drive_out(timetable, pair, found, queue, state, tabu, random)
    if fits(timetable, pair, found):
        hold(timetable, pair, found)
    else:
        queue[state[0]] = pair
        state[0] += 1


@borrowing
def conflicts(timetable: Timetable, pair: int, start: int) -> int:
    """How many meetings stand in the pair's way there, counted once for each slot and person."""
    count = 0
    for slot in range(start, start + timetable.length[pair]):
        for side in range(2):
            if timetable.holder[timetable.people[pair, side], slot] >= 0:
                count += 1
    if count == 0 and not room(timetable, pair, start):
        count += 1
    return count if in_order(timetable, pair, start) else count + 1


@borrowing
def drive_out(
    timetable: Timetable, pair: int, start: int, queue: Numbers, state: Numbers, tabu: Numbers, random: Numbers
) -> None:
    """Release every meeting in the pair's way; of those at tables or with interpreters, any that helps."""
    group = timetable.group[pair]
    if group >= 0 and timetable.group_held[group] >= 0:
        send_back(timetable, timetable.group_held[group], queue, state, tabu, random)
    for row in range(len(timetable.earlier)):
        early, late = timetable.earlier[row], timetable.later[row]
        other = late if early == pair else early
        concerned = early == pair or late == pair  # noqa: PLR1714 - compiled code has no sets of mixed use
        if concerned and timetable.slot[other] >= 0 and not in_order(timetable, pair, start):
            send_back(timetable, other, queue, state, tabu, random)
    for slot in range(start, start + timetable.length[pair]):
        for side in range(2):
            held = timetable.holder[timetable.people[pair, side], slot]
            if held >= 0:
                send_back(timetable, held, queue, state, tabu, random)
        first = draw(random, len(timetable.holder))
        for step in range(len(timetable.holder)):
            if room(timetable, pair, start):
                break
            held = timetable.holder[(first + step) % len(timetable.holder), slot]
            if held >= 0 and helps(timetable, pair, held, slot):
                send_back(timetable, held, queue, state, tabu, random)


@borrowing
def helps(timetable: Timetable, pair: int, held: int, slot: int) -> bool:
    """Whether the meeting takes the table or the interpreter that the pair lacks in the slot."""
    full = timetable.seated[slot] >= timetable.tables[slot]
    if timetable.table[pair] and timetable.table[held] and full:
        return True
    pool = timetable.pool[pair]
    return bool(pool >= 0 and timetable.pool[held] == pool)


@borrowing
def send_back(timetable: Timetable, pair: int, queue: Numbers, state: Numbers, tabu: Numbers, random: Numbers) -> None:
    """Release a meeting and let it wait; for some rounds it does not return to its slot."""
    tabu[pair, timetable.slot[pair]] = state[1] + TENURE + draw(random, TENURE)
    release(timetable, pair)
    queue[state[0]] = pair
    state[0] += 1
