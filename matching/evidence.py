"""Which words of a profile answer which words of a request, and how much of the text similarity each pair makes.

With a static encoder a text's vector is a multiple of the sum of its token vectors, so the cosine of two texts
is, exactly, a sum over pairs of tokens; here pairs of words, grown into pairs of spans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Self

import numpy as np
from numpy.typing import NDArray

from matching.encoder import TokenVectors
from matching.words import IDEOGRAPH_BLOCKS

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
_LONGEST_SPAN = 5
_WORTH_GROWING = 0.3
_SENTENCE_ENDS = np.array([ord(sign) for sign in ".;:!?\n。！？；؟؛"], np.uint32)
# A word more before or after, on either side or on both: (up, down, back, on).
_STEPS = [(up, down, back, on) for (up, down), (back, on) in product(((0, 0), (1, 0), (0, 1)), repeat=2)][1:]


@dataclass(frozen=True)
class Span:
    """A stretch of a text: text[start:end]."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class SpanPair:
    """A span of the request beside the span of the profile that answers it; share of the text similarity."""

    request: Span
    profile: Span
    share: float


@dataclass(frozen=True)
class Evidence:
    """The strongest pairs, best first, and `rest`, the share of all other pairs: together they make 1.

    exact : whether the shares are exact (static encoder) or an approximation
    """

    pairs: tuple[SpanPair, ...]
    rest: float
    exact: bool


@dataclass(frozen=True)
class Words:
    """Words of a text: tokens joined where they touch, save that ideographs stay as the tokenizer cut them.

    tokens       : float64 (t, d), vectors of the tokens
    firsts       : (w,), the token that each word begins with
    starts, ends : (w,), places in `text`
    sentences    : the number of the sentence that each word is in, since no span crosses two
    """

    text: str
    tokens: Floats
    exact: bool
    firsts: Places
    starts: Places
    ends: Places
    sentences: list[int]

    @classmethod
    def of(cls, text: str, tokens: TokenVectors) -> Self:
        """Words of a text from its tokens."""
        vectors = tokens.vectors.astype(np.float64)
        if len(tokens.starts) == 0:
            return cls(text, vectors, tokens.exact, tokens.starts, tokens.starts, tokens.ends, [])
        characters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        apart = tokens.starts[1:] > tokens.ends[:-1]
        firsts = np.flatnonzero(np.concatenate([[True], apart | _are_ideographs(characters[tokens.starts[1:]])]))
        starts, ends = tokens.starts[firsts], np.maximum.reduceat(tokens.ends, firsts)
        closed = np.concatenate([[0], np.cumsum((characters[:, None] == _SENTENCE_ENDS).any(axis=1))])
        breaks = closed[starts[1:]] > closed[ends[:-1]]
        return cls(text, vectors, tokens.exact, firsts, starts, ends, [0, *np.cumsum(breaks).tolist()])

    def span(self, first: int, last: int) -> Span:
        """The stretch from one word to another, both included."""
        start, end = int(self.starts[first]), int(self.ends[last])
        return Span(start, end, self.text[start:end])


def evidence(asked: Words, stated: Words, *, pairs: int = 3) -> Evidence:
    """The strongest `pairs` of spans between the words of a request and of a profile, none overlapping another.

    No pair is given where the texts share nothing (similarity not above zero): then rest is 1.
    """
    exact = asked.exact and stated.exact
    products = _products(asked, stated)
    total = float(products.sum())
    if total <= 1e-9:
        return Evidence((), 1.0, exact)
    found = [_pair(asked, stated, block, products, total) for block in _blocks(asked, stated, products, pairs)]
    found = sorted((pair for pair in found if pair.share > 0), key=lambda pair: -pair.share)
    return Evidence(tuple(found), 1.0 - sum(pair.share for pair in found), exact)


