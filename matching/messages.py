"""Sentences in the reader's language: gettext catalogues and CLDR forms of names, numbers and lists."""

from __future__ import annotations

import datetime
import gettext
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import localcontext
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent

from matching.profiles import Money, PriceRange, Quantity

CATALOGUES = Path(__file__).parent / "locale"
# What the largest float needs; with the 28 that are usual, Babel cannot round a number of 27.
_DIGITS = 400
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


@cache
def available_languages() -> tuple[str, ...]:
    """ISO 639-1 codes of the languages that sentences can be written in, English first."""
    return ("en", *sorted(file.stem for file in CATALOGUES.glob("*.po")))


@dataclass(frozen=True)
class Messages:
    """Messages and forms of one language.

    Foreign words inside a right-to-left sentence are wrapped in bidirectional isolates (Unicode UAX 9), so that
    names and figures keep their own direction.
    """

    locale: Locale
    catalogue: gettext.NullTranslations

    @property
    def direction(self) -> str:
        """Writing direction of the language: ltr or rtl."""
        return str(self.locale.text_direction)

    def text(self, message: str, **values: str) -> str:
        """The message translated, its {fields} filled."""
        return self.catalogue.gettext(message).format_map(self._isolated(values))

    def plural(self, singular: str, plural: str, count: int, **values: str) -> str:
        """The message in the form that the language has for a count; {count} is filled too."""
        fields = self._isolated({**values, "count": self.number(count)})
        return self.catalogue.ngettext(singular, plural, count).format_map(fields)

    def listing(self, items: Sequence[str]) -> str:
        """Items as the language lists them: "a, b and c"."""
        return format_list(list(items), locale=self.locale)

    def number(self, value: float) -> str:
        """A number with the language's separators, at most two decimals."""
        return _decimal(value, self.locale)

    def percent(self, share: float) -> str:
        """A share of one as whole per cent."""
        return _percent(round(share, 2), self.locale)

    def quantity(self, quantity: Quantity) -> str:
        """An amount with its unit as written."""
        return f"{self.number(quantity.value)} {quantity.unit}"

    def price(self, price: Money | PriceRange) -> str:
        """A ceiling, or the lowest price of a range, with its currency and unit."""
        amount = price.value if isinstance(price, Money) else price.min
        with localcontext(prec=_DIGITS):
            money = format_currency(amount, price.currency, locale=self.locale)
        return f"{money}/{price.unit}" if price.unit else money

    def rate(self, currency: str, into: str, rate: float) -> str:
        """An exchange rate, to five digits: "1 USD = 0.85324 EUR"."""
        return f"1 {currency} = {format_decimal(rate, format='@####', locale=self.locale)} {into}"

    def day(self, day: datetime.date) -> str:
        """A day as the language writes it."""
        return format_date(day, format="long", locale=self.locale)

    def weekday(self, day: datetime.date) -> str:
        """A day with its weekday."""
        return format_date(day, format="full", locale=self.locale)

    def clock(self, moment: datetime.time | datetime.datetime) -> str:
        """A time of day."""
        return format_time(moment, format="short", locale=self.locale)

    def country(self, code: str) -> str:
        """Name of a country."""
        return str(self.locale.territories.get(code, code))

    def language(self, code: str) -> str:
        """Name of a language."""
        return str(self.locale.languages.get(code, code))

    def _isolated(self, values: dict[str, str]) -> dict[str, str]:
        if self.direction == "ltr":
            return values
        return {name: f"{_FIRST_STRONG_ISOLATE}{value}{_POP_ISOLATE}" for name, value in values.items()}


# The figures of one request come back in the reasons of each of its matches.
@lru_cache(maxsize=4_096)
def _decimal(value: float, locale: Locale) -> str:
    with localcontext(prec=_DIGITS):
        return format_decimal(value, format="#,##0.##", locale=locale)


@lru_cache(maxsize=4_096)
def _percent(share: float, locale: Locale) -> str:
    return format_percent(share, locale=locale)


@cache
def messages_in(language: str) -> Messages:
    """Messages of an ISO 639-1 language; English where there is no catalogue of that language."""
    try:
        return Messages(Locale.parse(language), _catalogue(CATALOGUES / f"{language}.po"))
    except (FileNotFoundError, UnknownLocaleError, ValueError):
        return Messages(Locale.parse("en"), gettext.NullTranslations())


def _catalogue(path: Path) -> gettext.NullTranslations:
    compiled = BytesIO()
    if path.stem == "en":
        return gettext.NullTranslations()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=path.stem))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
