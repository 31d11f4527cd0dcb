"""Whether a plan keeps every rule of its fair, worked out meeting by meeting and apart from all that makes plans."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from matching.meetings.problem import NONE, MeetingPlan, MeetingProblem


class Rule(StrEnum):
    """What a plan can break."""

    DOUBLE_BOOKING = "double booking"
    AVAILABILITY = "availability"
    HALF_DAY = "half-day"
    FIXED = "fixed"
    REQUIRED = "required"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    TABLES = "tables"
    TABLE_USE = "table use"
    INTERPRETERS = "interpreters"
    EXCLUSIVE = "exclusive"
    PRECEDENCE = "precedence"


PROMISES = frozenset({Rule.REQUIRED, Rule.MINIMUM})
"""Rules that a fair can make impossible to keep; a plan never needs to break another."""


@dataclass(frozen=True)
class Violation:
    """One rule broken: by which pairs, for which participants, in which slots; detail says it in English."""

    rule: Rule
    detail: str
    pairs: tuple[int, ...] = ()
    participants: tuple[int, ...] = ()
    slots: tuple[int, ...] = ()


@dataclass(frozen=True)
class Meeting:
    """One held pair as the checker reads it from the plan."""

    pair: int
    ends: tuple[int, int]
    slots: tuple[int, ...]
    table: int


def violations(problem: MeetingProblem, plan: MeetingPlan) -> list[Violation]:
    """Every rule that the plan breaks; none where it is good.

    A promised minimum or a required pair that no plan could keep is a violation like any other.
    """
    meetings = [meeting_of(problem, plan, pair) for pair in range(len(problem.first)) if plan.slot[pair] != NONE]
    return [violation for check in CHECKS for violation in check(problem, meetings)]


def meeting_of(problem: MeetingProblem, plan: MeetingPlan, pair: int) -> Meeting:
    """Read one held pair."""
    start = int(plan.slot[pair])
    slots = tuple(range(start, start + int(problem.length[pair])))
    return Meeting(pair, (int(problem.first[pair]), int(problem.second[pair])), slots, int(plan.table[pair]))


def check_half_days(problem: MeetingProblem, meetings: list[Meeting]) -> Iterator[Violation]:
    """A meeting lies within the fair and within one half-day."""
    for meeting in meetings:
        inside = all(0 <= slot < len(problem.half_day) for slot in meeting.slots)
        if not inside or len({int(problem.half_day[slot]) for slot in meeting.slots}) != 1:
            detail = f"pair {meeting.pair} meets in slots {meeting.slots}, which are not of one half-day"
            yield Violation(Rule.HALF_DAY, detail, (meeting.pair,), meeting.ends, meeting.slots)


def slots_within(problem: MeetingProblem, meeting: Meeting) -> tuple[int, ...]:
    """The meeting's slots that exist."""
    return tuple(slot for slot in meeting.slots if 0 <= slot < len(problem.half_day))


def check_availability(problem: MeetingProblem, meetings: list[Meeting]) -> Iterator[Violation]:
    """Whoever meets is there."""
    for meeting in meetings:
        for participant in meeting.ends:
            absent = tuple(slot for slot in slots_within(problem, meeting) if not problem.available[participant, slot])
            if absent:
                detail = f"participant {participant} of pair {meeting.pair} is not there in slots {absent}"
                yield Violation(Rule.AVAILABILITY, detail, (meeting.pair,), (participant,), absent)


def check_double_booking(problem: MeetingProblem, meetings: list[Meeting]) -> Iterator[Violation]:
    """No person is in two meetings at once, nor meets itself."""
    booked: dict[tuple[int, int], list[int]] = defaultdict(list)
    for meeting in meetings:
        for participant in meeting.ends:
            for slot in meeting.slots:
                booked[int(problem.person[participant]), slot].append(meeting.pair)
    for (person, slot), pairs in booked.items():
        if len(pairs) > 1:
            detail = f"person {person} is in {len(pairs)} meetings in slot {slot}: pairs {sorted(set(pairs))}"
            yield Violation(Rule.DOUBLE_BOOKING, detail, tuple(sorted(set(pairs))), (), (slot,))


def check_fixed(problem: MeetingProblem, meetings: list[Meeting]) -> Iterator[Violation]:
    """A fixed pair that meets does so where it was fixed."""
    for meeting in meetings:
        fixed = int(problem.fixed[meeting.pair])
        if fixed not in {NONE, meeting.slots[0]}:
            detail = f"pair {meeting.pair} is fixed to slot {fixed} and meets in slot {meeting.slots[0]}"
            yield Violation(Rule.FIXED, detail, (meeting.pair,), meeting.ends, (meeting.slots[0],))


def check_required(problem: MeetingProblem, meetings: list[Meeting]) -> Iterator[Violation]:
    """Every required pair meets."""
    held = {meeting.pair for meeting in meetings}
    for pair in range(len(problem.first)):
        if problem.required[pair] and pair not in held:
            ends = (int(problem.first[pair]), int(problem.second[pair]))
            yield Violation(Rule.REQUIRED, f"pair {pair} has to meet and does not", (pair,), ends)


