"""Certificates in a cell of a spreadsheet: "Ecocert (no. FR-BIO-01; valid until 2027-03-31)", read and written.

Details are cut out of the text before it is split into names, as numbers and dates hold the signs that separate names.
Of a date in figures that does not begin with the year, the day comes first, unless that cannot be; a month or a year
stands for its last day. Of a date that is none, such as 31/02/2027, the certificate's name is kept alone.
"""

from __future__ import annotations

import datetime
import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from babel import Locale

from matching.codes import FIRST_LOCALES
from matching.profiles import Certificate
from matching.words import fold

Details = Mapping[str, str | datetime.date]

_YEARS = range(1900, 2200)
_FIRST_MARK, _MARKS = 0xE000, 6_400
_MARK = re.compile("[\ue000-\uf8ff]")
_BRACKETED = re.compile("[(（\\[][\ue000-\uf8ff\\s,;:.]+[)）\\]]")
_DATE = (
    r"(\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2}|\d{1,2}([./-])\d{1,2}\2\d{4}|\d{4}年\d{1,2}月\d{1,2}日"
    r"|\d{1,2}\.? (?:de )?[^\W\d_]+\.? (?:de )?\d{4}|[^\W\d_]+\.? \d{1,2},? \d{4}|[\d./-]*\d)(?!\d)"
)
_UNTIL = (
    r"(?:valid|valable|valide|g[uü]ltig|v[aá]lid[oa]|geldig|صالحة|صالح)\s*"
    r"(?:until|till|to|through|thru|jusqu'au|jusqu'à|bis|hasta(?: el)?|fino al|até(?: a)?|tot(?: en met)?|حتى|لغاية)"
    r"|expir(?:es?|y|ation|ing|a)(?: date| le| on| em| el)?|exp|[eé]ch[eé]ance|ablauf|vence(?: el)?|vencimiento"
    r"|caduca(?: el)?|scade il|scadenza|validade|verloopt op|son geçerlilik(?: tarihi)?|تنتهي في|ينتهي في"
    r"|تاريخ الانتهاء|有效期至|有效期到|有效至|到期日?"
)
_SINCE = (
    r"issued?(?: on| date)?|d[eé]livr[eé]e?(?: le)?|[eé]mise? le|ausgestellt am|emitid[oa] el|rilasciato il"
    r"|afgegeven op|صدرت في|颁发日期|发证日期"
)
_NUMBER = r"(?:certificate |cert\.? |certificat )?(?:no|n°|nº|nr|number|num[eé]ro)|رقم|证书编号|编号"
_CODE = r"((?-i:(?:[A-Z0-9./-]+ )*[A-Z0-9./-]*\d[A-Za-z0-9./-]*))"
_SEPARATING = re.compile(r"[;()|\n]")
_WORDS = r"([^;()|\n\ue000-\uf8ff]+)"
_PATTERNS: tuple[tuple[str, str, str], ...] = (
    ("expires", _UNTIL, _DATE),
    ("issued", _SINCE, _DATE),
    ("number", r"(?<=[(;])\s*number:", _WORDS),
    ("number", _NUMBER, _CODE),
    ("issuer", r"issuer:|issued by|d[eé]livr[eé]e? par", _WORDS),
    ("scope", r"scope:", _WORDS),
)
_DETAILS = tuple(
    (name, re.compile(rf"(?<![A-Za-zÀ-ÿ])(?:{words})\s*[.:]?\s*{value}", re.IGNORECASE))
    for name, words, value in _PATTERNS
)


@dataclass(frozen=True)
class Blanked:
    """A text in which each detail of a certificate has given way to one mark; `details` are by mark."""

    text: str
    details: Mapping[str, Details]

    @classmethod
    def of(cls, text: str) -> Blanked:
        """A text, its own marks left out, with every detail taken out that can be read."""
        found: dict[str, Details] = {}
        text = _MARK.sub("", text)
        for name, pattern in _DETAILS:
            text = pattern.sub(_blanking(name, found), text)
        return cls(_BRACKETED.sub(lambda marks: "".join(_MARK.findall(marks[0])), text), found)

    def certificates(self, parts: Iterable[str]) -> list[str | Certificate]:
        """Certificates of the parts that the text was split into; a part of details alone is about the one before."""
        named: list[tuple[str, dict[str, str | datetime.date]]] = []
        for part in parts:
            details = {key: value for mark in _MARK.findall(part) for key, value in self.details[mark].items()}
            name = _without_marks(part)
            if name or not named:
                named.append((name, details))
            else:
                named[-1][1].update(details)
        return [_certificate(name, details) for name, details in named if name]


def written(certificate: Certificate) -> str:
    """A certificate as a cell holds it; reading the cell gives it back, save signs that separate: ; | and brackets."""
    details = (
        certificate.scope and f"scope: {_SEPARATING.sub(',', certificate.scope)}",
        certificate.issuer and f"issuer: {_SEPARATING.sub(',', certificate.issuer)}",
        certificate.number and f"number: {_SEPARATING.sub(',', certificate.number)}",
        certificate.issued and f"issued {certificate.issued}",
        certificate.expires and f"valid until {certificate.expires}",
    )
    stated = "; ".join(detail for detail in details if isinstance(detail, str) and detail)
    return f"{certificate.scheme} ({stated})" if stated else certificate.scheme


def _certificate(name: str, details: Mapping[str, str | datetime.date]) -> str | Certificate:
    """Its name alone where nothing else is known; details that contradict one another are left out."""
    try:
        return Certificate.model_validate({"scheme": name, **details}) if details else name
    except ValueError:
        return name


def _blanking(name: str, found: dict[str, Details]) -> Callable[[re.Match[str]], str]:
    def blank(match: re.Match[str]) -> str:
        value = match[1].strip(" .,")
        read = _date(value) if name in ("expires", "issued") else value
        if len(found) == _MARKS:
            raise ValueError(f"over {_MARKS} details; expected fewer certificates in one cell")
        mark = chr(_FIRST_MARK + len(found))
        found[mark] = {name: read} if read else {}
        return mark

    return blank


def _without_marks(part: str) -> str:
    """The name in a part: what is left beside its details; a part without any is the name as it is."""
    return _MARK.sub("", part).rstrip(" ,;:-(（[").lstrip(" ,;:-)）]") if _MARK.search(part) else part


def _date(text: str) -> datetime.date | None:
    """The day that a date names; None where it is none."""
    figures = [int(figure) for figure in re.findall(r"\d+", text)]
    word = fold(re.sub(r"\bde\b", "", text)).strip(" .,-/0123456789年月日")
    try:
        year, month, day = (figures[1], _months()[word], figures[0]) if word else _year_month_day(figures)
        return datetime.date(year, month, day) if year in _YEARS else None
    except (KeyError, ValueError):
        return None


def _year_month_day(figures: list[int]) -> tuple[int, int, int]:
    if len(figures) < 3:
        month, year = figures if len(figures) == 2 else (12, *figures)
        year, month = (month, year) if month > 12 else (year, month)
        return year, month, monthrange(year, month)[1]
    first, middle, last = figures
    if first > 31:
        return first, middle, last
    day, month = (middle, first) if middle > 12 else (first, middle)
    return last if last > 99 else 2000 + last, month, day


@cache
def _months() -> Mapping[str, int]:
    names: dict[str, int] = {}
    for locale in FIRST_LOCALES:
        months = Locale.parse(locale).months["format"]
        for width in ("wide", "abbreviated"):
            names |= {fold(name).strip(" ."): number for number, name in months[width].items()}
    return names
