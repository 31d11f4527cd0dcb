"""What is known of suppliers from dealings with them: how often they answer and accept, and whether they are new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from matching.lines import Floats


@dataclass(frozen=True)
class TrackRecords:
    """Figures of suppliers as parallel arrays (n,), a row each; NaN where nothing is known.

    row_by_id        : row of each supplier
    response_rates   : of those who wrote to it, the share that was answered, 0 to 1
    acceptance_rates : of the meetings that it decided on, the share that it accepted, 0 to 1
    newcomers        : 1 of a supplier that joined lately, 0 of others
    """

    row_by_id: Mapping[str, int]
    response_rates: Floats
    acceptance_rates: Floats
    newcomers: Floats

    def take(self, ids: Sequence[str]) -> TrackRecords:
        """The records of some suppliers, a row each in their order; one that is not known has NaN."""
        rows = np.array([self.row_by_id.get(supplier_id, -1) for supplier_id in ids], np.int64)
        row_by_id = {supplier_id: row for row, supplier_id in enumerate(ids)}
        if not self.row_by_id:
            return TrackRecords(row_by_id, *np.full((3, len(ids)), np.nan))
        figures = (self.response_rates, self.acceptance_rates, self.newcomers)
        return TrackRecords(row_by_id, *(np.where(rows >= 0, figure[rows], np.nan) for figure in figures))

    def shared(self, supplier_id: str, ids: Sequence[str]) -> TrackRecords:
        """The record of one supplier under each of some other ids."""
        row_by_id = {other: row for row, other in enumerate(ids)}
        return replace(self.take([supplier_id] * len(ids)), row_by_id=row_by_id)


NO_TRACK_RECORDS = TrackRecords({}, *np.empty((3, 0)))
