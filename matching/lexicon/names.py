"""Names that CLDR holds in every language: months, and the cities that stand for time zones."""

from __future__ import annotations

from collections.abc import Iterator

from babel import Locale
from babel.core import get_global

from matching.codes import FIRST_LOCALES

# The Maghreb and the Levant call the months otherwise than the Gulf.
_MONTH_LOCALES = (*FIRST_LOCALES, "ar_MA", "ar_SY", "ar_DZ", "de_AT")
# Months that are also words of one of the languages (may, march, but, four) count only with a capital.
_ALSO_WORDS = frozenset({"may", "march", "mai", "mars", "mart", "maart", "mei", "agosto", "mayo", "august"})
_NO_COUNTRIES = frozenset({"001", "AQ"})

_ENDINGS = (
    ("isch", ("e", "en", "er", "es", "em"), 0), ("ien", ("ne", "s", "nes"), 0), ("ais", ("e", "es"), 0),
    ("ain", ("e", "s", "es"), 0), ("ano", ("a", "os", "as", "i", "e"), 1), ("eno", ("a", "os", "as", "i", "e"), 1),
    ("ino", ("a", "os", "as", "i", "e"), 1), ("iro", ("a", "os", "as"), 1),
    ("és", ("esa", "eses", "esas"), 2), ("ês", ("esa", "eses", "esas"), 2),
)  # fmt: skip
_UNINFLECTED = frozenset({"chino", "argentino", "sri-lankais"})


def inflected(demonym: str) -> Iterator[str]:
    """A word such as "marokkanisch" or "tunisino" with the endings of gender, number and case."""
    yield demonym
    for ending, others, cut in _ENDINGS:
        if demonym.endswith(ending) and demonym not in _UNINFLECTED:
            yield from (demonym[: len(demonym) - cut] + other for other in others)


def month_names() -> Iterator[tuple[str, int]]:
    """Full names of the months in ten languages with their numbers; Chinese counts them and has none here."""
    for locale in _MONTH_LOCALES:
        months = Locale.parse(locale).months
        for context in ("format", "stand-alone"):
            for number, name in months[context]["wide"].items():
                if not name[0].isdigit() and locale != "zh":
                    yield (f"^{name}" if locale == "en" and name.casefold() in _ALSO_WORDS else name), number


def exemplar_cities() -> Iterator[tuple[str, str]]:
    """Cities of the time zones, mostly capitals, in ten languages, each with its country's code."""
    zones = {zone: country for zone, country in get_global("zone_territories").items() if country not in _NO_COUNTRIES}
    found = {(zone.rsplit("/", 1)[-1].replace("_", " "), country) for zone, country in zones.items()}
    for locale in FIRST_LOCALES:
        cities = Locale.parse(locale).time_zones
        found |= {
            (cities[zone]["city"], zones[zone]) for zone in zones.keys() & cities.keys() if "city" in cities[zone]
        }
    for name, country in sorted(found):
        yield (f"^{name}" if name[0].isascii() else name), country
