"""A fair put to the planner: participants and pairs as rows, slots as columns, wishes as scores and conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from data.fair_plans import Meeting, Reason, Unscheduled
from data.fair_scores import Fit
from data.fair_store import FairContent
from data.fairs import Fair, Interpreter, Level, Participant, Role, Wish, share_a_language
from matching.errors import InvalidInput
from matching.meetings.problem import NONE, MeetingProblem

LIKED = 0.5
REQUIRED = 2.0
LEAST_SCORE = 0.001
_MET_BEFORE = 0.5
_OF_BUYER, _OF_EXHIBITOR = 60, 25
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Pair:
    """Two participants who may meet, by their rows, with all that their wishes say."""

    first: int
    second: int
    score: float
    required: bool = False
    slots: int = 1
    fixed: int = NONE
    interpreter: int = NONE
    wishes: tuple[Wish, ...] = ()


@dataclass(frozen=True)
class Setting:
    """A fair as the planner has it, with what leads back: rows to participants, pools to interpreters.

    impossible : wishes that no plan can fulfil, each with its reason
    """

    content: FairContent
    participants: tuple[Participant, ...]
    pairs: tuple[Pair, ...]
    pools: tuple[tuple[Interpreter, ...], ...]
    impossible: tuple[Unscheduled, ...]
    problem: MeetingProblem

    @property
    def fair(self) -> Fair:
        """The fair."""
        return self.content.fair

    @cached_property
    def rows(self) -> Mapping[frozenset[str], int]:
        """The row of each pair by the ids of the two."""
        return {frozenset(self.ids(pair)): row for row, pair in enumerate(self.pairs)}

    def ids(self, pair: Pair) -> tuple[str, str]:
        """Ids of the two."""
        return self.participants[pair.first].id, self.participants[pair.second].id


def setting_of(
    content: FairContent, fit: Fit, kept: Sequence[Meeting] = (), present: Sequence[Meeting] = ()
) -> Setting:
    """The problem of a fair.

    kept    : meetings that have to stay when they are; the caller sees to it that they can
    present : meetings of a plan that is to be changed; their pairs are among those that may meet

    Raises InvalidInput where a fixed meeting begins in no slot.
    """
    participants = tuple(one for one in content.participants if not one.cancelled)
    pools = _pools(content.fair)
    pairs, impossible = _Pairs(content, participants, pools, fit, kept, present).made()
    problem = _problem(content.fair, participants, pairs, pools)
    return Setting(content, participants, pairs, pools, impossible, problem)


def free_slots(fair: Fair, participants: Sequence[Participant]) -> Flags:
    """Whether each participant is there in each slot, (n, s)."""
    slots = fair.slots
    found = [[one.hours.allow(slot) for slot in slots] for one in participants]
    return np.array(found, np.bool_).reshape(len(participants), len(slots))


class _Pairs:
    """The pairs of a fair: the best by fit, those that somebody wishes for, and those that stay."""

    def __init__(
        self,
        content: FairContent,
        participants: Sequence[Participant],
        pools: Sequence[Sequence[Interpreter]],
        fit: Fit,
        kept: Sequence[Meeting],
        present: Sequence[Meeting],
    ) -> None:
        self._fair = content.fair
        self._participants = participants
        self._row = {one.id: row for row, one in enumerate(participants)}
        self._known = {one.id for one in content.participants}
        self._pools = pools
        self._fit = fit
        self._buyers = {name: row for row, name in enumerate(fit.buyers)}
        self._exhibitors = {name: row for row, name in enumerate(fit.exhibitors)}
        self._kept = {frozenset((one.first, one.second)): one for one in kept}
        self._present = {frozenset((one.first, one.second)): one.slots for one in present}
        self._wishes: dict[frozenset[str], list[Wish]] = {}
        for wish in content.wishes:
            self._wishes.setdefault(frozenset((wish.by, wish.about)), []).append(wish)

    def made(self) -> tuple[tuple[Pair, ...], tuple[Unscheduled, ...]]:
        pairs, impossible = [], []
        for two in sorted(self._candidates(), key=sorted):
            wishes = tuple(self._wishes.get(two, ()))
            found = self._pair(two, wishes)
            if isinstance(found, Pair):
                pairs.append(found)
            else:
                wanted = (wish for wish in wishes if wish.level in (Level.MUST, Level.LIKE))
                impossible += [Unscheduled(by=wish.by, about=wish.about, reason=found) for wish in wanted]
        return tuple(pairs), tuple(impossible)

    def _candidates(self) -> set[frozenset[str]]:
        """The best 60 of each buyer and 25 of each exhibitor, whoever a wish names, and whoever meets already."""
        chances, least = self._fit.chances, self._fair.least_chance
        found: set[frozenset[str]] = set(self._wishes) | set(self._kept) | set(self._present)
        for axis, most in ((1, _OF_BUYER), (0, _OF_EXHIBITOR)):
            order = np.argsort(-chances, axis=axis, kind="stable")
            best = order[:, :most] if axis else order[:most].T
            for row, others in enumerate(best.tolist()):
                cells = [(row, one) if axis else (one, row) for one in others]
                cells = [cell for cell in cells if chances[cell] >= least]
                found |= {frozenset((self._fit.buyers[b], self._fit.exhibitors[e])) for b, e in cells}
        return found

    def _pair(self, two: frozenset[str], wishes: tuple[Wish, ...]) -> Pair | Reason:
        """The pair, or why it cannot be one."""
        if not two <= self._row.keys():
            return Reason.ABSENT
        first, second = sorted((self._row[one] for one in two), key=self._side)
        one, other = self._participants[first], self._participants[second]
        kept = self._kept.get(two)
        if kept is None and (any(wish.level is Level.NEVER for wish in wishes) or _same(one, other)):
            return Reason.FORBIDDEN
        interpreter = NONE
        if not share_a_language(one.languages, other.languages):
            interpreter = self._pool(one, other)
            if interpreter == NONE and kept is None:
                return Reason.NO_COMMON_LANGUAGE
        minutes = max((wish.minutes for wish in wishes if wish.minutes is not None), default=None)
        slots = kept.slots if kept else self._present.get(two, self._fair.slots_for(minutes))
        fixed = kept.slot if kept else self._fixed(wishes)
        required = kept is not None or fixed != NONE or any(wish.level is Level.MUST for wish in wishes)
        return Pair(first, second, self._score(two, wishes), required, slots, fixed, interpreter, wishes)

    def _side(self, row: int) -> tuple[bool, int]:
        return self._participants[row].role is not Role.BUYER, row

    def _score(self, two: frozenset[str], wishes: Sequence[Wish]) -> float:
        chance = self._chance(two)
        if any(wish.level is Level.MET for wish in wishes):
            chance *= _MET_BEFORE
        liked = sum({Level.LIKE: LIKED, Level.MUST: REQUIRED}.get(wish.level, 0.0) for wish in wishes)
        return max(LEAST_SCORE, chance) + liked

    def _chance(self, two: frozenset[str]) -> float:
        """How well the two fit each other; least where they are no buyer and exhibitor."""
        one, other = two
        for buyer, exhibitor in ((one, other), (other, one)):
            if buyer in self._buyers and exhibitor in self._exhibitors:
                return float(self._fit.chances[self._buyers[buyer], self._exhibitors[exhibitor]])
        return LEAST_SCORE

    def _pool(self, one: Participant, other: Participant) -> int:
        """The largest pool of interpreters that speaks with both."""
        able = [
            (len(pool), -number)
            for number, pool in enumerate(self._pools)
            if not set(pool[0].languages).isdisjoint(one.languages)
            and not set(pool[0].languages).isdisjoint(other.languages)
        ]
        return -max(able)[1] if able else NONE

    def _fixed(self, wishes: Sequence[Wish]) -> int:
        for wish in wishes:
            if wish.starts_at is not None and wish.level is not Level.NEVER:
                starts = [slot.starts for slot in self._fair.slots]
                if wish.starts_at not in starts:
                    raise InvalidInput(
                        f"the meeting of {wish.by!r} with {wish.about!r} is fixed at {wish.starts_at:%Y-%m-%dT%H:%M}, "
                        f"expected the beginning of a slot such as {starts[0]:%Y-%m-%dT%H:%M}"
                    )
                return starts.index(wish.starts_at)
        return NONE


def _same(one: Participant, other: Participant) -> bool:
    """Whether two would meet themselves: one firm, or one person."""
    return (one.firm is not None and one.firm == other.firm) or (one.person is not None and one.person == other.person)


def _pools(fair: Fair) -> tuple[tuple[Interpreter, ...], ...]:
    """Interpreters of the same languages together."""
    pools: dict[frozenset[str], list[Interpreter]] = {}
    for one in fair.interpreters:
        pools.setdefault(frozenset(one.languages), []).append(one)
    return tuple(map(tuple, pools.values()))


def _problem(
    fair: Fair, participants: Sequence[Participant], pairs: Sequence[Pair], pools: Sequence[Sequence[Interpreter]]
) -> MeetingProblem:
    slots = fair.slots
    available = free_slots(fair, participants)
    promised = [fair.promised(one) for one in participants]
    there = [[sum(one.hours.allow(slot) for one in pool) for slot in slots] for pool in pools]
    return MeetingProblem(
        available=available,
        minimum=_numbers([fewest for fewest, _ in promised]),
        maximum=_numbers([most for _, most in promised]),
        first=_numbers([pair.first for pair in pairs]),
        second=_numbers([pair.second for pair in pairs]),
        score=np.array([pair.score for pair in pairs], np.float64),
        required=np.array([pair.required for pair in pairs], np.bool_),
        half_day=_numbers([slot.session for slot in slots]),
        tables=_numbers([len(fair.open_tables(slot)) for slot in slots]),
        booth=np.array([one.booth is not None for one in participants], np.bool_),
        person=_persons(participants),
        length=_numbers([pair.slots for pair in pairs]),
        fixed=_numbers([pair.fixed for pair in pairs]),
        interpreter=_numbers([pair.interpreter for pair in pairs]),
        interpreters=np.array(there, np.int64).reshape(len(pools), len(slots)),
        exclusive=_exclusive(participants, pairs),
        before=_before(participants, pairs),
    )


def _numbers(values: Sequence[int]) -> NDArray[np.int64]:
    return np.array(values, np.int64)


def _persons(participants: Sequence[Participant]) -> NDArray[np.int64]:
    numbers: dict[str, int] = {}
    keys = (f"person {one.person}" if one.person else f"id {one.id}" for one in participants)
    return _numbers([numbers.setdefault(key, len(numbers)) for key in keys])


def _exclusive(participants: Sequence[Participant], pairs: Sequence[Pair]) -> NDArray[np.int64]:
    """One number for the pairs of a firm's exclusive representatives with the same partner."""
    numbers: dict[frozenset[str], int] = {}
    found = []
    for pair in pairs:
        two = participants[pair.first], participants[pair.second]
        names = [f"firm {one.firm}" if one.exclusive and one.firm else f"id {one.id}" for one in two]
        is_exclusive = any(one.exclusive and one.firm for one in two)
        found.append(numbers.setdefault(frozenset(names), len(numbers)) if is_exclusive else NONE)
    return _numbers(found)


def _before(participants: Sequence[Participant], pairs: Sequence[Pair]) -> NDArray[np.int64]:
    rows = {frozenset((participants[one.first].id, participants[one.second].id)): row for row, one in enumerate(pairs)}
    found = [
        (rows[earlier], row)
        for row, pair in enumerate(pairs)
        for wish in pair.wishes
        if wish.after is not None and (earlier := frozenset((wish.by, wish.after))) in rows and rows[earlier] != row
    ]
    return np.array(found, np.int64).reshape(-1, 2)
