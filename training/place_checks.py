"""A supplier that is chosen wherever it stands: whom people like is chosen more where they look more, as all others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from data.feedback_log import FeedbackLog, Floats, sums_by
from training.propensities import Propensities

LEAST_SHARE = 0.01
"""Of all choices; a supplier of fewer moves no curve far."""
_ERROR_RATE = 0.05


def most_unexplained(
    log: FeedbackLog, chosen: NDArray[np.bool_], propensities: Propensities, least_propensity: float
) -> float:
    """Of each supplier with a hundredth of all choices, the share of its choices that its places do not explain.

    chosen : whether anything was done with each impression (n,)

    The highest of them, 0 to 1, each the lower end of its interval; by chance one log in twenty has any above 0.
    Choices of people go with the propensity of the place, however well the supplier is liked: given the choices of a
    request and supplier, that tells at which of its places they are. Beyond that a supplier cannot be chosen more
    often than it was looked at. Where each supplier always had the same place only the second can tell.
    """
    suppliers = log.impressions.suppliers
    choices = sums_by(suppliers, chosen, len(log.suppliers))
    large = np.flatnonzero((choices > 0) & (choices >= LEAST_SHARE * choices.sum()))
    if not len(large):
        return 0.0
    errors = float(norm.ppf(1.0 - _ERROR_RATE / len(large)))
    found = np.maximum(
        _against_places(log, chosen, propensities, least_propensity, errors),
        _beyond_looks(log, choices, propensities, errors),
    )
    return float(np.clip(found[large], 0.0, 1.0).max())


def _against_places(
    log: FeedbackLog, chosen: NDArray[np.bool_], propensities: Propensities, least_propensity: float, errors: float
) -> Floats:
    """Of each supplier (s,) the share of choices that fell on its places evenly, less so many standard errors.

    The mean of -log(propensity) over the choices lies between that of choices which go with the propensities and that
    of all places where it was shown.
    """
    shown, count = log.impressions, len(log.suppliers)
    pairs, numbers = np.unique(log.request_of_impressions * count + shown.suppliers, return_inverse=True)
    of_places = np.maximum(propensities(shown.positions), least_propensity)
    depths = -np.log(of_places)

    def mean(values: Floats, weights: Floats) -> Floats:
        return sums_by(numbers, weights * values) / sums_by(numbers, weights)

    expected = mean(depths, of_places)
    variances = np.maximum(mean(depths**2, of_places) - expected**2, 0.0)
    evenly = mean(depths, np.ones(len(depths)))
    choices = sums_by(numbers, chosen)
    deeper = sums_by(numbers, chosen * depths) - choices * expected

    def summed(values: Floats) -> Floats:
        return sums_by(pairs % count, values, count)

    surely = summed(deeper) - errors * np.sqrt(summed(choices * variances))
    most = summed(choices * (evenly - expected))
    return np.asarray(np.divide(surely, most, out=np.zeros(count), where=most > 1e-9), np.float64)


def _beyond_looks(log: FeedbackLog, choices: Floats, propensities: Propensities, errors: float) -> Floats:
    """Of each supplier (s,) the share of choices beyond the looks that the upper end of each propensity allows."""
    shown = log.impressions
    upper = np.minimum(propensities.interval()[1], 1.0)
    looks = sums_by(shown.suppliers, upper[np.minimum(shown.positions, len(upper)) - 1], len(choices))
    beyond = choices - errors * np.sqrt(choices) - looks
    return np.asarray(np.divide(beyond, choices, out=np.zeros(len(choices)), where=choices > 0), np.float64)
