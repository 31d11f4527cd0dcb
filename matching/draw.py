"""A fair draw: a request goes to a few of the suppliers that qualify, by relevance plus the attention they are owed.

Each supplier has a ticket, a number between 0 and 1 that seed, request and id alone decide, and waits
-ln(ticket) / weight; the shortest waits are drawn. That is drawing without replacement in proportion to weight
(Plackett–Luce; Efraimidis & Spirakis, Weighted random sampling with a reservoir, IPL 2006,
doi:10.1016/j.ipl.2005.11.003), and whoever has the weights can do it again with nothing but SHA-256.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from matching.lots import Draw, Lot

Floats = NDArray[np.float64]
_MOST_DEBT = 1.0
_LEAST_WEIGHT = 0.1
_TICKET_BITS = 52
_STEP = 0.125
_EARLIEST = 1e-13
_LATEST = 40.0
_TOLERANCE = 1e-9
# What lies beyond is the error of the integral, so that who is sure to be drawn has exactly 1.
_DIGITS = 12


def draw_suppliers(
    text: str,
    supplier_ids: Sequence[str],
    probabilities: Floats,
    debts: Floats,
    *,
    k: int,
    seed: int,
    threshold: float,
) -> Draw:
    """Draw at most `k` of the suppliers whose probability of relevance, above 0, reaches the threshold.

    probabilities : float64 (n,), calibrated
    debts         : float64 (n,), attention earned less attention received, in first places
    """
    fits = np.flatnonzero(probabilities >= threshold)
    fits = fits[np.argsort(-probabilities[fits], kind="stable")]
    weights = draw_weights(probabilities[fits], debts[fits])
    by_place = place_propensities(weights, k).round(_DIGITS)
    waits = -np.log([ticket(seed, text, supplier_ids[one]) for one in fits.tolist()]) / weights
    places = {int(one): place for place, one in enumerate(np.argsort(waits, kind="stable")[:k])}
    lots = [
        Lot(
            supplier_id=supplier_ids[one],
            probability=float(probabilities[one]),
            debt=float(debts[one]),
            weight=float(weights[number]),
            propensity=round(float(by_place[:, number].sum()), _DIGITS),
            place=places[number] + 1 if number in places else None,
            place_propensity=float(by_place[places[number], number]) if number in places else None,
        )
        for number, one in enumerate(fits.tolist())
    ]
    return Draw(text=text, seed=seed, k=k, threshold=threshold, lots=tuple(lots))


def draw_weights(probabilities: Floats, debts: Floats) -> Floats:
    """Relevance plus debt (n,): a debt counts for at most one first place, and having had too much never shuts out.

    So weights lie between a tenth of the probability and the probability plus 1, and nobody who qualifies has a
    propensity near 0, by which what is learnt from a draw would have to be divided.
    """
    return probabilities + np.clip(debts, (_LEAST_WEIGHT - 1.0) * probabilities, _MOST_DEBT)


def ticket(seed: int, text: str, supplier_id: str) -> float:
    """The first 52 bits of the SHA-256 of seed, id and text, each on a line, plus a half, over 2 to the 52nd.

    The text is in it so that one seed used again for another request is another draw.
    """
    digest = sha256(f"{seed}\n{supplier_id}\n{text}".encode("utf-8", "backslashreplace")).digest()
    return ((int.from_bytes(digest[:8], "big") >> (64 - _TICKET_BITS)) + 0.5) / 2.0**_TICKET_BITS


def place_propensities(weights: Floats, k: int) -> Floats:
    """Probability of each supplier to be drawn at each place, float64 (min(k, n), n), right to nine decimals.

    weights : float64 (n,), above 0

    Waits are independent and exponential with the weights as rates, so a supplier comes at place j if it comes at a
    time t and exactly j - 1 of the others came before. How many did is a sum of independent yes and no (a
    Poisson-binomial count); t is integrated over by the trapezoidal rule in ln t, whose error falls exponentially.
    """
    k = min(k, len(weights))
    rates = weights / weights.sum() if len(weights) else weights
    if not k:
        return np.zeros((0, len(weights)))
    logarithms = np.arange(np.log(_EARLIEST), np.log(_LATEST / rates.min()), _STEP)
    times = np.exp(logarithms)
    waiting = np.exp(-np.outer(rates, times))
    others = _counts_of_others(1.0 - waiting, waiting, k)
    return np.asarray(np.einsum("njm,nm,m,n->jn", others, waiting, times * _STEP, rates, optimize=True))


def _counts_of_others(came: Floats, waiting: Floats, k: int) -> Floats:
    """Probability, float64 (n, k, m), that exactly 0..k-1 of the suppliers but the n-th came, at m moments.

    Counts of those before and after it in the list, put together: taking one out of the count of all would lose digits.
    """
    before = _running_counts(came, waiting, k)
    after = _running_counts(came[::-1], waiting[::-1], k)[::-1]
    others = np.zeros_like(before)
    for count in range(k):
        others[:, count:] += before[:, count, None] * after[:, : k - count]
    return others


def _running_counts(came: Floats, waiting: Floats, k: int) -> Floats:
    """Probability (n, k, m) of how many of the suppliers that stand before the n-th came."""
    counts = np.zeros((len(came), k, came.shape[1]))
    counts[0, 0] = 1.0
    for number in range(len(came) - 1):
        counts[number + 1] = counts[number] * waiting[number]
        counts[number + 1, 1:] += counts[number, :-1] * came[number]
    return counts


def draw_again(stated: Draw) -> Draw:
    """The draw carried out anew from its text, seed, k and threshold, and each lot's probability and debt."""
    return draw_suppliers(
        stated.text,
        [lot.supplier_id for lot in stated.lots],
        np.array([lot.probability for lot in stated.lots], np.float64),
        np.array([lot.debt for lot in stated.lots], np.float64),
        k=stated.k,
        seed=stated.seed,
        threshold=stated.threshold,
    )


def differences(stated: Draw, again: Draw) -> tuple[str, ...]:
    """What a draw states otherwise than the same draw carried out anew, a sentence each."""
    found = {lot.supplier_id: lot for lot in again.lots}
    missing = [
        f"{lot.supplier_id}: probability is {lot.probability}, expected {stated.threshold} or more"
        for lot in stated.lots
        if lot.supplier_id not in found
    ]
    pairs = [(lot, found[lot.supplier_id]) for lot in stated.lots if lot.supplier_id in found]
    return (*missing, *(text for pair in pairs for text in _differences(*pair)))


def _differences(stated: Lot, again: Lot) -> list[str]:
    return [
        f"{stated.supplier_id}: {field} is {given}, expected {expected}"
        for field in ("weight", "propensity", "place", "place_propensity")
        if not _same(given := getattr(stated, field), expected := getattr(again, field))
    ]


def _same(given: float | None, expected: float | None) -> bool:
    if given is None or expected is None:
        return given is expected
    return bool(abs(given - expected) <= _TOLERANCE)
