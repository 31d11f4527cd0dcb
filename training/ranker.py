"""Training of the glass-box ranker: boosted one-feature curves on judged candidates, read out as plain tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from data.collection import Collection
from matching.catalogue import Floats, Rows
from matching.currencies import RateTable
from matching.encoder import Encoder
from matching.features import FEATURE_NAMES, FEATURES, NOT_ASKED, Direction, Feature
from matching.headings import HeadingModel
from matching.matcher import Matcher
from matching.needs import Needs, needs_of
from matching.profiles import BuyerRequest, Supplier
from matching.ranker import Curve, GlassBoxRanker, Support

HIGHEST_GRADE = 3
_INTERVAL_PERCENTILES = (5.0, 95.0)
_TREES = 250
_QUANTILES = np.linspace(0.0, 1.0, 17)[1:-1]


@dataclass(frozen=True)
class JudgedCandidates:
    """Candidates of judged requests end to end.

    features : float64 (n, f), as matching.features.feature_matrix gives them
    grades   : int64 (n,), 0 to 3
    requests : int64 (n,), number of the request that each row is of
    rows     : int64 (n,), row of the supplier in the catalogue
    """

    features: Floats
    grades: NDArray[np.int64]
    requests: NDArray[np.int64]
    rows: Rows

    def of_requests(self, numbers: NDArray[np.int64]) -> JudgedCandidates:
        """The rows of some requests only."""
        kept = np.isin(self.requests, numbers)
        return JudgedCandidates(self.features[kept], self.grades[kept], self.requests[kept], self.rows[kept])


def unranked_matcher(
    encoder: Encoder,
    suppliers: Sequence[Supplier],
    headings: HeadingModel | None = None,
    rates: RateTable | None = None,
) -> Matcher:
    """A matcher for recall and features only, before there is a ranker: its scores are all the same."""
    flat = [Curve(feature=name, edges=(), contributions=(0.0,), unknown=0.0) for name in FEATURE_NAMES]
    return Matcher.build(encoder, suppliers, GlassBoxRanker("none", 0.0, tuple(flat), {}), headings, rates=rates)


def judged_candidates(
    matcher: Matcher, collection: Collection, *, read_needs: Callable[[BuyerRequest], Needs] = needs_of
) -> JudgedCandidates:
    """Candidates that the matcher recalls for each request of a collection, with their grades."""
    queries = (matcher.query(request, needs=read_needs(request)) for request in collection.requests)
    parts = [matcher.compare(query) for query in queries]
    ids = [[matcher.catalogue.ids[row] for row in rows] for rows, _ in parts]
    grades = [
        [collection.grades.get(str(request.id), {}).get(supplier_id, 0) for supplier_id in found]
        for request, found in zip(collection.requests, ids, strict=True)
    ]
    return JudgedCandidates(
        features=np.concatenate([features for _, features in parts]),
        grades=np.concatenate(grades).astype(np.int64),
        requests=np.repeat(np.arange(len(parts)), [len(rows) for rows, _ in parts]),
        rows=np.concatenate([rows for rows, _ in parts]),
    )


def fit_ranker(judged: JudgedCandidates, *, version: str, seed: int = 0, refits: int = 0) -> GlassBoxRanker:
    """Fit one monotone curve per feature to graded candidates.

    A grade g of 3 counts as relevant with weight g/3 and as not relevant with the rest, so that the score is the
    log-odds of a graded relevance. Each feature is cut to ordinal steps; a second column says where it is UNKNOWN.
    With refits, the curves are fitted as many times more on requests drawn anew (the bootstrap) and tell their support.
    Source: Zhuang et al., Interpretable Ranking with Generalized Additive Models, WSDM 2021,
    doi:10.1145/3437963.3441796.
    """
    fitted = replace(judged, features=unruled(judged.features))
    model = BoostedModel.fit(fitted, edges_of(fitted), seed=seed)
    base, curves = read_out(model, fitted.features)
    trained_on = {
        "candidates": len(judged.grades),
        "requests": len(np.unique(judged.requests)),
        "relevant": int((judged.grades > 0).sum()),
        "seed": seed,
    }
    supported = _supported(curves, model, fitted, seed, refits) if refits else curves
    return GlassBoxRanker(version, base, with_rules(supported, judged if refits else None), trained_on)


def unruled(features: Floats) -> Floats:
    """Feature rows as if nothing was asked of the features whose curves are rules: the others are fitted alone."""
    ruled = [feature.rule is not None for feature in FEATURES]
    return np.where(ruled, NOT_ASKED, features)


def with_rules(curves: Sequence[Curve], judged: JudgedCandidates | None = None) -> tuple[Curve, ...]:
    """The curves with those that are rules in their places; `judged` tells how often each step of a rule counts."""
    found = []
    for column, (feature, curve) in enumerate(zip(FEATURES, curves, strict=True)):
        if feature.rule is None:
            found.append(curve)
            continue
        rule = Curve(feature=feature.name, edges=feature.steps or (), contributions=feature.rule, unknown=0.0)
        support = _support(rule, judged, column, [rule]) if judged is not None else None
        found.append(rule.model_copy(update={"support": support}))
    return tuple(found)


@dataclass(frozen=True)
class BoostedModel:
    """Boosted trees over the ordinal steps of all features, monotone in each; the raw form of a ranker.

    edges : upper edges of the steps of each feature
    """

    edges: tuple[Floats, ...]
    trees: HistGradientBoostingClassifier

    @classmethod
    def fit(
        cls,
        judged: JudgedCandidates,
        edges: tuple[Floats, ...],
        *,
        seed: int,
        interactions: str = "no_interactions",
        weights: Floats | None = None,
    ) -> Self:
        """Fit to graded candidates, which may be weighted (n,); those of weight 0 are as if they were not there.

        interactions : scikit-learn's `interaction_cst`
        """
        counted = np.ones(len(judged.grades)) if weights is None else weights
        kept = counted > 0
        share, counted = judged.grades[kept] / HIGHEST_GRADE, counted[kept]
        steps = steps_of(judged.features[kept], edges)
        return cls.fit_steps(
            steps, share * counted, (1.0 - share) * counted, edges, seed=seed, interactions=interactions
        )

    @classmethod
    def fit_steps(
        cls,
        steps: Floats,
        positive: Floats,
        negative: Floats,
        edges: tuple[Floats, ...],
        *,
        seed: int,
        interactions: str = "no_interactions",
        trees: int = _TREES,
    ) -> Self:
        """Fit to the evidence for and against relevance (n,) of rows that `steps_of` gave (n, 2 f).

        Evidence may be below 0 where the sum of both is not, as that of inverse propensities is: rows of equal
        features always fall together, so that only sums count. Rows without any evidence are as if they were not
        there.
        """
        kept = (positive != 0) | (negative != 0)
        steps, positive, negative = _binnable(steps[kept]), positive[kept], negative[kept]
        model = HistGradientBoostingClassifier(
            interaction_cst=interactions,
            monotonic_cst=[int(feature.direction) for feature in FEATURES] + [int(Direction.FREE)] * len(FEATURES),
            learning_rate=0.08,
            max_iter=trees,
            max_leaf_nodes=6,
            min_samples_leaf=30,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=seed,
        )
        model.fit(
            np.concatenate([steps, steps]),
            np.repeat([1, 0], len(steps)),
            sample_weight=np.concatenate([positive, negative]),
        )
        return cls(edges, model)

    def scores(self, features: Floats) -> Floats:
        """Log-odds of relevance (k,) of feature rows (k, f)."""
        return self.scores_of_steps(steps_of(features, self.edges))

    def scores_of_steps(self, steps: Floats) -> Floats:
        """Log-odds of relevance (k,) of rows that `steps_of` gave (k, 2 f)."""
        return np.asarray(self.trees.decision_function(steps), np.float64)


def edges_of(judged: JudgedCandidates) -> tuple[Floats, ...]:
    """Upper edges of the steps of each feature: its own, else quantiles of the candidates."""
    return edges_from(judged.features, judged.grades > 0)


def edges_from(features: Floats, relevant: NDArray[np.bool_]) -> tuple[Floats, ...]:
    """Edges of the steps of each column of feature rows (n, f), some of them relevant (n,)."""
    return tuple(_edges(feature, features[:, j], relevant) for j, feature in enumerate(FEATURES))


def _edges(feature: Feature, values: Floats, relevant: NDArray[np.bool_]) -> Floats:
    """The feature's own steps, else quantiles of all candidates and, for finer steps on top, of the relevant ones."""
    if feature.steps is not None:
        return np.array(feature.steps, np.float64)
    known = np.isfinite(values)
    cuts = [np.quantile(values[mask], _QUANTILES) for mask in (known, known & relevant) if mask.any()]
    return np.unique(np.concatenate(cuts).round(4)) if cuts else np.empty(0)


