"""Calibration: scores of candidates whose requests were left out of the fitting -> a rising table of probabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import isotonic_regression

from matching.catalogue import Floats
from matching.ranker import Calibration, GlassBoxRanker
from training.ranker import JudgedCandidates, fit_ranker

Scores = Callable[[Floats], Floats]
Fit = Callable[[JudgedCandidates, int], Scores]
"""Judged candidates and a seed -> a function from feature rows (k, f) to scores (k,)."""

FOLDS = 5
RELEVANT_GRADE = 2
_LEAST_CANDIDATES = 30
_Z_95 = 1.96


def folds(requests: int, *, seed: int) -> Iterable[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Numbers of the requests to fit on and of those left out, for each fold."""
    parts = np.array_split(np.random.default_rng(seed).permutation(requests), FOLDS)
    for part in parts:
        yield np.setdiff1d(np.arange(requests), part), np.sort(part)


def calibrated(ranker: GlassBoxRanker, judged: JudgedCandidates, *, seed: int = 0) -> GlassBoxRanker:
    """A ranker of the same scores with a calibration from the candidates it was fitted to.

    Each candidate is scored by a ranker that was not fitted to its request. With fewer requests than folds the ranker
    stays as it is.
    """
    if len(np.unique(judged.requests)) < FOLDS:
        return ranker
    calibration = fit_calibration(out_of_fold_scores(judged, seed=seed), judged.grades)
    return GlassBoxRanker(ranker.version, ranker.base, ranker.curves, ranker.trained_on, calibration)


def glass_box(judged: JudgedCandidates, seed: int) -> Scores:
    """The ranker in use: one monotone curve per feature."""
    ranker = fit_ranker(judged, version="fold", seed=seed)
    return lambda features: ranker.scores(ranker.terms(features))


def out_of_fold_scores(judged: JudgedCandidates, *, seed: int, fit: Fit = glass_box) -> Floats:
    """Score of each candidate (n,) by a ranker fitted to the requests of the other folds."""
    numbers = np.unique(judged.requests)
    scores = np.zeros(len(judged.grades))
    for fitted_on, left_out in folds(len(numbers), seed=seed):
        members = np.isin(judged.requests, numbers[left_out])
        scores[members] = fit(judged.of_requests(numbers[fitted_on]), seed)(judged.features[members])
    return scores


def fit_calibration(scores: Floats, grades: NDArray[np.int64]) -> Calibration:
    """Isotonic regression of relevance (grade 2 and above) on scores (n,), its steps of 30 candidates at least.

    Source: Zadrozny & Elkan, Transforming Classifier Scores into Accurate Multiclass Probability Estimates,
    KDD 2002, doi:10.1145/775047.775151; for the interval Wilson, JASA 22, 1927, doi:10.1080/01621459.1927.10502953.
    It takes the candidates as independent, which those of one request are not quite.
    """
    return calibration_of(scores, (grades >= RELEVANT_GRADE).astype(np.float64), np.ones(len(scores)))


def calibration_of(scores: Floats, shares: Floats, weights: Floats) -> Calibration:
    """Isotonic regression of shares of relevance on scores, each (n,) and worth as many candidates as its weight."""
    distinct, places = np.unique(scores, return_inverse=True)
    counts = np.bincount(places, weights).astype(np.float64)
    relevant = np.bincount(places, weights * shares)
    starts = _starts(isotonic_regression(relevant / counts, sample_weight=counts), counts)
    sums = np.add.reduceat(counts, starts)
    found = np.clip(np.add.reduceat(relevant, starts) / sums, 0.0, 1.0)
    candidates = sums.round().astype(np.int64)
    low, high = wilson_interval(found, candidates)
    return Calibration(
        relevant_grade=RELEVANT_GRADE,
        edges=tuple(distinct[starts[1:] - 1].tolist()),
        probabilities=tuple(found.tolist()),
        candidates=tuple(candidates.tolist()),
        low=tuple(low.round(4).tolist()),
        high=tuple(high.round(4).tolist()),
    )


def _starts(fitted: Floats, counts: Floats) -> NDArray[np.int64]:
    """First place of each step of an isotonic fit; one of few candidates is joined with the next, at the end the last.

    counts : (n,), candidates at each place
    """
    before = np.cumsum(counts) - counts
    starts = [0]
    for place in np.flatnonzero(np.diff(fitted) > 0) + 1:
        if min(before[place] - before[starts[-1]], counts.sum() - before[place]) >= _LEAST_CANDIDATES:
            starts.append(int(place))
    return np.array(starts, np.int64)


def wilson_interval(shares: Floats, counts: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """95 % interval of each share (k,) of as many independent trials (k,)."""
    spread = _Z_95**2 / counts
    middle = shares + spread / 2
    margin = np.sqrt(shares * (1 - shares) * spread + spread**2 / 4)
    return np.clip((middle - margin) / (1 + spread), 0.0, 1.0), np.clip((middle + margin) / (1 + spread), 0.0, 1.0)
