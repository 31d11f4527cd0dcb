"""Whether advice holds: profiles changed as advised, and matched again in a catalogue built anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from matching.advice import Advice, advise_among, scorings
from matching.matcher import Matcher
from matching.profiles import BuyerRequest, Supplier

FIRSTS = (3, 5, 10)
_SHARE_OF_SUPPLIERS = 0.8
_MOST_CATALOGUES = 60


@dataclass(frozen=True)
class AdvisedChange:
    """An advice to a supplier of a drawn catalogue, on how to be among the `first`."""

    suppliers: tuple[Supplier, ...]
    supplier: Supplier
    advice: Advice
    first: int


@dataclass(frozen=True)
class Outcome:
    """Places of the supplier, from 1, for the requests that the advice names, once it states what is advised."""

    change: AdvisedChange
    places: tuple[int, ...]

    @property
    def place_is_as_promised(self) -> bool:
        """Whether the first of the requests has the place that the advice names as the best."""
        return self.places[0] == self.change.advice.best_rank

    @property
    def placed(self) -> int:
        """For how many requests it is among the first."""
        return sum(place <= self.change.first for place in self.places)


def evaluate_advice(
    matcher: Matcher, requests: Sequence[BuyerRequest], *, changes: int = 500, seed: int = 0
) -> list[dict[str, Any]]:
    """Carry advised changes out and match again: how often the promised place is reached.

    Catalogues of four fifths of the suppliers are drawn. All their suppliers are advised on being among the first
    three, five or ten, catalogue by catalogue in turn, until there are enough changes.
    """
    by_id = {str(request.id): request for request in requests}
    outcomes = [carried_out(matcher, change, by_id) for change in islice(_advised(matcher, requests, seed), changes)]
    groups = {f"the first {first}": [one for one in outcomes if one.change.first == first] for first in FIRSTS}
    return [_row(name, found) for name, found in [*groups.items(), ("all", outcomes)]]


def carried_out(matcher: Matcher, change: AdvisedChange, requests: Mapping[str, BuyerRequest]) -> Outcome:
    """Match the requests that an advice names, at most three, over a catalogue whose supplier states what is advised.

    matcher : whose models are used
    """
    stated = change.supplier
    for one in change.advice.changes:
        stated = one.applied_to(stated)
    anew = _over(matcher, tuple(stated if one.id == stated.id else one for one in change.suppliers))
    row = anew.catalogue.row(stated.id)
    rows = [anew.score(requests[request_id], fold_duplicates=False).rows for request_id in change.advice.examples]
    return Outcome(change, tuple(found.tolist().index(row) + 1 for found in rows))


def _advised(matcher: Matcher, requests: Sequence[BuyerRequest], seed: int) -> Iterator[AdvisedChange]:
    generator = np.random.default_rng(seed)
    everyone = [matcher.catalogue.suppliers[row] for row in range(len(matcher.catalogue))]
    for number in range(_MOST_CATALOGUES):
        drawn = generator.permutation(len(everyone))[: int(_SHARE_OF_SUPPLIERS * len(everyone))]
        suppliers, first = tuple(everyone[row] for row in drawn.tolist()), FIRSTS[number % len(FIRSTS)]
        smaller = _over(matcher, suppliers)
        scored = list(scorings(smaller, requests))
        for supplier in suppliers:
            found = advise_among(smaller, supplier.id, scored, first=first)
            for advice in (*found.advice, *filter(None, [found.pair])):
                yield AdvisedChange(suppliers, supplier, advice, first)


def _over(matcher: Matcher, suppliers: Sequence[Supplier]) -> Matcher:
    """A matcher of the same models over other suppliers, every one of them encoded anew."""
    return Matcher.build(
        matcher.encoder, suppliers, matcher.ranker, matcher.headings, rates=matcher.rates,
        track_records=matcher.track_records,
    )  # fmt: skip


def _row(advice: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "advice on": advice,
        "changes": len(outcomes),
        "suppliers": len({one.change.supplier.id for one in outcomes}),
        "promised place reached": sum(one.place_is_as_promised for one in outcomes),
        "requests named": sum(len(one.places) for one in outcomes),
        "among the first": sum(one.placed for one in outcomes),
    }
