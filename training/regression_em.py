"""Regression-EM: attention by position and relevance by features, found in turn from one log of fixed rankings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.feedback_log import FeedbackLog, Floats, Numbers, sums_by
from matching.ranker import logistic
from training.ranker import BoostedModel, edges_from, steps_of

_ROUNDS = 20
_DRAWS = 5
_DRAW_ROUNDS = 4
_MOST_CANDIDATES = 20_000
_TREES = 30
_TOLERANCE = 0.002


def regression_em(
    log: FeedbackLog, places: Numbers, chosen: NDArray[np.bool_], *, seed: int = 0
) -> tuple[Floats, Floats]:
    """Propensities (k,) relative to the first position, and the covariance (k, k) of their logarithms.

    places : position of each impression (n,), from 0

    Each round asks, of what was not chosen, how likely it was not looked at or not relevant (E), then refits both
    (M); relevance is a boosted additive model of the features. The covariance is that of the logs over requests drawn
    anew. Where position follows from the features alone the two cannot be told apart and the answer leans on the form
    of the model.
    Source: Wang et al., Position Bias Estimation for Unbiased Learning to Rank in Personal Search, WSDM 2018,
    doi:10.1145/3159652.3159732.
    """
    generator = np.random.default_rng(seed)
    cells = _Cells.of(log, places, chosen, generator)
    found = cells.rounds(1.0 / np.arange(1, cells.width + 1), np.ones(len(cells.places)), _ROUNDS, seed)
    names, numbers = np.unique(cells.requests, return_inverse=True)
    draws = []
    for _ in range(_DRAWS):
        drawn = np.bincount(generator.integers(len(names), size=len(names)), minlength=len(names))
        draws.append(np.log(cells.rounds(found, drawn[numbers].astype(np.float64), _DRAW_ROUNDS, seed)))
    return found, np.atleast_2d(np.cov(np.array(draws), rowvar=False))


@dataclass(frozen=True)
class _Cells:
    """Each candidate at each place, once (m,): how often it was shown there, and chosen.

    candidates : row of `steps`, one per distinct feature row
    """

    candidates: Numbers
    places: Numbers
    requests: Numbers
    shown: Floats
    chosen: Floats
    steps: Floats
    edges: tuple[Floats, ...]
    width: int

    @classmethod
    def of(cls, log: FeedbackLog, places: Numbers, chosen: NDArray[np.bool_], generator: np.random.Generator) -> _Cells:
        """The cells of a log; of very many distinct feature rows some are drawn."""
        hashed = pd.util.hash_pandas_object(pd.DataFrame(log.impressions.features), index=False).to_numpy()
        distinct, heads, candidates = np.unique(hashed, return_index=True, return_inverse=True)
        kept = np.arange(len(distinct))
        if len(kept) > _MOST_CANDIDATES:
            kept = np.sort(generator.choice(kept, _MOST_CANDIDATES, replace=False))
        row = np.full(len(distinct), -1)
        row[kept] = np.arange(len(kept))
        inside = np.flatnonzero(row[candidates] >= 0)
        width = int(places.max()) + 1
        cells, first, numbers = np.unique(
            row[candidates[inside]] * width + places[inside], return_index=True, return_inverse=True
        )
        features = log.impressions.features[heads[kept]]
        relevant = np.bincount(row[candidates[inside]], chosen[inside], len(kept)) > 0
        edges = edges_from(features, relevant)
        return cls(
            candidates=cells // width,
            places=cells % width,
            requests=log.request_of_impressions[inside[first]],
            shown=np.bincount(numbers).astype(np.float64),
            chosen=sums_by(numbers, chosen[inside]),
            steps=steps_of(features, edges),
            edges=edges,
            width=width,
        )

    def rounds(self, start: Floats, weights: Floats, most: int, seed: int) -> Floats:
        """Propensities relative to the first after some rounds, fewer where they no longer move.

        weights : how often each cell counts (m,)
        """
        attention, relevance = start.copy(), np.full(len(self.steps), self.chosen.sum() / self.shown.sum())
        chosen, unchosen = weights * self.chosen, weights * (self.shown - self.chosen)
        shown = np.maximum(sums_by(self.places, weights * self.shown, self.width), 1e-9)
        for _ in range(most):
            seen, liked = attention[self.places], relevance[self.candidates]
            neither = 1.0 - seen * liked
            looked = chosen + unchosen * seen * (1.0 - liked) / neither
            relevant = chosen + unchosen * (1.0 - seen) * liked / neither
            before = attention
            attention = np.clip(sums_by(self.places, looked, self.width) / shown, 1e-3, 1.0 - 1e-6)
            relevance = self._relevance(relevant, chosen + unchosen - relevant, seed)
            if np.abs(attention / attention[0] - before / before[0]).max() < _TOLERANCE:
                break
        return np.asarray(attention / attention[0], np.float64)

    def _relevance(self, positive: Floats, negative: Floats, seed: int) -> Floats:
        """Relevance of each candidate by the features, from the evidence of its cells (m,)."""
        liked, not_liked = (sums_by(self.candidates, side, len(self.steps)) for side in (positive, negative))
        model = BoostedModel.fit_steps(self.steps, liked, not_liked, self.edges, seed=seed, trees=_TREES)
        return np.clip(logistic(model.scores_of_steps(self.steps)), 1e-4, 1.0 - 1e-4)
