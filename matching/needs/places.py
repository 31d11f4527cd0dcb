"""Lists of countries and regions in a text: "Morocco, Tunisia or the EU"."""

from __future__ import annotations

from matching.lexicon import Mark
from matching.lexicon.reading import Reading

_LONGEST_LIST = 30


def countries_at(reading: Reading, index: int, *, demonyms: bool = False) -> Mark | None:
    """A country, a region or (if asked) a word such as "Moroccan" at a token, as a tuple of codes."""
    for kind in ("region", "country", *(("demonym",) if demonyms else ())):
        if mark := reading.at(kind, index):
            value = mark.value if isinstance(mark.value, tuple) else (mark.value,)
            return Mark("places", value, mark.first, mark.last)
    return None


def country_list(reading: Reading, index: int, *, demonyms: bool = False) -> Mark | None:
    """Places joined by commas, "or" and "and", articles left aside: "Morocco, Tunisia or the EU"."""
    first: int | None = None
    found: list[str] = []
    last = index
    for _ in range(_LONGEST_LIST):
        place = countries_at(reading, _past_articles(reading, index), demonyms=demonyms)
        if place is None:
            break
        first = place.first if first is None else first
        found, last = [*found, *place.value], place.last
        link = reading.at("or", last) or reading.at("and", last)
        index = link.last if link else last
        if not link and not _is_joined_by_arabic_and(reading, last):
            break
    return None if first is None else Mark("places", tuple(dict.fromkeys(found)), first, last)


def country_list_ending(reading: Reading, index: int) -> Mark | None:
    """The places that end before a token, at most two words away: "Çin malı istemiyoruz"."""
    for end in range(index, max(-1, index - 3), -1):
        for kind in ("region", "country", "demonym"):
            if mark := reading.ending(kind, end):
                value = mark.value if isinstance(mark.value, tuple) else (mark.value,)
                return Mark("places", value, mark.first, mark.last)
        if end == 0 or reading.is_break(end - 1):
            return None
    return None


def country_list_back_from(reading: Reading, index: int) -> Mark | None:
    """The whole list of places that ends at a token."""
    last, first, found = index, index, []
    for _ in range(_LONGEST_LIST):
        mark = reading.ending("country", first) or reading.ending("region", first)
        if mark is None:
            break
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


def _is_joined_by_arabic_and(reading: Reading, index: int) -> bool:
    return reading.word(index).startswith("و") and countries_at(reading, index, demonyms=True) is not None


def _past_articles(reading: Reading, index: int) -> int:
    for _ in range(2):
        if reading.at("place_article", index) and not countries_at(reading, index):
            index += 1
    return index
