"""Request to candidates: must-haves first, then the nearest by vectors and by words, fused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bm25s
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from matching.catalogue import Catalogue, Rows
from matching.certificates import certificate_name
from matching.index import VectorIndex
from matching.profiles import Country, HsCode, Language, Name, Size, Supplier
from matching.words import words


class Filters(BaseModel):
    """What a match must have, as the caller set it; an empty field filters nothing.

    Unlike a constraint of the request, which only ranks lower what breaks it, a filter leaves out. A supplier that
    states nothing on a filtered field is left out too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    countries: tuple[Country, ...] = ()
    certifications: tuple[Name, ...] = ()
    sizes: tuple[Size, ...] = ()
    languages: tuple[Language, ...] = ()
    hs: tuple[HsCode, ...] = ()
    ids: tuple[str, ...] = ()

    def allowed(self, catalogue: Catalogue) -> Rows | None:
        """Rows that pass every filter, ascending; None where nothing is filtered."""
        if self == Filters():
            return None
        rows = np.arange(len(catalogue))
        passed = np.ones(len(catalogue), np.bool_)
        if self.countries:
            passed &= np.isin(catalogue.countries, self.countries)
        if self.sizes:
            passed &= np.isin(catalogue.sizes, self.sizes)
        if self.languages:
            passed &= catalogue.languages.holds_any(rows, self.languages)
        if self.ids:
            passed &= np.isin(rows, [catalogue.row_by_id.get(supplier_id, -1) for supplier_id in self.ids])
        if self.hs:
            lines, owners = catalogue.lines.of_rows(rows)
            passed &= np.isin(rows, owners[np.isin(catalogue.lines.hs[lines], self.hs)])
        for certificate in self.certifications:
            passed &= catalogue.certificates.holds_any(rows, [certificate_name(certificate)])
        return np.flatnonzero(passed).astype(np.int64)


class WordIndex:
    """Word overlap of a query with every supplier, by BM25 (Robertson & Zaragoza 2009; the library is bm25s)."""

    def __init__(self, suppliers: Sequence[Supplier]) -> None:
        self._size = len(suppliers)
        tokens = [words(supplier.text()) or ["\u0000"] for supplier in suppliers]
        self._bm25: Any = bm25s.BM25()
        if tokens:
            self._bm25.index(tokens, show_progress=False)

    def scores(self, text: str) -> NDArray[np.float64]:
        """BM25 of each supplier row for a text, 0 where no word is shared."""
        known = [word for word in words(text) if word in self._vocabulary]
        if not known:
            return np.zeros(self._size, np.float64)
        return np.asarray(self._bm25.get_scores(known), np.float64)

    @property
    def _vocabulary(self) -> dict[str, int]:
        return getattr(self._bm25, "vocab_dict", {})


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
) -> Rows:
    """Rows of at most `limit` candidates, the most promising first.

    vectors     : float32 (v, d), of the request and of its clauses
    word_scores : float64 (n,), one per supplier row
    allowed     : rows that pass the filters, None for all

    Rows near by vectors and rows that share words are fused by reciprocal ranks, so that a rare product name
    or a company name is found whatever the vectors say. All vectors together count as one ranking: however many
    clauses a request has, they never outvote its words.
    """
    near = index.search(vectors, limit, allowed=allowed).keys
    sharing = word_scores if allowed is None else np.where(_mask(allowed, len(word_scores)), word_scores, 0.0)
    by_words = np.argsort(-sharing, kind="stable")[:limit]
    by_vectors = reciprocal_rank_fusion([keys[keys >= 0] for keys in near], len(word_scores)) / len(near)
    fused = by_vectors + reciprocal_rank_fusion([by_words[sharing[by_words] > 0]], len(word_scores))
    best = np.argsort(-fused, kind="stable")[:limit].astype(np.int64)
    return best[fused[best] > 0]


def _mask(rows: Rows, size: int) -> NDArray[np.bool_]:
    mask = np.zeros(size, np.bool_)
    mask[rows] = True
    return mask
