"""What a supplier could state beyond its profile: one thing at a time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from matching.profiles import Certificate, PriceRange, Quantity, Supplier


class ProfileField(StrEnum):
    """What may be changed: lists of the profile, and what one of its product lines states."""

    CERTIFICATIONS = "certifications"
    MARKETS = "markets"
    INCOTERMS = "incoterms"
    LANGUAGES = "languages"
    MOQ = "moq"
    LEAD_TIME = "lead_time_days"
    PRICE = "price"
    HS = "hs"


Value = str | int | Quantity | PriceRange


@dataclass(frozen=True)
class Change:
    """One thing more that a profile would state.

    value   : what is added to a list, or stated where nothing was; an HS heading as its code ending in .00
    product : place of the product line that it is about, None where it is about the firm
    """

    field: ProfileField
    value: Value
    product: int | None = None

    def applied_to(self, supplier: Supplier) -> Supplier:
        """The supplier as it would be."""
        if self.product is None:
            added = Certificate(scheme=str(self.value)) if self.field is ProfileField.CERTIFICATIONS else self.value
            return supplier.model_copy(update={self.field: (*getattr(supplier, self.field), added)})
        products = list(supplier.products)
        products[self.product] = products[self.product].model_copy(update={self.field: self.value})
        return supplier.model_copy(update={"products": tuple(products)})

    @property
    def subject(self) -> tuple[Any, ...]:
        """What it is about: of several figures for one product, one is advised."""
        return (self.field, self.value) if self.product is None else (self.field, self.product)
