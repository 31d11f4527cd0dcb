"""Measures of a ranking and of probabilities against graded judgments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


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


def expected_calibration_error(probabilities: Floats, relevant: NDArray[np.bool_], *, bins: int = 10) -> float:
    """How far probabilities (n,) are from what happens, in 0..1: sum over bins of |bin|/n * |mean p - share relevant|.

    The bins hold equally many, in the order of the probabilities (equal mass).
    Source: Naeini, Cooper & Hauskrecht, AAAI 2015; equal mass after Nixon et al., CVPR Workshops 2019.
    """
    order = np.argsort(probabilities, kind="stable")
    gaps = [
        len(members) * abs(probabilities[members].mean() - relevant[members].mean())
        for members in np.array_split(order, bins)
        if len(members)
    ]
    return float(np.sum(gaps) / len(probabilities))


def randomisation_p(differences: Floats, *, seed: int = 0, draws: int = 10_000) -> float:
    """Two-sided p of the paired randomisation test that the mean of differences (n,), one per request, is 0.

    The share of random signs that give a mean as far from 0, the observed signs counted as one of them.
    Source: Smucker, Allan & Carterette, CIKM 2007, doi:10.1145/1321440.1321528.
    """
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (draws, len(differences)))
    as_far = np.abs(signs @ differences) >= abs(differences.sum()) - 1e-12
    return float((1 + as_far.sum()) / (1 + draws))


def _discounted(gains: Sequence[int]) -> float:
    return float(np.sum(np.asarray(gains) / np.log2(np.arange(2, len(gains) + 2))))
