"""What was read from a request, in the reader's words, and the form by which the buyer corrects it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from matching.messages import Messages
from matching.needs import MIN_CONFIDENCE, Need, NeedKind, Needs
from matching.profiles import BuyerRequest, Constraints, Money, Quantity

KIND_TITLES = {
    NeedKind.DELIVERY_COUNTRY: "delivery country",
    NeedKind.HS: "customs code (HS)",
    NeedKind.QUANTITY: "quantity",
    NeedKind.CERTIFICATIONS: "certificates",
    NeedKind.INCOTERM: "Incoterm",
    NeedKind.LANGUAGES: "languages",
    NeedKind.MAX_LEAD_TIME_DAYS: "lead time in days",
    NeedKind.MAX_PRICE: "highest price",
    NeedKind.SUPPLIER_COUNTRIES: "supplier country",
    NeedKind.EXCLUDED_COUNTRIES: "country ruled out",
    NeedKind.PERIOD: "how often",
    NeedKind.PRIVATE_LABEL: "private label",
    NeedKind.SAMPLE: "sample",
    NeedKind.DELIVERY_PLACE: "delivery place",
    NeedKind.DELIVERY_DATE: "delivery date",
    NeedKind.EXCLUSION: "what you rule out",
}
# Fields of the form: the constraint, the part of its value, the title.
FORM_FIELDS = (
    ("quantity", "value", "quantity"),
    ("quantity", "unit", "unit"),
    ("delivery_country", "", "delivery country"),
    ("certifications", "", "certificates"),
    ("supplier_countries", "", "supplier country"),
    ("incoterm", "", "Incoterm"),
    ("max_lead_time_days", "", "lead time in days"),
    ("max_price", "value", "highest price"),
    ("max_price", "currency", "currency"),
    ("languages", "", "languages"),
)
_LISTS = frozenset({"certifications", "supplier_countries", "languages"})
_NUMBERS = frozenset({"quantity.value", "max_price.value", "max_lead_time_days"})


@dataclass(frozen=True)
class ReadNeed:
    """A need as it is shown: kind and value in the reader's language, the words it was read from, whether it counts."""

    title: str
    value: str
    words: str
    counts: bool


def shown_needs(needs: Needs, text: str, messages: Messages) -> list[ReadNeed]:
    """Every need of a request, in its order."""
    return [_shown(need, text, messages) for need in needs.found]


def form_values(needs: Needs, messages: Messages) -> dict[str, str]:
    """What stands in each field of the form, by its name, before the buyer corrects it."""
    return {name_of(kind, part): _written(needs.constraints, kind, part, messages) for kind, part, _ in FORM_FIELDS}


def name_of(kind: str, part: str) -> str:
    """Name of a field of the form."""
    return f"{kind}.{part}" if part else kind


def corrected_request(text: str, typed: Mapping[str, str]) -> BuyerRequest:
    """The request as its form says it: a field that is empty is not asked for, whatever the text seems to say.

    Raises ValidationError.
    """
    values: dict[str, Any] = {}
    for kind, part, _ in FORM_FIELDS:
        given = typed.get(name_of(kind, part), "").strip()
        if given and part:
            values.setdefault(kind, {})[part] = _value(name_of(kind, part), given)
        elif given:
            values[kind] = _value(kind, given)
    kinds = dict.fromkeys(kind for kind, _, _ in FORM_FIELDS)
    not_asked = [kind for kind in kinds if kind not in values]
    return BuyerRequest.model_validate({"text": text, "constraints": values, "not_asked": not_asked})


def _value(name: str, given: str) -> Any:
    """What was typed as the form of requests takes it; what is no number is left for it to refuse by name."""
    if name in _LISTS:
        return [part.strip() for part in given.replace("،", ",").replace("，", ",").split(",") if part.strip()]
    if name not in _NUMBERS:
        return given
    try:
        number = float(given.replace("\u00a0", "").replace(" ", ""))
    except ValueError:
        return given
    return int(number) if number.is_integer() else number


def _written(constraints: Constraints, kind: str, part: str, messages: Messages) -> str:
    value = getattr(constraints, kind)
    if value is None or value == ():
        return ""
    if part:
        value = getattr(value, part)
    if kind == "delivery_country":
        return messages.country(value)
    if kind == "supplier_countries":
        return ", ".join(map(messages.country, value))
    if kind == "languages":
        return ", ".join(map(messages.language, value))
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _shown(need: Need, text: str, messages: Messages) -> ReadNeed:
    words = "" if need.start is None else text[need.start : need.end]
    value = _told(need, messages)
    return ReadNeed(messages.text(KIND_TITLES[need.kind]), value or words, words, need.confidence >= MIN_CONFIDENCE)


def _told(need: Need, messages: Messages) -> str:
    """The value in the reader's language; empty where the request's own words say it."""
    value = need.value
    match value:
        case Quantity():
            return messages.quantity(value)
        case Money():
            return messages.price(value)
        case tuple() if need.kind in _NAMED:
            return messages.listing([_NAMED[need.kind](messages, code) for code in value])
        case str() if need.kind is NeedKind.DELIVERY_COUNTRY:
            return messages.country(value)
    return str(value) if need.kind in _SAID_AS_READ else ""


_NAMED: dict[NeedKind, Callable[[Messages, str], str]] = {
    NeedKind.SUPPLIER_COUNTRIES: Messages.country,
    NeedKind.EXCLUDED_COUNTRIES: Messages.country,
    NeedKind.LANGUAGES: Messages.language,
    NeedKind.CERTIFICATIONS: lambda _, name: name,
}
_SAID_AS_READ = frozenset({NeedKind.INCOTERM, NeedKind.HS, NeedKind.MAX_LEAD_TIME_DAYS})