def steps_of(features: Floats, edges: Sequence[Floats]) -> Floats:
    """Ordinal step of each value, NaN where there is none, beside one column per feature that marks UNKNOWN."""
    columns = [np.searchsorted(edge, column, side="left") for edge, column in zip(edges, features.T, strict=True)]
    steps = np.where(np.isfinite(features), np.column_stack(columns), np.nan)
    return np.hstack([steps, np.isnan(features)])


def _binnable(steps: Floats) -> Floats:
    """The same, but a column without a single value is all 0: scikit-learn cannot bin one of NaN alone."""
    return np.where(np.isnan(steps).all(axis=0), 0.0, steps)


def read_out(model: BoostedModel, features: Floats) -> tuple[float, tuple[Curve, ...]]:
    """Base and curves through the model's public face: it is additive, so one row per step with all else absent tells.

    A curve that rises is freed of the last digits by which a sum of trees may fall.
    """
    count = len(model.edges)
    absent = np.concatenate([np.full(count, np.nan), np.zeros(count)])
    base = float(model.trees.decision_function(absent[None, :])[0])

    def added(column: int, values: Sequence[float]) -> Floats:
        probes = np.tile(absent, (len(values), 1))
        probes[:, column] = values
        return np.asarray(model.trees.decision_function(probes), np.float64) - base

    def contributions(column: int, feature: Feature) -> Floats:
        steps = added(column, range(len(model.edges[column]) + 1))
        return np.maximum.accumulate(steps) if feature.direction is Direction.RISING else steps

    curves = [
        Curve(
            feature=feature.name,
            edges=tuple(model.edges[j].tolist()),
            contributions=tuple(contributions(j, feature).tolist()),
            unknown=float(added(count + j, [1.0])[0]),
        )
        for j, feature in enumerate(FEATURES)
    ]
    centred, shift = _centred(curves, features)
    return base + shift, centred


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


