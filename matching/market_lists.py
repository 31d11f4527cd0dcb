"""Four ways to make both sides' lists of a whole market, from each minding itself to all minding the crowd."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from matching.catalogue import Floats
from matching.markets import Lists, Market
from matching.nash_welfare import nash_lists

_MOST_ROUNDS = 10_000
_SETTLED = 1e-12


class Way(StrEnum):
    """By which rule lists are made.

    ONE_SIDED    : by one's own liking
    PRODUCT      : by the chance that both like each other, whoever else wants the same
    TRANSFERABLE : by an equilibrium in which the sought-after cost more
    NASH         : so that the product of everyone's expected matches is high
    """

    ONE_SIDED = "one-sided"
    PRODUCT = "product"
    TRANSFERABLE = "transferable"
    NASH = "nash"


def lists_for(market: Market, way: Way) -> Lists:
    """Everyone's list; the same for the same market."""
    return _WAYS[way](market)


@dataclass(frozen=True)
class Equilibrium:
    """Mass of each pair (n, m), and of each buyer (n,) and supplier (m,) that stays alone; everyone's add up to 1."""

    pairs: Floats
    buyers_alone: Floats
    suppliers_alone: Floats


def transferable_equilibrium(market: Market) -> Equilibrium:
    """The stable matching with transferable utility, where a pair's worth is the sum of both chances of liking.

    Iterative proportional fitting of the model of Choo & Siow, Who Marries Whom and Why, J. Political Economy 2006,
    doi:10.1086/498585: pairs = exp(worth / 2) * sqrt(alone of the one * alone of the other). To rank by it
    is from Tomita, Togashi, Hashizume & Ohsaka, Fast and Examination-agnostic Reciprocal Recommendation in Matching
    Markets, RecSys 2023, doi:10.1145/3604915.3608774, with its spread of taste of 1; it answers, without a model of
    examination, the crowding shown by Su, Bayoumi & Joachims, Optimizing Rankings for Recommendation in Matching
    Markets, WWW 2022, arXiv:2106.01941.
    """
    kernel = np.exp((market.buyers_like + market.suppliers_like) / 2.0)
    suppliers = np.ones(kernel.shape[1])
    for _ in range(_MOST_ROUNDS):
        buyers, before = _root_alone(kernel @ suppliers), suppliers
        suppliers = _root_alone(kernel.T @ buyers)
        if np.abs(suppliers - before).max() < _SETTLED:
            break
    return Equilibrium(kernel * buyers[:, None] * suppliers, buyers**2, suppliers**2)


def _root_alone(offers: Floats) -> Floats:
    """The positive x with x * x + offers * x = 1, in a form that loses no digits where offers are many."""
    return np.asarray(2.0 / (offers + np.sqrt(4.0 + offers * offers)), np.float64)


def _one_sided(market: Market) -> Lists:
    return Lists.by(market.buyers_like, market.suppliers_like)


def _product(market: Market) -> Lists:
    return Lists.by(market.mutual, market.mutual)


def _transferable(market: Market) -> Lists:
    pairs = transferable_equilibrium(market).pairs
    return Lists.by(pairs, pairs)


_WAYS: dict[Way, Callable[[Market], Lists]] = {
    Way.ONE_SIDED: _one_sided,
    Way.PRODUCT: _product,
    Way.TRANSFERABLE: _transferable,
    Way.NASH: nash_lists,
}
