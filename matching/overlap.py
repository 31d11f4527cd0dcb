"""How alike two rankings of one request are."""

from __future__ import annotations

import numpy as np

from matching.catalogue import Rows

PERSISTENCE = 0.9


def share_that_stays(first: Rows, second: Rows, top: int = 10) -> float:
    """Share of the first `top` of one ranking that are among the first `top` of the other; 1 where there is none."""
    return float(np.isin(first[:top], second[:top]).mean()) if len(first) else 1.0


def rank_biased_overlap(first: Rows, second: Rows, top: int = 10, persistence: float = PERSISTENCE) -> float:
    """Overlap of the first places, each depth weighing less than the one above: 1 for one order, 0 for nothing shared.

    first, second : int64, best first, no repeats, of equal length
    persistence   : probability that a reader goes on to the next place
    What lies beyond `top` is taken to agree as the first `top` do.
    Source        : Webber, Moffat & Zobel, A Similarity Measure for Indefinite Rankings, TOIS 28(4), 2010,
                    doi:10.1145/1852102.1852106, equation 30 (RBO_EXT).
    """
    one, other = first[:top], second[:top]
    depth = len(one)
    if depth == 0:
        return 1.0
    places = np.arange(1, depth + 1)
    # At which depth each supplier of the one is in both: the later of its two places.
    _, of_one, of_other = np.intersect1d(one, other, assume_unique=True, return_indices=True)
    shared = np.cumsum(np.bincount(np.maximum(of_one, of_other), minlength=depth))
    weights = persistence**places
    agreement = shared / places
    return float(agreement[-1] * weights[-1] + (1.0 - persistence) / persistence * (weights @ agreement))