def _supported(
    curves: Sequence[Curve], model: BoostedModel, judged: JudgedCandidates, seed: int, refits: int
) -> tuple[Curve, ...]:
    """The curves with the data behind them, and how far they move when the requests are drawn anew."""
    draws = [read_out(drawn, judged.features)[1] for drawn in _refitted(model.edges, judged, seed, refits)]
    return tuple(
        curve.model_copy(update={"support": _support(curve, judged, j, [drawn[j] for drawn in draws])})
        for j, curve in enumerate(curves)
    )


def _refitted(edges: tuple[Floats, ...], judged: JudgedCandidates, seed: int, refits: int) -> Iterator[BoostedModel]:
    """Models of requests drawn with replacement: each candidate weighs as often as its request was drawn."""
    generator = np.random.default_rng(seed)
    numbers, positions = np.unique(judged.requests, return_inverse=True)
    for _ in range(refits):
        drawn = np.bincount(generator.integers(len(numbers), size=len(numbers)), minlength=len(numbers))
        yield BoostedModel.fit(judged, edges, seed=seed, weights=drawn[positions].astype(np.float64))


def _support(curve: Curve, judged: JudgedCandidates, column: int, draws: Sequence[Curve]) -> Support:
    values = judged.features[:, column]
    places = np.where(np.isnan(values), len(curve.contributions), np.searchsorted(curve.edges, values, side="left"))
    asked = values != NOT_ASKED
    members = [asked & (places == place) for place in range(len(curve.contributions) + 1)]
    drawn = np.array([(*draw.contributions, draw.unknown) for draw in draws])
    low, high = np.percentile(drawn, _INTERVAL_PERCENTILES, axis=0).round(4)
    return Support(
        candidates=tuple(int(member.sum()) for member in members),
        requests=tuple(len(np.unique(judged.requests[member])) for member in members),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
    )
