"""Better pairs in better slots: trains of moves in which one meeting drives out another, guided by prices.

Source: the gain criterion of Lin & Kernighan, Operations Research 21 (1973), with the losses of a linear programme.
"""

from __future__ import annotations

from math import inf, log
from time import monotonic

import numpy as np

from matching.meetings.annealing import FINE, enough
from matching.meetings.chains import chain, flip, table_shift
from matching.meetings.compiled import borrowing, copy
from matching.meetings.forcing import force, open_start
from matching.meetings.ledger import Ledger, add, has_all, ledger_of, take_back
from matching.meetings.problem import Flags, Floats, MeetingProblem, Numbers
from matching.meetings.relaxation import Relaxation
from matching.meetings.slots import draw
from matching.meetings.timetable import Timetable, fits, timetable_of

CHUNK = 50_000
"""Moves between two looks at the clock."""
HEATS = ((0.006, 0.0015), (0.003, 0.001))
"""Temperature of the first and of the last move of each pass, as shares of the best pair's score."""
GREED = 3.0
"""Temperatures that a train has to be able to gain at every stage, or it ends."""
WHIM = 0.3
"""Temperatures by which chance moves the choice among the slots of a pair that was driven out."""
DEPTH = 8
"""Meetings that one train forces in at most."""
WAITING = 2
"""Pairs that may wait at once while a train runs."""


def trade(
    problem: MeetingProblem,
    slot: Numbers,
    relaxation: Relaxation,
    candidates: Flags,
    *,
    seed: int,
    moves: int,
    until: float = inf,
    target: float = inf,
) -> Numbers:
    """Search for pairs and slots worth more, by annealing over trains of moves, in passes one after another.

    slot       : int64 (m,), a plan that breaks no rule but promises.
    relaxation : its losses say where a train can gain anything.
    candidates : bool (m, s), starts worth a thought.
    moves      : tries of all passes; the temperature falls with them, so that the same number gives the same plan.
    until      : reading of time.monotonic at which the search stops, though moves are left.
    target     : gain at which the search stops, since no plan is worth more.
    returns    : int64 (m,), the best plan seen, never worth less than the one given.
    """
    for heats in HEATS:
        part = moves // len(HEATS)
        slot, gain = one_pass(problem, slot, relaxation, candidates, heats, seed, part, until, target)
        target -= gain
    return slot


def one_pass(
    problem: MeetingProblem,
    slot: Numbers,
    relaxation: Relaxation,
    candidates: Flags,
    heats: tuple[float, float],
    seed: int,
    moves: int,
    until: float,
    target: float,
) -> tuple[Numbers, float]:
    """Let the temperature fall once. returns: the best plan seen, and what it gained."""
    timetable, ledger = timetable_of(problem, slot), ledger_of(problem, slot, relaxation, candidates, depth=DEPTH)
    best, gains, random = slot.copy(), np.zeros(2), np.array([seed + 1], np.int64)
    path = np.empty(2 * len(timetable.holder), np.int64)
    hottest, fall = float(problem.score.max(initial=0.0)) * heats[0], heats[1] / heats[0]
    for done in range(0, moves if len(ledger.pair) else 0, CHUNK):
        if monotonic() > until or gains[1] >= target:
            break
        heat = hottest * fall ** (done / moves)
        search(timetable, ledger, random, best, gains, path, heat, min(CHUNK, moves - done))
    return best, float(gains[1])


@borrowing
def search(
    timetable: Timetable,
    ledger: Ledger,
    random: Numbers,
    best: Numbers,
    gains: Floats,
    path: Numbers,
    heat: float,
    moves: int,
) -> None:
    """Try so many moves at one temperature; gains are those of the plan as it is and of the best one."""
    for _ in range(moves):
        column = draw(random, len(ledger.pair))
        pair, start = ledger.pair[column], ledger.start[column]
        if timetable.slot[pair] == start or changed_places(timetable, pair, start, path):
            continue
        least = heat * log((draw(random, FINE) + 1) / FINE)
        done, gain = train(timetable, ledger, random, pair, start, least, heat)
        if done:
            gains[0] += gain
        if gains[0] > gains[1]:
            gains[1] = gains[0]
            copy(timetable.slot, best)


@borrowing
def changed_places(timetable: Timetable, pair: int, start: int, path: Numbers) -> bool:
    """Move a meeting to the slot by a Kempe chain, if one of the two is free then. The plan is worth the same after."""
    now = timetable.slot[pair]
    if now < 0 or timetable.bound[pair]:
        return False
    person = timetable.people[pair, 0]
    if timetable.holder[person, start] >= 0:
        person = timetable.people[pair, 1]
        if timetable.holder[person, start] >= 0:
            return False
    count = chain(timetable, person, now, start, path)
    if count == 0 or not enough(timetable, now, start, table_shift(timetable, path, count)):
        return False
    flip(timetable, now, start, path, count)
    return True


