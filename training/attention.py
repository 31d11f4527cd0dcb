"""How far small firms fall short in exposure, by request, so that chance can be told from a change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from matching.catalogue import Catalogue, Floats, Rows
from matching.exposure import position_exposure
from matching.profiles import Size

SMALL = (Size.MICRO, Size.SMALL)


@dataclass(frozen=True)
class Attention:
    """Exposure in the first places of each request, of micro and small firms and of all others.

    small, others           : float64 (requests,)
    small_firms, other_firms: how many there are in the catalogue
    """

    small: Floats
    others: Floats
    small_firms: int
    other_firms: int

    @classmethod
    def of(cls, catalogue: Catalogue, rankings: Sequence[Rows], *, top: int) -> Self:
        """Of the rows of each request, best first."""
        small = np.isin(catalogue.sizes, SMALL)
        shown = [small[rows[:top]] for rows in rankings]
        exposures = [position_exposure(len(one)) for one in shown]
        of_small = np.array([float(each @ one) for each, one in zip(exposures, shown, strict=True)])
        every = np.array([float(each.sum()) for each in exposures])
        return cls(of_small, every - of_small, int(small.sum()), int((~small).sum()))

    @property
    def gap(self) -> float:
        """How far a small firm falls short of any other in exposure, on average; below 0 beyond it."""
        return float(self.gaps(np.ones((1, len(self.small))))[0])

    def gaps(self, drawn: Floats) -> NDArray[np.float64]:
        """The gap (b,) where requests count as often as drawn (b, r); 0 where there are firms of one kind only."""
        if not self.small_firms or not self.other_firms:
            return np.zeros(len(drawn))
        small, others = drawn @ self.small / self.small_firms, drawn @ self.others / self.other_firms
        return 1.0 - np.divide(small, others, out=np.ones(len(drawn)), where=others > 0)
