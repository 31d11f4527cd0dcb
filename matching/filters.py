"""What a match must have."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from matching.certificates import certificate_name
from matching.profiles import Country, HsCode, Language, Name, Size

if TYPE_CHECKING:
    from matching.catalogue import Catalogue, Rows


class Filters(BaseModel):
    """What a match must have, as the caller set it; an empty field filters nothing.

    Unlike a constraint of the request, which only ranks lower what breaks it, a filter leaves out. A supplier that
    states nothing on a filtered field is left out too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    countries: tuple[Country, ...] = ()
    certifications: tuple[Name, ...] = ()
    sizes: tuple[Size, ...] = ()
    languages: tuple[Language, ...] = ()
    hs: tuple[HsCode, ...] = ()
    ids: tuple[str, ...] = ()

    def allowed(self, catalogue: Catalogue, today: datetime.date) -> Rows | None:
        """Living rows that pass every filter, ascending; None where all rows do.

        today : a certificate that has expired by it is none
        """
        # Here, so that whoever only says what a match must have loads nothing that computes.
        import numpy as np

        if self == Filters():
            return catalogue.living
        rows = np.arange(len(catalogue))
        passed = catalogue.alive.copy()
        if self.countries:
            passed &= np.isin(catalogue.countries, self.countries)
        if self.sizes:
            passed &= np.isin(catalogue.sizes, self.sizes)
        if self.languages:
            passed &= catalogue.languages.holds_any(rows, self.languages)
        if self.ids:
            passed &= np.isin(rows, [catalogue.row_by_id.get(supplier_id, -1) for supplier_id in self.ids])
        if self.hs:
            lines, owners = catalogue.lines.of_rows(rows)
            passed &= np.isin(rows, owners[np.isin(catalogue.lines.hs[lines], self.hs)])
        for certificate in map(certificate_name, self.certifications):
            held = [one for one in catalogue.certificates.rows_by_value if one.name == certificate]
            passed &= catalogue.certificates.holds_any(rows, (one for one in held if one.counts_on(today)))
        return np.flatnonzero(passed).astype(np.int64)
