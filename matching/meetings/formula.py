"""Agreed meetings as a formula of propositional logic: solved, it gives the fewest breaks there can be, with proof."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import inf
from time import monotonic

import numpy as np
from pysat.card import CardEnc, EncType, ITotalizer
from pysat.formula import IDPool
from pysat.solvers import Solver

from matching.meetings.problem import NONE, Flags, MeetingProblem, Numbers
from matching.meetings.starts import needs_table

CONFLICTS = 2_000
"""Conflicts of the solver between two looks at the clock."""

Literals = Sequence[int]


@dataclass
class Formula:
    """Clauses that hold just where every meeting has a slot that it may have.

    starts  : for each meeting, its variable of each slot where it may begin
    breaks  : for each person, a variable of each slot after which it may wait for another meeting
    """

    pool: IDPool = field(default_factory=IDPool)
    clauses: list[list[int]] = field(default_factory=list)
    starts: list[dict[int, int]] = field(default_factory=list)
    breaks: list[list[int]] = field(default_factory=list)

    def at_most(self, literals: Literals, bound: int) -> None:
        """Let no more of the literals hold."""
        if len(literals) > bound:
            self._count(CardEnc.atmost, literals, bound)

    def exactly(self, literals: Literals, bound: int) -> None:
        """Let just so many of the literals hold."""
        if len(literals) < bound:
            never = self.pool.id()
            self.clauses.extend([[never], [-never]])
        else:
            self._count(CardEnc.equals, literals, bound)

    def _count(self, encode: Callable[..., Iterable[list[int]]], literals: Literals, bound: int) -> None:
        # Totalizers were the best of the encodings tried: the others reach no optimum in minutes.
        kind = EncType.pairwise if bound == 1 and len(literals) <= 4 else EncType.totalizer
        self.clauses.extend(encode(list(literals), bound=bound, vpool=self.pool, encoding=kind))


@dataclass(frozen=True)
class Settled:
    """Slots of the meetings, int64 (m,), and whether no others have fewer breaks."""

    slot: Numbers
    proven: bool


def formula_of(problem: MeetingProblem, possible: Flags) -> Formula:
    """Write down what every plan of all meetings keeps to, and what is a break in it.

    possible : bool (m, s), where each meeting may begin
    """
    formula = Formula()
    for pair, row in enumerate(possible):
        formula.starts.append({slot: formula.pool.id((pair, slot)) for slot in np.flatnonzero(row).tolist()})
        formula.exactly(list(formula.starts[pair].values()), 1)
    for literals, room in rooms(problem, formula):
        formula.at_most(literals, room)
    for early, late in problem.before.tolist():
        order(formula, problem, early, late)
    ends = np.stack([problem.person[problem.first], problem.person[problem.second]])
    for person in range(int(problem.person.max(initial=-1)) + 1):
        formula.breaks.append(day(formula, problem, np.flatnonzero((ends == person).any(axis=0)).tolist()))
    return formula


def rooms(problem: MeetingProblem, formula: Formula) -> Iterator[tuple[list[int], int]]:
    """What takes a table or an interpreter in each slot, and how many of them there are; groups that exclude it."""
    at_table = needs_table(problem)
    for slot in range(len(problem.half_day)):
        yield during(formula, problem, np.flatnonzero(at_table).tolist(), slot), int(problem.tables[slot])
        for pool, there in enumerate(problem.interpreters[:, slot].tolist()):
            yield during(formula, problem, np.flatnonzero(problem.interpreter == pool).tolist(), slot), there
    for group in np.unique(problem.exclusive[problem.exclusive != NONE]).tolist():
        members = np.flatnonzero(problem.exclusive == group).tolist()
        yield [literal for pair in members for literal in formula.starts[pair].values()], 1


def during(formula: Formula, problem: MeetingProblem, pairs: Iterable[int], slot: int) -> list[int]:
    """Variables of the pairs' meetings that take the slot."""
    return [
        literal
        for pair in pairs
        for start, literal in formula.starts[pair].items()
        if start <= slot < start + problem.length[pair]
    ]


def order(formula: Formula, problem: MeetingProblem, early: int, late: int) -> None:
    """Let the one meeting end before the other begins."""
    for (one, first), (other, second) in product(formula.starts[early].items(), formula.starts[late].items()):
        if one + problem.length[early] > other:
            formula.clauses.append([-first, -second])


