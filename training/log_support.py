"""The data behind curves that a log has corrected: the prior's, and on top what users looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.feedback_log import Floats
from matching.ranker import Curve, Support
from training.judgments import Judgments

_Z_90 = 1.645


def supported(
    prior: Sequence[Curve], curves: Sequence[Curve], design: csr_array, judgments: Judgments, errors: Floats
) -> tuple[Curve, ...]:
    """The curves with the prior's support and that of the log; a curve whose prior tells none stays without.

    design : of the judgments, one column per step of each curve and one per UNKNOWN, end to end (n, count)
    errors : standard error of the correction at each column (count,)

    A step rests on all candidates of the prior's step that it is a part of. Of the log it counts each request and
    supplier as often as they were looked at, at most once, and requests likewise. The interval adds that of the prior
    to that of the correction.
    """
    looks = np.minimum(judgments.looked_at, 1.0)
    candidates = np.asarray(design.T @ looks).round().astype(int)
    requests = _requests(design, judgments.requests, looks).round().astype(int)
    found, first = [], 0
    for before, curve in zip(prior, curves, strict=True):
        last = first + len(curve.contributions) + 1
        own = slice(first, last)
        found.append(_with_support(before, curve, candidates[own], requests[own], errors[own]))
        first = last
    return tuple(found)


def standard_errors(
    design: csr_array, residuals: Floats, requests: NDArray[np.int64], information: NDArray[np.float64]
) -> Floats:
    """Of penalised estimates (count,), if the requests were drawn anew: the sandwich over clusters of requests.

    information : second derivatives of the penalised loss (count, count)
    Source      : Liang & Zeger, Biometrika 73(1), 1986, doi:10.1093/biomet/73.1.13.
    """
    scores = _by_request(requests) @ (design * residuals[:, None])
    bread = np.linalg.inv(information)
    return np.asarray(np.sqrt(np.maximum(np.diag(bread @ (scores.T @ scores).toarray() @ bread), 0.0)), np.float64)


def _with_support(
    before: Curve, curve: Curve, candidates: NDArray[np.int64], requests: NDArray[np.int64], errors: Floats
) -> Curve:
    had = before.support
    if had is None:
        return curve
    # A step's upper edge lies in it; above the last edge any value does.
    ends = np.append(np.array(curve.edges), np.inf)
    places = np.append(np.searchsorted(before.edges, ends, side="left"), len(before.contributions))
    old = np.append(np.array(before.contributions), before.unknown)[places]
    new = np.append(np.array(curve.contributions), curve.unknown)
    below, above = (np.array(side)[places] - old for side in (had.low, had.high))
    low, high = (new + sign * np.hypot(part, _Z_90 * errors) for sign, part in ((-1, below), (1, above)))
    support = Support(
        candidates=tuple((np.array(had.candidates)[places] + candidates).tolist()),
        requests=tuple((np.array(had.requests)[places] + requests).tolist()),
        low=tuple(low.round(4).tolist()),
        high=tuple(high.round(4).tolist()),
    )
    return curve.model_copy(update={"support": support})


def _requests(design: csr_array, requests: NDArray[np.int64], looks: Floats) -> Floats:
    """How many requests have looks at each column (count,), each at most once."""
    seen = (_by_request(requests) @ (design * looks[:, None])).minimum(1.0)
    return np.asarray(seen.sum(axis=0), np.float64).ravel()


def _by_request(requests: NDArray[np.int64]) -> csr_array:
    names, numbers = np.unique(requests, return_inverse=True)
    rows = np.arange(len(requests))
    return csr_array((np.ones(len(requests)), (numbers, rows)), shape=(len(names), len(requests)))
