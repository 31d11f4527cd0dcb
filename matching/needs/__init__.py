"""What a request's own words ask for: quantity, certificates, places, terms, deadline, price, and what it rules out.

Careful before complete: a need that is not there hurts more than one that was missed, so each finder wants a cue
beside its words, and what is likely but not said ("organic" before a product) is found with a low confidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from matching.lexicon.reading import Reading
from matching.needs.dates import delivery_dates
from matching.needs.delivery import delivery_places
from matching.needs.exclusions import exclusions
from matching.needs.need import Need, NeedKind, NeedValue, Source
from matching.needs.origin import excluded_countries, supplier_countries
from matching.needs.price import prices
from matching.needs.quantity import quantities
from matching.needs.requirements import certificates, languages, private_labels, samples
from matching.needs.terms import hs_codes, incoterms, lead_times
from matching.profiles import BuyerRequest, Constraints

__all__ = ["MIN_CONFIDENCE", "Need", "NeedKind", "Needs", "Source", "find_needs", "needs_of"]

MIN_CONFIDENCE = 0.6
"""Needs below it are kept as found but do not become constraints."""

_ONE_ONLY = (NeedKind.INCOTERM, NeedKind.DELIVERY_COUNTRY, NeedKind.DELIVERY_PLACE, NeedKind.DELIVERY_DATE)
_FINDERS: tuple[Callable[[Reading], Iterator[Need]], ...] = (
    quantities,
    certificates,
    supplier_countries,
    excluded_countries,
    delivery_places,
    delivery_dates,
    incoterms,
    lead_times,
    prices,
    hs_codes,
    languages,
    private_labels,
    samples,
    exclusions,
)


@dataclass(frozen=True)
class Needs:
    """All that a request asks for: form and text merged, the form winning field by field."""

    constraints: Constraints
    excluded_countries: tuple[str, ...]
    exclusions: tuple[tuple[int, int], ...]
    found: tuple[Need, ...]


def find_needs(text: str) -> tuple[Need, ...]:
    """Needs stated in a text of any of ten languages, in reading order; no text raises.

    A range is read as its upper end. Needs that contradict each other (two Incoterms, two delivery countries) are
    kept with a confidence below MIN_CONFIDENCE.
    """
    reading = Reading(text)
    found = _with_lone_quantity(reading, [need for finder in _FINDERS for need in finder(reading)])
    return tuple(sorted(_without_rivals(_surest(found)), key=lambda need: (need.start, need.end)))


def needs_of(request: BuyerRequest) -> Needs:
    """Needs of a request: what its form captured, completed by what its text says with confidence."""
    found = (*_form_needs(request.constraints), *find_needs(request.text))
    sure = [need for need in found if need.confidence >= MIN_CONFIDENCE]
    excluded = _union(need.value for need in sure if need.kind is NeedKind.EXCLUDED_COUNTRIES)
    merged = {name: _merged(name, sure) for name in Constraints.model_fields}
    if not request.constraints.supplier_countries:
        merged["supplier_countries"] = tuple(code for code in merged["supplier_countries"] if code not in excluded)
    spans = tuple((need.start, need.end) for need in sure if need.kind is NeedKind.EXCLUSION)
    return Needs(
        constraints=Constraints(**merged),
        excluded_countries=excluded,
        exclusions=tuple((start, end) for start, end in spans if start is not None and end is not None),
        found=found,
    )


def _form_needs(form: Constraints) -> Iterator[Need]:
    for name in Constraints.model_fields:
        value = getattr(form, name)
        if value not in (None, ()):
            yield Need(NeedKind(name), value, None, None, 1.0, Source.FORM)


def _merged(name: str, needs: list[Need]) -> Any:
    """The form's value, else the union of lists, else the surest and then the first value."""
    ours = [need for need in needs if need.kind == name]
    chosen = [need for need in ours if need.source is Source.FORM] or ours
    if isinstance(Constraints.model_fields[name].default, tuple):
        return _union(need.value for need in chosen)
    return max(chosen, key=lambda need: need.confidence).value if chosen else None


def _union(values: Iterable[NeedValue]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for value in values if isinstance(value, tuple) for part in value))


def _with_lone_quantity(reading: Reading, found: list[Need]) -> list[Need]:
    """A few kilos that may be a pack are the order where nothing else counts, and they close their clause."""
    counts = [need for need in found if need.kind is NeedKind.QUANTITY]
    if len(counts) != 1 or counts[0].confidence >= MIN_CONFIDENCE:
        return found
    end = next(index for index, token in enumerate(reading.tokens) if token.end == counts[0].end) + 1
    closes = end == len(reading.tokens) or reading.is_break(end)
    return [replace(need, confidence=MIN_CONFIDENCE) if need is counts[0] and closes else need for need in found]


def _surest(needs: list[Need]) -> list[Need]:
    """Of needs that two cues found in the same words, the surer."""
    by_words: dict[tuple[NeedKind, int | None, int | None], Need] = {}
    for need in sorted(needs, key=lambda need: need.confidence):
        by_words[need.kind, need.start, need.end] = need
    return list(by_words.values())


def _without_rivals(needs: list[Need]) -> Iterator[Need]:
    """Values of which only one can hold cannot both be trusted."""
    surest: dict[tuple[NeedKind, NeedValue], float] = {}
    for need in needs:
        if need.kind in _ONE_ONLY:
            surest[need.kind, need.value] = max(need.confidence, surest.get((need.kind, need.value), 0.0))
    for need in needs:
        rivals = (sure for (kind, value), sure in surest.items() if kind is need.kind and value != need.value)
        yield _doubted(need) if any(sure >= need.confidence for sure in rivals) else need


def _doubted(need: Need) -> Need:
    return Need(need.kind, need.value, need.start, need.end, min(need.confidence, 0.5), need.source)
