"""What a request rules out, held against what suppliers offer: "no cosmetic grade" beside "argan oil for skin care"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from matching.encoder import Encoder, TextKind
from matching.needs import MIN_CONFIDENCE, NeedKind, find_needs
from matching.words import words

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
_SUSPECT = 0.15
_LEAST_OF_ITS_OWN = 0.05


@dataclass(frozen=True)
class RuledOut:
    """The words that a request rules out.

    vectors : float32 (e, d), of what each says beyond the goods asked for: of "green olives, no black olives" the
        black, since every seller of green ones is near to olives too
    encoder : reads anew what suppliers say that they do without
    """

    vectors: Vectors
    encoder: Encoder

    @classmethod
    def of(cls, phrases: Sequence[str], goods: Vectors, encoder: Encoder) -> Self | None:
        """The phrases ruled out of goods of that vector (d,); None without any."""
        phrases = [phrase for phrase in phrases if words(phrase)]
        if not phrases:
            return None
        vectors = encoder.encode(phrases, kind=TextKind.REQUEST)
        shared = np.maximum(vectors @ goods, 0.0)[:, None]
        rest = vectors - shared * goods
        lengths = np.linalg.norm(rest, axis=1, keepdims=True)
        kept = lengths[:, 0] > _LEAST_OF_ITS_OWN
        return cls(np.asarray(rest[kept] / lengths[kept], np.float32), encoder) if kept.any() else None

    def closeness(self, lines: Vectors, text: Callable[[int], str]) -> Floats:
        """How near each line (k, d) comes to anything ruled out, 0 to 1; `text` gives the words of the line at a place.

        A line that is near is read: what it says to be without ("paraffin free") is left out.
        """
        close = self._nearest(lines)
        suspects = np.flatnonzero(close >= _SUSPECT).tolist()
        written = {place: text(place) for place in suspects}
        freed = {place: without_exclusions(words_of) for place, words_of in written.items()}
        changed = [place for place in suspects if freed[place] != written[place]]
        if changed:
            close[changed] = self._nearest(self.encoder.encode([freed[place] for place in changed]))
        return close

    def _nearest(self, lines: Vectors) -> Floats:
        return np.clip(np.einsum("kd,ed->ke", lines, self.vectors).max(axis=1), 0.0, 1.0).astype(np.float64)


@lru_cache(maxsize=4096)
def without_exclusions(text: str) -> str:
    """A text with the words that it rules out itself blanked by spaces."""
    characters = list(text)
    for need in find_needs(text):
        if need.kind is NeedKind.EXCLUSION and need.confidence >= MIN_CONFIDENCE:
            assert need.start is not None and need.end is not None  # found in the text
            characters[need.start : need.end] = " " * (need.end - need.start)
    return "".join(characters)
