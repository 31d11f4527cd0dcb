"""What cannot work in a fair, found before any plan is made, and the smallest changes that would mend it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np

from matching.meetings.blocking import Blocking, Promises, blocking_set, least_lacking
from matching.meetings.hindrances import Change, Clash, Finding, Mend
from matching.meetings.problem import NONE, MeetingProblem, Numbers
from matching.meetings.starts import exclusive_groups, possible_starts

MSERVED_SHOWN = 6
TRIES = 30
SERVED = 3
"""Promises that one meeting more can keep: those of its two participants, and that of the pair."""


def preflight(problem: MeetingProblem, forbidden: Numbers | None = None) -> list[Finding]:
    """Everything found that no plan can keep; empty where all promises hold as far as linear programming sees.

    forbidden : int64 (f, 2), participants whose pair was left out of the problem by a ban; a mend may lift it.
    """
    banned = np.empty((0, 2), np.int64) if forbidden is None else forbidden
    found = [finding for check in CHECKS for finding in check(problem, banned)]
    rest = mended(problem, found)
    blocking = None if any(finding.clash == Clash.TABLES for finding in found) else blocking_set(rest)
    return found if blocking is None else [*found, together(rest, blocking, banned)]


def mended(problem: MeetingProblem, found: list[Finding]) -> MeetingProblem:
    """The problem without the promises that were found impossible by themselves."""
    minimum, required = problem.minimum.copy(), problem.required.copy()
    for finding in found:
        required[list(finding.pairs)] = False
        if finding.clash in {Clash.MINIMUM_MAXIMUM, Clash.MINIMUM_SLOTS, Clash.MINIMUM_PAIRS}:
            one = finding.participants[0]
            minimum[one] = min(minimum[one], finding.there)
    return replace(problem, minimum=minimum, required=required)


def check_minima(problem: MeetingProblem, banned: Numbers) -> Iterator[Finding]:
    """A minimum above someone's maximum, free slots or compatible partners who are there."""
    slots = problem.available.sum(axis=1)
    pairs = possible_starts(problem).any(axis=1)
    partners = np.bincount(
        np.concatenate([problem.first[pairs], problem.second[pairs]]), minlength=len(problem.minimum)
    )
    limits = (
        (Clash.MINIMUM_MAXIMUM, problem.maximum, Change.RAISE_MAXIMUM),
        (Clash.MINIMUM_SLOTS, slots, None),
        (Clash.MINIMUM_PAIRS, partners, None),
    )
    for clash, limit, change in limits:
        for one in np.flatnonzero(problem.minimum > limit).tolist():
            needed, there = int(problem.minimum[one]), int(limit[one])
            mends = [Mend(Change.LOWER_MINIMUM, (one,), number=there)]
            mends += [Mend(change, (one,), number=needed)] if change else []
            if clash == Clash.MINIMUM_SLOTS:
                mends += [Mend(Change.OPEN_SLOT, (one,), slot) for slot in useful_slots(problem, one)]
            if clash == Clash.MINIMUM_PAIRS:
                mends += [Mend(Change.LIFT_BAN, (a, b)) for a, b in banned.tolist() if one in {a, b}]
                mends += [Mend(Change.OPEN_SLOT, (one,), slot) for slot in useful_slots(problem, one)]
            yield Finding(clash, (one,), needed, there, mends=tuple(mends[:MSERVED_SHOWN]))


def useful_slots(problem: MeetingProblem, one: int) -> list[int]:
    """Slots where the participant is not there, those first in which most partners are."""
    partners = np.concatenate([problem.second[problem.first == one], problem.first[problem.second == one]])
    free = problem.available[partners].sum(axis=0)
    closed = np.flatnonzero(~problem.available[one] & (free > 0))
    return [int(slot) for slot in closed[np.argsort(-free[closed], kind="stable")]]


