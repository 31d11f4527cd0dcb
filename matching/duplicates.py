"""Near-duplicate suppliers: the same firm listed twice, or a copy of its profile, found and folded in a ranking.

Two listings of one country, or one of which states none, are of one firm where

- their descriptions, of at least eight distinct words each, have three fifths of them in common (nine tenths where
  they state different cities, as members of one association may), and the whole profiles are alike: a copy, renamed
  or a little changed; or
- they bear the same name, legal forms apart, do not state different cities, and the whole profiles resemble each
  other (the firm listed anew, perhaps in another language).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.catalogue import Catalogue, Floats, Rows
from matching.listings import SKETCH_BYTES
from matching.messages import messages_in

Flags = NDArray[np.bool_]
LEAST_WORDS = 8
LEAST_COMMON_WORDS = 0.6
LEAST_COMMON_WORDS_ELSEWHERE = 0.9
LEAST_COPY_SIMILARITY = 0.75
LEAST_NAMESAKE_SIMILARITY = 0.6
_BAND_BYTES = 3
# Two of this many neighbours that share a key are compared; more bear the same name only in a catalogue of copies.
_WINDOW = 20


@dataclass(frozen=True)
class Kept:
    """Places of a ranking that stay, in their order, and the ids of those that are folded into each.

    places      : int64 (k,), of the ranking as it was
    also_listed : place of the ranking as it was -> ids that it stays for, best first
    """

    places: Rows
    also_listed: Mapping[int, tuple[str, ...]]


def fold(catalogue: Catalogue, rows: Rows, scores: Floats) -> Kept:
    """Which of ranked suppliers stay where some are near-duplicates of each other.

    rows   : int64 (k,), best first
    scores : float64 (k,)

    The one of the higher score stays, then of the more complete profile, then of the lower id. Each that goes is a
    near-duplicate of the very one that it is folded into.
    """
    near = _neighbours(near_duplicates(catalogue, rows))
    preferred = sorted(near, key=lambda at: (-scores[at], -catalogue.completeness[rows[at]], catalogue.ids[rows[at]]))
    folded_into: dict[int, list[int]] = {}
    for place in preferred:
        staying = next((other for other in folded_into if other in near[place]), place)
        folded_into.setdefault(staying, [])
        if staying != place:
            folded_into[staying].append(place)
    gone = [place for places in folded_into.values() for place in places]
    ids = {at: tuple(catalogue.ids[rows[place]] for place in places) for at, places in folded_into.items() if places}
    return Kept(np.delete(np.arange(len(rows)), gone), ids)


def duplicate_groups(catalogue: Catalogue) -> list[tuple[str, ...]]:
    """Ids of the living suppliers that are near-duplicates, a group each; the most complete profile first.

    Whoever is a near-duplicate of one of a group belongs to it. Groups and the ids in them have one order, whatever
    the rows.
    """
    living = np.arange(len(catalogue)) if catalogue.living is None else catalogue.living
    group_by_place: dict[int, set[int]] = {}
    for one, other in near_duplicates(catalogue, living).tolist():
        joined = group_by_place.get(one, {one}) | group_by_place.get(other, {other})
        group_by_place |= dict.fromkeys(joined, joined)
    groups = {id(group): living[sorted(group)] for group in group_by_place.values()}.values()
    named = [sorted((-catalogue.completeness[row], catalogue.ids[row]) for row in rows) for rows in groups]
    return sorted(tuple(supplier_id for _, supplier_id in group) for group in named)


def near_duplicates(catalogue: Catalogue, rows: Rows) -> Rows:
    """Pairs of near-duplicates among suppliers as places in `rows`, int64 (p, 2), the lower first, each pair once."""
    pairs = _pairs_to_compare(catalogue, rows)
    return pairs[_are_one_firm(catalogue, rows[pairs[:, 0]], rows[pairs[:, 1]])]


def also_listed_sentence(ids: tuple[str, ...], language: str) -> str:
    """That a supplier stands in the catalogue under further ids."""
    messages = messages_in(language)
    return messages.text("The same supplier is also listed as {ids}.", ids=messages.listing(ids))


def _neighbours(pairs: Rows) -> dict[int, set[int]]:
    near: defaultdict[int, set[int]] = defaultdict(set)
    for one, other in pairs.tolist():
        near[one].add(other)
        near[other].add(one)
    return near


def _are_one_firm(catalogue: Catalogue, left: Rows, right: Rows) -> Flags:
    listings, vectors = catalogue.listings, catalogue.profile_vectors
    alike = np.einsum("ij,ij->i", vectors[left].astype(np.float32), vectors[right].astype(np.float32))
    common = _without_chance((listings.sketches[left] == listings.sketches[right]).mean(axis=1))
    in_one_city = _agree(listings.cities, left, right, 0)
    is_copy = common >= np.where(in_one_city, LEAST_COMMON_WORDS, LEAST_COMMON_WORDS_ELSEWHERE)
    is_copy &= np.minimum(listings.sizes[left], listings.sizes[right]) >= LEAST_WORDS
    is_namesake = (listings.names[left] == listings.names[right]) & in_one_city
    is_one_firm = (is_copy & (alike >= LEAST_COPY_SIMILARITY)) | (is_namesake & (alike >= LEAST_NAMESAKE_SIMILARITY))
    return np.asarray(is_one_firm & _agree(catalogue.countries, left, right, ""), np.bool_)


def _without_chance(common: Floats) -> Floats:
    """Share of words in common from that of sketch bytes, of which one in 256 agrees by chance."""
    return np.asarray((common - 1 / 256) / (1 - 1 / 256), np.float64)


def _agree(stated: NDArray[np.generic], left: Rows, right: Rows, nothing: object) -> Flags:
    one, other = stated[left], stated[right]
    return np.asarray((one == other) | (one == nothing) | (other == nothing), np.bool_)


def _pairs_to_compare(catalogue: Catalogue, rows: Rows) -> Rows:
    """Pairs of places that share a name or a band of the sketch: so do 99 of 100 that have LEAST_COMMON_WORDS."""
    pairs = [found for keys, places in _keys(catalogue, rows) for found in _sharing(keys, places)]
    joined = np.concatenate([np.empty((0, 2), np.int64), *pairs])
    joined.sort(axis=1)
    numbers = np.unique(joined[:, 0] * len(rows) + joined[:, 1])
    return np.stack([numbers // max(len(rows), 1), numbers % max(len(rows), 1)], axis=1)


def _keys(catalogue: Catalogue, rows: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Names, then all bands of the sketches of those that say enough; each key beside the place that has it."""
    listings = catalogue.listings
    yield listings.names[rows], np.arange(len(rows))
    saying = np.flatnonzero(listings.sizes[rows] >= LEAST_WORDS)
    bands = SKETCH_BYTES // _BAND_BYTES
    sketches = listings.sketches[rows[saying]].reshape(len(saying), bands, _BAND_BYTES).astype(np.int64)
    values = sketches @ (256 ** np.arange(_BAND_BYTES))
    yield (values + (np.arange(bands) << 8 * _BAND_BYTES)).ravel(), np.repeat(saying, bands)


def _sharing(keys: Rows, places: Rows) -> Iterator[Rows]:
    """Pairs of places that share a key, those within a window of each other."""
    order = np.lexsort((places, keys))
    keys, places = keys[order], places[order]
    for distance in range(1, _WINDOW + 1):
        first = np.flatnonzero(keys[distance:] == keys[:-distance])
        if not len(first):
            return
        yield np.stack([places[first], places[first + distance]], axis=1)
