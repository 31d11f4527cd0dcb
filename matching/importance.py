"""How much each feature of a ranker moves suppliers apart, read from its curves and the data that they rest on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from matching.ranker import Curve, GlassBoxRanker

_CANDIDATES = "candidates"


@dataclass(frozen=True)
class Importance:
    """A feature's weight in the ranking.

    share : of the importance of all features, 0 to 1
    asked : share of the training candidates whose request asks for it, 0 to 1
    """

    feature: str
    share: float
    asked: float


def importances(ranker: GlassBoxRanker) -> tuple[Importance, ...]:
    """Each feature's importance, the largest first; none where the model does not state what it was trained on.

    The mean over all training candidates of how far the feature's term lies from its mean over those whose request asks
    for it: a term that is the same for all of these parts nobody. Where it is not asked the feature adds 0.
    """
    candidates = ranker.trained_on.get(_CANDIDATES)
    if not isinstance(candidates, int | float) or candidates <= 0 or any(c.support is None for c in ranker.curves):
        return ()
    found = list(_distances(ranker.curves, float(candidates)))
    total = sum(distance for _, distance, _ in found)
    shares = [Importance(name, distance / total if total else 0.0, asked) for name, distance, asked in found]
    return tuple(sorted(shares, key=lambda one: -one.share))


def _distances(curves: tuple[Curve, ...], candidates: float) -> Iterator[tuple[str, float, float]]:
    for curve in curves:
        counts = np.array(curve.support.candidates if curve.support else (), np.float64)
        terms = np.array([*curve.contributions, curve.unknown])
        mean = float(counts @ terms) / max(float(counts.sum()), 1.0)
        yield curve.feature, float(counts @ np.abs(terms - mean)) / candidates, float(counts.sum()) / candidates
