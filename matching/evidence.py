"""Which words of a profile answer which words of a request, and how much of the text similarity each pair makes.

With a static encoder a text's vector is a multiple of the sum of its token vectors, so the cosine of two texts
is, exactly, a sum over pairs of tokens; here pairs of words, grown into pairs of spans.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from matching.encoder import TokenVectors
from matching.lexicon import is_ideograph

Floats = NDArray[np.float64]
_LONGEST_SPAN = 5
_WORTH_GROWING = 0.3
_SENTENCE_ENDS = frozenset(".;:!?\n。！？；؟؛")


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
class _Words:
    """Words of a text; `sentences` numbers the sentence that each is in, since no span crosses two."""

    text: str
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    vectors: NDArray[np.float32]
    sentences: NDArray[np.int64]

    def is_span(self, first: int, last: int) -> bool:
        inside = first >= 0 and last < len(self.starts) and last - first < _LONGEST_SPAN
        return inside and bool(self.sentences[first] == self.sentences[last])

    def span(self, first: int, last: int) -> Span:
        start, end = int(self.starts[first]), int(self.ends[last])
        return Span(start, end, self.text[start:end])


def evidence(
    request: str, request_tokens: TokenVectors, profile: str, profile_tokens: TokenVectors, *, pairs: int = 3
) -> Evidence:
    """The strongest `pairs` of spans between two texts, none overlapping another.

    No pair is given where the texts share nothing (similarity not above zero): then rest is 1.
    """
    exact = request_tokens.exact and profile_tokens.exact
    asked, stated = _words(request, request_tokens), _words(profile, profile_tokens)
    products = (asked.vectors @ stated.vectors.T).astype(np.float64)
    total = float(products.sum())
    if total <= 1e-9:
        return Evidence((), 1.0, exact)
    found = [_pair(asked, stated, block, products, total) for block in _blocks(asked, stated, products, pairs)]
    found = sorted((pair for pair in found if pair.share > 0), key=lambda pair: -pair.share)
    return Evidence(tuple(found), 1.0 - sum(pair.share for pair in found), exact)


def _pair(asked: _Words, stated: _Words, block: _Block, products: Floats, total: float) -> SpanPair:
    share = block.sum_over(products) / total
    return SpanPair(asked.span(block.top, block.bottom), stated.span(block.left, block.right), share)


@dataclass(frozen=True)
class _Block:
    """Words top..bottom of the request against words left..right of the profile, ends included."""

    top: int
    bottom: int
    left: int
    right: int

    def sum_over(self, products: Floats) -> float:
        return float(products[self.top : self.bottom + 1, self.left : self.right + 1].sum())

    def grown(self) -> list[_Block]:
        """The block with a word more on either side of the request, of the profile, or of both."""
        steps = product(((0, 0), (1, 0), (0, 1)), repeat=2)
        return [
            _Block(self.top - up, self.bottom + down, self.left - back, self.right + on)
            for (up, down), (back, on) in steps
            if up + down + back + on
        ]

    def fits(self, asked: _Words, stated: _Words) -> bool:
        return asked.is_span(self.top, self.bottom) and stated.is_span(self.left, self.right)


def _blocks(asked: _Words, stated: _Words, products: Floats, wanted: int) -> list[_Block]:
    free = products.copy()
    blocks: list[_Block] = []
    while len(blocks) < wanted and free.max(initial=-np.inf) > 0:
        top, left = np.unravel_index(int(free.argmax()), free.shape)
        block = _grow(_Block(int(top), int(top), int(left), int(left)), asked, stated, free)
        free[block.top : block.bottom + 1, :] = -np.inf
        free[:, block.left : block.right + 1] = -np.inf
        blocks.append(block)
    return blocks


def _grow(block: _Block, asked: _Words, stated: _Words, free: Floats) -> _Block:
    """Add neighbouring words while what they add is worth a good part of the strongest pair."""
    threshold = _WORTH_GROWING * block.sum_over(free)
    while True:
        held = block.sum_over(free)
        grown = (larger for larger in block.grown() if larger.fits(asked, stated))
        options = [(larger.sum_over(free) - held, larger) for larger in grown]
        gain, larger = max(options, key=lambda option: option[0], default=(-np.inf, block))
        if gain < threshold:
            return block
        block = larger


def _words(text: str, tokens: TokenVectors) -> _Words:
    """Token vectors summed to words: tokens that touch, save that ideographs stay as the tokenizer cut them."""
    if len(tokens.starts) == 0:
        return _Words(text, tokens.starts, tokens.ends, tokens.vectors, tokens.starts)
    touching = tokens.starts[1:] <= tokens.ends[:-1]
    ideographs = np.array([is_ideograph(text[start]) for start in tokens.starts[1:]], np.bool_)
    first = np.concatenate([[True], ~touching | ideographs])
    positions = np.flatnonzero(first)
    vectors = np.add.reduceat(tokens.vectors, positions, axis=0)
    starts, ends = tokens.starts[positions], np.maximum.reduceat(tokens.ends, positions)
    gaps = (text[end:start] for end, start in zip(ends, starts[1:], strict=False))
    breaks = [0, *(not _SENTENCE_ENDS.isdisjoint(gap) for gap in gaps)]
    return _Words(text, starts, ends, vectors, np.cumsum(breaks))
