"""The glass-box ranker from judgments of a feedback log, alone or as a correction of a model in use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array
from sklearn.isotonic import isotonic_regression

from data.feedback_log import Floats
from matching.features import FEATURES, NOT_ASKED, Direction
from matching.ranker import Curve, GlassBoxRanker, logistic
from training.judgments import Judgments
from training.log_support import standard_errors, supported
from training.ranker import BoostedModel, edges_from, read_out, steps_of, unruled, with_rules

MOST_ROWS = 500_000
# Each row counts for and against; of more than 200,000 in all, scikit-learn draws by weight to place its bins, and
# weights below 0 are no chances.
MOST_BOOSTED_ROWS = 100_000
_LEAST_SLOPE = 0.2
_SLOPE_SPREAD = 0.5
_NEIGHBOURS = 3.0
"""How much more two neighbouring steps are held together than each is held to the prior."""


@dataclass(frozen=True)
class PriorModel:
    """A ranker that judgments are to improve on.

    weight : each step of its curves holds as if it came from so many impressions that were surely looked at
    """

    ranker: GlassBoxRanker
    weight: float


def fit_from_judgments(
    judgments: Judgments, *, version: str, seed: int = 0, prior: PriorModel | None = None, most_rows: int = MOST_ROWS
) -> GlassBoxRanker:
    """Fit one curve per feature to the evidence of users, those that must rise rising.

    Without a prior the curves are boosted as those of judged candidates are. With one its score is where the fit
    begins: see `corrected`. Of more than `most_rows` rows, without a prior of more than MOST_BOOSTED_ROWS, as many are
    drawn, and weigh the more.
    """
    trained_on: dict[str, str | int | float] = {
        "requests": len(np.unique(judgments.requests)),
        "impressions": round(float(judgments.impressions.sum()), 1),
        "gains": round(float(judgments.gains.sum()), 1),
        "seed": seed,
    }
    judgments = _drawn(judgments, most_rows if prior else min(most_rows, MOST_BOOSTED_ROWS), seed)
    trained_on["judged rows"] = len(judgments)
    features = unruled(judgments.features)
    edges = edges_from(features, judgments.gains > 0)
    if prior is not None:
        found = corrected(prior, judgments, edges)
        return GlassBoxRanker(version, found.base, found.curves, trained_on | _parent(prior), found.calibration)
    steps = steps_of(features, edges)
    model = BoostedModel.fit_steps(steps, judgments.positive, judgments.negative, edges, seed=seed)
    base, curves = read_out(model, features)
    return GlassBoxRanker(version, base, with_rules(curves), trained_on)


def _parent(prior: PriorModel) -> dict[str, str | int | float]:
    return {"parent": prior.ranker.version, "prior weight": prior.weight}


def corrected(prior: PriorModel, judgments: Judgments, edges: Sequence[Floats]) -> GlassBoxRanker:
    """The prior with a correction at each step of each curve, where the evidence bears one out.

    The log-odds of a gain are intercept + slope * (prior score + corrections), by penalised likelihood: a correction is
    held to 0 as by `weight` looked-at impressions, and to its neighbours'. Intercept and slope, which bring the prior
    to the scale of the log, are left out of the result, so that the prior's calibration reads its scores. What falls
    in a curve that must rise is levelled. Where the prior's curves tell their support, the result's do.
    """
    ranker, columns = prior.ranker, _Columns.of(prior.ranker, edges)
    # Rules are for no log to correct.
    design = columns.design(unruled(judgments.features))
    scores = ranker.scores(ranker.terms(judgments.features))
    positive, evidence = judgments.positive, judgments.evidence
    rate = float(np.clip(positive.sum() / evidence.sum(), 0.01, 0.5))
    penalty = prior.weight * rate * (1.0 - rate)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        intercept, slope, deltas = parameters[0], parameters[1], parameters[2:]
        odds = intercept + slope * scores + design @ deltas
        off = evidence * logistic(odds) - positive
        bends = columns.differences @ deltas
        pull = (slope - 1.0) / _SLOPE_SPREAD**2
        value = np.sum(evidence * np.logaddexp(0.0, odds) - positive * odds)
        value += penalty / 2 * (deltas @ deltas + _NEIGHBOURS * bends @ bends) + pull * (slope - 1.0) / 2
        held = penalty * (deltas + _NEIGHBOURS * columns.differences.T @ bends)
        gradient = np.concatenate([[off.sum(), off @ scores + pull], design.T @ off + held])
        return float(value), gradient

    start = np.concatenate([[np.log(rate / (1.0 - rate)), 1.0], np.zeros(columns.count)])
    bounds = [(-30.0, 30.0), (_LEAST_SLOPE, 5.0), *[(-10.0, 10.0)] * columns.count]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500}).x
    information = design.T @ evidence * rate * (1.0 - rate) + penalty
    slope, chances = found[1], logistic(found[0] + found[1] * scores + design @ found[2:])
    curves = columns.curves(ranker, found[2:] / slope, information)
    held = penalty * (np.eye(columns.count) + _NEIGHBOURS * (columns.differences.T @ columns.differences).toarray())
    curvature = (design.T @ (design * (evidence * chances * (1.0 - chances))[:, None])).toarray() + held
    errors = standard_errors(design, evidence * chances - positive, judgments.requests, curvature) / slope
    curves = supported(ranker.curves, curves, design, judgments, errors)
    return GlassBoxRanker(ranker.version, ranker.base, curves, ranker.trained_on, ranker.calibration)


@dataclass(frozen=True)
class _Columns:
    """One column per step of each curve, and one per UNKNOWN, end to end.

    edges       : of each curve: those of the prior and those of the log together
    starts      : first column of each curve; its UNKNOWN has the last
    differences : (m, count), of each step and the one before
    """

    edges: tuple[Floats, ...]
    starts: NDArray[np.int64]
    differences: csr_array

    @classmethod
    def of(cls, ranker: GlassBoxRanker, edges: Sequence[Floats]) -> _Columns:
        joined = tuple(np.union1d(own, curve.edges) for own, curve in zip(edges, ranker.curves, strict=True))
        widths = np.array([len(own) + 2 for own in joined], np.int64)
        starts = np.concatenate([[0], np.cumsum(widths)])
        later = np.concatenate(
            [np.arange(first + 1, end - 1) for first, end in zip(starts, starts[1:], strict=False)]
        ).astype(np.int64)
        rows = np.arange(len(later))
        values = np.repeat([1.0, -1.0], len(later))
        places = (np.tile(rows, 2), np.concatenate([later, later - 1]))
        return cls(joined, starts, csr_array((values, places), shape=(len(later), int(starts[-1]))))

    @property
    def count(self) -> int:
        """Number of columns."""
        return int(self.starts[-1])

    def design(self, features: Floats) -> csr_array:
        """1 where a feature row has its step, (n, count); nothing where the feature is not asked."""
        steps = [np.searchsorted(own, column, side="left") for own, column in zip(self.edges, features.T, strict=True)]
        columns = np.where(np.isnan(features), self.starts[1:] - 1, np.column_stack(steps) + self.starts[:-1])
        asked = features != NOT_ASKED
        ends = np.concatenate([[0], np.cumsum(asked.sum(axis=1))])
        return csr_array((np.ones(int(ends[-1])), columns[asked], ends), shape=(len(features), self.count))

    def curves(self, ranker: GlassBoxRanker, deltas: Floats, weights: Floats) -> tuple[Curve, ...]:
        """The ranker's curves with corrections added (count,), rising where they must; weights (count,) of each."""
        found = []
        for place, (feature, curve, own) in enumerate(zip(FEATURES, ranker.curves, self.edges, strict=True)):
            first, last = int(self.starts[place]), int(self.starts[place + 1]) - 1
            # A value at its upper edge lies in the step; above the last edge any does.
            steps = curve(np.append(own, own[-1] + 1.0 if len(own) else 0.0)) + deltas[first:last]
            if feature.direction is Direction.RISING:
                steps = np.maximum.accumulate(isotonic_regression(steps, sample_weight=weights[first:last]))
            unknown = float(curve.unknown + deltas[last])
            contributions = tuple(steps.tolist())
            found.append(
                Curve(feature=curve.feature, edges=tuple(own.tolist()), contributions=contributions, unknown=unknown)
            )
        return tuple(found)


def _drawn(judgments: Judgments, most_rows: int, seed: int) -> Judgments:
    """The rows, or as many of them at random; each counts the more by what was left out."""
    if len(judgments) <= most_rows:
        return judgments
    rows = np.sort(np.random.default_rng(seed).choice(len(judgments), most_rows, replace=False))
    kept = judgments.take(rows)
    return replace(kept, weights=kept.weights * (len(judgments) / most_rows))
