"""What was read from a request, told to the buyer: each need's kind, value and words, and whether it counts."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from matching.messages import Messages
from matching.needs import MIN_CONFIDENCE, Need, NeedKind, Needs, Source
from matching.profiles import Money, Quantity
from matching.reasons import Standing

KIND_TITLES = {
    NeedKind.DELIVERY_COUNTRY: "delivery country",
    NeedKind.HS: "customs code (HS)",
    NeedKind.QUANTITY: "quantity",
    NeedKind.CERTIFICATIONS: "certificates",
    NeedKind.INCOTERM: "Incoterm",
    NeedKind.LANGUAGES: "languages",
    NeedKind.MAX_LEAD_TIME_DAYS: "lead time",
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
PERIOD_TITLES = {"week": "every week", "month": "every month", "quarter": "every quarter", "year": "every year"}
_EXCLUDED = frozenset({NeedKind.EXCLUSION, NeedKind.EXCLUDED_COUNTRIES})


STANDING_TITLES = {Standing.UNSURE: "not sure enough to count", Standing.OUTWEIGHED: "another value counts"}


@dataclass(frozen=True)
class StatedNeed:
    """A need as it is told.

    title, value : its kind and value in the reader's language; the value is the request's own words where these say it
    words        : what it was read from; empty where the form alone said it
    excluded     : whether it is ruled out, not wanted
    """

    kind: NeedKind
    title: str
    value: str
    words: str
    source: Source
    standing: Standing
    excluded: bool


def words_of(need: Need, text: str) -> str:
    """The words that a need was read from; empty where the form said it."""
    return "" if need.start is None else text[need.start : need.end]


def standing_of(need: Need, needs: Needs) -> Standing:
    """Whether a need of a request became one of the constraints that suppliers are matched on."""
    if need.confidence < MIN_CONFIDENCE:
        return Standing.UNSURE
    counting = getattr(needs.constraints, need.kind, need.value)
    if isinstance(counting, tuple) and isinstance(need.value, tuple):
        return Standing.OUTWEIGHED if set(counting).isdisjoint(need.value) else Standing.COUNTS
    return Standing.COUNTS if counting == need.value else Standing.OUTWEIGHED


def stated_needs(needs: Needs, text: str, messages: Messages) -> list[StatedNeed]:
    """Every need of a request, in its order; what text and form say alike is told once, as the form's."""
    by_form = {need.kind for need in needs.found if need.source is Source.FORM}
    told = []
    for need in needs.found:
        standing = standing_of(need, needs)
        if need.source is Source.TEXT and need.kind in by_form and standing is Standing.COUNTS:
            continue
        words = words_of(need, text) or ", ".join(_alike(need, needs, text))
        title, value = messages.text(KIND_TITLES[need.kind]), _value(need, messages) or words
        told.append(StatedNeed(need.kind, title, value, words, need.source, standing, need.kind in _EXCLUDED))
    return told


def _alike(stated: Need, needs: Needs, text: str) -> Iterator[str]:
    """Words of the text that say what the form says."""
    for need in needs.found:
        if need.kind is stated.kind and need.source is Source.TEXT and standing_of(need, needs) is Standing.COUNTS:
            yield words_of(need, text)


def _value(need: Need, messages: Messages) -> str:
    """The value in the reader's language; empty where the request's own words say it."""
    match need.value:
        case Quantity() as quantity:
            return messages.quantity(quantity)
        case Money() as price:
            return messages.price(price)
        case tuple() as values:
            return messages.listing([_NAMED[need.kind](messages, str(value)) for value in values])
        case bool():
            return ""
        case int() as days:
            return messages.plural("delivery within {count} day", "delivery within {count} days", days)
        case value:
            return _NAMED[need.kind](messages, str(value)) if need.kind in _NAMED else ""


def _day(messages: Messages, day: str) -> str:
    """A whole day in the reader's language; one without year or day is left to the request's own words."""
    try:
        return messages.day(datetime.date.fromisoformat(day))
    except ValueError:
        return ""


_NAMED: dict[NeedKind, Callable[[Messages, str], str]] = {
    NeedKind.DELIVERY_COUNTRY: Messages.country,
    NeedKind.SUPPLIER_COUNTRIES: Messages.country,
    NeedKind.EXCLUDED_COUNTRIES: Messages.country,
    NeedKind.LANGUAGES: Messages.language,
    NeedKind.PERIOD: lambda messages, period: messages.text(PERIOD_TITLES[period]),
    NeedKind.DELIVERY_DATE: _day,
    NeedKind.CERTIFICATIONS: lambda _, name: name,
    NeedKind.DELIVERY_PLACE: lambda _, name: name,
    NeedKind.INCOTERM: lambda _, term: term,
    NeedKind.HS: lambda _, code: code,
}
