"""Lists that raise the product of everyone's expected matches: nobody's gain is bought with another's ruin.

Nash social welfare is the sum of the logarithms of expected matches, here of buyers and suppliers alike. It is concave
in the attention that one side pays while that of the other is held, so that Frank–Wolfe steps by turns never lower it.
The best answer to a gradient is a plain sort: with gains c and chances e of places, the order that maximises the sum of
c * e is by falling c (rearrangement inequality), so that no assignment problem has to be solved.

Sources: Tomita & Yokoyama, Fair Reciprocal Recommendation in Matching Markets, RecSys 2024, arXiv:2409.00720, for Nash
welfare of mutual matches, by turns (there each side's lists count the welfare of the other side alone, see
docs/decisions.md); Frank & Wolfe, An Algorithm for Quadratic Programming, Naval Research Logistics Quarterly 1956.
"""

from __future__ import annotations

import numpy as np

from matching.catalogue import Floats, Rows
from matching.markets import Attention, Lists, Market, examined, expected_matches, falling

_FLOOR = 1e-9
"""Added to everyone's expected matches, so that whoever cannot match at all leaves the logarithm finite."""
_ROUNDS = 100
_PASSES = 3
_BISECTIONS = 40


def nash_welfare(market: Market, attention: Attention) -> float:
    """Sum of ln(expected matches + 1e-9) over all buyers and suppliers."""
    return _welfare(expected_matches(market, attention))


def nash_attention(market: Market, rounds: int = _ROUNDS) -> Attention:
    """Attention of highest Nash welfare that was found; the average of lists drawn by lot.

    It starts halfway between the lists by mutual liking and no preference at all: a pair that neither sees, of which
    lists cut short have many, would have no gradient. Each row is a convex combination of orders, so that a doubly
    stochastic matrix of places that gives it exists. The optimum is a local one: both sides together are not concave.
    """
    mutual = market.mutual
    to_suppliers = _start(mutual, market.buyers_examine)
    to_buyers = _start(mutual.T, market.suppliers_examine)
    for _ in range(rounds):
        to_suppliers = _improved(mutual * to_buyers.T, to_suppliers, market.buyers_examine)
        to_buyers = _improved((mutual * to_suppliers).T, to_buyers, market.suppliers_examine)
    return Attention(to_suppliers, to_buyers.T)


def nash_lists(market: Market) -> Lists:
    """One list for each out of `nash_attention`; never of less Nash welfare than the lists by mutual liking.

    Rounding takes one list after the other, the rest held: the order of its attention, or that of its gains where that
    brings more welfare. What lists lose against the attention on average is in docs/measurements.md.
    """
    product = Lists.by(market.mutual, market.mutual)
    rounded = _rounded(market, nash_attention(market))
    return max((rounded, product), key=lambda lists: nash_welfare(market, Attention.under(market, lists)))


def _start(mutual: Floats, examine: Floats) -> Floats:
    return np.asarray((examined(falling(mutual), examine) + examine.mean()) / 2.0, np.float64)


def _improved(worth: Floats, attention: Floats, examine: Floats) -> Floats:
    """One Frank–Wolfe step of one side, with exact line search.

    worth : (k, p), expected matches of a pair for each unit of the attention (k, p) that this side pays
    """
    toward = examined(falling(worth * _weights(worth * attention)), examine) - attention
    pairs, change = worth * attention, worth * toward
    return attention + _step(_of_all(pairs), _of_all(change)) * toward


def _step(now: Floats, change: Floats) -> float:
    """The part of a step, 0 to 1, that maximises the sum of ln(now + part * change)."""

    def slope(part: float) -> float:
        return float((change / (now + part * change + _FLOOR)).sum())

    if slope(1.0) >= 0.0:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if slope(middle) > 0.0 else (low, middle)
    return low


def _of_all(pairs: Floats) -> Floats:
    """Sums of each row, then of each column."""
    return np.concatenate([pairs.sum(axis=1), pairs.sum(axis=0)])


def _welfare(pairs: Floats) -> float:
    return float(np.log(_of_all(pairs) + _FLOOR).sum())


def _weights(pairs: Floats) -> Floats:
    """How much Nash welfare grows with each pair's expected matches (k, p)."""
    of_rows, of_columns = pairs.sum(axis=1, keepdims=True), pairs.sum(axis=0)
    return np.asarray(1.0 / (of_rows + _FLOOR) + 1.0 / (of_columns + _FLOOR), np.float64)


def _rounded(market: Market, attention: Attention) -> Lists:
    mutual, to_suppliers, to_buyers = market.mutual, attention.of_buyers, attention.of_suppliers.T
    for _ in range(_PASSES):
        for_buyers = _rounded_side(mutual * to_buyers.T, to_suppliers, market.buyers_examine)
        to_suppliers = examined(for_buyers, market.buyers_examine)
        for_suppliers = _rounded_side((mutual * to_suppliers).T, to_buyers, market.suppliers_examine)
        to_buyers = examined(for_suppliers, market.suppliers_examine)
    return Lists(for_buyers, for_suppliers)


def _rounded_side(worth: Floats, attention: Floats, examine: Floats) -> Rows:
    """A list for each row (k, p), by its attention or its gains, whichever leaves more welfare when its turn comes."""
    lists, others = falling(attention), (worth * attention).sum(axis=0)
    for row, own in enumerate(worth):
        others = others - own * attention[row]
        now = own * attention[row]
        gains = own * (1.0 / (now.sum() + _FLOOR) + 1.0 / (others + now + _FLOOR))
        candidates = np.stack([lists[row], falling(gains)])
        pairs = own * examined(candidates, examine)
        welfare = np.log(others + pairs + _FLOOR).sum(axis=1) + np.log(pairs.sum(axis=1) + _FLOOR)
        best = int(welfare.argmax())
        lists[row], others = candidates[best], others + pairs[best]
    return lists
