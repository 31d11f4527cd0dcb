"""The form on the start page by which a buyer corrects what was read from the request."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from matching.lexicon.reading import number_value
from matching.messages import Messages
from matching.needs import Needs
from matching.profiles import BuyerRequest, Constraints

_COUNTRY = "Give a country: its name or a code such as MA."
_NUMBER = "Give a number, 0 or more."
_UNIT = "Give a unit of at most 40 characters."
# Fields of the form: the constraint, the part of its value, the title, what it takes.
FORM_FIELDS = (
    ("quantity", "value", "quantity", _NUMBER),
    ("quantity", "unit", "unit", _UNIT),
    ("delivery_country", "", "delivery country", _COUNTRY),
    ("certifications", "", "certificates", "Give names of at most 300 characters."),
    ("supplier_countries", "", "supplier country", _COUNTRY),
    ("incoterm", "", "Incoterm", "Give an Incoterm such as FOB or CIF."),
    ("max_lead_time_days", "", "lead time in days", "Give a whole number of days, 0 to 3650."),
    ("max_price", "value", "highest price", _NUMBER),
    ("max_price", "currency", "currency", "Give a currency: a code such as EUR."),
    ("max_price", "unit", "unit of the price", _UNIT),
    ("languages", "", "languages", "Give a language: its name or a code such as fr."),
)
_LISTS = frozenset({"certifications", "supplier_countries", "languages"})
_NUMBERS = frozenset({"quantity.value", "max_price.value", "max_lead_time_days"})
_COMMA = re.compile("[,،，、]")
_WRITTEN_NUMBER = re.compile(r"\d[\d.,'’٫٬]*")
_SPACES = re.compile(r"\s")


@dataclass(frozen=True)
class FormField:
    """A field of the form as it is shown; fault says what it takes, where it cannot be used as typed."""

    name: str
    title: str
    value: str
    fault: str


def name_of(kind: str, part: str) -> str:
    """Name of a field of the form."""
    return f"{kind}.{part}" if part else kind


NAMES = tuple(name_of(kind, part) for kind, part, _, _ in FORM_FIELDS)


def form_values(needs: Needs, messages: Messages) -> dict[str, str]:
    """What stands in each field of the form, by its name, before the buyer corrects it."""
    return {name_of(kind, part): _written(needs.constraints, kind, part, messages) for kind, part, _, _ in FORM_FIELDS}


def form_fields(values: Mapping[str, str], faulty: frozenset[str], messages: Messages) -> list[FormField]:
    """The form with a value for each name, and with what the faulty fields take."""
    named = ((name_of(kind, part), title, takes) for kind, part, title, takes in FORM_FIELDS)
    return [
        FormField(name, messages.text(title), values.get(name, ""), messages.text(takes) if name in faulty else "")
        for name, title, takes in named
    ]


def faulty_fields(error: ValidationError) -> frozenset[str]:
    """Names of the fields of the form that an error is about."""
    places = [".".join(str(part) for part in fault["loc"][1:]) for fault in error.errors()]
    return frozenset(name for name in NAMES for place in places if f"{place}.".startswith(f"{name}."))


def corrected_request(text: str, typed: Mapping[str, str]) -> BuyerRequest:
    """The request as its form says it: a field that is empty is not asked for, whatever the text seems to say.

    An amount without its number is empty, whatever its unit and currency. Raises ValidationError.
    """
    values: dict[str, Any] = {}
    for kind, part, _, _ in FORM_FIELDS:
        given = typed.get(name_of(kind, part), "").strip()
        if given and part == "value":
            values[kind] = {part: _value(name_of(kind, part), given)}
        elif given and part and kind in values:
            values[kind][part] = given
        elif given and not part and (value := _value(kind, given)) != []:
            values[kind] = value
    kinds = dict.fromkeys(kind for kind, _, _, _ in FORM_FIELDS)
    not_asked = [kind for kind in kinds if kind not in values]
    return BuyerRequest.model_validate({"text": text, "constraints": values, "not_asked": not_asked})


def _value(name: str, given: str) -> Any:
    """What was typed as the form of requests takes it; what is no number is left for it to refuse by name."""
    if name in _LISTS:
        return [part.strip() for part in _COMMA.split(given) if part.strip()]
    if name not in _NUMBERS:
        return given
    number = _number(_SPACES.sub("", given))
    if number is None:
        return given
    return int(number) if number.is_integer() else number


def _number(digits: str) -> float | None:
    """As requests write numbers: a point or comma before three digits is taken for thousands."""
    return number_value(digits) if _WRITTEN_NUMBER.fullmatch(digits) else None


def _digits(value: float) -> str:
    """A number so that it is read as the same: three decimals would pass for thousands, four do not."""
    digits = str(int(value)) if value.is_integer() else str(value)
    return f"{digits}0" if len(digits.partition(".")[2]) == 3 else digits


def _written(constraints: Constraints, kind: str, part: str, messages: Messages) -> str:
    value = getattr(constraints, kind)
    if part:
        value = getattr(value, part, None)
    if value is None:
        return ""
    name = _NAMED.get(kind, _as_it_is)
    if isinstance(value, tuple):
        return ", ".join(_without_comma(name(messages, one), one) for one in value)
    if isinstance(value, float):
        return _digits(value)
    return name(messages, str(value))


def _as_it_is(_messages: Messages, value: str) -> str:
    return value


def _without_comma(name: str, code: str) -> str:
    """Commas part the values of a list, and Portuguese has one in "Hong Kong, RAE da China"."""
    return code if _COMMA.search(name) else name


_NAMED: dict[str, Callable[[Messages, str], str]] = {
    "delivery_country": Messages.country,
    "supplier_countries": Messages.country,
    "languages": Messages.language,
}
