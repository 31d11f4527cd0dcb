"""What a plan is worth while it is being searched, and the notes by which a train of moves is taken back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.meetings.compiled import borrowing
from matching.meetings.problem import NONE, Flags, Floats, MeetingProblem, Numbers
from matching.meetings.relaxation import Relaxation
from matching.meetings.selection import degrees, penalties
from matching.meetings.timetable import Timetable, hold, release

PER_ROUND = 16
"""Places in the notes for one forced meeting of one slot, with what it drives out."""


class Ledger(NamedTuple):
    """What meetings are worth, what they cost by the relaxation's prices, and what was moved since the last mark.

    The first four change; everything else is fixed. Columns are pairs and slots worth a thought, pairs in rising order.

    meetings : int64 (n,), of each participant
    moved    : int64 (k, 2), pairs moved since the train of moves began, and the slot that each left; NONE where it came
    waiting  : int64 (k,), pairs driven out that look for another slot
    counts   : int64 (2,), how many entries of moved and of waiting count
    first    : int64 (m,), participants of each pair
    second   : int64 (m,)
    value    : float64 (m,), score of each pair, and what breaking the rule costs where it is required
    promise  : float64 (1,), price of a promised meeting that is not held
    minimum  : int64 (n,)
    maximum  : int64 (n,)
    pair     : int64 (c,), of each column
    start    : int64 (c,)
    of_pair  : int64 (m + 1,), where the columns of each pair begin
    of_cell  : int64 (people * s + 1,), where the columns of each person and slot begin in in_cell
    in_cell  : int64 (2 c,), columns by person and slot
    loss     : float64 (m, s), what a plan loses by holding the pair then; infinite where it cannot
    missed   : float64 (m,), what it loses by not holding the pair
    time     : float64 (people, s), price of a person's slot
    """

    meetings: Numbers
    moved: Numbers
    waiting: Numbers
    counts: Numbers
    first: Numbers
    second: Numbers
    value: Floats
    promise: Floats
    minimum: Numbers
    maximum: Numbers
    pair: Numbers
    start: Numbers
    of_pair: Numbers
    of_cell: Numbers
    in_cell: Numbers
    loss: Floats
    missed: Floats
    time: Floats


def ledger_of(
    problem: MeetingProblem, slot: Numbers, relaxation: Relaxation, candidates: Flags, *, depth: int
) -> Ledger:
    """The ledger of a plan.

    candidates : bool (m, s), starts worth a thought.
    depth      : meetings that one train of moves forces in at most.
    """
    promise, duty = penalties(problem)
    pair, start = np.nonzero(candidates)
    of_cell, in_cell = by_cell(problem, pair, start)
    loss = np.full(candidates.shape, np.inf)
    loss[relaxation.pair, relaxation.start] = relaxation.loss
    notes = 4 * depth * (PER_ROUND * int(problem.length.max(initial=1)) + len(problem.before))
    return Ledger(
        meetings=degrees(problem, slot != NONE),
        moved=np.empty((notes, 2), np.int64),
        waiting=np.empty(notes, np.int64),
        counts=np.zeros(2, np.int64),
        first=problem.first,
        second=problem.second,
        value=problem.score + duty * problem.required,
        promise=np.array([promise]),
        minimum=problem.minimum,
        maximum=problem.maximum,
        pair=pair,
        start=start,
        of_pair=np.searchsorted(pair, np.arange(len(problem.first) + 1)),
        of_cell=of_cell,
        in_cell=in_cell,
        loss=loss,
        missed=relaxation.missed,
        time=relaxation.time,
    )


def by_cell(problem: MeetingProblem, pair: Numbers, start: Numbers) -> tuple[Numbers, Numbers]:
    """Sort columns by the person and the slot that they begin with. returns: where each cell begins, the columns."""
    slots, people = len(problem.half_day), int(problem.person.max(initial=-1)) + 1
    cell = np.concatenate([problem.person[problem.first[pair]], problem.person[problem.second[pair]]]) * slots
    cell += np.tile(start, 2)
    order = np.argsort(cell, kind="stable")
    return np.searchsorted(cell[order], np.arange(people * slots + 1)), np.tile(np.arange(len(pair)), 2)[order]


@borrowing
def note(ledger: Ledger, pair: int, left: int) -> None:
    """Write down that the pair left a slot, or came where left is NONE."""
    place = ledger.counts[0]
    ledger.moved[place, 0] = pair
    ledger.moved[place, 1] = left
    ledger.counts[0] = place + 1


@borrowing
def count_meeting(ledger: Ledger, pair: int, step: int) -> float:
    """Count a meeting of both, or one less where step is -1. returns: what that does to broken promises' price."""
    change = 0.0
    for side in range(2):
        who = ledger.first[pair] if side == 0 else ledger.second[pair]
        more = max(ledger.meetings[who], ledger.meetings[who] + step)
        if more <= ledger.minimum[who]:
            change += step * ledger.promise[0]
        ledger.meetings[who] += step
    return change


@borrowing
def add(timetable: Timetable, ledger: Ledger, pair: int, start: int) -> float:
    """Hold the pair. returns: what the plan gains."""
    note(ledger, pair, -1)
    hold(timetable, pair, start)
    return float(ledger.value[pair] + count_meeting(ledger, pair, 1))


@borrowing
def drop(timetable: Timetable, ledger: Ledger, pair: int) -> float:
    """Do not hold the pair any more. returns: what the plan gains, below 0 as a rule."""
    note(ledger, pair, timetable.slot[pair])
    release(timetable, pair)
    return float(count_meeting(ledger, pair, -1) - ledger.value[pair])


@borrowing
def drive_out(timetable: Timetable, ledger: Ledger, pair: int) -> float:
    """Drop the pair and let it wait for another slot. returns: as drop."""
    ledger.waiting[ledger.counts[1]] = pair
    ledger.counts[1] += 1
    return drop(timetable, ledger, pair)


@borrowing
def take_back(timetable: Timetable, ledger: Ledger, mark: int) -> None:
    """Undo all that was noted since the mark, the last first."""
    while ledger.counts[0] > mark:
        ledger.counts[0] -= 1
        pair, left = ledger.moved[ledger.counts[0], 0], ledger.moved[ledger.counts[0], 1]
        if left >= 0:
            hold(timetable, pair, left)
        else:
            release(timetable, pair)
        count_meeting(ledger, pair, 1 if left >= 0 else -1)


@borrowing
def has_all(ledger: Ledger, pair: int) -> bool:
    """Whether one of the pair has as many meetings as it holds at most."""
    one, other = ledger.first[pair], ledger.second[pair]
    full = ledger.meetings[one] >= ledger.maximum[one]
    return bool(full or ledger.meetings[other] >= ledger.maximum[other])
