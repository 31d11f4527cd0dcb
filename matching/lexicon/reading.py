"""A request's text with everything marked that the word lists know: places, units, money, numbers, cue words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import pycountry
from babel import Locale

from matching.certificates import find_certificates
from matching.codes import FIRST_LOCALES, Incoterm
from matching.lexicon import Mark, Phrasebook, Token, place_names, tokens, word_list
from matching.lexicon.names import exemplar_cities, inflected, month_names
from matching.units import CODES, SPELLINGS

BREAKS = frozenset(",.;!?()\n،؛。、")
_DASHES = frozenset("-–—~")
_RANGE_WORDS = frozenset(
    {"-", "–", "—", "~", "to", "a", "bis", "tot", "ate", "ila", "or", "ou", "o", "oder", "الي", "او", "到", "至", "and"}
)
_CHINESE_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"两": 2}
_CHINESE_TENS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_CHINESE_NUMERALS = frozenset({*_CHINESE_DIGITS, *_CHINESE_TENS})
_SEPARATORS = str.maketrans({"٫": ".", "٬": ",", "'": ",", "’": ","})
_LONGEST_NUMBER = 15
# Names of countries that are also words (meat, jersey knit, suede, goods, a meeting): a country only with a capital.
_ALSO_WORDS = frozenset(
    {"turkey", "china", "jersey", "suede", "suède", "suécia", "mali", "malı", "chad", "réunion", "reunion", "polen",
     "jordan", "georgia", "guinea", "fas", "peru", "malta", "cuba", "togo", "man", "oman", "çin", "niger", "kuba"}
)  # fmt: skip
_NO_COUNTRY_NAMES = frozenset({"jersey", "réunion", "man"})
_TRADE_LANGUAGES = (
    "ar", "bn", "cs", "da", "de", "el", "en", "es", "fi", "fr", "he", "hi", "hu", "id", "it", "ja", "ko", "ms", "nl",
    "no", "pl", "pt", "ro", "ru", "sv", "th", "tr", "uk", "ur", "vi", "zh",
)  # fmt: skip
_OTHER_LANGUAGE_NAMES = {"mandarin": "zh", "普通话": "zh", "castellano": "es", "英文": "en", "法文": "fr"}


class Reading:
    """Tokens and marks of one text, and questions about what stands beside what."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.vocabulary = frozenset(token.text for token in self.tokens)
        self._starts: dict[str, dict[int, Mark]] = {}
        self._ends: dict[str, dict[int, Mark]] = {}
        for mark in (*_certificate_marks(text, self.tokens), *_phrasebook().find(text)):
            self._keep(mark)
        for mark in list(self._numbers()):
            self._keep(mark)

    def marks(self, kind: str) -> Iterable[Mark]:
        """All marks of one list, in reading order."""
        return self._starts.get(kind, {}).values()

    def at(self, kind: str, index: int) -> Mark | None:
        """The mark of that list that starts at a token."""
        return self._starts.get(kind, {}).get(index)

    def ending(self, kind: str, index: int) -> Mark | None:
        """The mark of that list that ends just before a token."""
        return self._ends.get(kind, {}).get(index)

    def before(self, kind: str, index: int, reach: int = 0) -> Mark | None:
        """The nearest mark that ends before a token, at most `reach` tokens away, in the same clause."""
        ends = self._ends.get(kind)
        if not ends:
            return None
        for end in range(index, max(-1, index - reach - 1), -1):
            if end in ends:
                return ends[end]
            if end == 0 or self.is_break(end - 1):
                return None
        return None

    def after(self, kind: str, index: int, reach: int = 0) -> Mark | None:
        """The nearest mark that starts at or after a token, at most `reach` tokens away, in the same clause."""
        starts = self._starts.get(kind)
        if not starts:
            return None
        for start in range(index, min(len(self.tokens), index + reach + 1)):
            if start in starts:
                return starts[start]
            if self.is_break(start):
                return None
        return None

    def is_break(self, index: int) -> bool:
        """Whether a token ends a clause; a dash does, except within a range of numbers."""
        word = self.tokens[index].text
        return word in BREAKS or (word in _DASHES and not self._is_between_numbers(index))

    def word(self, index: int) -> str:
        """Folded text of a token; empty outside the text."""
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Offsets into the original text of the tokens first to last, the last not included."""
        return self.tokens[first].start, self.tokens[last - 1].end

    def written(self, mark: Mark) -> str:
        """A mark as it stands in the original text."""
        start, end = self.span(mark.first, mark.last)
        return self.text[start:end]

    def _keep(self, mark: Mark) -> None:
        self._starts.setdefault(mark.kind, {})[mark.first] = mark
        self._ends.setdefault(mark.kind, {})[mark.last] = mark

    def _is_between_numbers(self, index: int) -> bool:
        around = self.tokens[index - 1 : index + 2] if index else ()
        return len(around) == 3 and around[0].is_number and around[2].is_number

    def _numbers(self) -> Iterator[Mark]:
        reserved = {index for mark in self.marks("certificate") for index in range(mark.first, mark.last)}
        index = 0
        while index < len(self.tokens):
            number = None if index in reserved else self._number_at(index)
            if number is None:
                index += 1
                continue
            yield number
            index = number.last

    def _number_at(self, first: int) -> Mark | None:
        if self.tokens[first].is_number:
            value, last = self._digits_at(first)
        elif (word := self.at("number_word", first)) is not None:
            value, last = float(word.value), word.last
        else:
            value, last = self._chinese_at(first)
        if value is None:
            return None
        if (multiplier := self.at("multiplier", last)) is not None and multiplier.first > first:
            value, last = value * float(multiplier.value), multiplier.last
        return Mark("number", value, first, last)

    def _digits_at(self, first: int) -> tuple[float | None, int]:
        """Digits, with groups of three set off by one space ("10 000") taken together."""
        digits, last = self.tokens[first].text, first + 1
        may_grow = len(digits) <= 3
        while may_grow and digits.isdecimal() and len(digits) <= _LONGEST_NUMBER and self._continues_group(last):
            digits, last = digits + self.tokens[last].text[:3], last + 1
        tail = self.tokens[last - 1].text[3:] if last > first + 1 else ""
        return number_value(digits + tail), last

    def _continues_group(self, index: int) -> bool:
        if index >= len(self.tokens) or not self.tokens[index].is_number:
            return False
        one_space = self.tokens[index].start - self.tokens[index - 1].end == 1
        return one_space and re.fullmatch(r"\d{3}(?:[.,٫]\d{1,2})?", self.tokens[index].text) is not None

    def _chinese_at(self, first: int) -> tuple[float | None, int]:
        last, total, digit = first, 0, 0
        while last - first < _LONGEST_NUMBER and (character := self.word(last)) in _CHINESE_NUMERALS:
            if character in _CHINESE_DIGITS:
                digit = _CHINESE_DIGITS[character]
            elif (ten := _CHINESE_TENS[character]) == 10_000:
                total, digit = (total + digit or 1) * ten, 0
            else:
                total, digit = total + (digit or 1) * ten, 0
            last += 1
        return (float(total + digit) if last > first else None), last


def number_value(digits: str) -> float | None:
    """Value of digits as written in any of the ten languages; None for dates, versions and what is too long.

    One separator before three digits is taken for thousands ("1.500", "1,500"), unless a zero leads ("0,500").
    """
    plain = digits.translate(_SEPARATORS)
    groups = re.split("[.,]", plain)
    separators = re.sub(r"\d", "", plain)
    if len(plain) > _LONGEST_NUMBER:
        return None
    has_decimals = bool(separators) and separators.count(separators[-1]) == 1
    if has_decimals and len(groups[-1]) == 3 and len(separators) == 1 and groups[0].strip("0"):
        has_decimals = False
    whole = groups[:-1] if has_decimals else groups
    if any(len(group) != 3 for group in whole[1:]):
        return None
    return float("".join(whole) + (f".{groups[-1]}" if has_decimals else ""))


def is_range_word(word: str) -> bool:
    """Whether a token can stand between the two ends of a range: "5-10", "5 to 10", "5 bis 10"."""
    return word in _RANGE_WORDS


@cache
def _phrasebook() -> Phrasebook:
    names = (("language", _language_names()), ("month", month_names()))
    return Phrasebook((*_cue_lists(), *_place_lists(), *_unit_and_term_lists(), *names))


def _cue_lists() -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    for kind, phrases in word_list("cues").items():
        by_value = phrases.items() if isinstance(phrases, dict) else [(True, phrases)]
        name = "number_word" if kind == "number" else kind
        yield name, [(phrase, value) for value, group in by_value for phrase in group]


def _place_lists() -> Iterator[tuple[str, Iterable[tuple[str, Any]]]]:
    yield "city", (*exemplar_cities(), *place_names())
    yield "country", _country_names()
    for region in word_list("regions").values():
        codes = tuple(region["countries"].split())
        yield "region", [(name, codes) for name in region["names"]]
    for code, names in word_list("demonyms").items():
        yield "demonym", [(form, code) for name in names.split() for form in inflected(name)]


def _unit_and_term_lists() -> Iterator[tuple[str, Iterable[tuple[str, Any]]]]:
    for unit, spellings in SPELLINGS.items():
        yield "unit", [(spelling, unit) for spelling in spellings]
    # In a text "5 MIL KILOS" are kilos.
    yield "unit", [(f"={code}", unit) for code, unit in CODES.items() if code != "MIL"]
    yield "incoterm", [(term, term) for term in Incoterm]


@cache
def _countries() -> frozenset[str]:
    """CLDR also names regions and unions ("EU", "UN"), which are no countries here."""
    return frozenset(country.alpha_2 for country in pycountry.countries) | {"XK"}


def _country_names() -> Iterator[tuple[str, str]]:
    for locale in FIRST_LOCALES:
        for code, name in Locale.parse(locale).territories.items():
            if code in _countries() and name.casefold() not in _NO_COUNTRY_NAMES:
                yield (f"^{name}" if name.casefold() in _ALSO_WORDS else name), code
                if locale == "de" and name[-1] not in "sxzß":
                    yield f"^{name}s", code  # the genitive: "außerhalb Chinas"
    # Short and older names that CLDR does not hold.
    yield from ((name, code) for code, names in word_list("countries").items() for name in names)


def _language_names() -> Iterator[tuple[str, str]]:
    for locale in FIRST_LOCALES:
        names = Locale.parse(locale).languages
        yield from ((names[code], code) for code in _TRADE_LANGUAGES if code in names)
    yield from _OTHER_LANGUAGE_NAMES.items()


def _certificate_marks(text: str, run: tuple[Token, ...]) -> Iterator[Mark]:
    first_at = {token.start: index for index, token in enumerate(run)}
    last_at = {token.end: index + 1 for index, token in enumerate(run)}
    for name, start, end in find_certificates(text):
        yield Mark("certificate", name, first_at[start], last_at[end])
