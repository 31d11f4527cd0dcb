"""Word overlap of a text with every supplier, by BM25, kept up as suppliers come and go.

Scores are worked out from counts when they are asked for: a supplier that comes or goes changes how rare each word
is for all, and no table of finished scores could follow that.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from matching.lines import Floats, Rows
from matching.profiles import Supplier
from matching.words import words

K1, B = 1.5, 0.75
Postings = Mapping[str, NDArray[np.int32]]


class WordIndex:
    """BM25 (Robertson & Zaragoza 2009, in Lucene's form) of each supplier row; a state never changes.

    Word counts are kept per word as int32 (2, m), rows above counts: those of the last layout in `settled`, those
    that came since in `recent`, so that a change copies the small part alone.
    """

    def __init__(self, suppliers: Sequence[Supplier]) -> None:
        tokens = [words(supplier.text()) for supplier in suppliers]
        self._settled: Postings = _postings(tokens, 0)
        self._recent: Postings = {}
        self._lengths = _lengths(tokens)
        self._alive = np.ones(len(suppliers), np.bool_)

    @classmethod
    def _of(cls, settled: Postings, recent: Postings, lengths: Floats, alive: NDArray[np.bool_]) -> WordIndex:
        made = cls([])
        made._settled, made._recent, made._lengths, made._alive = settled, recent, lengths, alive
        return made

    def scores(self, text: str) -> Floats:
        """BM25 of each supplier row for a text, 0 where no word is shared; float64 (n,)."""
        scores = np.zeros(len(self._lengths), np.float64)
        count = np.count_nonzero(self._alive)
        for word in words(text):
            rows, counts = self._living(word)
            rarity = np.log1p((count - len(rows) + 0.5) / (len(rows) + 0.5))
            scores[rows] += rarity * counts / (counts + self._dampings[rows])
        return scores

    def with_changes(self, removed: Rows, added: Sequence[Supplier]) -> WordIndex:
        """The next state: rows removed, suppliers added behind the last row."""
        tokens = [words(supplier.text()) for supplier in added]
        alive = self._alive.copy()
        alive[removed] = False
        came = _postings(tokens, len(self._lengths))
        joined = {
            word: np.concatenate([self._recent[word], rows], axis=1) if word in self._recent else rows
            for word, rows in came.items()
        }
        return WordIndex._of(
            self._settled,
            {**self._recent, **joined},
            np.concatenate([self._lengths, _lengths(tokens)]),
            np.concatenate([alive, np.ones(len(added), np.bool_)]),
        )

    def take(self, rows: Rows) -> WordIndex:
        """An index of some rows alone, numbered by their place in `rows`."""
        places = np.full(len(self._lengths), -1, np.int32)
        places[rows] = np.arange(len(rows), dtype=np.int32)
        settled = dict(self._kept(places))
        return WordIndex._of(settled, {}, self._lengths[rows], self._alive[rows])

    def _kept(self, places: NDArray[np.int32]) -> Iterator[tuple[str, NDArray[np.int32]]]:
        for word in {**self._settled, **self._recent}:
            held = self._held(word)
            moved = np.stack([places[held[0]], held[1]])
            moved = moved[:, moved[0] >= 0]
            if moved.shape[1]:
                yield word, moved

    def _held(self, word: str) -> NDArray[np.int32]:
        parts = [postings[word] for postings in (self._settled, self._recent) if word in postings]
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts, axis=1) if parts else np.empty((2, 0), np.int32)

    def _living(self, word: str) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        rows, counts = self._held(word)
        if self._all_alive:
            return rows, counts
        alive = self._alive[rows]
        return rows[alive], counts[alive]

    @cached_property
    def _all_alive(self) -> bool:
        return bool(self._alive.all())

    @cached_property
    def _dampings(self) -> Floats:
        """What a row's length adds below the fraction, (n,): the longer the profile, the less a word counts."""
        mean = self._lengths[self._alive].mean() if self._alive.any() else 1.0
        return np.asarray(K1 * (1 - B + B * self._lengths / mean), np.float64)


def _postings(tokens: Sequence[Sequence[str]], first_row: int) -> Postings:
    rows: dict[str, list[int]] = defaultdict(list)
    counts: dict[str, list[int]] = defaultdict(list)
    for row, found in enumerate(tokens, start=first_row):
        for word, count in Counter(found).items():
            rows[word].append(row)
            counts[word].append(count)
    return {word: np.array([rows[word], counts[word]], np.int32) for word in rows}


def _lengths(tokens: Sequence[Sequence[str]]) -> Floats:
    return np.array([max(1, len(found)) for found in tokens], np.float64)
