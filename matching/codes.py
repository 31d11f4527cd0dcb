"""International codes of trade: countries, languages, currencies, HS codes, Incoterms, from what people write.

Each function takes a code or a name in any language of CLDR and gives the code, or raises ValueError saying
what was expected. Sources: ISO 3166-1, ISO 639-1, ISO 4217 (pycountry), CLDR names (Babel), HS 2022,
Incoterms 2020 (ICC).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache

import pycountry
from babel import Locale
from babel.localedata import locale_identifiers

from matching.words import fold

FIRST_LOCALES = ("en", "fr", "ar", "es", "de", "zh", "it", "pt", "tr", "nl")

_COUNTRY_NICKNAMES = {
    "uk": "GB", "u k": "GB", "england": "GB", "angleterre": "GB", "great britain": "GB", "usa": "US",
    "u s a": "US", "etats unis d amerique": "US", "holland": "NL", "hollande": "NL", "uae": "AE",
    "eau": "AE", "ksa": "SA", "south korea": "KR", "coree": "KR", "cote d ivoire": "CI", "prc": "CN",
    "czech republic": "CZ", "turkey": "TR", "royaume du maroc": "MA",
}  # fmt: skip
_LANGUAGE_NICKNAMES = {"darija": "ar", "mandarin": "zh", "castellano": "es", "flemish": "nl"}
_CURRENCY_NAMES = {
    "€": "EUR", "$": "USD", "us$": "USD", "£": "GBP", "¥": "CNY", "dh": "MAD", "dhs": "MAD", "درهم": "MAD",
    "dirham": "MAD", "dirhams": "MAD", "rmb": "CNY", "元": "CNY", "euro": "EUR", "euros": "EUR",
    "dollar": "USD", "dollars": "USD",
}  # fmt: skip
_NOT_LETTERS = re.compile(r"[\W_]+")


class Incoterm(StrEnum):
    """The eleven delivery terms of Incoterms 2020."""

    EXW = "EXW"
    FCA = "FCA"
    CPT = "CPT"
    CIP = "CIP"
    DAP = "DAP"
    DPU = "DPU"
    DDP = "DDP"
    FAS = "FAS"
    FOB = "FOB"
    CFR = "CFR"
    CIF = "CIF"


def country_code(text: str) -> str:
    """ISO 3166-1 alpha-2 code of a country code or name: "Maroc", "المغرب", "Marokko" and "MAR" give "MA"."""
    code = text.strip().upper()
    if code in _countries():
        return code
    if len(code) == 3 and (country := pycountry.countries.get(alpha_3=code)):
        return str(country.alpha_2)
    key = _key(text)
    found = _COUNTRY_NICKNAMES.get(key) or _code_by_name("territories", key)
    if found is None or found not in _countries():
        raise ValueError(f"{text!r} is not a country; expected an ISO 3166 code such as MA, or a country's name")
    return found


def language_code(text: str) -> str:
    """ISO 639-1 code of a language code or name: "français", "العربية", "German" and "deu" give fr, ar, de."""
    code = text.strip().lower().replace("_", "-").split("-")[0]
    if code in _languages():
        return code
    if len(code) == 3 and (language := pycountry.languages.get(alpha_3=code)):
        code = getattr(language, "alpha_2", "")
    key = _key(text)
    found = code if code in _languages() else _LANGUAGE_NICKNAMES.get(key) or _code_by_name("languages", key)
    if found is None or found not in _languages():
        raise ValueError(f"{text!r} is not a language; expected an ISO 639 code such as fr, or a language's name")
    return found


def currency_code(text: str) -> str:
    """ISO 4217 code of a currency code, sign or common name: "€", "dh" and "eur" give EUR, MAD, EUR."""
    code = text.strip().upper()
    if pycountry.currencies.get(alpha_3=code):
        return code
    found = _CURRENCY_NAMES.get(text.strip().casefold())
    if found is None:
        raise ValueError(f"{text!r} is not a currency; expected an ISO 4217 code such as MAD, EUR or USD")
    return found


def hs_code(text: str) -> str:
    """Six HS digits as "1515.90"; national codes of 8 or 10 digits are cut to their six HS digits."""
    digits = re.sub(r"[.\s-]", "", text)
    if not re.fullmatch(r"\d{6}(\d\d){0,2}", digits) or digits < "01":
        raise ValueError(f"{text!r} is not an HS code; expected six digits such as 1515.90 or 151590")
    return f"{digits[:4]}.{digits[4:6]}"


def incoterm(text: str) -> Incoterm:
    """The Incoterm named at the start of a text: "fob Casablanca" and "FOB (2020)" give FOB."""
    found = re.match(r"\s*([A-Za-z]{3})\b", text)
    if found is None or found[1].upper() not in Incoterm.__members__:
        raise ValueError(f"{text!r} is not an Incoterm; expected one of {', '.join(Incoterm)}")
    return Incoterm(found[1].upper())


@cache
def _countries() -> frozenset[str]:
    return frozenset(country.alpha_2 for country in pycountry.countries) | {"XK"}


@cache
def _languages() -> frozenset[str]:
    return frozenset(language.alpha_2 for language in pycountry.languages if getattr(language, "alpha_2", None))


def _key(text: str) -> str:
    return _NOT_LETTERS.sub(" ", fold(text)).strip()


def _code_by_name(kind: str, key: str) -> str | None:
    return next((names[key] for names in _names_by_locale(kind) if key in names), None)


def _names_by_locale(kind: str) -> Iterator[Mapping[str, str]]:
    rest = sorted(name for name in locale_identifiers() if "_" not in name and name not in FIRST_LOCALES)
    return (_names(kind, locale) for locale in (*FIRST_LOCALES, *rest))


@cache
def _names(kind: str, locale: str) -> Mapping[str, str]:
    by_code: Mapping[str, str] = getattr(Locale.parse(locale), kind)
    return {_key(name): code for code, name in by_code.items() if name and len(code) in (2, 3)}
