"""What a request's own words ask for: quantity, certificates, places, terms, deadline, price, and what it rules out.

Careful before complete: a need that is not there hurts more than one that was missed, so each finder wants a cue
beside its words, and what is likely but not said ("organic" before a product) is found with a low confidence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from matching import codes
from matching.codes import Incoterm
from matching.lexicon import Mark
from matching.lexicon.reading import Reading, is_range_word
from matching.profiles import BuyerRequest, Constraints, Money, Quantity
from matching.units import SPELLINGS, unit_name

MIN_CONFIDENCE = 0.6
"""Needs below it are kept as found but do not become constraints."""

NeedValue = str | int | bool | Incoterm | Quantity | Money | tuple[str, ...]

_LONGEST_LEAD_DAYS = 3650
_WORKING_TO_CALENDAR = 7 / 5
_LONGEST_EXCLUSION = 5
_LONGEST_CHINESE_EXCLUSION = 10
_LEAST_COUNT = 20
_UNIT_PRICE_LIMIT = 1000
_LONGEST_MAKERS_GAP = 7
_SMALL_UNITS = frozenset({"gram", "milliliter", "watt", "working_day", "project"})
_PACKED_UNITS = frozenset({"kilogram", "pound", "liter", "gram", "milliliter"})
_ARTICLE_UNITS = frozenset({"container", "metric_ton"})
_CONTAINER_LENGTHS = frozenset({20.0, 40.0, 45.0})
_CONTAINER_WORDS = frozenset(
    {"ft", "foot", "feet", "hc", "hq", "dv", "rf", "reefer", "pieds", "pied", "pies", "fuss", "piedi", "pes", "full",
     "قدم", "尺", "英尺", "x"}
)  # fmt: skip
_MEASURE_WORDS = frozenset("个条只")
_SPECS = frozenset(
    {"mm", "cm", "gsm", "mesh", "v", "volt", "w", "watt", "kw", "mw", "mah", "den", "denier", "dtex", "bar", "hp", "ghz",
     "gb", "people", "personnes", "personas", "years", "year", "ans", "años", "jahre", "anni", "anos", "countries",
     "customers", "stores", "shops", "restaurants", "employees", "boutiques", "magasins", "tiendas", "laden", "hotels",
     "cl", "dl", "mg", "oz", "ft", "feet", "percent", "grit", "degrees", "colours", "colors", "couleurs", "farben", "sizes", "tailles", "types",
     "hours", "minutes", "times", "fois", "off", "inch", "inches", "micron", "microns", "ppm", "and", "to", "x"}
)  # fmt: skip
_ARTICLES = frozenset(
    {"the", "la", "le", "l", "les", "der", "den", "dem", "die", "el", "il", "de", "du", "des", "d", "del", "della", "do",
     "da", "dos", "het", "only", "nur", "either", "in", "au", "en", "aux", "dell", "di", "no", "na", "of", "من", "solo",
     "em", "dans", "gli", "los", "las", "os", "uit", "aus", "from", "either", "port", "puerto", "porto", "hafen"}
)  # fmt: skip
_CLAUSE_OPENERS = frozenset({"but", "mais", "et", "and", "pero", "aber", "ma", "mas", "y", ":"})
_ENGLISH_WORDS = frozenset({"the", "for", "with", "we", "need", "please", "and", "from", "of", "looking", "to", "our"})
_IBERIAN_WORDS = frozenset({"de", "para", "com", "con", "que", "em", "el", "los", "las", "os", "do", "da", "y", "entrega"})
_NOT_TOWARDS = frozenset({"close", "next", "near", "similar", "compared", "export", "sell", "travel", "exportieren", "reisen"})
_DELIVERY_TERMS = frozenset({"CFR", "CIF", "CPT", "CIP", "DAP", "DPU", "DDP"})


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
    EXCLUSION = "exclusion"


class Source(StrEnum):
    """Where a need was stated: in the request's text, or in the portal's form."""

    TEXT = "text"
    FORM = "form"


@dataclass(frozen=True)
class Need:
    """One stated need.

    value : by kind: a code or words (str), days (int), True, Quantity, Money, Incoterm, or codes and names (tuple).
        PERIOD is "week", "month" or "year", and says that the quantity is wanted so often.
    start, end : half-open offsets into the request's text; None where the form said it.
    confidence : 0 to 1; the form's is 1.
    """

    kind: NeedKind
    value: NeedValue
    start: int | None
    end: int | None
    confidence: float
    source: Source


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
    needs = [need for finder in _FINDERS for need in finder(reading)]
    return tuple(sorted(_without_rivals(needs), key=lambda need: (need.start, need.end)))


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


def _without_rivals(needs: list[Need]) -> Iterator[Need]:
    """Values of which only one can hold cannot both be trusted."""
    for need in dict.fromkeys(needs):
        rivals = (
            other
            for other in needs
            if other.kind is need.kind and other.value != need.value and other.confidence >= need.confidence
        )
        contested = need.kind in (NeedKind.INCOTERM, NeedKind.DELIVERY_COUNTRY) and any(rivals)
        yield _doubted(need) if contested else need


def _doubted(need: Need) -> Need:
    return Need(need.kind, need.value, need.start, need.end, min(need.confidence, 0.5), need.source)


def _need(reading: Reading, kind: NeedKind, value: NeedValue, span: tuple[int, int], confidence: float) -> Need:
    start, end = reading.span(*span)
    return Need(kind, value, start, end, confidence, Source.TEXT)


# Quantity


def _quantities(reading: Reading) -> Iterator[Need]:
    for count, unit in _counted(reading):
        confidence = _quantity_confidence(reading, count, unit)
        if any(test(reading, count, unit) for test in _NOT_AN_ORDER):
            continue
        quantity = Quantity(value=count.value, unit=_unit_as_written(reading, unit))
        yield _need(reading, NeedKind.QUANTITY, quantity, (count.first, unit.last), confidence)
        yield from _periods(reading, count, unit)
    yield from _bare_counts(reading)
    for dual in reading.marks("dual"):
        value, unit_word = str(dual.value).split()
        quantity = Quantity(value=float(value), unit=unit_word)
        yield _need(reading, NeedKind.QUANTITY, quantity, (dual.first, dual.last), 0.8)
        yield from _periods(reading, dual, dual)


def _unit_as_written(reading: Reading, unit: Mark) -> str:
    """As in the text, unless only its stem is a unit: of "للقطعة" (per piece) and "each" the usual spelling."""
    written = reading.written(unit)
    return written if unit_name(written) else SPELLINGS[str(unit.value)][0]


def _counted(reading: Reading) -> Iterator[tuple[Mark, Mark]]:
    """Each number with the unit that it counts."""
    for number in reading.marks("number"):
        if unit := _container_of_length(reading, number.last) or _unit_after(reading, number.last):
            yield number, unit
    for article in reading.marks("article"):
        unit = _container_of_length(reading, article.last) or reading.at("unit", article.last)
        if unit and unit.value in _ARTICLE_UNITS and not reading.ending("number", article.first):
            yield Mark("number", 1.0, article.first, article.last), unit


def _unit_after(reading: Reading, index: int) -> Mark | None:
    """The unit right after a number, or a counting noun after one more word: "5000 glass bottles"."""
    if unit := reading.at("unit", index):
        # French "par mois" holds the Portuguese pair; Chinese counts containers and boxes with a measure word.
        measured = reading.at("unit", unit.last) if reading.word(index) in _MEASURE_WORDS else None
        return None if reading.at("period", unit.last - 1) else measured or unit
    blocked = any(reading.at(kind, index) for kind in ("currency", "time", "per", "number", "and", "or", "period"))
    unit = reading.at("unit", index + 1)
    if blocked or not reading.word(index).isalpha() or unit is None or unit.value not in ("piece", "box", "container"):
        return None
    return unit if len(reading.word(index + 1)) > 3 and reading.word(index) not in _SPECS else None


def _container_of_length(reading: Reading, index: int) -> Mark | None:
    """The container in "2 x 40ft", "1x20' FCL", "a 40 ft container"."""
    first = index + (reading.word(index) in ("x", "×"))
    length = reading.at("number", first)
    if length is None or length.value not in _CONTAINER_LENGTHS:
        return None
    last = length.last
    while reading.word(last) in _CONTAINER_WORDS:
        last += 1
    unit = reading.at("unit", last)
    if unit and unit.value == "container":
        return unit
    return None


def _quantity_confidence(reading: Reading, count: Mark, unit: Mark) -> float:
    cued = any(reading.before(kind, count.first, reach=2) for kind in ("quantity_cue", "trial"))
    direct = reading.at("unit", count.last) is not None
    return 0.9 if cued or reading.after("trial", unit.last, reach=2) else 0.8 if direct else 0.7


def _is_price(reading: Reading, count: Mark, unit: Mark) -> bool:
    """ "€12", "12 € per 100 kg", "400 €/t" are no orders."""
    currency = reading.before("currency", count.first, reach=1)
    slash = reading.word(count.first - 1) in ("/", "per", "pro", "por", "je") and not count.kind == "dual"
    return currency is not None and (currency.last == count.first or slash) or reading.word(count.first - 1) == "/" or (
        reading.at("currency", count.last) is not None and unit.first > count.last
    )


def _is_pack_size(reading: Reading, count: Mark, unit: Mark) -> bool:
    """ "25 kg bags", "flacons de 5 l", "每袋25公斤" are how it is packed, not how much."""
    if unit.value not in _PACKED_UNITS:
        return False
    if reading.after("pack", unit.last, reach=1):
        return True
    first = count.first
    while (link := reading.ending("pack_link", first)) is not None or _is_range_before(reading, first):
        first = link.first if link else first - 2
    return reading.ending("pack", first) is not None


def _is_range_before(reading: Reading, index: int) -> bool:
    return is_range_word(reading.word(index - 1)) and reading.ending("number", index - 1) is not None


def _is_dimension(reading: Reading, count: Mark, unit: Mark) -> bool:
    """ "2 x 3 m", "5 m long", "140 g/m²", "24 pcs per set" describe the product."""
    by = ("x", "×")
    of_each = reading.word(unit.last) in ("/", "per", "par", "pro", "por", "je") and not reading.at("period", unit.last)
    density = of_each and reading.at("unit", unit.last + 1)
    if density or reading.word(count.first - 1) in by and unit.value != "container":
        return True
    return unit.value == "meter" and (count.value < _LEAST_COUNT or reading.after("long", unit.last, reach=1) is not None)


def _is_small(reading: Reading, count: Mark, unit: Mark) -> bool:
    """Grams and millilitres are pack sizes, unless the text says that it orders them (saffron)."""
    if unit.value == "gram":
        ordered = reading.before("need", count.first, reach=1) or reading.before("quantity_cue", count.first, reach=1)
        return ordered is None
    return unit.value in _SMALL_UNITS


def _is_sample_size(reading: Reading, count: Mark, unit: Mark) -> bool:
    return bool(reading.before("sample", count.first, reach=2) or reading.at("sample", unit.last))


def _is_capacity(reading: Reading, count: Mark, unit: Mark) -> bool:
    del unit
    return reading.before("capacity", count.first, reach=4) is not None


def _is_empty(reading: Reading, count: Mark, unit: Mark) -> bool:
    del reading, unit
    return count.value <= 0


_NOT_AN_ORDER: tuple[Callable[[Reading, Mark, Mark], bool], ...] = (
    _is_empty, _is_price, _is_pack_size, _is_dimension, _is_small, _is_sample_size, _is_capacity,
)  # fmt: skip


def _periods(reading: Reading, count: Mark, unit: Mark) -> Iterator[Need]:
    period = reading.after("period", unit.last, reach=4) or reading.before("period", count.first, reach=2)
    if period is None and unit.first < unit.last and reading.at("period", unit.last - 1):
        period = reading.at("period", unit.last - 1)
    if period is not None:
        yield _need(reading, NeedKind.PERIOD, str(period.value), (period.first, period.last), 0.9)


def _bare_counts(reading: Reading) -> Iterator[Need]:
    """Counts without a unit, after a cue: "Qty: 5000", "we need 300 chairs"."""
    for number in reading.marks("number"):
        confidence = _bare_count_confidence(reading, number)
        if confidence and _counts_things(reading, number):
            quantity = Quantity(value=number.value, unit="pcs")
            yield _need(reading, NeedKind.QUANTITY, quantity, (number.first, number.last), confidence)
            yield from _periods(reading, number, Mark("unit", "piece", number.last, number.last))


def _bare_count_confidence(reading: Reading, number: Mark) -> float:
    if reading.before("quantity_cue", number.first, reach=2):
        return 0.7
    following = reading.word(number.last)
    names_thing = following.isalpha() and len(following) > 2 and following.isascii() and following not in _SPECS
    return 0.6 if names_thing and reading.before("need", number.first, reach=1) else 0.0


def _counts_things(reading: Reading, number: Mark) -> bool:
    value, index = number.value, number.last
    other = any(reading.after(kind, index, reach=1) for kind in ("unit", "time", "currency"))
    other = other or any(reading.ending(kind, number.first) for kind in ("currency", "ceiling", "hs"))
    return not other and value >= _LEAST_COUNT and value == int(value) and reading.word(index) not in _SPECS | {"%", "/"}


# Certificates


def _certificates(reading: Reading) -> Iterator[Need]:
    seen: set[str] = set()
    for mark in reading.marks("certificate"):
        if mark.value in seen or _is_waived(reading, mark):
            continue
        seen.add(mark.value)
        confidence = 0.5 if _is_optional(reading, mark) else 0.9
        yield _need(reading, NeedKind.CERTIFICATIONS, (mark.value,), (mark.first, mark.last), confidence)
    if "EU Organic" not in seen:
        yield from _organic(reading)


def _organic(reading: Reading) -> Iterator[Need]:
    """An organic product asks for a certificate without saying which: a low confidence."""
    for mark in reading.marks("organic"):
        if not reading.at("not_organic", mark.last) and not _is_waived(reading, mark):
            yield _need(reading, NeedKind.CERTIFICATIONS, ("EU Organic",), (mark.first, mark.last), 0.5)
            return


def _is_waived(reading: Reading, mark: Mark) -> bool:
    """ "no need of MSC", "HACCP is not required", "without halal"."""
    ahead = reading.before("not_needed", mark.first, reach=3) or _ruled_out(reading, mark.first, reach=2)
    return bool(ahead or reading.after("not_needed", mark.last, reach=3) or reading.after("not_after", mark.last, reach=1))


def _is_optional(reading: Reading, mark: Mark) -> bool:
    wished = reading.before("optional", mark.first, reach=3) or reading.after("optional", mark.last, reach=3)
    textile = mark.value == "EU Organic" and reading.after("textile", mark.last, reach=2)
    return bool(wished or textile or _has_alternative(reading, mark))


def _has_alternative(reading: Reading, mark: Mark) -> bool:
    after = reading.at("or", mark.last)
    if after and (reading.at("certificate", after.last) or reading.after("same_as", after.last, reach=1)):
        return not _is_iso_pair(reading, mark, reading.at("certificate", after.last))
    before = reading.ending("or", mark.first)
    other = reading.ending("certificate", before.first) if before else None
    return other is not None and not _is_iso_pair(reading, other, mark)


def _is_iso_pair(reading: Reading, left: Mark, right: Mark | None) -> bool:
    """ "ISO 9001/14001" asks for both."""
    slash = right is not None and reading.word(right.first - 1) == "/"
    return slash and right is not None and all(str(mark.value).startswith("ISO") for mark in (left, right))


# Places


def _countries_at(reading: Reading, index: int, *, demonyms: bool = False) -> Mark | None:
    """A country, a region or (if asked) a word such as "Moroccan" at a token, as a tuple of codes."""
    for kind in ("region", "country", *(("demonym",) if demonyms else ())):
        if mark := reading.at(kind, index):
            value = mark.value if isinstance(mark.value, tuple) else (mark.value,)
            return Mark("places", value, mark.first, mark.last)
    return None


def _country_list(reading: Reading, index: int, *, demonyms: bool = False) -> Mark | None:
    """Places joined by commas, "or" and "and", articles left aside: "Morocco, Tunisia or the EU"."""
    first: int | None = None
    found: list[str] = []
    last = index
    while (place := _countries_at(reading, _past_articles(reading, index), demonyms=demonyms)) is not None:
        first = place.first if first is None else first
        found, last = [*found, *place.value], place.last
        link = reading.at("or", last) or reading.at("and", last)
        index = link.last if link else last
        if not link and not _is_joined_by_arabic_and(reading, last):
            break
    return None if first is None else Mark("places", tuple(dict.fromkeys(found)), first, last)


def _is_joined_by_arabic_and(reading: Reading, index: int) -> bool:
    return reading.word(index).startswith("و") and _countries_at(reading, index, demonyms=True) is not None


def _past_articles(reading: Reading, index: int) -> int:
    for _ in range(2):
        if reading.word(index) in _ARTICLES and not _countries_at(reading, index):
            index += 1
    return index


def _excluded_countries(reading: Reading) -> Iterator[Need]:
    for places, _ in _excluded_places(reading):
        yield _need(reading, NeedKind.EXCLUDED_COUNTRIES, places.value, (places.first, places.last), 0.85)


def _excluded_places(reading: Reading) -> Iterator[tuple[Mark, Mark]]:
    """Places ruled out, each with the words that rule it out."""
    for negation in _negations(reading):
        index = _past_supplier_words(reading, negation.last)
        places = _country_list(reading, index, demonyms=True)
        if places and not reading.at("outside", places.first - 1):
            yield places, negation
    for outside in reading.marks("outside"):
        places = _country_list(reading, outside.last)
        if places and not _is_denied(reading, outside.first, places.last):
            yield places, outside
    for denial in reading.marks("not_after"):
        places = _country_list_ending(reading, denial.first)
        if places and not reading.at("outside", places.first - 1) and not _is_excluded_before(reading, places.first):
            yield places, denial


def _negations(reading: Reading) -> list[Mark]:
    """Words that rule out what follows, in reading order; some only where they open a clause: ", not refined"."""
    anywhere = [mark for mark in reading.marks("not") if reading.word(mark.first) != "no" or _may_be_no(reading, mark)]
    opening = [mark for mark in reading.marks("not_clause") if _opens_clause(reading, mark.first)]
    return sorted((*anywhere, *opening), key=lambda mark: mark.first)


def _ruled_out(reading: Reading, index: int, reach: int) -> Mark | None:
    """The negation that stands before a token, at most so many words away."""
    mark = reading.before("not", index, reach=reach)
    return mark if mark and (reading.word(mark.first) != "no" or _may_be_no(reading, mark)) else None


def _may_be_no(reading: Reading, mark: Mark) -> bool:
    """English "no" rules out anywhere; Spanish "no" goes with a verb and Portuguese "no" is "in the"."""
    if mark.last - mark.first > 1 or _opens_clause(reading, mark.first):
        return True
    present = {token.text for token in reading.tokens}
    return len(present & _ENGLISH_WORDS) > len(present & _IBERIAN_WORDS)


def _opens_clause(reading: Reading, index: int) -> bool:
    return index == 0 or reading.is_break(index - 1) or reading.word(index - 1) in _CLAUSE_OPENERS


def _is_excluded_before(reading: Reading, index: int) -> bool:
    return _ruled_out(reading, index, reach=2) is not None


def _is_denied(reading: Reading, first: int, last: int) -> bool:
    """Whether "outside the EU" is itself ruled out: "no suppliers outside the EU"."""
    denied_before = _ruled_out(reading, first, reach=4)
    return bool(denied_before and denied_before.last <= first or reading.after("not_after", last, reach=2))


def _past_supplier_words(reading: Reading, index: int) -> int:
    for _ in range(4):
        mark = reading.at("supplier", index) or reading.at("origin", index) or reading.at("in_place", index)
        if mark is None or _countries_at(reading, index):
            return index
        index = mark.last
    return index


def _country_list_ending(reading: Reading, index: int) -> Mark | None:
    """The places that end before a token, at most two words away: "Çin malı istemiyoruz"."""
    for end in range(index, max(-1, index - 3), -1):
        for kind in ("region", "country", "demonym"):
            if mark := reading.ending(kind, end):
                value = mark.value if isinstance(mark.value, tuple) else (mark.value,)
                return Mark("places", value, mark.first, mark.last)
        if end == 0 or reading.is_break(end - 1):
            return None
    return None


def _supplier_countries(reading: Reading) -> Iterator[Need]:
    taken: set[int] = {index for places, _ in _excluded_places(reading) for index in range(places.first, places.last)}
    for finder, confidence in _SUPPLIER_PLACES:
        for places in finder(reading):
            if taken.isdisjoint(range(places.first, places.last)):
                taken.update(range(places.first, places.last))
                span = (places.first, places.last)
                yield _need(reading, NeedKind.SUPPLIER_COUNTRIES, places.value, span, confidence)


def _places_of_origin(reading: Reading) -> Iterator[Mark]:
    """ "from Morocco or Tunisia", "made in EU", but not "we are a buyer from Germany"."""
    for origin in reading.marks("origin"):
        places = _country_list(reading, origin.last + (reading.word(origin.last) == ":"))
        buyer = reading.before("buyer_is", origin.first, reach=3)
        if places and not buyer and not reading.at("market", places.last):
            yield places


def _places_before_origin(reading: Reading) -> Iterator[Mark]:
    """ "Tunus'tan", "Fas menşeli", "突尼斯产"."""
    for origin in reading.marks("origin_after"):
        places = _list_back_from(reading, origin.first)
        if places and not reading.after("buyer_is", origin.last, reach=3):
            yield places


def _list_back_from(reading: Reading, index: int) -> Mark | None:
    """The whole list of places that ends at a token."""
    last, first, found = index, index, []
    while (mark := reading.ending("country", first) or reading.ending("region", first)) is not None:
        found.append(mark.value if isinstance(mark.value, tuple) else (mark.value,))
        first = mark.first
        link = reading.ending("or", first) or reading.ending("and", first)
        if link is None:
            break
        first = link.first
    if not found:
        return None
    start = first if reading.at("country", first) or reading.at("region", first) else first + 1
    return Mark("places", tuple(code for value in reversed(found) for code in value), start, last)


def _places_of_makers(reading: Reading) -> Iterator[Mark]:
    """ "manufacturer of leather poufs in Morocco", "fournisseurs du Maroc"."""
    for maker in reading.marks("supplier"):
        for index in range(maker.last, min(len(reading.tokens), maker.last + _LONGEST_MAKERS_GAP)):
            if reading.is_break(index) or reading.at("delivery", index) or reading.at("for_whom", index):
                break
            link = reading.at("in_place", index)
            places = _country_list(reading, link.last) if link else None
            if places and not reading.at("market", places.last):
                yield places
                break


def _makers_by_nation(reading: Reading) -> Iterator[Mark]:
    """ "Moroccan or Tunisian suppliers", "producteurs marocains", "EU producers", "摩洛哥供应商"."""
    for maker in reading.marks("supplier"):
        end = maker.first - (reading.word(maker.first - 1) == "的")
        for kind in ("demonym", "region", "country"):
            if mark := reading.ending(kind, end):
                yield _nations_back_from(reading, mark)
                break
        else:
            places = _country_list(reading, maker.last, demonyms=True)
            if places and places.first == maker.last:
                yield places


def _nations_back_from(reading: Reading, mark: Mark) -> Mark:
    value = mark.value if isinstance(mark.value, tuple) else (mark.value,)
    link = reading.ending("or", mark.first) or reading.ending("and", mark.first)
    if link and (other := reading.ending("demonym", link.first) or reading.ending("country", link.first)):
        return Mark("places", (other.value, *value), other.first, mark.last)
    return Mark("places", value, mark.first, mark.last)


def _places_with_only(reading: Reading) -> Iterator[Mark]:
    """ "EU only", "nur Marokko", unless it is where to deliver."""
    for only in reading.marks("only"):
        places = _country_list(reading, only.last) or _country_list_ending(reading, only.first)
        if places and not reading.before("delivery", places.first, reach=3) and not reading.at("market", places.last):
            yield places


def _places_not_outside(reading: Reading) -> Iterator[Mark]:
    for outside in reading.marks("outside"):
        places = _country_list(reading, outside.last)
        if places and _is_denied(reading, outside.first, places.last):
            yield places


_SUPPLIER_PLACES: tuple[tuple[Callable[[Reading], Iterator[Mark]], float], ...] = (
    (_places_of_origin, 0.85),
    (_places_before_origin, 0.85),
    (_makers_by_nation, 0.8),
    (_places_of_makers, 0.75),
    (_places_not_outside, 0.8),
    (_places_with_only, 0.7),
)


def _delivery_countries(reading: Reading) -> Iterator[Need]:
    for place, confidence in (
        *_destinations(reading),
        *_term_places(reading),
        *_bare_destinations(reading),
        *_markets(reading),
    ):
        yield _need(reading, NeedKind.DELIVERY_COUNTRY, place.value, (place.first, place.last), confidence)


def _place_after(reading: Reading, index: int, reach: int) -> Mark | None:
    """The nearest city or country ahead in the clause; one said to be the origin does not count."""
    for start in range(index, min(len(reading.tokens), index + reach + 1)):
        if place := reading.at("city", start) or reading.at("country", start):
            origin = reading.ending("origin", start)
            return None if origin and origin.value and reading.word(origin.first) not in ("in", "en") else place
        if reading.is_break(start) and reading.word(start) not in ("(",) or reading.at("supplier", start):
            return None
    return None


def _destinations(reading: Reading) -> Iterator[tuple[Mark, float]]:
    for delivery in reading.marks("delivery"):
        colon = reading.word(delivery.last) == ":"
        place = _place_after(reading, delivery.last + colon, reach=5)
        if place and not _ruled_out(reading, place.first, reach=1):
            yield place, 0.85
    for delivery in reading.marks("delivery_after"):
        for end in range(delivery.first, max(0, delivery.first - 2), -1):
            if place := reading.ending("city", end) or reading.ending("country", end):
                yield place, 0.8
                break


def _bare_destinations(reading: Reading) -> Iterator[tuple[Mark, float]]:
    """ "to Felixstowe", "nach Hamburg", without a word of delivery."""
    for to in reading.marks("to_place"):
        place = reading.at("city", to.last) or reading.at("country", to.last)
        if place and reading.word(to.first - 1) not in _NOT_TOWARDS:
            yield place, 0.65


def _term_places(reading: Reading) -> Iterator[tuple[Mark, float]]:
    for term in reading.marks("incoterm"):
        if term.value not in _DELIVERY_TERMS or _is_no_incoterm(reading, term):
            continue
        place = _place_after(reading, term.last + (reading.word(term.last) == ":"), reach=2)
        place = place or reading.ending("city", term.first) or reading.ending("country", term.first)
        if place:
            yield place, 0.9


def _markets(reading: Reading) -> Iterator[tuple[Mark, float]]:
    """ "for the German market", "marché français"."""
    for market in reading.marks("market"):
        near = [reading.ending(kind, market.first) for kind in ("demonym", "country")]
        near += [reading.at(kind, market.last) for kind in ("demonym", "country")]
        place = next((mark for mark in near if mark), None)
        if place:
            yield place, 0.6


# Terms, time, price


def _incoterms(reading: Reading) -> Iterator[Need]:
    for mark in reading.marks("incoterm"):
        if not _is_no_incoterm(reading, mark):
            yield _need(reading, NeedKind.INCOTERM, mark.value, (mark.first, mark.last), 0.9)


def _is_no_incoterm(reading: Reading, mark: Mark) -> bool:
    """DAP is also a fertiliser, FAS also Turkish for Morocco, and a term in a price ("€/t FOB") still is one."""
    if reading.at("country", mark.first) or not reading.written(mark).isascii():
        return True
    fertiliser = reading.before("fertiliser", mark.first, reach=2) or reading.after("fertiliser", mark.last, reach=2)
    graded = mark.value == Incoterm.DAP and reading.at("number", mark.last) is not None
    small = reading.written(mark).islower() and mark.value in ("DAP", "CIP", "FAS", "CPT")
    refused = _ruled_out(reading, mark.first, reach=1)
    return bool(fertiliser and mark.value == Incoterm.DAP or graded or small or refused)


def _lead_times(reading: Reading) -> Iterator[Need]:
    for span, days in _durations(reading):
        confidence = _lead_confidence(reading, span)
        if confidence and 0 < days <= _LONGEST_LEAD_DAYS:
            yield _need(reading, NeedKind.MAX_LEAD_TIME_DAYS, days, span, confidence)


def _durations(reading: Reading) -> Iterator[tuple[tuple[int, int], int]]:
    """Spans of time in calendar days; working days become the weeks they take."""
    for number in reading.marks("number"):
        if reading.word(number.first - 1) == "月":  # 3月15日 is a date
            continue
        working = reading.at("working_day", number.last)
        unit = reading.at("time", number.last) or (reading.at("time", working.last) if working else None)
        if unit:
            working = working or reading.at("working_day", unit.last)
            factor = _WORKING_TO_CALENDAR if working else 1.0
            last = max(unit.last, working.last if working else 0)
            yield (number.first, last), math.ceil(round(number.value * float(unit.value) * factor, 3))
    for alone in reading.marks("time_alone"):
        if not reading.ending("number", alone.first):
            yield (alone.first, alone.last), int(alone.value)


def _lead_confidence(reading: Reading, span: tuple[int, int]) -> float:
    first, last = span
    if reading.before("not_lead", first, reach=4) or reading.after("not_lead", last, reach=2):
        return 0.0
    while _is_range_before(reading, first):
        first -= 2
    if reading.before("lead_before", first, reach=3):
        return 0.9
    if reading.after("lead_after", last, reach=1):
        return 0.85
    if reading.before("delivery", first, reach=3):
        return 0.75
    return 0.7 if reading.before("lead_adjacent", first, reach=1) else 0.0


def _prices(reading: Reading) -> Iterator[Need]:
    for currency in reading.marks("currency"):
        amount = _amount_beside(reading, currency)
        if amount is None:
            continue
        first, last = min(amount.first, currency.first), max(amount.last, currency.last)
        unit = _price_unit(reading, first, last)
        end = max(last, unit.last) if unit else last
        confidence = _price_confidence(reading, amount.value, (first, end), unit)
        if confidence:
            name = _unit_as_written(reading, unit) if unit else None
            money = Money(value=amount.value, currency=str(currency.value), unit=name)
            yield _need(reading, NeedKind.MAX_PRICE, money, (first, end), confidence)


def _amount_beside(reading: Reading, currency: Mark) -> Mark | None:
    """The number before a currency, or after it; of a range the upper end."""
    if number := reading.ending("number", currency.first):
        return number
    number = reading.at("number", currency.last)
    if number and is_range_word(reading.word(number.last)):
        upper = reading.at("number", number.last + 1)
        return upper or number
    return number


def _price_unit(reading: Reading, first: int, last: int) -> Mark | None:
    """The unit of a price: "€/kg", "EUR pro Stück", "9,50 € pièce", "each", or "每件" before it."""
    index = last
    for _ in range(2):
        filler = reading.at("price_filler", index)
        index = filler.last if filler else index
    if each := reading.at("each", index):
        return Mark("unit", "piece", each.first, each.last)
    per = reading.at("per", index)
    unit = reading.at("unit", per.last) if per else None
    return unit or reading.at("unit", index) or _unit_before_price(reading, first)


def _unit_before_price(reading: Reading, first: int) -> Mark | None:
    for index in range(max(0, first - 5), first):
        if reading.word(index) == "每" or reading.word(index + 2) == "basina":
            unit = reading.at("unit", index + 1)
            if unit:
                return unit
    return None


def _price_confidence(reading: Reading, value: float, span: tuple[int, int], unit: Mark | None) -> float:
    first, last = span
    while _is_range_before(reading, first):
        first -= 2
    capped = reading.before("ceiling", first, reach=2) or reading.after("ceiling", last, reach=1)
    capped = capped or any(reading.at("ceiling", index) for index in range(*span))
    if capped:
        return 0.9 if unit else 0.7 if value < _UNIT_PRICE_LIMIT else 0.5
    if reading.before("budget", first, reach=3):
        return 0.7 if unit else 0.5
    return 0.5 if unit else 0.0


def _hs_codes(reading: Reading) -> Iterator[Need]:
    for cue in reading.marks("hs"):
        index = cue.last + (reading.word(cue.last) == ":")
        digits = reading.word(index)
        if reading.word(index + 1).isdecimal() and len(digits) <= 4:
            digits += reading.word(index + 1)
        try:
            value = codes.hs_code(digits)
        except ValueError:
            continue
        yield _need(reading, NeedKind.HS, value, (index, index + 1), 0.9)


# Languages, services


def _languages(reading: Reading) -> Iterator[Need]:
    for mark in reading.marks("speaker_of"):
        yield _need(reading, NeedKind.LANGUAGES, (str(mark.value),), (mark.first, mark.last), _spoken(reading, mark))
    for mark in reading.marks("language"):
        cued = reading.before("speaks", mark.first, reach=1) or reading.after("language_word", mark.last)
        listed = _listed_language(reading, mark)
        if cued or listed:
            yield _need(reading, NeedKind.LANGUAGES, (mark.value,), (mark.first, mark.last), _spoken(reading, mark))


def _listed_language(reading: Reading, mark: Mark) -> bool:
    """ "French" in "French or Arabic speaking", "Arabic" in "parle français ou arabe"."""
    after = reading.at("or", mark.last) or reading.at("and", mark.last)
    right = reading.at("language", after.last) if after else None
    before = reading.ending("or", mark.first) or reading.ending("and", mark.first)
    left = reading.ending("language", before.first) if before else None
    led = left is not None and reading.before("speaks", left.first, reach=1) is not None
    return led or (right is not None and reading.after("language_word", right.last) is not None)


def _spoken(reading: Reading, mark: Mark) -> float:
    """Agents who speak a language are what is bought, not whom the buyer talks to."""
    return 0.5 if reading.after("staff", mark.last, reach=4) or reading.before("staff", mark.first, reach=1) else 0.85


def _private_labels(reading: Reading) -> Iterator[Need]:
    for mark in reading.marks("private_label"):
        if not _is_waived(reading, mark):
            confidence = 0.5 if reading.after("not_private_label", mark.last, reach=1) else 0.9
            yield _need(reading, NeedKind.PRIVATE_LABEL, True, (mark.first, mark.last), confidence)
            return


def _samples(reading: Reading) -> Iterator[Need]:
    for mark in reading.marks("sample"):
        if not _is_waived(reading, mark):
            yield _need(reading, NeedKind.SAMPLE, True, (mark.first, mark.last), 0.8)
            return


# Exclusions


def _exclusions(reading: Reading) -> Iterator[Need]:
    places = {negation.first for _, negation in _excluded_places(reading)}
    taken = -1
    for negation in _negations(reading):
        span = _excluded_words(reading, negation.last)
        if negation.first >= taken and negation.first not in places and span:
            taken = span[1]
            yield _exclusion(reading, span, 0.8)
    for denial in reading.marks("not_after"):
        span = _words_before(reading, denial.first)
        if denial.first not in places and span and span[1] > taken:
            yield _exclusion(reading, span, 0.8)


def _exclusion(reading: Reading, span: tuple[int, int], confidence: float) -> Need:
    start, end = reading.span(*span)
    return Need(NeedKind.EXCLUSION, reading.text[start:end], start, end, confidence, Source.TEXT)


def _excluded_words(reading: Reading, first: int) -> tuple[int, int] | None:
    if _is_no_exclusion(reading, first):
        return None
    last, limit = first, _LONGEST_EXCLUSION
    while last < len(reading.tokens) and last - first < limit and not _ends_exclusion(reading, last, first):
        if not reading.word(last).isascii() and len(reading.word(last)) == 1:
            limit = _LONGEST_CHINESE_EXCLUSION
        last += 1
    while last > first and (reading.ending("or", last) or reading.word(last - 1) in ("of", "de", "d", "的")):
        last -= 1
    return (first, last) if last > first else None


def _is_no_exclusion(reading: Reading, first: int) -> bool:
    if first >= len(reading.tokens) or reading.at("number", first) or reading.at("no_idiom", first):
        return True
    kinds = ("certificate", "sample", "private_label", "organic_certificate", "incoterm", "certified", "not_needed")
    near = any(reading.at(kind, index) for kind in kinds for index in (first, first + 1))
    return near or reading.before("not_needed", first) is not None or reading.after("not_needed", first, reach=3) is not None


def _ends_exclusion(reading: Reading, index: int, first: int) -> bool:
    stops = reading.at("stop", index) is not None and not (index == first and reading.at("organic", index))
    return reading.is_break(index) or stops or reading.at("number", index) is not None or reading.word(index) == ":"


def _words_before(reading: Reading, last: int) -> tuple[int, int] | None:
    """The words before a closing negation, back to the start of the clause: "kozmetik kalite istemiyoruz"."""
    first = last
    while first > 0 and last - first < _LONGEST_EXCLUSION and not reading.is_break(first - 1):
        if reading.at("stop", first - 1) or reading.ending("number", first) or reading.ending("not", first):
            break
        first -= 1
    kinds = ("certificate", "sample", "private_label", "region", "country")
    named = any(reading.at(kind, index) for kind in kinds for index in range(first, last))
    return (first, last) if last > first and not named else None


_FINDERS: tuple[Callable[[Reading], Iterator[Need]], ...] = (
    _quantities,
    _certificates,
    _supplier_countries,
    _excluded_countries,
    _delivery_countries,
    _incoterms,
    _lead_times,
    _prices,
    _hs_codes,
    _languages,
    _private_labels,
    _samples,
    _exclusions,
)
