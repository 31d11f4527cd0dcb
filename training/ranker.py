"""Training of the glass-box ranker: boosted one-feature curves on judged candidates, read out as plain tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from data.collection import Collection
from matching.catalogue import Floats
from matching.currencies import RateTable
from matching.encoder import Encoder
from matching.features import FEATURE_NAMES, FEATURES, NOT_ASKED, Direction, Feature
from matching.headings import HeadingModel
from matching.matcher import Matcher
from matching.profiles import Supplier
from matching.ranker import Curve, GlassBoxRanker

_HIGHEST_GRADE = 3
_QUANTILES = np.linspace(0.0, 1.0, 17)[1:-1]


@dataclass(frozen=True)
class JudgedCandidates:
    """Candidates of judged requests end to end.

    features : float64 (n, f), as matching.features.feature_matrix gives them
    grades   : int64 (n,), 0 to 3
    requests : int64 (n,), number of the request that each row is of
    """

    features: Floats
    grades: NDArray[np.int64]
    requests: NDArray[np.int64]

    def of_requests(self, numbers: NDArray[np.int64]) -> JudgedCandidates:
        """The rows of some requests only."""
        kept = np.isin(self.requests, numbers)
        return JudgedCandidates(self.features[kept], self.grades[kept], self.requests[kept])


def unranked_matcher(
    encoder: Encoder,
    suppliers: Sequence[Supplier],
    headings: HeadingModel | None = None,
    rates: RateTable | None = None,
) -> Matcher:
    """A matcher for recall and features only, before there is a ranker: its scores are all the same."""
    flat = [Curve(feature=name, edges=(), contributions=(0.0,), unknown=0.0) for name in FEATURE_NAMES]
    return Matcher.build(encoder, suppliers, GlassBoxRanker("none", 0.0, tuple(flat), {}), headings, rates=rates)


def judged_candidates(matcher: Matcher, collection: Collection) -> JudgedCandidates:
    """Candidates that the matcher recalls for each request of a collection, with their grades."""
    parts = [matcher.compare(matcher.query(request)) for request in collection.requests]
    ids = [[matcher.catalogue.ids[row] for row in rows] for rows, _ in parts]
    grades = [
        [collection.grades.get(str(request.id), {}).get(supplier_id, 0) for supplier_id in found]
        for request, found in zip(collection.requests, ids, strict=True)
    ]
    return JudgedCandidates(
        features=np.concatenate([features for _, features in parts]),
        grades=np.concatenate(grades).astype(np.int64),
        requests=np.repeat(np.arange(len(parts)), [len(rows) for rows, _ in parts]),
    )


def fit_ranker(judged: JudgedCandidates, *, version: str, seed: int = 0) -> GlassBoxRanker:
    """Fit one monotone curve per feature to graded candidates.

    A grade g of 3 counts as relevant with weight g/3 and as not relevant with the rest, so that the score is the
    log-odds of a graded relevance. Each feature is cut to ordinal steps; a second column says where it is UNKNOWN.
    Source: Zhuang et al., Interpretable Ranking with Generalized Additive Models, WSDM 2021,
    doi:10.1145/3437963.3441796.
    """
    edges = [_edges(feature, judged.features[:, j], judged.grades) for j, feature in enumerate(FEATURES)]
    steps = _steps(judged.features, edges)
    share = judged.grades / _HIGHEST_GRADE
    model = _additive_model(seed)
    model.fit(
        np.concatenate([steps, steps]),
        np.repeat([1, 0], len(share)),
        sample_weight=np.concatenate([share, 1.0 - share]),
    )
    return _read_out(model, edges, judged, version, seed)


def _additive_model(seed: int) -> HistGradientBoostingClassifier:
    directions = [int(feature.direction) for feature in FEATURES]
    return HistGradientBoostingClassifier(
        interaction_cst="no_interactions",
        monotonic_cst=directions + [int(Direction.FREE)] * len(FEATURES),
        learning_rate=0.08,
        max_iter=250,
        max_leaf_nodes=6,
        min_samples_leaf=30,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )


def _edges(feature: Feature, values: Floats, grades: NDArray[np.int64]) -> Floats:
    """The feature's own steps, else quantiles of all candidates and, for finer steps on top, of the relevant ones."""
    if feature.steps is not None:
        return np.array(feature.steps, np.float64)
    known = np.isfinite(values)
    cuts = [np.quantile(values[mask], _QUANTILES) for mask in (known, known & (grades > 0)) if mask.any()]
    return np.unique(np.concatenate(cuts).round(4)) if cuts else np.empty(0)


def _steps(features: Floats, edges: Sequence[Floats]) -> Floats:
    """Ordinal step of each value, NaN where there is none, beside one column per feature that marks UNKNOWN.

    A column without a single value is all 0, since scikit-learn cannot bin one of NaN alone.
    """
    columns = [np.searchsorted(edge, column, side="left") for edge, column in zip(edges, features.T, strict=True)]
    known = np.isfinite(features)
    steps = np.where(known, np.column_stack(columns), np.where(known.any(axis=0), np.nan, 0.0))
    return np.hstack([steps, np.isnan(features)])


def _read_out(model: Any, edges: Sequence[Floats], judged: JudgedCandidates, version: str, seed: int) -> GlassBoxRanker:
    """Curves through the model's public face: it is additive, so one row per step with all else absent tells all."""
    count = len(edges)
    absent = np.concatenate([np.full(count, np.nan), np.zeros(count)])
    base = float(model.decision_function(absent[None, :])[0])

    def added(column: int, values: Sequence[float]) -> Floats:
        probes = np.tile(absent, (len(values), 1))
        probes[:, column] = values
        return np.asarray(model.decision_function(probes), np.float64) - base

    curves = [
        Curve(
            feature=feature.name,
            edges=tuple(edges[j].tolist()),
            contributions=tuple(added(j, range(len(edges[j]) + 1)).tolist()),
            unknown=float(added(count + j, [1.0])[0]),
        )
        for j, feature in enumerate(FEATURES)
    ]
    centred, shift = _centred(curves, judged.features)
    trained_on = {
        "candidates": len(judged.grades),
        "requests": len(np.unique(judged.requests)),
        "relevant": int((judged.grades > 0).sum()),
        "seed": seed,
    }
    return GlassBoxRanker(version, base + shift, centred, trained_on)


def _centred(curves: Sequence[Curve], features: Floats) -> tuple[tuple[Curve, ...], float]:
    """Shift always-asked curves to mean 0 over the candidates, so that a term reads as better or worse than usual."""
    shifts = [
        0.0 if (column == NOT_ASKED).any() else float(curve(column).mean())
        for curve, column in zip(curves, features.T, strict=True)
    ]
    moved = [
        curve.model_copy(
            update={
                "contributions": tuple(value - shift for value in curve.contributions),
                "unknown": curve.unknown - shift,
            }
        )
        for curve, shift in zip(curves, shifts, strict=True)
    ]
    return tuple(moved), sum(shifts)
