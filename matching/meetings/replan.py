"""A new plan from an old one after the fair has changed: what can stay stays, and every change is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from matching.meetings.filling import filled, rehoused
from matching.meetings.places import seat
from matching.meetings.problem import NONE, Flags, MeetingPlan, MeetingProblem, Numbers
from matching.meetings.refit import STAYS, Fitting, empty_fitting, keep, open_pairs, place, seat_pair


class Why(StrEnum):
    """Why a meeting is not where it was."""

    CALLED_OFF = "called off"
    ABSENT = "absent"
    LOCKED = "locked to another slot"
    EXCLUDED = "another representative meets"
    FULL = "more meetings than wished"
    BUSY = "another meeting at the same time"
    ORDER = "wrong order"
    NO_TABLE = "no table"
    NO_INTERPRETER = "no interpreter"
    MADE_WAY = "made way"
    FILLED = "filled a free slot"
    RESEATED = "another table"


OBSTACLES = (Why.MADE_WAY, Why.ABSENT, Why.EXCLUDED, Why.FULL, Why.BUSY, Why.ORDER, Why.NO_TABLE, Why.NO_INTERPRETER)
"""What refit finds in the way, by its numbers."""


@dataclass(frozen=True)
class Place:
    """When a meeting begins and at which table; NONE where it is at a booth."""

    slot: int
    table: int


@dataclass(frozen=True)
class Change:
    """One meeting that is not where it was.

    pair         : row of the pair
    participants : its two rows
    was, now     : None where it did not or does not meet
    why          : what kept it from staying, or what brought it in
    """

    pair: int
    participants: tuple[int, int]
    was: Place | None
    now: Place | None
    why: Why


@dataclass(frozen=True)
class Replan:
    """The new plan and all that differs from the old one, by pair.

    short : rows of participants that have fewer meetings than promised
    """

    plan: MeetingPlan
    changes: tuple[Change, ...]
    short: tuple[int, ...]

    @property
    def affected(self) -> tuple[int, ...]:
        """Rows of everyone whose day has changed."""
        return tuple(sorted({who for change in self.changes for who in change.participants}))


def replan(
    problem: MeetingProblem,
    old: MeetingPlan,
    *,
    called_off: Flags | None = None,
    fill: bool = False,
    moves: int = 0,
    staying: Flags | None = None,
) -> Replan:
    """Change a plan no more than the changed fair demands.

    A meeting stays in its slot and at its table unless one of the two is gone, its table or interpreter is, or a
    fixed meeting needs the place. Those that cannot stay share the free slots so that the most of them are held, each
    near where it was; nobody else moves, unless `moves` says so. What still finds no slot is dropped and told.

    problem    : the fair as it is now, with the rows of the old plan; new participants and pairs stand behind them.
    old        : the plan; slot and table may be shorter than the problem's pairs. A table that is not there any more
                 has a number that the slot has not, and whoever sat there gives way first.
    called_off : bool (m,), pairs that are not to meet any more.
    fill       : whether free slots go to wishes that are waiting, the best of them.
    moves      : how many other meetings may change slot for one that would be dropped else, or that fills in.
    staying    : bool (n,), whoever should keep its table; everyone who stands second in a pair where it is not given.
    returns    : a plan; its bound is of the plans that hold what this one keeps, infinite where nothing was filled.
    """
    was = extended(old, len(problem.first))
    off = np.zeros(len(was.slot), bool) if called_off is None else called_off
    fitting, obstacle = empty_fitting(problem), np.full(len(was.slot), STAYS)
    fixed = (problem.fixed != NONE) & ~off & ((was.slot != NONE) | problem.required)
    wanted = np.where(fixed, problem.fixed, was.slot)
    keep(fitting, kept_order(problem, was, wanted, off), wanted, obstacle)
    slot, met = fitting.timetable.slot, (was.slot != NONE) & ~off
    homeless = np.where(met & (slot == NONE), was.slot, NONE)
    hold_all(fitting, rehoused(problem, slot.copy(), homeless))
    put_in(fitting, problem, met, moves)
    bound = np.inf
    if fill:
        found = filled(problem, slot.copy(), ~off)
        bound = found.bound
        hold_all(fitting, found.slot)
        put_in(fitting, problem, ~off, moves)
    table = seat(problem, slot, staying=staying, kept=np.where(slot == was.slot, was.table, NONE))
    plan = MeetingPlan(slot.copy(), table, bound)
    return Replan(plan, changes_of(problem, was, plan, reasons(problem, was, obstacle, off)), short_of(problem, plan))


def hold_all(fitting: Fitting, slot: Numbers) -> None:
    """Let every pair meet that has a slot and does not meet yet."""
    for pair in np.flatnonzero((slot != NONE) & (fitting.timetable.slot == NONE)):
        seat_pair(fitting, int(pair), int(slot[pair]))


def put_in(fitting: Fitting, problem: MeetingProblem, allowed: Flags, moves: int) -> None:
    """Let pairs that still wait meet in a free slot or, where moves are allowed, by a short chain."""
    slot = fitting.timetable.slot
    place(fitting, open_order(problem, slot, allowed), np.zeros(len(slot), np.int64), moves)


def extended(old: MeetingPlan, pairs: int) -> MeetingPlan:
    """The old plan with a row for each pair that is new."""
    new = np.full(pairs - len(old.slot), NONE)
    return MeetingPlan(np.concatenate([old.slot, new]), np.concatenate([old.table, new]), old.bound)


def kept_order(problem: MeetingProblem, was: MeetingPlan, wanted: Numbers, off: Flags) -> Numbers:
    """Pairs that have a place to keep: fixed ones that met first, required ones that met, newly fixed ones, the others.

    So a fixed pair drives out none that is as much required; of others those whose table is there come first, the best
    of them.
    """
    pairs = np.flatnonzero((wanted != NONE) & ~off)
    fixed, met = problem.fixed[pairs] == wanted[pairs], was.slot[pairs] != NONE
    gone = was.table[pairs] >= problem.tables[wanted[pairs]]
    ranks = (-problem.score[pairs], gone, ~problem.required[pairs], ~fixed, ~(problem.required[pairs] & met))
    order: Numbers = pairs[np.lexsort((*ranks, ~(fixed & met)))]
    return order


def open_order(problem: MeetingProblem, slot: Numbers, allowed: Flags) -> Numbers:
    """Pairs to be placed, of those allowed."""
    waiting = open_pairs(problem, slot)
    order: Numbers = waiting[allowed[waiting]]
    return order


def reasons(problem: MeetingProblem, was: MeetingPlan, obstacle: Numbers, off: Flags) -> list[Why]:
    """Why each pair could not stay, or what brought it in."""
    found = [OBSTACLES[code] for code in obstacle]
    for pair in np.flatnonzero((was.slot != NONE) & (problem.fixed != NONE) & (problem.fixed != was.slot)):
        found[pair] = Why.LOCKED
    for pair in np.flatnonzero((obstacle != STAYS) & (problem.fixed == NONE) & (was.slot != NONE)):
        if tableless(problem, was, int(pair)):
            found[pair] = Why.NO_TABLE
    for pair in np.flatnonzero(off):
        found[pair] = Why.CALLED_OFF
    return found


def tableless(problem: MeetingProblem, was: MeetingPlan, pair: int) -> bool:
    """Whether both are there for the whole of the meeting, and no table is at some time."""
    during = slice(int(was.slot[pair]), int(was.slot[pair] + problem.length[pair]))
    there = problem.available[[problem.first[pair], problem.second[pair]], during].all()
    return bool(there and was.table[pair] != NONE and not problem.tables[during].all())


def changes_of(problem: MeetingProblem, was: MeetingPlan, now: MeetingPlan, why: list[Why]) -> tuple[Change, ...]:
    """Every pair whose slot or table differs."""
    differs = np.flatnonzero((was.slot != now.slot) | (was.table != now.table))
    return tuple(change_of(problem, was, now, int(pair), why[pair]) for pair in differs)


def change_of(problem: MeetingProblem, was: MeetingPlan, now: MeetingPlan, pair: int, why: Why) -> Change:
    """What became of one pair."""
    before, after = place_of(was, pair), place_of(now, pair)
    if before is None:
        why = Why.LOCKED if problem.fixed[pair] != NONE else Why.FILLED
    elif after is not None and before.slot == after.slot:
        why = Why.RESEATED
    return Change(pair, (int(problem.first[pair]), int(problem.second[pair])), before, after, why)


def place_of(plan: MeetingPlan, pair: int) -> Place | None:
    """Where a pair meets."""
    return None if plan.slot[pair] == NONE else Place(int(plan.slot[pair]), int(plan.table[pair]))


def short_of(problem: MeetingProblem, plan: MeetingPlan) -> tuple[int, ...]:
    """Participants with fewer meetings than promised."""
    held = plan.slot != NONE
    count = np.bincount(np.concatenate([problem.first[held], problem.second[held]]), minlength=len(problem.minimum))
    return tuple(np.flatnonzero(count < problem.minimum).tolist())
