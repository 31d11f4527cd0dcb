"""What of each supplier tells whether it stands in the catalogue twice: its name, its city, the words it says."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from matching.profiles import Supplier
from matching.words import fold, words

Keys = NDArray[np.int64]
Sketches = NDArray[np.uint8]
SKETCH_BYTES = 63
_SEED = 64
# Legal forms, as `words` folds them; a firm is the same with and without.
_LEGAL_FORMS = frozenset(
    "ag as bv co company corp corporation cv eirl eurl gmbh inc kg lda limited llc llp ltd ltda ltdi mbh nv oy plc "
    "private pte pty pvt sa sal sarl sarlau sas sasu sc scop sl slu snc spa srl sro sti ste societe ug".split()
) | {"شركه", "شمم", "ذمم"}
_CHINESE_FORMS = ("股份有限公司", "有限责任公司", "有限公司")


@dataclass(frozen=True)
class Listings:
    """Parallel arrays, a row per supplier, in which equal entries mean equal words.

    names    : int64 (n,), of the name's words in any order, without legal form
    cities   : int64 (n,), 0 where not stated
    sketches : uint8 (n, SKETCH_BYTES), the lowest byte of the least of each of as many hashes of the description's
               distinct words: the share of bytes in common estimates the share of words in common
    sizes    : int64 (n,), how many distinct words the description has

    Source: Broder 1997, doi:10.1109/SEQUEN.1997.666900; Li & König, b-Bit Minwise Hashing, WWW 2010,
    doi:10.1145/1772690.1772759.
    """

    names: Keys
    cities: Keys
    sketches: Sketches
    sizes: Keys

    @classmethod
    def of(cls, suppliers: Sequence[Supplier]) -> Self:
        """Listings of suppliers."""
        said = [sorted(set(words(supplier.description))) for supplier in suppliers]
        return cls(
            names=np.array([_key(_name_words(supplier.name)) for supplier in suppliers], np.int64),
            cities=np.array([_key(words(supplier.city or "")) for supplier in suppliers], np.int64),
            sketches=_sketches(said),
            sizes=np.array([len(one) for one in said], np.int64),
        )

    def followed_by(self, more: Listings) -> Listings:
        """These listings with others behind them."""
        return Listings(
            np.concatenate([self.names, more.names]),
            np.concatenate([self.cities, more.cities]),
            np.concatenate([self.sketches, more.sketches]),
            np.concatenate([self.sizes, more.sizes]),
        )

    def take(self, rows: Keys) -> Listings:
        """Listings of some rows alone."""
        return Listings(self.names[rows], self.cities[rows], self.sketches[rows], self.sizes[rows])


def _name_words(name: str) -> list[str]:
    folded = fold(name).replace(".", "")
    for form in _CHINESE_FORMS:
        folded = folded.removesuffix(form)
    found = sorted(set(words(folded)))
    return [word for word in found if word not in _LEGAL_FORMS] or found


def _key(found: Sequence[str]) -> int:
    """A number that differs for differing words, 0 for none."""
    if not found:
        return 0
    return int.from_bytes(hashlib.blake2b(" ".join(found).encode(), digest_size=8).digest(), "big", signed=True)


def _sketches(said: Sequence[Sequence[str]]) -> Sketches:
    """Sketches of lists of distinct words; zeros where a list is empty."""
    sketches = np.zeros((len(said), SKETCH_BYTES), np.uint8)
    filled = [row for row, one in enumerate(said) if one]
    if not filled:
        return sketches
    hashed = np.array([zlib.crc32(word.encode()) for one in said for word in one], np.uint64)
    starts = np.cumsum([0, *(len(said[row]) for row in filled)])[:-1]
    for place, factor in enumerate(_factors()):
        # The upper half of the product mixes all bits of the word's hash.
        least = np.minimum.reduceat((hashed + np.uint64(1)) * factor >> np.uint64(32), starts)
        sketches[filled, place] = least.astype(np.uint8)
    return sketches


@cache
def _factors() -> NDArray[np.uint64]:
    drawn = np.random.default_rng(_SEED).integers(1 << 63, 1 << 64, SKETCH_BYTES, np.uint64)
    return drawn | np.uint64(1)
