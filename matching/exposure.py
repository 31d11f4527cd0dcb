"""How attention is shared: exposure of groups, and a re-ranking that owes a group its share at the least loss.

A place is seen the less the lower it is: its exposure is 1 / log2(1 + rank), in units of the first place's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from matching.catalogue import Catalogue, Floats, Rows
from matching.codes import country_code, language_code
from matching.errors import InvalidInput
from matching.messages import messages_in
from matching.profiles import Size

Flags = NDArray[np.bool_]
MOST_PLACES = 20
_SLACK = 1e-9


def position_exposure(places: int) -> Floats:
    """Exposure of the first places, float64 (places,), 1 for the first.

    Source: Singh & Joachims, Fairness of Exposure in Rankings, KDD 2018, doi:10.1145/3219819.3220088.
    """
    return np.asarray(1.0 / np.log2(np.arange(2, places + 2)), np.float64)


def group_exposure(rankings: Iterable[NDArray[np.str_]], *, top: int) -> dict[str, float]:
    """Share of all exposure that each group has over one ranking or many; the shares make 1.

    rankings : group of the supplier at each place of a ranking, best first; places after `top` count for nothing
    """
    received: dict[str, float] = {}
    for groups in rankings:
        shown = groups[:top]
        names, numbers = np.unique(shown, return_inverse=True)
        sums = np.bincount(numbers, position_exposure(len(shown)), len(names))
        for name, exposure in zip(names.tolist(), sums.tolist(), strict=True):
            received[name] = received.get(name, 0.0) + exposure
    total = sum(received.values())
    return {name: exposure / total for name, exposure in received.items()}


@dataclass(frozen=True)
class FairOrder:
    """A re-ranking: order[i] is the former place, from 0, of whoever stands at place i now.

    loss : share of the discounted relevance of the first places that it costs, 0 where nothing moved
    debt : exposure that the group is owed still; below 0 where it has had more
    """

    order: Rows
    loss: float
    debt: float


def fair_order(relevance: Floats, protected: Flags, owed: float, *, top: int) -> FairOrder:
    """The order of least loss whose first `top` places give the protected suppliers the exposure that they are owed.

    Where even all of them in front fall short of `owed`, they stand in front. After the first places all go on by
    relevance.

    Parameters
    ----------
    relevance : float64 (k,), expected relevance of each candidate, best first
    protected : bool (k,)
    owed      : exposure, as position_exposure counts it; any number
    top       : how many places count, up to MOST_PLACES

    Notes
    -----
    Exact. In a best order the suppliers of each group stand by relevance among themselves (swapping two of one group
    never changes the group's exposure), so that an order is a choice of group at each place. After i places of which
    c are protected, only the choices matter that no other beats in both exposure and relevance: dynamic programming
    over i and c keeps those. Loss is that of the objective of Singh & Joachims 2018; the two queues merged under a
    floor are those of FA*IR (Zehlike et al., CIKM 2017, doi:10.1145/3132847.3132938), with exposure in place of
    counts.
    """
    top = min(top, len(relevance))
    queues = (np.flatnonzero(~protected), np.flatnonzero(protected))
    weights = position_exposure(top)
    had = float(weights @ protected[:top])
    floor = min(owed, float(weights[: len(queues[1])].sum())) - _SLACK
    if had >= floor:
        return FairOrder(np.arange(len(relevance)), 0.0, owed - had)
    choices = _best_choices(relevance[queues[0]], relevance[queues[1]], weights, floor)
    counts = np.cumsum(choices)
    first = np.where(
        choices,
        queues[1][np.maximum(counts - 1, 0)],
        queues[0][np.minimum(np.arange(top) - counts, len(queues[0]) - 1)] if len(queues[0]) else 0,
    )
    rest = np.setdiff1d(np.arange(len(relevance)), first)
    best, now = float(weights @ relevance[:top]), float(weights @ relevance[first])
    loss = 1.0 - now / best if best else 0.0
    return FairOrder(np.concatenate([first, rest]), loss, owed - float(weights @ protected[first]))


@dataclass(frozen=True)
class _Front:
    """Choices of equal length and count that no other beats, a row of bits each: exposure falls, relevance rises."""

    exposure: Floats
    relevance: Floats
    choices: Flags


def _best_choices(others: Floats, protected: Floats, weights: Floats, owed: float) -> Flags:
    """Whether each place goes to the protected queue, bool (n,): most relevance among those with enough exposure."""
    left = np.append(np.cumsum(weights[::-1])[::-1], 0.0)
    none = np.zeros((1, len(weights)), np.bool_)
    fronts = {0: _Front(np.zeros(1), np.zeros(1), none)}
    for place, weight in enumerate(weights.tolist()):
        longer: dict[int, list[_Front]] = {}
        for count, front in fronts.items():
            if count < len(protected):
                chosen = front.choices.copy()
                chosen[:, place] = True
                grown = front.exposure + weight, front.relevance + weight * protected[count], chosen
                longer.setdefault(count + 1, []).append(_Front(*grown))
            if place - count < len(others):
                grown = front.exposure, front.relevance + weight * others[place - count], front.choices
                longer.setdefault(count, []).append(_Front(*grown))
        fronts = {count: _unbeaten(parts, owed, left[place + 1]) for count, parts in longer.items()}
    ends = [front for front in fronts.values() if len(front.relevance)]
    best: Flags = max(ends, key=lambda front: float(front.relevance[-1])).choices[-1]
    return best


def _unbeaten(parts: list[_Front], owed: float, left: float) -> _Front:
    """What can still reach `owed` with the exposure that is left and is not beaten; all beyond `owed` is equal."""
    exposure = np.minimum(np.concatenate([part.exposure for part in parts]), owed)
    relevance = np.concatenate([part.relevance for part in parts])
    order = np.lexsort((-relevance, -exposure))
    order = order[exposure[order] + left >= owed]
    before = np.maximum.accumulate(np.append(-np.inf, relevance[order]))[:-1]
    kept = order[relevance[order] > before]
    return _Front(exposure[kept], relevance[kept], np.concatenate([part.choices for part in parts])[kept])


class Column(StrEnum):
    """What of a supplier tells whether it is of the protected group; a newcomer is founded in a year or later."""

    SIZE = "size"
    COUNTRY = "country"
    LANGUAGE = "language"
    NEWCOMER = "newcomer"


@dataclass(frozen=True)
class ExposurePolicy:
    """A group of suppliers that is owed a share of the exposure of each ranking's first places.

    values : sizes, country or language codes; of newcomers the first year
    share  : floor from 0 to 1; None for the group's share of the relevance, summed over all candidates
    top    : how many places count, up to MOST_PLACES
    """

    column: Column
    values: tuple[str, ...]
    share: float | None
    top: int = 10

    @classmethod
    def parse(cls, text: str) -> Self:
        """The policy of a text such as size:micro,small=0.4, newcomer:2020=0.1 or country:MA=relevance.

        Raises InvalidInput.
        """
        group, _, target = text.partition("=")
        name, _, values = group.partition(":")
        try:
            column = Column(name.strip())
            share = None if target.strip() == "relevance" else float(target)
            if share is not None and not 0.0 <= share <= 1.0:
                raise ValueError(f"a share of {target}")
            return cls(column, tuple(_READ[column](value.strip()) for value in values.split(",")), share)
        except ValueError as error:
            expected = f"COLUMN:VALUE,…=SHARE with COLUMN of {', '.join(Column)} and SHARE of 0 to 1 or `relevance`"
            raise InvalidInput(f"exposure is {text!r}, expected {expected} ({error})") from None

    def protects(self, catalogue: Catalogue, rows: Rows) -> Flags:
        """Whether suppliers are of the group, bool (k,); one that states nothing is not."""
        return np.array(_MEMBERS[self.column](self.values, catalogue, rows), np.bool_)

    def order(self, relevance: Floats, protected: Flags, debt: float = 0.0) -> FairOrder:
        """The order of least loss under the policy, of candidates (k,) that stand by relevance.

        debt   : exposure that earlier rankings left owed, where the share is to hold over all of them: pass on that of
                 each FairOrder to the next
        Source : for the debt, Biega, Gummadi & Weikum, Equity of Attention, SIGIR 2018, doi:10.1145/3209978.3210063.
        """
        share = self.share
        if share is None:
            share = float(relevance[protected].sum() / relevance.sum()) if len(relevance) else 0.0
        present = float(position_exposure(min(self.top, len(relevance))).sum())
        return fair_order(relevance, protected, share * present + debt, top=self.top)


def moved_sentence(rank: int, moved_from: int, language: str) -> str:
    """Why a match stands at a rank and not where relevance alone would put it."""
    messages = messages_in(language)
    earned = messages.number(moved_from)
    if rank < moved_from:
        return messages.text(
            "Moved up from place {rank}: suppliers of its group are owed a share of the attention.", rank=earned
        )
    return messages.text(
        "Moved down from place {rank}: suppliers of another group are owed a share of the attention.", rank=earned
    )


def _year(text: str) -> str:
    return str(int(text))


def _since(values: tuple[str, ...], catalogue: Catalogue, rows: Rows) -> list[bool]:
    first = int(min(values))
    return [(catalogue.suppliers[row].founded or 0) >= first for row in rows]


_READ: dict[Column, Callable[[str], str]] = {
    Column.SIZE: Size,
    Column.COUNTRY: country_code,
    Column.LANGUAGE: language_code,
    Column.NEWCOMER: _year,
}
_MEMBERS: dict[Column, Callable[[tuple[str, ...], Catalogue, Rows], Flags | list[bool]]] = {
    Column.SIZE: lambda values, catalogue, rows: np.isin(catalogue.sizes[rows], values),
    Column.COUNTRY: lambda values, catalogue, rows: np.isin(catalogue.countries[rows], values),
    Column.LANGUAGE: lambda values, catalogue, rows: [
        catalogue.suppliers[row].profile_language in values for row in rows
    ],
    Column.NEWCOMER: _since,
}
