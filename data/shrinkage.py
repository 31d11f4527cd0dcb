"""Rates of few trials drawn towards the rate of all, by as much as the rates of all are alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
_PRIOR_TRIALS = np.geomspace(1.0, 200.0, 60)
_EQUAL = 1e-9


def shrunk_rates(successes: Counts, trials: Counts) -> Floats:
    """Expected rate of each supplier (n,) after its trials, under a beta prior fitted to all; NaN where it has none.

    (successes + a) / (trials + a + b): the mean a / (a + b) is the rate of all trials together, with one success and
    one failure added, and a + b, from 1 to 200, is where the counts of all are likeliest under the beta-binomial;
    the most of them where all are equally likely, as before anybody has had two trials.
    Source: empirical Bayes after Morris, JASA 78, 1983, doi:10.1080/01621459.1983.10477920; the beta-binomial after
    Skellam, JRSS B 10, 1948, doi:10.1111/j.2517-6161.1948.tb00014.x.
    """
    mean = (successes.sum() + 1.0) / (trials.sum() + 2.0)
    likelihoods = _log_likelihoods(successes, trials, mean)
    prior_trials = _PRIOR_TRIALS[np.flatnonzero(likelihoods >= likelihoods.max() - _EQUAL)[-1]]
    expected = (successes + mean * prior_trials) / (trials + prior_trials)
    return np.asarray(np.where(trials > 0, expected, np.nan), np.float64)


def _log_likelihoods(successes: Counts, trials: Counts, mean: float) -> Floats:
    """Of each number of prior trials; a beta-binomial is a product of rising factorials."""
    rising = ((successes, mean, 1.0), (trials - successes, 1.0 - mean, 1.0), (trials, 1.0, -1.0))
    terms = [sign * _log_rising(counts, share * _PRIOR_TRIALS) for counts, share, sign in rising]
    return np.asarray(np.sum(terms, axis=0), np.float64)


def _log_rising(counts: Counts, starts: Floats) -> Floats:
    """Sum over counts c of log(s (s + 1) … (s + c - 1)), for each start s."""
    reaching = len(counts) - np.cumsum(np.bincount(counts, minlength=1))[:-1]
    factors = np.log(starts[:, None] + np.arange(len(reaching)))
    return np.asarray(factors @ reaching.astype(np.float64), np.float64)
