"""Measures of a ranking against graded judgments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], *, depth: int = 10) -> float:
    """Normalised discounted cumulative gain of the first `depth` ranked ids, in 0..1; 0 where nothing is relevant.

    The gain is the grade itself, the discount log2(rank + 1), as in trec_eval's ndcg_cut.
    Source: Järvelin & Kekäläinen, ACM TOIS 20(4), 2002, doi:10.1145/582415.582418.
    """
    ideal = _discounted(sorted(grades.values(), reverse=True)[:depth])
    return _discounted([grades.get(supplier_id, 0) for supplier_id in ranked[:depth]]) / ideal if ideal else 0.0


def recall(ranked: Sequence[str], grades: Mapping[str, int], *, depth: int = 50) -> float:
    """Share of the relevant ids (grade 1 and above) among the first `depth` ranked; 0 where nothing is relevant."""
    relevant = {supplier_id for supplier_id, grade in grades.items() if grade >= 1}
    return len(relevant.intersection(ranked[:depth])) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], grades: Mapping[str, int], *, least_grade: int = 2) -> float:
    """One over the rank of the first id of at least `least_grade` (2: sells what is asked); 0 where none is ranked."""
    ranks = (rank for rank, supplier_id in enumerate(ranked, start=1) if grades.get(supplier_id, 0) >= least_grade)
    return 1.0 / next(ranks, np.inf)


def _discounted(gains: Sequence[int]) -> float:
    return float(np.sum(np.asarray(gains) / np.log2(np.arange(2, len(gains) + 2))))
