"""What one stated need is: its kind, its value, where it was stated and how surely."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from matching.codes import Incoterm
from matching.lexicon.reading import Reading
from matching.profiles import Money, Quantity

NeedValue = str | int | bool | Incoterm | Quantity | Money | tuple[str, ...]


class NeedKind(StrEnum):
    """What a need is about; a value that is a field of Constraints becomes that constraint."""

    DELIVERY_COUNTRY = "delivery_country"
    HS = "hs"
    QUANTITY = "quantity"
    CERTIFICATIONS = "certifications"
    INCOTERM = "incoterm"
    LANGUAGES = "languages"
    MAX_LEAD_TIME_DAYS = "max_lead_time_days"
    MAX_PRICE = "max_price"
    SUPPLIER_COUNTRIES = "supplier_countries"
    EXCLUDED_COUNTRIES = "excluded_countries"
    PERIOD = "period"
    PRIVATE_LABEL = "private_label"
    SAMPLE = "sample"
    DELIVERY_PLACE = "delivery_place"
    DELIVERY_DATE = "delivery_date"
    EXCLUSION = "exclusion"


class Source(StrEnum):
    """Where a need was stated: in the request's text, or in the portal's form."""

    TEXT = "text"
    FORM = "form"


@dataclass(frozen=True)
class Need:
    """One stated need.

    value : by kind: a code or words (str), days (int), True, Quantity, Money, Incoterm, or codes and names (tuple).
        PERIOD is "week", "month", "quarter" or "year", and says that the quantity is wanted so often.
    start, end : half-open offsets into the request's text; None where the form said it.
    confidence : 0 to 1; the form's is 1.
    """

    kind: NeedKind
    value: NeedValue
    start: int | None
    end: int | None
    confidence: float
    source: Source


def need_at(reading: Reading, kind: NeedKind, value: NeedValue, span: tuple[int, int], confidence: float) -> Need:
    """A need stated by the tokens of a half-open span."""
    start, end = reading.span(*span)
    return Need(kind, value, start, end, confidence, Source.TEXT)
