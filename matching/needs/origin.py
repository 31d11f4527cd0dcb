"""Countries that the supplier is to be from, and those ruled out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from matching.lexicon import Mark, is_ideograph
from matching.lexicon.reading import Reading
from matching.needs.need import Need, NeedKind, need_at
from matching.needs.negation import negations, ruled_out
from matching.needs.places import countries_at, country_list, country_list_back_from, country_list_ending

_LONGEST_MAKERS_GAP = 7
_DENYING = frozenset({"no", "non", "not", "nicht", "nao", "pas", "niet", "keine", "kein"})


def supplier_countries(reading: Reading) -> Iterator[Need]:
    """Countries that suppliers are asked to be from: each finder in turn, the surest first, no words read twice."""
    taken: set[int] = {index for places, _ in excluded_places(reading) for index in range(places.first, places.last)}
    for finder, confidence in _SUPPLIER_PLACES:
        for places in finder(reading):
            if taken.isdisjoint(range(places.first, places.last)) and not _is_to_be_replaced(reading, places.first):
                taken.update(range(places.first, places.last))
                span = (places.first, places.last)
                yield need_at(reading, NeedKind.SUPPLIER_COUNTRIES, places.value, span, confidence)


def excluded_countries(reading: Reading) -> Iterator[Need]:
    """Countries ruled out: "not from China", "hors UE", "Çin hariç"."""
    for places, _ in excluded_places(reading):
        yield need_at(reading, NeedKind.EXCLUDED_COUNTRIES, places.value, (places.first, places.last), 0.85)


def excluded_places(reading: Reading) -> Iterator[tuple[Mark, Mark]]:
    """Places ruled out, each with the words that rule it out."""
    for negation in negations(reading):
        index = _past_supplier_words(reading, negation.last)
        places = country_list(reading, index, demonyms=True)
        if places and not reading.at("outside", places.first - 1):
            yield places, negation
    for outside in reading.marks("outside"):
        places = country_list(reading, outside.last)
        welcome = places and reading.after("optional", places.last, reach=3)
        if places and not welcome and not _is_denied(reading, outside.first, places.last):
            yield places, outside
    yield from _nations_denied(reading)
    for denial in reading.marks("not_after"):
        places = country_list_ending(reading, denial.first)
        if places and not reading.at("outside", places.first - 1) and not _is_excluded_before(reading, places.first):
            yield places, denial


def _is_to_be_replaced(reading: Reading, index: int) -> bool:
    """ "an alternative to our Chinese supplier"."""
    return reading.before("instead", index, reach=4) is not None


def _nations_denied(reading: Reading) -> Iterator[tuple[Mark, Mark]]:
    """ "fornitori non cinesi", "proveedores no chinos", "de Israel não,"."""
    for kind in ("not_clause", "not"):
        for mark in reading.marks(kind):
            if reading.word(mark.first) not in _DENYING or mark.last - mark.first > 1:
                continue
            if reading.at("demonym", mark.last) and (places := countries_at(reading, mark.last, demonyms=True)):
                yield places, mark
            closes = mark.last == len(reading.tokens) or reading.is_break(mark.last)
            if closes and mark.first and (places := country_list_ending(reading, mark.first)):
                yield places, mark


def _is_excluded_before(reading: Reading, index: int) -> bool:
    return ruled_out(reading, index, reach=2) is not None


def _is_denied(reading: Reading, first: int, last: int) -> bool:
    """Whether "outside the EU" is itself ruled out: "no suppliers outside the EU"."""
    denied_before = ruled_out(reading, first, reach=4)
    return bool((denied_before and denied_before.last <= first) or reading.after("not_after", last, reach=2))


def _past_supplier_words(reading: Reading, index: int) -> int:
    for _ in range(4):
        mark = reading.at("supplier", index) or reading.at("origin", index) or reading.at("in_place", index)
        if mark is None or countries_at(reading, index):
            return index
        index = mark.last
    return index


def _places_of_origin(reading: Reading) -> Iterator[Mark]:
    """ "from Morocco or Tunisia", "made in EU", but not "we are a buyer from Germany"."""
    for origin in reading.marks("origin"):
        places = country_list(reading, origin.last + (reading.word(origin.last) == ":"))
        other = reading.before("buyer_is", origin.first, reach=3) or ruled_out(reading, origin.first, reach=2)
        if places and not other and not reading.at("market", places.last):
            yield places


def _places_opening_clause(reading: Reading) -> Iterator[Mark]:
    """ ", da Etiopia o Perù,": a preposition that only opens a clause to say whence."""
    for origin in reading.marks("origin_clause"):
        if origin.first and reading.is_break(origin.first - 1) and (places := country_list(reading, origin.last)):
            yield places


def _goods_of_country(reading: Reading) -> Iterator[Mark]:
    """ "mangues du Sénégal", "datteri della Tunisia": a word of goods that opens its clause, and their country."""
    for link in reading.marks("link_of_names"):
        country = reading.at("country", link.last)
        first = next((at for at in range(link.first, max(-1, link.first - 4), -1) if _opens(reading, at)), None)
        if country is None or first is None or first == link.first or not reading.word(first).isalpha():
            continue
        others = (
            "buyer_is",
            "market",
            "delivery",
            "supplier",
            "language",
            "city",
            "country",
            "to_place",
            "not",
            "only",
        )
        if not any(reading.at(kind, at) for kind in others for at in range(first, link.first)):
            places = country_list(reading, country.first)
            if places and not reading.at("market", places.last):
                yield places


def _opens(reading: Reading, index: int) -> bool:
    return index == 0 or reading.is_break(index - 1)


def _places_before_origin(reading: Reading) -> Iterator[Mark]:
    """ "Tunus'tan", "Fas menşeli", "突尼斯产"."""
    for origin in reading.marks("origin_after"):
        places = country_list_back_from(reading, origin.first)
        if places and not reading.after("buyer_is", origin.last, reach=3):
            yield places


def _places_of_makers(reading: Reading) -> Iterator[Mark]:
    """ "manufacturer of leather poufs in Morocco", "fournisseurs du Maroc"."""
    for maker in reading.marks("supplier"):
        for index in range(maker.last, min(len(reading.tokens), maker.last + _LONGEST_MAKERS_GAP)):
            if reading.is_break(index) or reading.at("delivery", index) or reading.at("for_whom", index):
                break
            link = reading.at("in_place", index)
            if link and link.first > maker.last and reading.at("link_of_names", link.first):
                continue
            places = country_list(reading, link.last) if link else None
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
            places = country_list(reading, maker.last, demonyms=True)
            if places and places.first == maker.last:
                yield places


def _chinese_makers(reading: Reading) -> Iterator[Mark]:
    """ "北非或欧洲的橄榄油供应商": the places, a product, the maker, in one clause."""
    for mark in (*reading.marks("country"), *reading.marks("region")):
        places = country_list(reading, mark.first)
        maker = (
            reading.after("supplier", places.last, reach=9)
            if places and is_ideograph(reading.word(mark.first))
            else None
        )
        if places and maker and not any(reading.after(kind, places.last, reach=9) for kind in ("buyer_is", "need")):
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
        places = country_list(reading, only.last) or country_list_ending(reading, only.first)
        if places and not reading.before("delivery", places.first, reach=3) and not reading.at("market", places.last):
            yield places


def _places_not_outside(reading: Reading) -> Iterator[Mark]:
    for outside in reading.marks("outside"):
        places = country_list(reading, outside.last)
        if places and _is_denied(reading, outside.first, places.last):
            yield places


_SUPPLIER_PLACES: tuple[tuple[Callable[[Reading], Iterator[Mark]], float], ...] = (
    (_places_of_origin, 0.85),
    (_places_opening_clause, 0.7),
    (_places_before_origin, 0.85),
    (_makers_by_nation, 0.8),
    (_places_of_makers, 0.75),
    (_chinese_makers, 0.75),
    (_places_not_outside, 0.8),
    (_places_with_only, 0.7),
    (_goods_of_country, 0.6),
)
