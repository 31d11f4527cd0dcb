"""What a request rules out, held against what suppliers offer: "no cosmetic grade" beside a seller of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from matching.encoder import Encoder, TextKind
from matching.evidence import Words
from matching.needs import MIN_CONFIDENCE, NeedKind, find_needs
from matching.words import words

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
_SUSPECT = 0.2
_TINY = 1e-6


@dataclass(frozen=True)
class Phrase:
    """Words ruled out.

    vector  : float64 (d,), unit, of what the phrase says beyond the goods asked for: of "green olives, no black olives"
        the black, since every seller of green ones is near to olives too
    words   : float64 (w, d), unit vectors of its words
    weights : float64 (w,), sum 1: how much of the phrase each word makes that is not said of the goods
    """

    vector: Floats
    words: Floats
    weights: Floats

    def share_in(self, others: Floats) -> float:
        """How much of the phrase the words of a text (t, d) say, 0 to 1: each of its words by the nearest of theirs."""
        if not len(others):
            return 0.0
        return float(self.weights @ np.clip((self.words @ others.T).max(axis=1), 0.0, 1.0))


@dataclass(frozen=True)
class RuledOut:
    """All phrases that a request rules out, and the encoder that reads what suppliers say."""

    phrases: tuple[Phrase, ...]
    encoder: Encoder

    @classmethod
    def of(cls, texts: Sequence[str], goods: str, vector: Vectors, encoder: Encoder) -> Self | None:
        """Phrases ruled out of goods of that text and vector (d,); None without any."""
        texts = [text for text in texts if words(text)]
        if not texts:
            return None
        said = _word_vectors(goods, encoder, TextKind.REQUEST)[0]
        rest = _units(_apart(encoder.encode(texts, kind=TextKind.REQUEST).astype(np.float64), vector))
        pairs = zip(rest, texts, strict=True)
        return cls(tuple(Phrase(own, *_weighted(text, said, encoder)) for own, text in pairs), encoder)

    def offered(self, lines: Vectors, text: Callable[[int], str]) -> Floats:
        """How much of any phrase each line (k, d) says, 0 to 1; `text` gives the words of the line at a place.

        Only lines whose vectors are near a phrase are read. What a line says to be without ("paraffin free") does not
        count.
        """
        # Row by row, unlike `@`: a line is as near whatever lines stand around it.
        vectors = np.array([phrase.vector for phrase in self.phrases])
        nearness = np.einsum("kd,ed->ke", lines.astype(np.float64), vectors)
        offered = np.zeros(len(lines))
        for place in np.flatnonzero((nearness >= _SUSPECT).any(axis=1)).tolist():
            said = _word_vectors(without_exclusions(text(place)), self.encoder, TextKind.PROFILE)[0]
            near = (phrase for phrase, near in zip(self.phrases, nearness[place], strict=True) if near >= _SUSPECT)
            offered[place] = max(phrase.share_in(said) for phrase in near)
        return offered


@lru_cache(maxsize=4096)
def without_exclusions(text: str) -> str:
    """A text with the words that it rules out itself blanked by spaces."""
    needs = (need for need in find_needs(text) if need.kind is NeedKind.EXCLUSION)
    return blanked(text, ((need.start, need.end) for need in needs if need.confidence >= MIN_CONFIDENCE))


def blanked(text: str, spans: Iterable[tuple[int | None, int | None]]) -> str:
    """A text with spaces in the place of some spans, so that all else stays where it is."""
    characters = list(text)
    for start, end in spans:
        if start is not None and end is not None:
            characters[start:end] = " " * (end - start)
    return "".join(characters)


def _weighted(text: str, said: Floats, encoder: Encoder) -> tuple[Floats, Floats]:
    """Words of a phrase, and how much each weighs: as in its vector, less what the goods say as well."""
    units, lengths = _word_vectors(text, encoder, TextKind.REQUEST)
    own = 1.0 - np.clip((units @ said.T).max(axis=1), 0.0, 1.0) if len(said) else np.ones(len(units))
    weights = lengths * own
    if weights.sum() < _TINY:
        weights = lengths
    return units, weights / max(float(weights.sum()), _TINY)


def _word_vectors(text: str, encoder: Encoder, kind: TextKind) -> tuple[Floats, Floats]:
    """Unit vectors (w, d) of the words of a text, and their lengths (w,) before."""
    read = Words.of(text, encoder.token_vectors(text, kind=kind))
    if not len(read.firsts):
        return np.zeros((0, encoder.dimensions)), np.zeros(0)
    sums = np.add.reduceat(read.tokens, read.firsts, axis=0)
    return _units(sums), np.linalg.norm(sums, axis=1)


def _apart(vectors: Floats, from_vector: Vectors) -> Floats:
    """Vectors (e, d) without what points the way of another unit vector (d,)."""
    shared = np.maximum(vectors @ from_vector, 0.0)[:, None]
    return np.asarray(vectors - shared * from_vector, np.float64)


def _units(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _TINY), np.float64)
