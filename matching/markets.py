"""A whole market, such as a fair, where buyers and suppliers each get a list of the other side: who meets, how fairly.

A buyer and a supplier match where each examines the other on its own list and each likes what it finds. The four are
taken to be independent, so that of buyer i and supplier j the expected number of matches is

    buyers_like[i, j] * suppliers_like[i, j] * examination of j's place on i's list * examination of i's place on j's

and of anyone the sum of its pairs: nobody is bound to one partner.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

import numpy as np

from matching.catalogue import Floats, Rows
from matching.errors import InvalidInput
from matching.exposure import position_exposure

_TOLERANCE = 1e-9


class Examination(StrEnum):
    """How the chance that a place of a list is examined falls with its rank, 1 for the first."""

    LOGARITHMIC = "1 / log2(1 + rank)"
    RECIPROCAL = "1 / rank"

    def of_places(self, places: int, top: int | None = None) -> Floats:
        """Chance of each place, float64 (places,); 0 after the first `top`."""
        ranks = np.arange(1, places + 1)
        chances = position_exposure(places) if self is Examination.LOGARITHMIC else 1.0 / ranks
        return np.where(ranks <= (top or places), chances, 0.0)


@dataclass(frozen=True)
class Market:
    """Who would like whom, and how lists are read.

    buyers_like    : float64 (n, m), chance that buyer i likes supplier j once it examines it
    suppliers_like : float64 (n, m), chance that supplier j likes buyer i; a cell is the same pair in both
    top            : places of a list that are shown; None for all

    Raises InvalidInput.
    """

    buyers_like: Floats
    suppliers_like: Floats
    top: int | None = None
    examination: Examination = Examination.LOGARITHMIC

    def __post_init__(self) -> None:
        shapes = self.buyers_like.shape, self.suppliers_like.shape
        if len(shapes[0]) != 2 or 0 in shapes[0] or shapes[0] != shapes[1]:
            raise InvalidInput(f"a market of {shapes[0]} and {shapes[1]}, expected buyers x suppliers, twice the same")
        if not all(((chances >= 0.0) & (chances <= 1.0)).all() for chances in (self.buyers_like, self.suppliers_like)):
            raise InvalidInput("a market with a chance outside 0 to 1")
        if self.top is not None and self.top < 1:
            raise InvalidInput(f"top is {self.top}, expected 1 or more places")

    @property
    def mutual(self) -> Floats:
        """Chance that both of a pair like each other (n, m)."""
        return self.buyers_like * self.suppliers_like

    @property
    def buyers_examine(self) -> Floats:
        """Chance that a buyer examines each place of its list (m,)."""
        return self.examination.of_places(self.buyers_like.shape[1], self.top)

    @property
    def suppliers_examine(self) -> Floats:
        """Chance that a supplier examines each place of its list (n,)."""
        return self.examination.of_places(self.buyers_like.shape[0], self.top)


@dataclass(frozen=True)
class Lists:
    """Everyone's list, best first, of the whole other side.

    for_buyers    : int64 (n, m), suppliers
    for_suppliers : int64 (m, n), buyers
    """

    for_buyers: Rows
    for_suppliers: Rows

    @classmethod
    def by(cls, buyers_gain: Floats, suppliers_gain: Floats) -> Lists:
        """Lists by falling gain, each float64 (n, m); equals in the order of their rows."""
        return cls(falling(buyers_gain), falling(suppliers_gain.T))


@dataclass(frozen=True)
class Attention:
    """How likely each is examined by each; of lists drawn by lot, on average.

    of_buyers    : float64 (n, m), chance that buyer i examines supplier j
    of_suppliers : float64 (n, m), chance that supplier j examines buyer i
    """

    of_buyers: Floats
    of_suppliers: Floats

    @classmethod
    def under(cls, market: Market, lists: Lists) -> Attention:
        """The attention that lists bring about."""
        of_buyers = examined(lists.for_buyers, market.buyers_examine)
        return cls(of_buyers, examined(lists.for_suppliers, market.suppliers_examine).T)


def falling(gains: Floats) -> Rows:
    """Columns of each row by falling gain; equals in their order."""
    return np.argsort(-gains, axis=-1, kind="stable").astype(np.int64)


def examined(lists: Rows, chances: Floats) -> Floats:
    """Chance (k, p) that each column is examined, of lists (k, p) whose places are examined by `chances` (p,)."""
    seen = np.empty(lists.shape)
    np.put_along_axis(seen, lists, np.broadcast_to(chances, lists.shape), axis=-1)
    return seen


def expected_matches(market: Market, attention: Attention) -> Floats:
    """Expected number of matches of each pair, float64 (n, m), each 0 to 1."""
    return market.mutual * attention.of_buyers * attention.of_suppliers


@dataclass(frozen=True)
class Price:
    """What a way of making lists brings and how it shares that out; counts of pairs, and parts from 0 to 1.

    matches         : expected matches of the whole market
    buyers_envy     : ordered pairs of buyers of whom the first would expect more matches with the places that the
                      second has on the suppliers' lists, its own list and everyone's liking kept
    buyers_half     : part of the expected matches that goes to the half of the buyers (rounded down) whom the
                      suppliers like least on average; 0.5 were they no worse off
    buyers_gini     : Gini coefficient of the buyers' expected matches, 0 where all have as many
    suppliers_…     : the same of the suppliers

    Source : for envy, Tomita & Yokoyama, Fair Reciprocal Recommendation in Matching Markets, RecSys 2024,
             arXiv:2409.00720.
    """

    matches: float
    buyers_envy: int
    suppliers_envy: int
    buyers_half: float
    suppliers_half: float
    buyers_gini: float
    suppliers_gini: float

    @classmethod
    def of(cls, market: Market, attention: Attention) -> Price:
        """The price of lists, or of a lot over lists, by the attention they bring about."""
        pairs = expected_matches(market, attention)
        of_buyers, of_suppliers = pairs.sum(axis=1), pairs.sum(axis=0)
        return cls(
            float(pairs.sum()),
            _envy(market.mutual * attention.of_buyers, attention.of_suppliers),
            _envy((market.mutual * attention.of_suppliers).T, attention.of_buyers.T),
            _share_of_less_popular(market.suppliers_like.mean(axis=1), of_buyers),
            _share_of_less_popular(market.buyers_like.mean(axis=0), of_suppliers),
            gini(of_buyers),
            gini(of_suppliers),
        )

    def row(self) -> dict[str, float]:
        """The figures by name, in their order."""
        return asdict(self)


def _envy(own: Floats, places: Floats) -> int:
    """Ordered pairs (i, k) with more of i's own chances (n, m) on k's places (n, m) than on i's."""
    gains = own @ places.T
    return int((gains > np.diag(gains)[:, None] + _TOLERANCE).sum())


def _share_of_less_popular(popularity: Floats, matches: Floats) -> float:
    total = float(matches.sum())
    less_popular = np.argsort(popularity, kind="stable")[: len(popularity) // 2]
    return float(matches[less_popular].sum()) / total if total else 0.0


def gini(amounts: Floats) -> float:
    """Gini coefficient of amounts (k,) of 0 or more: 0 where all are equal, (k - 1) / k where one has all."""
    total, count = float(amounts.sum()), len(amounts)
    ranks = np.arange(1, count + 1)
    return float((2 * ranks - count - 1) @ np.sort(amounts)) / (count * total) if total else 0.0