@borrowing
def train(
    timetable: Timetable, ledger: Ledger, random: Numbers, pair: int, start: int, least: float, heat: float
) -> tuple[bool, float]:
    """Force the pair in, then what it drove out into other slots, until the plan gains no less than asked.

    returns : whether that was reached, the plan being as before where not; the gain.
    """
    ledger.counts[0] = 0
    ledger.counts[1] = 0
    gain = 0.0
    outlook = hope(timetable, ledger, pair, start, True)
    for _ in range(DEPTH):
        if start < 0 or outlook < least + GREED * heat:
            break
        done, more = force(timetable, ledger, random, pair, start)
        gain += more
        if not done or ledger.counts[1] > WAITING:
            break
        gain += place_waiting(timetable, ledger, random)
        mark = ledger.counts[0]
        more = fill_up(timetable, ledger)
        if gain + more >= least:
            return True, gain + more
        take_back(timetable, ledger, mark)
        if ledger.counts[1] == 0:
            break
        pair = next_waiting(ledger)
        start, more = next_start(timetable, ledger, random, pair, WHIM * heat)
        outlook += more
    take_back(timetable, ledger, 0)
    return False, 0.0


@borrowing
def hope(timetable: Timetable, ledger: Ledger, pair: int, start: int, leaves: bool) -> float:
    """What the plan gains, by the prices, if the pair meets then and all that it drives out finds a perfect place.

    leaves : whether what is lost by the pair as it is now counts as gained; not where that was counted before.
    """
    now = timetable.slot[pair]
    gain = -ledger.loss[pair, start]
    if leaves:
        gain += ledger.missed[pair] if now < 0 else ledger.loss[pair, now]
    for side in range(2):
        who = ledger.first[pair] if side == 0 else ledger.second[pair]
        if ledger.meetings[who] < ledger.minimum[who]:
            gain += ledger.promise[0]
        person = timetable.people[pair, side]
        for slot in range(start, start + timetable.length[pair]):
            held = timetable.holder[person, slot]
            gain += ledger.time[person, slot] if held < 0 else ledger.loss[held, timetable.slot[held]]
    return float(gain)


@borrowing
def place_waiting(timetable: Timetable, ledger: Ledger, random: Numbers) -> float:
    """Hold each waiting pair for which a slot is open. returns: what the plan gains."""
    gain, place = 0.0, 0
    while place < ledger.counts[1]:
        pair = ledger.waiting[place]
        start = open_start(timetable, ledger, random, pair)
        if start >= 0:
            gain += add(timetable, ledger, pair, start)
            ledger.counts[1] -= 1
            ledger.waiting[place] = ledger.waiting[ledger.counts[1]]
        else:
            place += 1
    return gain


@borrowing
def next_waiting(ledger: Ledger) -> int:
    """Take the pair worth most from those that wait."""
    place = 0
    for other in range(1, ledger.counts[1]):
        if ledger.value[ledger.waiting[other]] > ledger.value[ledger.waiting[place]]:
            place = other
    pair = ledger.waiting[place]
    ledger.counts[1] -= 1
    ledger.waiting[place] = ledger.waiting[ledger.counts[1]]
    return int(pair)


@borrowing
def next_start(timetable: Timetable, ledger: Ledger, random: Numbers, pair: int, whim: float) -> tuple[int, float]:
    """The candidate slot that gives most hope to a pair driven out, none that it left in this train.

    returns : the slot, -1 where there is none; the hope.
    """
    found, most, chosen = -1, 0.0, -inf
    for place in range(ledger.of_pair[pair], ledger.of_pair[pair + 1]):
        start = ledger.start[place]
        if left_before(ledger, pair, start):
            continue
        gain = hope(timetable, ledger, pair, start, False)
        drawn = gain + whim * draw(random, FINE) / FINE
        if drawn > chosen:
            found, most, chosen = start, gain, drawn
    return found, most


@borrowing
def left_before(ledger: Ledger, pair: int, start: int) -> bool:
    """Whether the pair left the slot in this train."""
    left = False
    for entry in range(ledger.counts[0]):
        left |= ledger.moved[entry, 0] == pair and ledger.moved[entry, 1] == start
    return left


@borrowing
def fill_up(timetable: Timetable, ledger: Ledger) -> float:
    """Hold the best pair that fits wherever this train left someone without a meeting. returns: what the plan gains."""
    gain, slots = 0.0, len(timetable.tables)
    for entry in range(ledger.counts[0]):
        pair, left = ledger.moved[entry, 0], ledger.moved[entry, 1]
        for side in range(2):
            person = timetable.people[pair, side]
            if left < 0 or timetable.holder[person, left] >= 0:
                continue
            found = best_beginning(timetable, ledger, person * slots + left, left)
            if found >= 0:
                gain += add(timetable, ledger, found, left)
    return gain


@borrowing
def best_beginning(timetable: Timetable, ledger: Ledger, cell: int, start: int) -> int:
    """The pair worth most, of a person and slot, that meets nowhere yet and fits; -1 where there is none."""
    found, most = -1, 0.0
    for place in range(ledger.of_cell[cell], ledger.of_cell[cell + 1]):
        pair = ledger.pair[ledger.in_cell[place]]
        if timetable.slot[pair] >= 0 or ledger.value[pair] <= most or has_all(ledger, pair):
            continue
        if fits(timetable, pair, start):
            found, most = pair, ledger.value[pair]
    return int(found)
