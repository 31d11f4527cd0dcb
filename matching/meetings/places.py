"""At which table each meeting is held: one assignment problem for each slot, so that whoever has a table keeps it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from matching.meetings.exchanges import Seating, exchanged
from matching.meetings.problem import NONE, Flags, Floats, MeetingProblem, Numbers
from matching.meetings.starts import needs_table

KEPT = 1000.0
"""Worth of a table that a meeting had, in changes of table."""
SHUT = 1e6
"""Cost of a table that is not there for the whole of the meeting."""
OWNED = 0.6
"""Cost of taking the table of one who comes back in the next slot; the later it comes back the less."""
EXCHANGES = 1000
"""Exchanges of tables tried for each meeting that may change its own."""


@dataclass(frozen=True)
class Neighbours:
    """The meetings that each side of a pair has at a table before and after this one, NONE where there is none.

    before : int64 (2, m)
    after  : int64 (2, m)
    """

    before: Numbers
    after: Numbers


def seat(
    problem: MeetingProblem,
    slot: Numbers,
    *,
    staying: Flags | None = None,
    kept: Numbers | None = None,
    seed: int = 0,
) -> Numbers:
    """Give each meeting without a booth a table, so that few of those who should stay change theirs.

    slot    : int64 (m,), a plan that breaks no rule.
    staying : bool (n,), whoever should keep its table from one meeting to the next; everyone who stands second in a
              pair where it is not given.
    kept    : int64 (m,), the table that a meeting has already; NONE where it is free. It is given up only where
              two have the same one at once, or the table is not there.
    returns : int64 (m,), 0..tables-1; NONE where the pair does not meet, meets at a booth, or where no table is there
              for the whole of a long meeting.
    """
    stays = stand_second(problem) if staying is None else staying
    wanted = np.full(len(slot), NONE) if kept is None else kept
    seated = (slot != NONE) & needs_table(problem)
    table = first_tables(problem, np.where(seated, slot, NONE), stays, wanted)
    free = seated & (problem.length == 1) & (table != wanted)
    near = neighbours(problem, np.where(seated, slot, NONE), stays)
    seating = Seating(table, guests(problem, slot, table), slot, free, near.before, near.after, problem.tables)
    return exchanged(seating, seed=seed, moves=EXCHANGES * int(free.sum()))


def stand_second(problem: MeetingProblem) -> Flags:
    """Participants who stand second in a pair. returns: bool (n,)."""
    second = np.zeros(len(problem.available), bool)
    second[problem.second] = True
    return second


def guests(problem: MeetingProblem, slot: Numbers, table: Numbers) -> Numbers:
    """The pair at each table in each slot. returns: int64 (s, tables), NONE where there is none."""
    there = np.full((len(problem.half_day), int(problem.tables.max(initial=0))), NONE)
    for step in range(int(problem.length.max(initial=1))):
        held = np.flatnonzero((table != NONE) & (problem.length > step))
        there[slot[held] + step, table[held]] = held
    return there


def first_tables(problem: MeetingProblem, slot: Numbers, staying: Flags, wanted: Numbers) -> Numbers:
    """Go through the slots in order; whoever sat at a table goes back to it, and others sit where few are missed."""
    table, last = np.full(len(slot), NONE), np.full(len(staying), NONE)
    returns = next_slots(problem, slot)
    for now in range(len(problem.half_day)):
        begin = np.flatnonzero(slot == now)
        if not len(begin):
            continue
        cost = wishes(problem, begin, staying, last)
        cost += missed(staying, last, returns[now], now, cost.shape[1])
        cost[taken_on(problem, slot, table, now, begin, wanted, cost)] = SHUT
        at, place = linear_sum_assignment(cost)
        given = cost[at, place] < SHUT / 2
        table[begin[at[given]]] = place[given]
        for side in (problem.first, problem.second):
            last[side[begin]] = np.where(table[begin] != NONE, table[begin], last[side[begin]])
    return table


def wishes(problem: MeetingProblem, begin: Numbers, staying: Flags, last: Numbers) -> Floats:
    """Changes of table that each meeting would bring at each table. returns: float64 (meetings, tables)."""
    cost = np.zeros((len(begin), int(problem.tables.max(initial=0))))
    rows = np.arange(len(begin))
    for side in (problem.first[begin], problem.second[begin]):
        moved = staying[side] & (last[side] != NONE)
        cost[moved] += 1
        cost[rows[moved], last[side[moved]]] -= 1
    return cost


def missed(staying: Flags, last: Numbers, returns: Numbers, now: int, tables: int) -> Floats:
    """What it costs to sit at each table because its last guest comes back. returns: float64 (tables,)."""
    away = np.flatnonzero(staying & (last != NONE) & (returns > now))
    cost = np.zeros(tables)
    np.maximum.at(cost, last[away], OWNED / (returns[away] - now))
    return cost


def next_slots(problem: MeetingProblem, slot: Numbers) -> Numbers:
    """The first slot from each slot on where a participant has a meeting. returns: int64 (s, n), NONE where none."""
    following = np.full((len(problem.half_day) + 1, len(problem.available)), NONE)
    for now in range(len(problem.half_day) - 1, -1, -1):
        following[now] = following[now + 1]
        for side in (problem.first, problem.second):
            following[now, side[slot == now]] = now
    return following[:-1]


def taken_on(
    problem: MeetingProblem, slot: Numbers, table: Numbers, now: int, begin: Numbers, wanted: Numbers, cost: Floats
) -> Flags:
    """Where no meeting can sit; wished-for tables are made cheap in passing. returns: bool, shape of cost."""
    last = now + problem.length[begin] - 1
    open_tables = np.array([problem.tables[now : end + 1].min() for end in last])
    closed = np.arange(cost.shape[1]) >= open_tables[:, None]
    going_on = (slot != NONE) & (slot < now) & (slot + problem.length > now) & (table != NONE)
    closed[:, table[going_on]] = True
    stays = np.flatnonzero((wanted[begin] != NONE) & (wanted[begin] < cost.shape[1]))
    cost[stays, wanted[begin[stays]]] -= KEPT
    return closed


def neighbours(problem: MeetingProblem, slot: Numbers, staying: Flags) -> Neighbours:
    """Find the meetings at tables that those who should stay have before and after each."""
    m = len(slot)
    before, after = np.full((2, m), NONE), np.full((2, m), NONE)
    pair = np.tile(np.arange(m), 2)
    side = np.repeat([0, 1], m)
    who = np.concatenate([problem.first, problem.second])
    counts = np.flatnonzero((slot[pair] != NONE) & staying[who])
    order = counts[np.lexsort((slot[pair[counts]], who[counts]))]
    same = who[order[1:]] == who[order[:-1]]
    early, late = order[:-1][same], order[1:][same]
    after[side[early], pair[early]] = pair[late]
    before[side[late], pair[late]] = pair[early]
    return Neighbours(before, after)


def table_changes(problem: MeetingProblem, slot: Numbers, table: Numbers, staying: Flags) -> int:
    """How often those who should stay sit at another table than at their meeting before, half-days included."""
    near = neighbours(problem, np.where(table != NONE, slot, NONE), staying)
    return int(sum(((other != NONE) & (table[other] != table)).sum() for other in near.after))
