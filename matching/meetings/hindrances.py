"""What stands in the way of a pair or of a promise, and what a promise costs, in plain values that import no solver."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from matching.meetings.problem import NONE


class Unmet(StrEnum):
    """The first hindrance, the plainest before the subtler ones."""

    NO_COMMON_SLOT = "no common slot"
    EXCLUSIVE = "excluded by another meeting"
    BOTH_FULL = "both full"
    ONE_FULL = "one full"
    NO_TABLE = "no table"
    NO_INTERPRETER = "no interpreter"
    ORDER = "out of order"
    TAKEN = "a better pair took the slot"
    OPEN = "could still be added"


@dataclass(frozen=True)
class UnmetPair:
    """A candidate pair that is not held.

    participants : who is full (at its maximum); empty for other reasons
    instead      : pairs that took the common slots, or the pair that excludes this one
    """

    pair: int
    reason: Unmet
    participants: tuple[int, ...] = ()
    instead: tuple[int, ...] = ()


class Clash(StrEnum):
    """What stands against what."""

    MINIMUM_MAXIMUM = "more meetings promised than wished"
    MINIMUM_SLOTS = "more meetings promised than slots free"
    MINIMUM_PAIRS = "more meetings promised than compatible partners free"
    REQUIRED_SLOT = "required pair without a common slot"
    REQUIRED_MAXIMUM = "more required meetings than wished"
    REQUIRED_SLOTS = "required meetings longer than the slots free"
    REQUIRED_EXCLUSIVE = "required pairs that exclude one another"
    TABLES = "more meetings promised than tables"
    TOGETHER = "promises that cannot all be kept"


class Change(StrEnum):
    """What an organiser could change."""

    LOWER_MINIMUM = "lower the minimum"
    RAISE_MAXIMUM = "raise the maximum"
    OPEN_SLOT = "open a slot"
    ADD_TABLES = "add tables"
    RELEASE_PAIR = "no longer require the pair"
    LIFT_BAN = "lift the ban"


@dataclass(frozen=True)
class Mend:
    """One change that is enough by itself, or one of several needed where the finding says so.

    number : the new minimum or maximum, or the tables to be added
    """

    change: Change
    participants: tuple[int, ...] = ()
    slot: int = NONE
    number: int = 0


@dataclass(frozen=True)
class Finding:
    """One thing that cannot work: needed is what was promised, there what is to be had at most."""

    clash: Clash
    participants: tuple[int, ...]
    needed: int
    there: int
    pairs: tuple[int, ...] = ()
    mends: tuple[Mend, ...] = ()


@dataclass(frozen=True)
class FairnessPrice:
    """Best scores with slots left aside, before and after all who are promised any meeting are promised more.

    promised     : participants who are promised any
    extra        : meetings that each of them is promised more
    score        : of the best selection that keeps the promises as they are
    lost         : score that the best selection which keeps the further promises lacks to it
    lacking      : promised meetings that no selection can give now
    then_lacking : the same with the further promises
    """

    promised: int
    extra: int
    score: float
    lost: float
    lacking: int
    then_lacking: int

    @property
    def lost_percent(self) -> float:
        """The score lost in percent of the best one; 0 where there is nothing to lose."""
        return 100 * self.lost / self.score if self.score else 0.0
