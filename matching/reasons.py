"""What an explanation is made of: terms of the score, and findings on stated needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What a feature could say of a candidate."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    NOT_ASKED = "not asked"


class Status(StrEnum):
    """How a stated need stands with a supplier."""

    MET = "met"
    BROKEN = "broken"
    UNKNOWN = "unknown"


class Standing(StrEnum):
    """Whether a need counts in the match, and if not, why."""

    COUNTS = "counts"
    UNSURE = "unsure"
    OUTWEIGHED = "outweighed"


@dataclass(frozen=True)
class Term:
    """One feature's part of the score: its value (None unless its state is known) and what it adds, in log-odds."""

    feature: str
    state: State
    value: float | None
    contribution: float


@dataclass(frozen=True)
class TermDifference:
    """How much more one feature adds to the score of the supplier above, in log-odds."""

    feature: str
    difference: float


@dataclass(frozen=True)
class Compared:
    """A match beside the supplier one place above it.

    score_difference : by how much that one scores more: the sum of the differences of all terms
    terms            : at most three, those that speak most for the one above
    sentence         : the same in the reader's language
    """

    supplier_id: str
    score_difference: float
    terms: tuple[TermDifference, ...]
    sentence: str


@dataclass(frozen=True)
class Finding:
    """A need of the request beside what the supplier states: `text` names the need in the reader's language."""

    need: str
    status: Status
    text: str