def check_required_pairs(problem: MeetingProblem, banned: Numbers) -> Iterator[Finding]:
    """A required pair that can begin nowhere; slots where one of the two is there would mend it."""
    del banned
    nowhere = problem.required & ~possible_starts(problem).any(axis=1)
    for pair in np.flatnonzero(nowhere).tolist():
        ends = (int(problem.first[pair]), int(problem.second[pair]))
        free = problem.available[list(ends)]
        mends = [
            Mend(Change.OPEN_SLOT, (ends[int(free[0, slot])],), int(slot))
            for slot in np.flatnonzero((free[0] ^ free[1]) & (problem.tables > 0))
        ]
        release = Mend(Change.RELEASE_PAIR, ends)
        yield Finding(Clash.REQUIRED_SLOT, ends, 1, 0, (pair,), (*mends[: MSERVED_SHOWN - 1], release))


def check_required_load(problem: MeetingProblem, banned: Numbers) -> Iterator[Finding]:
    """More required meetings than someone wishes or has time for."""
    del banned
    rows = np.flatnonzero(problem.required)
    ends, length = np.concatenate([problem.first[rows], problem.second[rows]]), np.tile(problem.length[rows], 2)
    count = np.bincount(ends, minlength=len(problem.minimum))
    lasting = np.bincount(ends, length, minlength=len(problem.minimum))
    slots = problem.available.sum(axis=1)
    for clash, needs, limit in (
        (Clash.REQUIRED_MAXIMUM, count, problem.maximum),
        (Clash.REQUIRED_SLOTS, lasting, slots),
    ):
        for one in np.flatnonzero(needs > limit).tolist():
            needed, there = int(needs[one]), int(limit[one])
            mends = [Mend(Change.RAISE_MAXIMUM, (one,), number=needed)]
            if clash == Clash.REQUIRED_SLOTS:
                mends = [Mend(Change.OPEN_SLOT, (one,), slot) for slot in useful_slots(problem, one)[:MSERVED_SHOWN]]
            pairs = rows[(problem.first[rows] == one) | (problem.second[rows] == one)]
            yield Finding(clash, (one,), needed, there, tuple(pairs.tolist()), tuple(mends))


def check_exclusive(problem: MeetingProblem, banned: Numbers) -> Iterator[Finding]:
    """Required pairs of which one at most may be held."""
    del banned
    groups = exclusive_groups(problem)
    for group in np.unique(groups[problem.required & (groups != NONE)]).tolist():
        pairs = np.flatnonzero(problem.required & (groups == group))
        if len(pairs) > 1:
            ends = np.unique(np.concatenate([problem.first[pairs], problem.second[pairs]]))
            mends = tuple(
                Mend(Change.RELEASE_PAIR, (int(problem.first[pair]), int(problem.second[pair]))) for pair in pairs
            )
            found = tuple(ends.tolist())
            yield Finding(Clash.REQUIRED_EXCLUSIVE, found, len(pairs), 1, tuple(pairs.tolist()), mends)


