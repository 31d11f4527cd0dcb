"""Request to candidates: the nearest by vectors and by words, fused, among those that the filters let pass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from matching.catalogue import Rows
from matching.index import VectorIndex


def reciprocal_rank_fusion(rankings: Sequence[Rows], size: int, *, k: float = 60.0) -> NDArray[np.float64]:
    """Fuse rankings by summed reciprocal ranks; higher is better.

    rankings : each int64 (m_i,), rows in 0..size-1, best first, no repeats; an unranked row adds 0
    returns  : float64 (size,), each in [0, len(rankings) / (k + 1)]
    Source   : Cormack, Clarke & Büttcher, SIGIR 2009, doi:10.1145/1571941.1572114
    """
    fused = np.zeros(size, np.float64)
    for ranking in rankings:
        fused[ranking] += 1.0 / (k + 1.0 + np.arange(len(ranking)))
    return fused


def find_candidates(
    vectors: NDArray[np.float32],
    word_scores: NDArray[np.float64],
    index: VectorIndex,
    allowed: Rows | None,
    *,
    limit: int = 200,
    tie_breakers: Rows | None = None,
) -> Rows:
    """Rows of at most `limit` candidates, the most promising first.

    vectors      : float32 (v, d), of the request and of its clauses
    word_scores  : float64 (n,), one per supplier row
    allowed      : rows that may be candidates, None for all
    tie_breakers : int64 (n,), the lower first among equals; by default the row

    Rows near by vectors and rows that share words are fused by reciprocal ranks, so that a rare product name
    or a company name is found whatever the vectors say. All vectors together count as one ranking: however many
    clauses a request has, they never outvote its words.
    """
    near = index.search(vectors, limit, allowed=allowed).keys
    sharing = word_scores if allowed is None else np.where(_mask(allowed, len(word_scores)), word_scores, 0.0)
    by_vectors = reciprocal_rank_fusion([keys[keys >= 0] for keys in near], len(word_scores)) / len(near)
    fused = by_vectors + reciprocal_rank_fusion([_best(sharing, limit, tie_breakers)], len(word_scores))
    return _best(fused, limit, tie_breakers)


def _best(scores: NDArray[np.float64], limit: int, tie_breakers: Rows | None) -> Rows:
    """At most `limit` rows with a score above 0, best first."""
    rows = np.flatnonzero(scores > 0).astype(np.int64)
    if len(rows) > limit:
        bound = np.partition(scores[rows], len(rows) - limit)[len(rows) - limit]
        rows = rows[scores[rows] >= bound]
    equals = rows if tie_breakers is None else tie_breakers[rows]
    return rows[np.lexsort((equals, -scores[rows]))[:limit]]


def _mask(rows: Rows, size: int) -> NDArray[np.bool_]:
    mask = np.zeros(size, np.bool_)
    mask[rows] = True
    return mask
