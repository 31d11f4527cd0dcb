"""The words of the trade: Supplier, Product, BuyerRequest, Quantity, Money; and the text that each is read as.

A field that is absent or None is unknown, never zero and never "no". Values are frozen; codes are normalised
on the way in ("Maroc" becomes "MA", "151590" becomes "1515.90").
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from matching import codes
from matching.codes import Incoterm
from matching.units import unit_code
from matching.words import said_once

MAX_TEXT_CHARACTERS = 20_000
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Format characters of no width: marks and turns of direction, joiners, invisible operators, tags.
_HIDDEN = re.compile(
    "[\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0001-\U000e007f]"
)
# Between letters without case, as in Persian, a joiner changes how a word is written; elsewhere it only hides.
_STRAY_JOINER = re.compile(r"(?<![^\W\d_a-zA-Z\u00aa-\u052f])[\u200c\u200d]|[\u200c\u200d](?!\w)")
_SOFT_HYPHEN = "\u00ad"


def _clean(value: object) -> object:
    """NUL and other control characters are what broken exports leave in a text; they carry no meaning."""
    if not isinstance(value, str):
        return value
    return _CONTROL_CHARACTERS.sub(" ", value).strip()


def _visible(value: object) -> object:
    """What a reader cannot see must not count: format characters part words, soft hyphens and true joiners do not."""
    if not isinstance(value, str) or value.isascii():
        return _clean(value)
    return _clean(_HIDDEN.sub(" ", _STRAY_JOINER.sub(" ", value.replace(_SOFT_HYPHEN, ""))))


def _number(value: object) -> object:
    """True would pass for 1 and "12" for 12; whoever means a number writes one."""
    if isinstance(value, bool | str):
        raise ValueError(f"{value!r} is not a number; expected one without quotes")
    return value


def _day(value: object) -> object:
    """A number, in quotes or not, would pass for the seconds since 1970."""
    try:
        return value if isinstance(value, datetime.date) else datetime.date.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError(f"{value!r} is not a day; expected one such as 2027-03-31") from None


def _code(parse: Callable[[str], str]) -> BeforeValidator:
    def validate(value: object) -> object:
        return parse(value) if isinstance(value, str) else value

    return BeforeValidator(validate)


# The bounds stand before the validator, else pydantic's JSON schema does not have them.
Count = Annotated[int, Field(ge=0), BeforeValidator(_number)]
Days = Annotated[int, Field(ge=0, le=3650), BeforeValidator(_number)]
Year = Annotated[int, Field(ge=1000, le=2100), BeforeValidator(_number)]
Day = Annotated[datetime.date, BeforeValidator(_day)]
Amount = Annotated[float, BeforeValidator(_number)]
Text = Annotated[str, Field(max_length=MAX_TEXT_CHARACTERS), BeforeValidator(_visible)]
Name = Annotated[str, Field(min_length=1, max_length=300), BeforeValidator(_visible)]
Identifier = Annotated[str, Field(min_length=1, max_length=100), BeforeValidator(_clean)]
Country = Annotated[str, _code(codes.country_code)]
Language = Annotated[str, _code(codes.language_code)]
Currency = Annotated[str, _code(codes.currency_code)]
HsCode = Annotated[str, _code(codes.hs_code)]
Term = Annotated[Incoterm, _code(codes.incoterm)]


class Size(StrEnum):
    """Firm size by staff, after the EU definition (Recommendation 2003/361/EC): under 10, 50, 250, and above."""

    MICRO = "micro"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"

    @classmethod
    def of_employees(cls, employees: int) -> Size:
        """Size class of a head count."""
        bounds = ((10, cls.MICRO), (50, cls.SMALL), (250, cls.MEDIUM))
        return next((size for bound, size in bounds if employees < bound), cls.LARGE)


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Quantity(_Value):
    """An amount with its unit as written or as a UN/ECE code: 500 "l", 500 "LTR", 2 "container"."""

    value: Amount = Field(ge=0, allow_inf_nan=False)
    unit: Annotated[str, Field(min_length=1, max_length=40), BeforeValidator(_clean)]

    @property
    def code(self) -> str | None:
        """The unit's UN/ECE Recommendation 20 code, LTR for "l"; None where it has none."""
        return unit_code(self.unit)


