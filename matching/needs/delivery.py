"""The country to deliver to, from a city, a port, a country or a market, and the place as written."""

from __future__ import annotations

from collections.abc import Iterator

from matching.lexicon import Mark
from matching.lexicon.reading import Reading
from matching.needs.need import Need, NeedKind, need_at
from matching.needs.negation import ruled_out
from matching.needs.terms import is_no_incoterm

_DELIVERY_TERMS = frozenset({"CFR", "CIF", "CPT", "CIP", "DAP", "DPU", "DDP"})


def delivery_places(reading: Reading) -> Iterator[Need]:
    """Where goods are to be sent to: the country, and the city or port as written where one is named.

    A market ("for the German market") is the least sure.
    """
    for place, confidence in (
        *_destinations(reading),
        *_term_places(reading),
        *_bare_destinations(reading),
        *_markets(reading),
    ):
        span = (place.first, place.last)
        yield need_at(reading, NeedKind.DELIVERY_COUNTRY, place.value, span, confidence)
        if place.kind == "city":
            yield need_at(reading, NeedKind.DELIVERY_PLACE, reading.written(place), span, confidence)


def _place_after(reading: Reading, index: int, reach: int) -> Mark | None:
    """The nearest city or country ahead in the clause; one said to be the origin does not count."""
    for start in range(index, min(len(reading.tokens), index + reach + 1)):
        if place := reading.at("city", start) or reading.at("country", start):
            origin = reading.ending("origin", start)
            return None if origin and origin.value and reading.word(origin.first) not in ("in", "en") else place
        if (reading.is_break(start) and reading.word(start) not in ("(",)) or reading.at("supplier", start):
            return None
    return None


def _destinations(reading: Reading) -> Iterator[tuple[Mark, float]]:
    for delivery in reading.marks("delivery"):
        colon = reading.word(delivery.last) == ":"
        place = _place_after(reading, delivery.last + colon, reach=5)
        if place and not ruled_out(reading, place.first, reach=1):
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
        if place and not reading.ending("not_towards", to.first):
            yield place, 0.65
    for to in reading.marks("to_clause"):
        place = reading.at("city", to.last)
        if place and (to.first == 0 or reading.is_break(to.first - 1)):
            yield place, 0.65


def _term_places(reading: Reading) -> Iterator[tuple[Mark, float]]:
    for term in reading.marks("incoterm"):
        if term.value not in _DELIVERY_TERMS or is_no_incoterm(reading, term):
            continue
        place = _place_after(reading, term.last + (reading.word(term.last) == ":"), reach=2)
        place = place or reading.ending("city", term.first) or reading.ending("country", term.first)
        if place:
            yield place, 0.9


def _markets(reading: Reading) -> Iterator[tuple[Mark, float]]:
    """ "for the German market", "marché français"."""
    for market in reading.marks("market"):
        near = [reading.ending(kind, market.first) for kind in ("demonym", "country")]
        near += [reading.at(kind, market.last + skipped) for kind in ("demonym", "country") for skipped in (0, 1)]
        place = next((mark for mark in near if mark), None)
        if place:
            yield place, 0.6