def check_table_total(problem: MeetingProblem, banned: Numbers) -> Iterator[Finding]:
    """Fewer tables over the whole fair than the promised meetings of those without a booth need at least."""
    del banned
    firsts, seconds = np.unique(problem.first), np.unique(problem.second)
    owed = np.where(problem.booth, 0, problem.minimum)
    sides = not np.intersect1d(firsts, seconds).size and not problem.booth.any()
    needed = max(owed[firsts].sum(), owed[seconds].sum()) if sides else -(-owed.sum() // 2)
    there = int(problem.tables.sum())
    if needed > there and not problem.booth.any():
        yield Finding(
            Clash.TABLES, (), int(needed), there, mends=(Mend(Change.ADD_TABLES, number=int(needed) - there),)
        )


def together(problem: MeetingProblem, blocking: Blocking, banned: Numbers) -> Finding:
    """Say which promises block one another, and every single change found that would free them."""
    ends = [(int(problem.first[pair]), int(problem.second[pair])) for pair in blocking.pairs]
    who = tuple(sorted({*blocking.participants, *(end for pair in ends for end in pair)}))
    needed = int(problem.minimum[list(blocking.participants)].sum()) + len(blocking.pairs)
    tried = islice(changes(problem, blocking, banned), TRIES)
    mends = tuple(islice((mend for mend, fair in tried if frees(fair, blocking)), MSERVED_SHOWN))
    return Finding(Clash.TOGETHER, who, needed, needed - blocking.lacking, blocking.pairs, mends)


def frees(fair: MeetingProblem, blocking: Blocking) -> bool:
    """Whether the promises of the blocking set can be kept in the changed fair."""
    participants, pairs = np.zeros(len(fair.minimum), bool), np.zeros(len(fair.first), bool)
    participants[list(blocking.participants)] = True
    pairs[list(blocking.pairs)] = True
    return least_lacking(fair, Promises(participants, pairs & fair.required))[0] < 1e-6


def changes(problem: MeetingProblem, blocking: Blocking, banned: Numbers) -> Iterator[tuple[Mend, MeetingProblem]]:
    """Single changes near the blocking set that could be enough, each with the fair as it would be then.

    One meeting more serves few promises, so that many changes cannot mend what lacks much.
    """
    lacking, whose = blocking.lacking, set(blocking.participants)
    for a, b in banned.tolist() if lacking <= SERVED else []:
        if whose & {a, b}:
            yield Mend(Change.LIFT_BAN, (a, b)), with_pair(problem, a, b)
    for one in blocking.participants if lacking <= SERVED else []:
        for slot in useful_slots(problem, one)[:3]:
            available = problem.available.copy()
            available[one, slot] = True
            yield Mend(Change.OPEN_SLOT, (one,), slot), replace(problem, available=available)
    spare = problem.available.sum(axis=1) - problem.maximum
    for one in partners_of(problem, blocking):
        if SERVED * spare[one] < lacking:
            continue
        maximum = problem.maximum.copy()
        maximum[one] += lacking
        mend = Mend(Change.RAISE_MAXIMUM, (one,), number=int(maximum[one]))
        yield mend, replace(problem, maximum=maximum)
    yield Mend(Change.ADD_TABLES, number=lacking), replace(problem, tables=problem.tables + lacking)
    for one in (one for one in blocking.participants if SERVED * problem.minimum[one] >= lacking):
        minimum = problem.minimum.copy()
        minimum[one] = max(0, minimum[one] - lacking)
        mend = Mend(Change.LOWER_MINIMUM, (one,), number=int(minimum[one]))
        yield mend, replace(problem, minimum=minimum)
    for pair in blocking.pairs if lacking <= SERVED else []:
        required = problem.required.copy()
        required[pair] = False
        ends = (int(problem.first[pair]), int(problem.second[pair]))
        yield Mend(Change.RELEASE_PAIR, ends), replace(problem, required=required)


def partners_of(problem: MeetingProblem, blocking: Blocking) -> list[int]:
    """Those whom the blocking set's participants could meet, the most sought after by them first."""
    inside = np.isin(problem.first, blocking.participants), np.isin(problem.second, blocking.participants)
    wanted = np.concatenate([problem.second[inside[0]], problem.first[inside[1]], problem.first[list(blocking.pairs)]])
    who, count = np.unique(np.concatenate([wanted, problem.second[list(blocking.pairs)]]), return_counts=True)
    return [int(one) for one in who[np.argsort(-count, kind="stable")]][:20]


def with_pair(problem: MeetingProblem, one: int, other: int) -> MeetingProblem:
    """The problem with one more candidate pair, of the usual length and without conditions."""
    return replace(
        problem,
        first=np.append(problem.first, one),
        second=np.append(problem.second, other),
        score=np.append(problem.score, problem.score.mean()),
        required=np.append(problem.required, False),
        length=np.append(problem.length, 1),
        fixed=np.append(problem.fixed, NONE),
        interpreter=np.append(problem.interpreter, NONE),
        exclusive=np.append(exclusive_groups(problem), NONE),
    )


CHECKS = (check_minima, check_required_pairs, check_required_load, check_exclusive, check_table_total)