class Money(_Value):
    """A price ceiling: value in a currency, per unit where one is named."""

    value: Amount = Field(ge=0, allow_inf_nan=False)
    currency: Currency
    unit: str | None = Field(default=None, max_length=40)


class PriceRange(_Value):
    """What a supplier asks per unit: from min to max in one currency."""

    min: Amount = Field(ge=0, allow_inf_nan=False)
    max: Amount = Field(ge=0, allow_inf_nan=False)
    currency: Currency
    unit: str | None = Field(default=None, max_length=40)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}; expected min to be the lower price")
        return self


class Certificate(_Value):
    """A certificate that a supplier holds; the scheme is all that must be there, and a name alone stands for it.

    expires : the last day on which it counts
    """

    scheme: Name
    scope: Text | None = None
    issuer: Text | None = None
    number: Annotated[str, Field(max_length=100), BeforeValidator(_clean)] | None = None
    issued: Day | None = None
    expires: Day | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.issued and self.expires and self.issued > self.expires:
            raise ValueError(f"expires {self.expires} is before issued {self.issued}; expected a later day")
        return self


def _named(value: object) -> object:
    return {"scheme": value} if isinstance(value, str) else value


def _written(certificate: Certificate) -> str | Certificate:
    """A name where nothing else is known, so that what was stored as a name stays one."""
    return certificate.scheme if certificate == Certificate(scheme=certificate.scheme) else certificate


HeldCertificate = Annotated[
    Certificate,
    BeforeValidator(_named, json_schema_input_type=Name | Certificate),
    PlainSerializer(_written, return_type=Name | Certificate),
]


class Product(_Value):
    """One product line of a supplier; moq is the minimum order quantity."""

    name: Name
    hs: HsCode | None = None
    moq: Quantity | None = None
    price: PriceRange | None = None
    capacity_month: Quantity | None = None
    lead_time_days: Days | None = None


class Supplier(_Value):
    """A supplier's profile; id and name are all that must be there."""

    id: Identifier
    name: Name
    country: Country | None = None
    city: Text | None = None
    size: Size | None = None
    employees: Count | None = None
    founded: Year | None = None
    languages: Annotated[tuple[Language, ...], Field(max_length=50)] = ()
    profile_language: Language | None = None
    description: Text = ""
    products: Annotated[tuple[Product, ...], Field(max_length=200)] = ()
    certifications: Annotated[tuple[HeldCertificate, ...], Field(max_length=100)] = ()
    incoterms: tuple[Term, ...] = ()
    markets: Annotated[tuple[Country, ...], Field(max_length=300)] = ()

    @model_validator(mode="before")
    @classmethod
    def _size_from_employees(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("size") is None:
            employees = values.get("employees")
            if isinstance(employees, int) and not isinstance(employees, bool) and employees >= 0:
                return {**values, "size": Size.of_employees(employees)}
        return values

    def text(self) -> str:
        """The whole profile as one text: name, product names, description; what this says again is left blank."""
        lines = (self.name, ", ".join(product.name for product in self.products), said_once(self.description))
        return "\n".join(line for line in lines if line)


class Constraints(_Value):
    """What the portal's form captured beside the text; every field may be absent."""

    delivery_country: Country | None = None
    hs: HsCode | None = None
    quantity: Quantity | None = None
    certifications: tuple[Name, ...] = ()
    incoterm: Term | None = None
    languages: tuple[Language, ...] = ()
    max_lead_time_days: Days | None = None
    max_price: Money | None = None
    supplier_countries: tuple[Country, ...] = ()


class BuyerRequest(_Value):
    """What a buyer asks for, in the buyer's words and language, with the form's constraints."""

    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT_CHARACTERS), BeforeValidator(_clean)]
    id: Identifier | None = None
    buyer: Text | None = None
    country: Country | None = None
    language: Language | None = None
    constraints: Constraints = Constraints()
