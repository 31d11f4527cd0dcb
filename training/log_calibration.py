"""Probabilities of a corrected ranker, fitted anew to later requests of its log, on the scale of its prior's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.feedback_log import Floats
from matching.ranker import Calibration, GlassBoxRanker
from training.calibration import calibration_of, folds
from training.judgments import Judgments

LEAST_REQUESTS, LEAST_GAINS = 5, 100.0
_BINS = 10


@dataclass(frozen=True)
class Recalibration:
    """The calibration to use, and why, for the manifest: whose, requests, errors before and after where measured."""

    calibration: Calibration | None
    told: dict[str, Any]


def recalibrated(ranker: GlassBoxRanker, prior: GlassBoxRanker, held_out: Judgments, *, seed: int) -> Recalibration:
    """Of a ranker that corrects a prior, whose scores it keeps the scale of.

    A log has choices and no grades. On the held-out requests the prior's probabilities tell how often a relevant
    supplier is chosen and another one: rate = a + b * probability. Turned round, each rate tells a relevance; isotonic
    regression puts those beside what the prior's own steps rest on. So the level stays the prior's and the log mends
    the shape. Errors are in rates of choice, over requests that the calibration did not see; unless it is smaller, or
    with too few requests or gains, the prior's calibration stays.
    """
    before = prior.calibration
    requests, gained = np.unique(held_out.requests), float(held_out.gains.sum())
    told: dict[str, Any] = {"of": prior.version, "requests": len(requests), "gains": round(gained, 1)}
    if before is None:
        return Recalibration(None, told | {"kept": "the prior has none"})
    if len(requests) < LEAST_REQUESTS or gained < LEAST_GAINS:
        return Recalibration(before, told | {"kept": "too few held-out requests or gains"})
    pairs = _Pairs.of(ranker, prior, held_out)
    if pairs.rise <= 0.0:
        return Recalibration(before, told | {"kept": "choices do not go with the prior's probabilities"})
    fitted = np.zeros(len(pairs.scores))
    for seen, left_out in folds(len(requests), seed=seed):
        members = np.isin(held_out.requests, requests[left_out])
        one = pairs.take(np.isin(held_out.requests, requests[seen])).fitted(before)
        fitted[members] = one(pairs.scores[members])
    errors = {"error before": pairs.error(before(pairs.scores)), "error after": pairs.error(fitted)}
    told |= {name: round(error, 4) for name, error in errors.items()}
    if errors["error after"] >= errors["error before"]:
        return Recalibration(before, told | {"kept": "fitted anew it was no nearer to the held-out requests"})
    return Recalibration(pairs.fitted(before), told | {"of": ranker.version})


@dataclass(frozen=True)
class _Pairs:
    """Held-out requests and suppliers: scores by the ranker, rates of choice, evidence, each (n,).

    level, rise : of the rate of choice over the prior's probability
    """

    scores: Floats
    rates: Floats
    evidence: Floats
    level: float
    rise: float

    @classmethod
    def of(cls, ranker: GlassBoxRanker, prior: GlassBoxRanker, held_out: Judgments) -> _Pairs:
        evidence = held_out.evidence
        rates = held_out.positive / evidence
        expected = prior.probabilities(prior.scores(prior.terms(held_out.features)))
        middle, mean = (float(np.average(values, weights=evidence)) for values in (expected, rates))
        spread = float(evidence @ (expected - middle) ** 2)
        rise = float(evidence @ ((expected - middle) * (rates - mean))) / spread if spread > 0.0 else 0.0
        scores = ranker.scores(ranker.terms(held_out.features))
        return cls(scores, rates, evidence, mean - rise * middle, rise)

    def take(self, members: NDArray[np.bool_]) -> _Pairs:
        """Some of them (n,); level and rise stay."""
        return _Pairs(self.scores[members], self.rates[members], self.evidence[members], self.level, self.rise)

    def fitted(self, before: Calibration) -> Calibration:
        """Isotonic over these and the steps of the calibration before, each where its scores lie."""
        edges = np.array(before.edges)
        if not len(edges):
            return before
        middles = np.concatenate([edges[:1] - 1.0, (edges[1:] + edges[:-1]) / 2, edges[-1:] + 1.0])
        shares = (self.rates - self.level) / self.rise
        return calibration_of(
            np.concatenate([middles, self.scores]),
            np.concatenate([before.probabilities, shares]),
            np.concatenate([np.array(before.candidates, np.float64), self.evidence * self.rise**2]),
        )

    def error(self, probabilities: Floats) -> float:
        """Expected calibration error of the rates of choice that probabilities (n,) stand for, weighed by evidence."""
        expected = self.level + self.rise * probabilities
        order = np.argsort(expected, kind="stable")
        parts = np.array_split(order, _BINS)
        off = [abs(float(self.evidence[part] @ (expected[part] - self.rates[part]))) for part in parts]
        return sum(off) / float(self.evidence.sum())