def check_quotas(problem: MeetingProblem, meetings: list[Meeting]) -> Iterator[Violation]:
    """Everyone has as many meetings as promised and no more than wished."""
    counts = Counter(participant for meeting in meetings for participant in meeting.ends)
    for participant in range(len(problem.minimum)):
        count = counts[participant]
        if count < problem.minimum[participant]:
            detail = f"participant {participant} has {count} meetings, {problem.minimum[participant]} were promised"
            yield Violation(Rule.MINIMUM, detail, (), (participant,))
        if count > problem.maximum[participant]:
            detail = (
                f"participant {participant} has {count} meetings, {problem.maximum[participant]} at most are wished"
            )
            yield Violation(Rule.MAXIMUM, detail, (), (participant,))


def check_tables(problem: MeetingProblem, meetings: list[Meeting]) -> Iterator[Violation]:
    """In each slot there are tables for all who need one, each is used once, and nobody else sits at any."""
    used: dict[tuple[int, int], list[int]] = defaultdict(list)
    seated: Counter[int] = Counter()
    for meeting in meetings:
        at_booth = any(problem.booth[participant] for participant in meeting.ends)
        if at_booth != (meeting.table == NONE):
            detail = f"pair {meeting.pair} {'meets at a booth and has' if at_booth else 'needs'} a table"
            yield Violation(Rule.TABLE_USE, detail, (meeting.pair,), meeting.ends, meeting.slots)
        if at_booth:
            continue
        seated.update(meeting.slots)
        for slot in meeting.slots:
            used[slot, meeting.table].append(meeting.pair)
    yield from overfull(problem, seated)
    yield from shared(problem, used)


def overfull(problem: MeetingProblem, seated: Counter[int]) -> Iterator[Violation]:
    """Slots with more meetings at tables than tables."""
    for slot, count in seated.items():
        tables = int(problem.tables[slot]) if 0 <= slot < len(problem.tables) else 0
        if count > tables:
            yield Violation(Rule.TABLES, f"slot {slot} has {tables} tables for {count} meetings", (), (), (slot,))


def shared(problem: MeetingProblem, used: dict[tuple[int, int], list[int]]) -> Iterator[Violation]:
    """Tables that are used twice at once, or that the slot does not have."""
    for (slot, table), pairs in used.items():
        missing = not 0 <= slot < len(problem.tables) or table >= problem.tables[slot]
        if table != NONE and (missing or len(pairs) > 1):
            reason = "does not exist" if missing else "is used more than once"
            detail = f"table {table} {reason} in slot {slot}: pairs {sorted(pairs)}"
            yield Violation(Rule.TABLE_USE, detail, tuple(sorted(pairs)), (), (slot,))


def check_interpreters(problem: MeetingProblem, meetings: list[Meeting]) -> Iterator[Violation]:
    """In each slot there are interpreters for all who need one."""
    engaged: dict[tuple[int, int], list[int]] = defaultdict(list)
    for meeting in meetings:
        pool = int(problem.interpreter[meeting.pair])
        if pool != NONE:
            for slot in slots_within(problem, meeting):
                engaged[pool, slot].append(meeting.pair)
    for (pool, slot), pairs in engaged.items():
        if len(pairs) > problem.interpreters[pool, slot]:
            detail = f"pool {pool} has {problem.interpreters[pool, slot]} interpreters in slot {slot} for pairs {pairs}"
            yield Violation(Rule.INTERPRETERS, detail, tuple(pairs), (), (slot,))


def check_exclusive(problem: MeetingProblem, meetings: list[Meeting]) -> Iterator[Violation]:
    """Of pairs that exclude one another one meets at most."""
    held: dict[int, list[int]] = defaultdict(list)
    for meeting in meetings:
        if len(problem.exclusive) and problem.exclusive[meeting.pair] != NONE:
            held[int(problem.exclusive[meeting.pair])].append(meeting.pair)
    for group, pairs in held.items():
        if len(pairs) > 1:
            yield Violation(Rule.EXCLUSIVE, f"pairs {pairs} exclude one another (group {group})", tuple(pairs))


def check_precedence(problem: MeetingProblem, meetings: list[Meeting]) -> Iterator[Violation]:
    """Where two pairs in order both meet, the first ends before the second begins."""
    slots = {meeting.pair: meeting.slots for meeting in meetings}
    for early, late in problem.before.tolist():
        if early in slots and late in slots and slots[early][-1] >= slots[late][0]:
            detail = f"pair {early} ends in slot {slots[early][-1]}, pair {late} begins in slot {slots[late][0]}"
            yield Violation(Rule.PRECEDENCE, detail, (early, late), (), (slots[early][-1], slots[late][0]))


CHECKS = (
    check_half_days,
    check_availability,
    check_double_booking,
    check_fixed,
    check_required,
    check_quotas,
    check_tables,
    check_interpreters,
    check_exclusive,
    check_precedence,
)
