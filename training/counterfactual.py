"""What another ranker would have brought, estimated from the log of the one in use, before any switch is made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from data.feedback_log import FeedbackLog, Floats, Numbers, sums_by
from training.propensities import Propensities

DRAWS = 1_000
_PERCENTILES = (2.5, 97.5)


class Weighting(StrEnum):
    """What makes an impression speak for another place than its own.

    ATTENTION : propensity of the new place over that of the old one; serves fixed rankings too
    PLACEMENT : one over the logged probability of the place, where the new place is the old one; needs shuffled lists,
                but no propensities
    """

    ATTENTION = "attention"
    PLACEMENT = "placement"


@dataclass(frozen=True)
class Estimate:
    """Outcome per match of the suppliers shown, put in another order; with a 95 % interval over requests drawn anew.

    gained, gained_low, gained_high : the same less that of the order of the logged scores
    """

    estimator: str
    weighting: Weighting
    value: float
    low: float
    high: float
    gained: float
    gained_low: float
    gained_high: float

    def row(self) -> dict[str, Any]:
        """As a row of a table."""
        return vars(self)


def estimate_order(
    log: FeedbackLog,
    outcomes: Floats,
    scores: Floats,
    propensities: Propensities,
    *,
    expected: Floats | None = None,
    weighting: Weighting = Weighting.ATTENTION,
    most_weight: float = 100.0,
    seed: int = 0,
) -> tuple[Estimate, ...]:
    """Inverse propensity, self-normalised and doubly robust estimates of the order that scores make of what was shown.

    outcomes : what each impression brought (n,), such as its gain
    scores   : of each impression (n,) by the new ranker
    expected : outcome of each impression (n,) that a model expects once it is looked at; by default the mean of all

    The outcome of a place is its attention times the supplier's own worth, whatever stands around it. Suppliers that
    only the new ranker would show are not in the log, and not in the estimate.
    Sources: Joachims, Swaminathan & Schnabel, WSDM 2017, doi:10.1145/3018661.3018699; Li et al., Offline Evaluation of
    Ranking Policies with Click Models, KDD 2018, doi:10.1145/3219819.3220028; Swaminathan & Joachims, The
    Self-Normalized Estimator for Counterfactual Learning, NeurIPS 2015; Dudík, Langford & Li, Doubly Robust Policy
    Evaluation and Learning, ICML 2011; for clusters of requests Field & Welsh, JRSS B 69(3), 2007.
    """
    if expected is None:
        looked_at = propensities(log.impressions.positions)
        expected = np.full(len(outcomes), outcomes.sum() / max(looked_at.sum(), 1e-9))
    new, old = (
        _Sums.of(log, outcomes, one, propensities, expected, weighting, most_weight)
        for one in (scores, log.impressions.scores)
    )
    generator = np.random.default_rng(seed)
    requests = len(new.matches)
    drawn = generator.multinomial(requests, np.full(requests, 1.0 / requests), size=DRAWS).astype(np.float64)
    noise = _noise(propensities, generator)
    every = np.ones((1, requests))
    estimates = []
    for name in ("IPS", "self-normalised IPS", "doubly robust"):
        value, before = new.value(name, every), old.value(name, every)
        values, befores = new.value(name, drawn), old.value(name, drawn)
        values, befores = values + noise @ new.slopes, befores + noise @ old.slopes
        low, high = np.percentile(values, _PERCENTILES)
        gained_low, gained_high = np.percentile(values - befores, _PERCENTILES)
        parts = value[0], low, high, value[0] - before[0], gained_low, gained_high
        estimates.append(Estimate(name, weighting, *(float(part) for part in parts)))
    return tuple(estimates)


def places_by(log: FeedbackLog, scores: Floats) -> Numbers:
    """Place of each impression (n,), from 1, among those of its match by scores (n,), in the places they held."""
    matches, positions = log.impressions.matches, log.impressions.positions
    order = np.lexsort((positions, -scores, matches))
    places = np.empty(len(scores), np.int64)
    places[order] = positions[np.lexsort((positions, matches))]
    return places


@dataclass(frozen=True)
class _Sums:
    """Sums of each request (r,), and how the value moves with the log of each propensity (k,)."""

    matches: Floats
    weighted: Floats
    attention_weighted: Floats
    attention: Floats
    expected: Floats
    corrections: Floats
    slopes: Floats

    @classmethod
    def of(
        cls,
        log: FeedbackLog,
        outcomes: Floats,
        scores: Floats,
        propensities: Propensities,
        expected: Floats,
        weighting: Weighting,
        most_weight: float,
    ) -> _Sums:
        shown, places = log.impressions, places_by(log, scores)
        before, after = propensities(shown.positions), propensities(places)
        if weighting is Weighting.PLACEMENT:
            weights = (places == shown.positions) / shown.propensities
        else:
            weights = after / before
        weights = np.minimum(weights, most_weight)
        requests, numbers = np.unique(log.request_of_impressions, return_inverse=True)

        def summed(values: Floats) -> Floats:
            return sums_by(numbers, values, len(requests))

        firsts = np.concatenate([[True], np.diff(shown.matches) != 0])[: len(places)]
        slopes = np.zeros(len(propensities.values))
        if weighting is Weighting.ATTENTION:
            for positions, sign in ((places, 1.0), (shown.positions, -1.0)):
                columns = np.minimum(positions, len(slopes)) - 1
                slopes += sign * np.bincount(columns, weights * outcomes, len(slopes))
        return cls(
            matches=summed(firsts.astype(np.float64)),
            weighted=summed(weights * outcomes),
            attention_weighted=summed(weights * before),
            attention=summed(after),
            expected=summed(after * expected),
            corrections=summed(weights * (outcomes - before * expected)),
            slopes=slopes / max(float(firsts.sum()), 1.0),
        )

    def value(self, name: str, drawn: Floats) -> Floats:
        """Value per match (b,) of requests that count as often as drawn (b, r)."""
        matches = drawn @ self.matches
        if name == "doubly robust":
            return (drawn @ (self.expected + self.corrections)) / matches
        values = (drawn @ self.weighted) / matches
        if name == "IPS":
            return values
        return values * (drawn @ self.attention) / np.maximum(drawn @ self.attention_weighted, 1e-9)


def _noise(propensities: Propensities, generator: np.random.Generator) -> Floats:
    """Errors of the logs of the propensities (b, k), drawn from their covariance."""
    count = len(propensities.values)
    return generator.multivariate_normal(np.zeros(count), propensities.covariance, size=DRAWS, method="svd")
