"""What is lost from one set of models to another on the same requests, with the interval that chance leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.stats import t

from matching.catalogue import Floats
from training.attention import Attention

_DRAWS = 2_000
_ONE_SIDED = 0.95


@dataclass(frozen=True)
class Loss:
    """What is lost; with a chance of one in twenty each, the true loss lies below `least` or above `most`.

    Student's t over requests; of fewer than two nothing can be told but the estimate.
    """

    value: float
    least: float
    most: float

    @classmethod
    def of_mean(cls, lost: Floats) -> Self:
        """Of the mean of what each request lost (r,)."""
        error = float(lost.std(ddof=1) / np.sqrt(len(lost))) if len(lost) > 1 else 0.0
        return cls._around(float(lost.mean()), error, len(lost))

    @classmethod
    def of_gap(cls, old: Attention, new: Attention, *, seed: int = 0) -> Self:
        """Of the rise of the shortfall of small firms, its error by drawing the requests anew."""
        count = len(old.small)
        drawn = (
            np.random.default_rng(seed).multinomial(count, np.full(count, 1.0 / count), size=_DRAWS).astype(np.float64)
        )
        rises = new.gaps(drawn) - old.gaps(drawn)
        return cls._around(new.gap - old.gap, float(rises.std(ddof=1)), count)

    @classmethod
    def _around(cls, value: float, error: float, requests: int) -> Self:
        margin = float(t.ppf(_ONE_SIDED, requests - 1)) * error if requests > 1 else 0.0
        return cls(value, value - margin, value + margin)