def day(formula: Formula, problem: MeetingProblem, pairs: Sequence[int]) -> list[int]:
    """Let a person be at one meeting at a time. returns: variables of its breaks, each by the slot before it."""
    busy = {}
    for slot in range(len(problem.half_day)):
        if met := during(formula, problem, pairs, slot):
            busy[slot] = formula.pool.id()
            formula.at_most(met, 1)
            formula.clauses.append([-busy[slot], *met])
            formula.clauses.extend([-literal, busy[slot]] for literal in met)
    if not busy:
        return []
    # It follows from the rest, and tells the solver early that a day is full.
    formula.exactly(list(busy.values()), int(problem.length[list(pairs)].sum()))
    return breaks_between(formula, busy)


def breaks_between(formula: Formula, busy: dict[int, int]) -> list[int]:
    """Variables that hold where a busy slot is followed by a free one and, some time after it, by a busy one."""
    found, later = [], None
    for slot in range(max(busy), -1, -1):
        if slot in busy and later is not None:
            found.append(formula.pool.id())
            formula.clauses.append([-busy[slot], -later, found[-1], *([busy[slot + 1]] if slot + 1 in busy else [])])
        from_here = formula.pool.id()
        formula.clauses.extend([-literal, from_here] for literal in (busy.get(slot), later) if literal is not None)
        later = from_here
    return found


def settle(
    problem: MeetingProblem,
    possible: Flags,
    slot: Numbers,
    *,
    breaks_of: Callable[[Numbers], Numbers],
    most: int | None,
    conflicts: int,
    until: float = inf,
) -> Settled:
    """Take breaks away from a plan, as many as can be: first those beyond what one may have, then any.

    slot      : int64 (m,), slots by which the search goes first, NONE where a meeting has none; those that come back
                where no plan of all meetings is found.
    breaks_of : of each person, from the slots.
    most      : breaks that nobody should exceed.
    conflicts : of the solver, after which it stops with what it has.
    until     : reading of time.monotonic at which it stops as well.
    Source    : Bofill et al., JAIR 74 (2022), tried MaxSAT among others; here the bound is lowered step by step. The
                solver is CaDiCaL (Biere et al., CAV 2024) through PySAT (Ignatiev et al., SAT 2018).
    """
    formula = formula_of(problem, possible)
    with Solver(name="cadical195", bootstrap_with=formula.clauses) as solver:
        search = _Search(solver, formula, slot.copy(), conflicts, until, formula.pool.top)
        solver.set_phases([row[at] for row, at in zip(formula.starts, slot.tolist(), strict=True) if at != NONE])
        if (slot == NONE).any() and not search.take_plan([]):
            return Settled(slot, proven=False)
        bounded = most is None or search.lower(
            [one for row in formula.breaks for one in search.beyond(row, most)],
            lambda slot: int(np.maximum(breaks_of(slot) - most, 0).sum()),
        )
        every = [one for row in formula.breaks for one in row]
        fewest = search.lower(every, lambda slot: int(breaks_of(slot).sum()))
        return Settled(search.slot, bounded and fewest)


@dataclass
class _Search:
    """A solver at work: the best plan so far, what it may still spend, and the highest variable in use."""

    solver: Solver
    formula: Formula
    slot: Numbers
    conflicts: int
    until: float
    top: int

    def beyond(self, breaks: Literals, most: int) -> list[int]:
        """Variables that hold for each break of a person beyond the most."""
        return self._counted(breaks, len(breaks))[most:] if len(breaks) > most else []

    def lower(self, literals: Literals, count_of: Callable[[Numbers], int]) -> bool:
        """Find plans in which fewer and fewer of the literals hold, for good. returns: whether none is left with fewer.

        count_of : how many have to hold in a plan
        """
        fewer: bool | None = True
        count = count_of(self.slot)
        counted = self._counted(literals, count) if literals else []
        while count > 0 and fewer:
            fewer = self.take_plan([-counted[count - 1]])
            count = count_of(self.slot)
        if count < len(counted):
            self.solver.add_clause([-counted[count]])
        return count == 0 or fewer is False

    def take_plan(self, assumptions: Literals) -> bool | None:
        """Find a plan under the assumptions; False where there is none, None where no means to find it are left."""
        found: bool | None = None
        while found is None and self.conflicts > 0 and monotonic() < self.until:
            self.solver.conf_budget(min(CONFLICTS, self.conflicts))
            self.conflicts -= CONFLICTS
            found = self.solver.solve_limited(assumptions=list(assumptions))
        if found:
            holds = set(self.solver.get_model())
            self.slot = np.array([next(at for at, one in row.items() if one in holds) for row in self.formula.starts])
        return found

    def _counted(self, literals: Literals, bound: int) -> list[int]:
        """Variables of which the k-th, from 0 on, holds where more than k of the literals do."""
        totalizer = ITotalizer(list(literals), ubound=bound, top_id=self.top)
        self.top = max(self.top, totalizer.top_id)
        for clause in totalizer.cnf.clauses:
            self.solver.add_clause(clause)
        return list(totalizer.rhs)