def _products(asked: Words, stated: Words) -> Floats:
    """What each word of the request makes with each of the profile: the sum over their tokens' products.

    Rounded, so that of a word said twice the first is taken, whatever the last digits say.
    """
    if not len(asked.firsts) or not len(stated.firsts):
        return np.zeros((len(asked.firsts), len(stated.firsts)))
    by_tokens = asked.tokens @ stated.tokens.T
    by_words = np.add.reduceat(np.add.reduceat(by_tokens, asked.firsts, axis=0), stated.firsts, axis=1)
    return np.asarray(np.round(by_words, 6), np.float64)


# Words top..bottom of the request against words left..right of the profile, ends included.
_Block = tuple[int, int, int, int]


def _pair(asked: Words, stated: Words, block: _Block, products: Floats, total: float) -> SpanPair:
    top, bottom, left, right = block
    share = float(products[top : bottom + 1, left : right + 1].sum()) / total
    return SpanPair(asked.span(top, bottom), stated.span(left, right), share)


def _blocks(asked: Words, stated: Words, products: Floats, wanted: int) -> list[_Block]:
    free = products.copy()
    room = _Room(asked, stated, products)
    blocks: list[_Block] = []
    while len(blocks) < wanted and free.max(initial=-np.inf) > 0:
        row, column = np.unravel_index(int(free.argmax()), free.shape)
        top, bottom, left, right = block = room.grown(int(row), int(column))
        free[top : bottom + 1, :] = -np.inf
        free[:, left : right + 1] = -np.inf
        room.take(block)
        blocks.append(block)
    return blocks


class _Room:
    """Where blocks may grow: within one sentence on either side, over words that no block has taken.

    A block's sum is read off a summed-area table (Crow, SIGGRAPH 1984): in plain lists, as blocks are small and many.
    """

    def __init__(self, asked: Words, stated: Words, products: Floats) -> None:
        self._sides = ([*asked.sentences], [*stated.sentences])
        table = np.zeros((products.shape[0] + 1, products.shape[1] + 1))
        products.cumsum(axis=0).cumsum(axis=1, out=table[1:, 1:])
        self._table: list[list[float]] = table.tolist()

    def take(self, block: _Block) -> None:
        """Close the words of a block to others."""
        for sentences, first, last in zip(self._sides, block[::2], block[1::2], strict=True):
            sentences[first : last + 1] = [-1] * (last + 1 - first)

    def grown(self, row: int, column: int) -> _Block:
        """A pair of words with its neighbours, while what they add is worth a good part of the pair."""
        block = (row, row, column, column)
        held = self._sum(block)
        threshold = _WORTH_GROWING * held
        bounds = *_reach(self._sides[0], row), *_reach(self._sides[1], column)
        while True:
            options = [(self._sum(larger), larger) for larger in _larger(block, bounds)]
            most, larger = max(options, key=lambda option: option[0], default=(-np.inf, block))
            if most - held < threshold:
                return block
            block, held = larger, most

    def _sum(self, block: _Block) -> float:
        top, bottom, left, right = block
        above, below = self._table[top], self._table[bottom + 1]
        return below[right + 1] - above[right + 1] - below[left] + above[left]


def _reach(sentences: Sequence[int], place: int) -> tuple[int, int]:
    """The first and the last word around a place that a span may take in; the number of a taken word is -1."""
    first = last = place
    while first > 0 and sentences[first - 1] == sentences[place]:
        first -= 1
    while last < len(sentences) - 1 and sentences[last + 1] == sentences[place]:
        last += 1
    return first, last


def _larger(block: _Block, bounds: _Block) -> list[_Block]:
    top, bottom, left, right = block
    highest, lowest, leftmost, rightmost = bounds
    found = []
    for up, down, back, on in _STEPS:
        first, last, begin, end = top - up, bottom + down, left - back, right + on
        inside = highest <= first and last <= lowest and leftmost <= begin and end <= rightmost
        if inside and last - first < _LONGEST_SPAN and end - begin < _LONGEST_SPAN:
            found.append((first, last, begin, end))
    return found


def _are_ideographs(characters: NDArray[np.uint32]) -> NDArray[np.bool_]:
    inside = [(first <= characters) & (characters <= last) for first, last in IDEOGRAPH_BLOCKS]
    return np.asarray(np.any(inside, axis=0), np.bool_)
