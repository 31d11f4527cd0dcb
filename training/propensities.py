"""How likely each position is looked at: from positions that varied for one supplier, else by regression-EM."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.feedback_log import FeedbackLog, Floats, Numbers, sums_by
from training.regression_em import regression_em

MOST_POSITIONS = 50
_MOST_PAIRS = 100_000
_JUDGED_POSITIONS = 10
_MOST_ERROR = 0.25
_Z_95 = 1.96
_STEPS = 50


class Method(StrEnum):
    """Where propensities come from."""

    INTERVENTION = "intervention"
    REGRESSION_EM = "regression-EM"
    NONE = "none"


@dataclass(frozen=True)
class Propensities:
    """Probability that a position is looked at, relative to the first.

    values     : float64 (k,), of positions 1 to k; those after have the last one's
    covariance : float64 (k, k) of the errors of log(values); the first position has none
    events     : of how many chosen suppliers it was learnt
    """

    method: Method
    values: Floats
    covariance: Floats
    events: int

    @classmethod
    def none(cls, positions: int = 1) -> Propensities:
        """Every position is looked at alike: no correction."""
        return cls(Method.NONE, np.ones(positions), np.zeros((positions, positions)), 0)

    def __call__(self, positions: Numbers) -> Floats:
        """Of each position, counted from 1 (n,)."""
        return np.asarray(self.values[np.minimum(positions, len(self.values)) - 1], np.float64)

    def interval(self) -> tuple[Floats, Floats]:
        """95 % interval of each value."""
        factor = np.exp(_Z_95 * np.sqrt(np.diag(self.covariance)))
        return self.values / factor, self.values * factor

    def table(self) -> list[dict[str, Any]]:
        """One row per position."""
        low, high = self.interval()
        columns = zip(self.values.tolist(), low.tolist(), high.tolist(), strict=True)
        return [
            {"position": position, "propensity": value, "low": least, "high": most}
            for position, (value, least, most) in enumerate(columns, start=1)
        ]


def estimate_propensities(
    log: FeedbackLog, chosen: NDArray[np.bool_], *, smoothness: float, seed: int = 0
) -> Propensities:
    """From suppliers that stood at several positions for one request; regression-EM where those tell too little.

    chosen     : bool (n,), whether anything was done with each impression
    smoothness : standard deviation of the change, from a position to the next, of the slope of log(propensity) over
                 log(position); a power law has none

    It makes no difference why a position varied (shuffles, swaps, another ranker), as long as it did not because
    users liked the supplier better then. It tells too little where a propensity of the first ten is uncertain by
    more than a quarter (one standard error).
    """
    places = np.minimum(log.impressions.positions, MOST_POSITIONS) - 1
    cells = _cells(log, places, chosen, seed)
    if len(cells.clicks):
        found = _conditional(cells, smoothness)
        if np.sqrt(np.diag(found.covariance))[:_JUDGED_POSITIONS].max() <= _MOST_ERROR:
            return found
    if not chosen.any():
        return Propensities.none()
    values, covariance = regression_em(log, places, chosen, seed=seed)
    return Propensities(Method.REGRESSION_EM, values, covariance, int(chosen.sum()))


@dataclass(frozen=True)
class _Cells:
    """Pairs of request and supplier that stood at several positions: requests (g,), shown and clicks (g, k)."""

    requests: Numbers
    shown: Floats
    clicks: Floats


def _cells(log: FeedbackLog, places: Numbers, chosen: NDArray[np.bool_], seed: int) -> _Cells:
    requests = log.request_of_impressions
    keys = requests * max(len(log.suppliers), 1) + log.impressions.suppliers
    pairs, numbers = np.unique(keys, return_inverse=True)
    least, most = np.full(len(pairs), MOST_POSITIONS), np.zeros(len(pairs), np.int64)
    np.minimum.at(least, numbers, places)
    np.maximum.at(most, numbers, places)
    telling = np.flatnonzero((least < most) & (np.bincount(numbers, chosen, len(pairs)) > 0))
    if len(telling) > _MOST_PAIRS:
        telling = np.sort(np.random.default_rng(seed).choice(telling, _MOST_PAIRS, replace=False))
    row = np.full(len(pairs), -1)
    row[telling] = np.arange(len(telling))
    inside = np.flatnonzero(row[numbers] >= 0)
    width = int(places[inside].max(initial=0)) + 1
    cell = row[numbers[inside]] * width + places[inside]
    shape, size = (len(telling), width), len(telling) * width
    shown = np.bincount(cell, minlength=size).reshape(shape).astype(np.float64)
    clicks = sums_by(cell, chosen[inside], size).reshape(shape)
    return _Cells(pairs[telling] // max(len(log.suppliers), 1), shown, clicks)


def _conditional(cells: _Cells, smoothness: float) -> Propensities:
    """Most likely propensities given how often each pair was chosen at all, whatever its relevance.

    Of a pair's clicks the share that falls on a position goes with how often it stood there times the propensity
    (fixed effects, conditioned out). Errors are robust, in clusters of requests.
    Sources: Hausman, Hall & Griliches, Econometrica 52(4), 1984, doi:10.2307/1911191, for the likelihood; Agarwal et
    al., Estimating Position Bias without Intrusive Interventions, WSDM 2019, doi:10.1145/3289600.3291017, for what it
    is applied to; Liang & Zeger, Biometrika 73(1), 1986, doi:10.1093/biomet/73.1.13, for the errors.
    """
    width = cells.shown.shape[1]
    totals, penalty = cells.clicks.sum(axis=1), _bending(width) / smoothness**2
    logs = -np.log(np.arange(1, width + 1))
    for _ in range(_STEPS):
        shares = _shares(cells, logs)
        step = np.zeros(width)
        gradient = (cells.clicks - totals[:, None] * shares).sum(axis=0) - penalty @ logs
        step[1:] = np.linalg.solve(_information(shares, totals, penalty)[1:, 1:], gradient[1:])
        logs = logs + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-9:
            break
    shares = _shares(cells, logs)
    bread = np.linalg.inv(_information(shares, totals, penalty)[1:, 1:])
    names, clusters = np.unique(cells.requests, return_inverse=True)
    scores = np.zeros((len(names), width))
    np.add.at(scores, clusters, cells.clicks - totals[:, None] * shares)
    covariance = np.zeros((width, width))
    covariance[1:, 1:] = bread @ (scores.T @ scores + penalty)[1:, 1:] @ bread
    return Propensities(Method.INTERVENTION, np.exp(logs), covariance, int(totals.sum()))


def _shares(cells: _Cells, logs: Floats) -> Floats:
    attention = cells.shown * np.exp(logs)
    return np.asarray(attention / attention.sum(axis=1, keepdims=True), np.float64)


def _information(shares: Floats, totals: Floats, penalty: Floats) -> Floats:
    weighted = shares * totals[:, None]
    # The ridge keeps a position without any click from making the system singular.
    return np.diag(weighted.sum(axis=0) + 1e-6) - weighted.T @ shares + penalty


def _bending(width: int) -> Floats:
    """Quadratic form (k, k) of the changes of slope of a curve over log(position)."""
    slopes = np.diff(np.eye(width), axis=0) / np.diff(np.log(np.arange(1, width + 1)))[:, None]
    changes = np.diff(slopes, axis=0)
    return np.asarray(changes.T @ changes, np.float64)
