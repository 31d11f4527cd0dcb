"""Seeded fairs of any size: buyers and exhibitors of eight latent sectors, some much sought after, with few tables."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from matching.meetings.problem import NONE, Flags, Floats, MeetingProblem, Numbers

SECTORS = 8
PAIRS_PER_BUYER = 60
PAIRS_PER_EXHIBITOR = 25
FORBIDDEN_SHARE = 0.005
REQUIRED_SHARE = 0.01
BUYER_MAXIMUM_SHARE = 0.75
EXHIBITOR_MINIMUM = 3
HALF_DAYS = 2


class Availability(StrEnum):
    """How much of the fair its participants are there."""

    NORMAL = "normal"
    HARD = "hard"


@dataclass(frozen=True)
class FairSize:
    """How many take part, and how many slots and tables there are for them."""

    buyers: int
    exhibitors: int
    slots: int
    tables: int

    def __str__(self) -> str:
        return f"{self.buyers}×{self.exhibitors}×{self.slots}×{self.tables}"


SMALL = FairSize(50, 100, 16, 30)
MEDIUM = FairSize(300, 500, 20, 150)
LARGE = FairSize(1000, 2000, 24, 500)


def synthetic_fair(size: FairSize, availability: Availability, seed: int, spare_tables: float = 0.0) -> MeetingProblem:
    """Draw a fair; buyers are the rows before size.buyers, exhibitors those after.

    spare_tables : share of tables more than size.tables; at 0 there are fewer places than wishes in every slot.
    returns      : the same problem for the same arguments.
    """
    rng = np.random.default_rng([seed, size.buyers, size.slots])
    worth = mutual_scores(size, rng)
    first, second = candidate_pairs(worth, rng)
    n, m = size.buyers + size.exhibitors, len(first)
    available = DRAWS[availability](n, half_days(size.slots), rng)
    buyer = np.arange(n) < size.buyers
    return MeetingProblem(
        available=available,
        minimum=np.where(buyer, 0, EXHIBITOR_MINIMUM),
        maximum=np.where(buyer, int(BUYER_MAXIMUM_SHARE * size.slots), size.slots),
        first=first,
        second=second + size.buyers,
        score=worth[first, second],
        required=required_pairs(size, first, available[first] & available[second + size.buyers], rng),
        half_day=half_days(size.slots),
        tables=np.full(size.slots, round(size.tables * (1 + spare_tables))),
        booth=np.zeros(n, bool),
        person=np.arange(n),
        length=np.ones(m, np.int64),
        fixed=np.full(m, NONE),
        interpreter=np.full(m, NONE),
        interpreters=np.empty((0, size.slots), np.int64),
        exclusive=np.full(m, NONE),
    )


def half_days(slots: int) -> Numbers:
    """Give each slot its half-day, in equal parts. returns: int64 (slots,)."""
    return np.arange(slots) * HALF_DAYS // slots


def mutual_scores(size: FairSize, rng: np.random.Generator) -> Floats:
    """Geometric mean of what each side thinks of the other. returns: float64 (buyers, exhibitors), above 0, near 0..1.

    Each has a mix of sectors; whoever is popular (log-normal, a few far above the rest) is liked more by all.
    """
    demand = rng.dirichlet(np.full(SECTORS, 0.4), size.buyers)
    offer = rng.dirichlet(np.full(SECTORS, 0.3), size.exhibitors)
    likeness = demand @ offer.T
    exhibitor_pull = rng.lognormal(0, 0.6, size.exhibitors)
    buyer_pull = rng.lognormal(0, 0.6, (size.buyers, 1))
    to_exhibitor = squashed(likeness * exhibitor_pull + rng.uniform(0, 0.2, likeness.shape))
    to_buyer = squashed(likeness * buyer_pull + rng.uniform(0, 0.2, likeness.shape))
    return np.sqrt(to_exhibitor * to_buyer)


def squashed(liking: Floats) -> Floats:
    """Bring any liking above 0 between 0 and 1, in the same order."""
    return 1 - np.exp(-2 * liking)


def candidate_pairs(worth: Floats, rng: np.random.Generator) -> tuple[Numbers, Numbers]:
    """The best of each buyer and the best of each exhibitor, without the forbidden ones. returns: rows, columns."""
    buyers, exhibitors = worth.shape
    wished = np.zeros(worth.shape, bool)
    np.put_along_axis(wished, best(worth, PAIRS_PER_BUYER, axis=1), True, axis=1)
    np.put_along_axis(wished, best(worth, PAIRS_PER_EXHIBITOR, axis=0), True, axis=0)
    wished &= rng.random((buyers, exhibitors)) >= FORBIDDEN_SHARE
    first, second = np.nonzero(wished)
    return first, second


def best(worth: Floats, count: int, axis: int) -> Numbers:
    """Where the highest count values stand along the axis."""
    count = min(count, worth.shape[axis])
    return np.argsort(-worth, axis=axis, kind="stable").take(np.arange(count), axis=axis)


def required_pairs(size: FairSize, first: Numbers, common: Flags, rng: np.random.Generator) -> Flags:
    """One pair with a common slot of one buyer in a hundred, of one at least. returns: bool (pairs,)."""
    chosen = rng.permutation(size.buyers)[: max(1, round(REQUIRED_SHARE * size.buyers))]
    required = np.zeros(len(first), bool)
    for buyer in chosen:
        required[rng.choice(np.flatnonzero((first == buyer) & common.any(axis=1)))] = True
    return required


def normal_availability(n: int, half_day: Numbers, rng: np.random.Generator) -> Flags:
    """One in ten comes mornings only, one in ten afternoons only, three in ten miss one or two runs of slots."""
    free = np.ones((n, len(half_day)), bool)
    kind = rng.permutation(n) / n
    free[kind < 0.1] = half_day % 2 == 0
    free[(kind >= 0.1) & (kind < 0.2)] = half_day % 2 == 1
    for row in np.flatnonzero((kind >= 0.2) & (kind < 0.5)):
        for _ in range(rng.integers(1, 3)):
            start = rng.integers(len(half_day))
            free[row, start : start + rng.integers(1, max(2, len(half_day) // 5) + 1)] = False
    return free


def hard_availability(n: int, half_day: Numbers, rng: np.random.Generator) -> Flags:
    """Everyone keeps 40–55 % of the slots, in one to three blocks."""
    slots = len(half_day)
    free = np.zeros((n, slots), bool)
    for row in range(n):
        kept = round(rng.uniform(0.40, 0.55) * slots)
        blocks = int(rng.integers(1, 4))
        lengths = parts(kept, blocks, rng)
        gaps = parts(slots - kept, blocks + 1, rng)
        starts = np.cumsum(gaps[:-1]) + np.cumsum(lengths) - lengths
        for start, length in zip(starts, lengths, strict=True):
            free[row, start : start + length] = True
    return free


def parts(whole: int, count: int, rng: np.random.Generator) -> Numbers:
    """Cut a number into so many parts at random, none below 0. returns: int64 (count,), the sum is whole."""
    cuts = np.sort(rng.integers(0, whole + 1, count - 1))
    return np.diff(np.concatenate([[0], cuts, [whole]]))


DRAWS = {Availability.NORMAL: normal_availability, Availability.HARD: hard_availability}
