"""Whether reasons hold: spans deleted against the shares they state, terms added up against the score."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.collection import Collection
from matching.encoder import Encoder, TextKind, TokenVectors
from matching.evidence import Span, SpanPair
from matching.matcher import Match, Matcher

Floats = NDArray[np.float64]
_TERMS_TOLERANCE = 1e-9
_SPANS_TOLERANCE = 1e-6


def faithfulness(
    matcher: Matcher, collection: Collection, *, matches: int = 2_000, seed: int = 0
) -> list[dict[str, Any]]:
    """How far the reasons of random matches are from what deleting and adding up gives.

    The best pair of spans states a share of the text similarity; that much of the cosine, the lengths of both texts
    held, must be between the two: what the request's span deleted takes away, less what it still takes away once the
    profile's span is gone. Deleted are the spans' tokens; or their letters, and the texts encoded anew, where that
    leaves the other words as they were cut. Float32 vectors and rounded products leave differences of 1e-6.
    """
    explained = [one for one in _explained(matcher, collection, matches, seed) if one.match.explanation is not None]
    by_tokens, by_letters = [], []
    for one in explained:
        if one.best_pair is not None:
            found = _Deletion.of(matcher.encoder, one.goods, one.match.supplier.text(), one.best_pair)
            by_tokens.append(found.gap_by_tokens)
            by_letters.append(found.gap_by_letters)
    return [
        _row("best spans deleted, token by token", by_tokens, _SPANS_TOLERANCE),
        _row(
            "best spans deleted, texts encoded anew", [gap for gap in by_letters if gap is not None], _SPANS_TOLERANCE
        ),
        _row("terms added up", map(_terms_gap, explained), _TERMS_TOLERANCE),
    ]


@dataclass(frozen=True)
class _Explained:
    """A supplier explained for a request; `goods` is the text of the request that was compared."""

    goods: str
    match: Match

    @property
    def best_pair(self) -> SpanPair | None:
        found = self.match.explanation
        return found.evidence.pairs[0] if found and found.evidence.pairs else None


def _explained(matcher: Matcher, collection: Collection, matches: int, seed: int) -> Iterator[_Explained]:
    """Pairs of a request and a supplier drawn from all of them, none twice."""
    suppliers, generator = len(matcher.catalogue), np.random.default_rng(seed)
    possible = len(collection.requests) * suppliers
    drawn = np.sort(generator.choice(possible, min(matches, possible), replace=False)).tolist()
    for request, pairs in groupby(drawn, key=lambda pair: pair // suppliers):
        ids = [matcher.catalogue.ids[pair % suppliers] for pair in pairs]
        scoring = matcher.score_listed(collection.requests[request], ids)
        yield from (_Explained(scoring.query.goods, match) for match in matcher.matches(scoring, range(len(ids))))


@dataclass(frozen=True)
class _Deletion:
    """How far what a pair of spans states is from what deleting them takes from the cosine.

    gap_by_letters : None where the tokenizer would cut the rest of a text in another way
    """

    gap_by_tokens: float
    gap_by_letters: float | None

    @classmethod
    def of(cls, encoder: Encoder, goods: str, profile: str, pair: SpanPair) -> _Deletion:
        asked = _Sums.of(encoder, goods, pair.request, TextKind.REQUEST)
        stated = _Sums.of(encoder, profile, pair.profile, TextKind.PROFILE)
        lengths = float(np.linalg.norm(asked.whole) * np.linalg.norm(stated.whole))
        vectors = encoder.encode([goods], kind=TextKind.REQUEST)[0], encoder.encode([profile])[0]
        promised = pair.share * float(vectors[0].astype(np.float64) @ vectors[1].astype(np.float64))
        by_tokens = asked.without_tokens, stated.without_tokens
        by_letters = asked.without_letters, stated.without_letters
        gaps = [
            abs(float((asked.whole - one) @ (stated.whole - other)) / lengths - promised)
            for one, other in (by_tokens, by_letters)
            if one is not None and other is not None
        ]
        return cls(gaps[0], gaps[1] if len(gaps) > 1 else None)


@dataclass(frozen=True)
class _Sums:
    """Sum of a text's token vectors: whole, without a span's tokens, and of the text without the span's letters."""

    whole: Floats
    without_tokens: Floats
    without_letters: Floats | None

    @classmethod
    def of(cls, encoder: Encoder, text: str, span: Span, kind: TextKind) -> _Sums:
        tokens = encoder.token_vectors(text, kind=kind)
        kept = (tokens.ends <= span.start) | (tokens.starts >= span.end)
        blanked = text[: span.start] + " " * (span.end - span.start) + text[span.end :]
        anew = encoder.token_vectors(blanked, kind=kind)
        same = len(anew.starts) == kept.sum() and bool((anew.starts == tokens.starts[kept]).all())
        return cls(_sum(tokens), _sum(tokens, kept), _sum(anew) if same else None)


def _sum(tokens: TokenVectors, kept: NDArray[np.bool_] | slice = slice(None)) -> Floats:
    return np.asarray(tokens.vectors[kept].astype(np.float64).sum(axis=0), np.float64)


def _terms_gap(explained: _Explained) -> float:
    reasons = explained.match.explanation
    assert reasons is not None
    return abs(sum((term.contribution for term in reasons.terms), reasons.base) - explained.match.score)


def _row(what: str, gaps: Iterable[float], tolerance: float) -> dict[str, Any]:
    found = np.array(list(gaps), np.float64)
    return {
        "what is tried": what,
        "matches": len(found),
        "within tolerance": int((found <= tolerance).sum()),
        "tolerance": f"{tolerance:.0e}",
        "largest difference": f"{found.max(initial=0.0):.1e}",
    }
