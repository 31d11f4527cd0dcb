"""What people write in a cell, read as the value it stands for: "1 500,5 kg", "12,50 €/kg", "2-3 semaines", "oui".

A cell that says that nothing is known ("-", "n/a", "NC") gives None. Numbers are read in any script's digits. Of a
lone comma or point, exactly three digits after it mean thousands ("1.500" is 1500, "0.500" is a half); numbers of
Excel and JSON Lines are taken as they are.
"""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TypeVar

from data.certificate_cells import Blanked
from data.columns import EXPECTED, Kind
from matching import codes
from matching.profiles import Certificate, Quantity, Size
from matching.words import fold

Price = dict[str, float | str | None]
T = TypeVar("T")

_MAX_MEASURE_CHARACTERS = 120

_BLANKS = frozenset({
    "", "-", "--", "---", "/", ".", "?", "n/a", "na", "n.a.", "n.a", "#n/a", "nc", "n.c.", "n.c", "nd", "n.d.", "n/d",
    "s/o", "null", "nan", "none", "neant", "non communique", "non renseigne", "not available", "not applicable",
    "unknown", "inconnu", "sans objet", "tbd", "tba", "k.a.", "desconocido", "unbekannt", "غير متوفر", "غير معروف",
    "لا يوجد", "无", "未知", "#ref!", "#value!", "#div/0!", "#name?", "#null!", "#num!",
})  # fmt: skip
_COUNTRY_CODES_LIKE_BLANKS = frozenset({"NA", "NC"})
_YES = frozenset({
    "yes", "y", "oui", "o", "si", "s", "ja", "j", "sim", "evet", "true", "vrai", "wahr", "verdadero", "vero", "1", "x",
    "✓", "✔", "نعم", "是", "有",
})  # fmt: skip
_NO = frozenset({
    "no", "n", "non", "nein", "nao", "nee", "hayir", "false", "faux", "falsch", "falso", "0", "لا", "كلا", "否", "没有",
})  # fmt: skip
_SIZES: Mapping[Size, tuple[str, ...]] = {
    Size.MICRO: ("micro", "tpe", "micro entreprise", "microempresa", "kleinstunternehmen", "صغيره جدا", "微型"),
    Size.SMALL: ("small", "petite", "petite entreprise", "pequena", "klein", "piccola", "kucuk", "صغيره", "小型"),
    Size.MEDIUM: ("medium", "moyenne", "moyenne entreprise", "mediana", "mittel", "media", "orta", "متوسطه", "中型"),
    Size.LARGE: ("large", "grande", "grande entreprise", "eti", "gross", "grosse", "buyuk", "groot", "كبيره", "大型"),
}  # fmt: skip
_SIZE_BY_WORD = {word: size for size, size_words in _SIZES.items() for word in size_words}
_WORDS_BY_DAYS: Mapping[float, tuple[str, ...]] = {
    1: (
        "d", "day", "days", "j", "jr", "jrs", "jour", "jours", "calendar days", "jours calendaires", "tag", "tage",
        "tagen", "dia", "dias", "giorno", "giorni", "gg", "gun", "dag", "dagen", "يوم", "ايام", "يوما", "天", "日",
    ),
    7 / 5: (
        "working day", "working days", "business day", "business days", "jour ouvre", "jours ouvres", "jour ouvrable",
        "jours ouvrables", "werktag", "werktage", "arbeitstage", "dias habiles", "dias laborables", "giorni lavorativi",
        "dias uteis", "is gunu", "werkdagen", "يوم عمل", "ايام عمل", "个工作日", "工作日",
    ),
    7: (
        "w", "wk", "wks", "week", "weeks", "semaine", "semaines", "sem", "woche", "wochen", "semana", "semanas",
        "settimana", "settimane", "hafta", "weken", "اسبوع", "اسابيع", "周", "星期",
    ),
    30: (
        "month", "months", "mois", "monat", "monate", "monaten", "mes", "meses", "mese", "mesi", "ay", "maand",
        "maanden", "شهر", "اشهر", "شهور", "月", "个月",
    ),
    1 / 24: ("h", "hour", "hours", "heure", "heures", "stunden", "horas", "ساعه", "小时"),
}  # fmt: skip
_DAYS_BY_WORD = {word: days for days, day_words in _WORDS_BY_DAYS.items() for word in day_words}
_MULTIPLES = {
    "k": 1e3, "thousand": 1e3, "mille": 1e3, "mil": 1e3, "tausend": 1e3, "الف": 1e3, "万": 1e4, "million": 1e6,
    "millions": 1e6, "millones": 1e6, "مليون": 1e6,
}  # fmt: skip

_NUMBER = (
    r"(?:[1-9]\d{0,2}(?:[ ']\d{3})+(?:[.,]\d+)?|[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?|[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?"
    r"|\d+(?:[.,]\d+)?|[.,]\d+)(?!\d)"
)
_ABOUT = r"(?:(?:min(?:imum)?\.?|env(?:iron)?\.?|approx\.?|about|circa|ca\.?|c\.|[~≈≥>]=?)\s*)?"
_TO = r"(?:-|to|à|a|bis|hasta|al|au|و|إلى|الى|至)"
_UNIT = r"(?:H87|C62|[^\W\d_][^\d/]*[23]?)"
_SIGN = r"[^\d\s.,/'()-]{1,10}"
_PER = r"(?:/|per|par|por|pro|le|la|el|il|al|لكل|每)"
_QUANTITY = re.compile(rf"{_ABOUT}({_NUMBER})\s*(?:({'|'.join(_MULTIPLES)})(?![^\W\d_])\s*)?({_UNIT})?", re.IGNORECASE)
_CONTAINER = re.compile(
    r"(\d+)\s*(?:x\s*)?(?:(?:20|40|45)\s*(?:'|ft|feet|foot|pieds|pies)?\s*(?:hc|hq)?\s*)?"
    r"(?:containers?|conteneurs?|contenedor(?:es)?|fcl|حاويات|حاوية)\b.*",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    r"\s*(?:(?:/|\bper\b|\bpar\b|\bal\b|\bpor\b|\bpro\b|\ba\b|في ال|每)\s*(?P<span>month|mois|mes|monat|mese|ay|maand"
    r"|شهر|月|year|an|année|annee|año|jahr|anno|ano|yıl|jaar|سنة|年)|\b(?P<word>monthly|mensuels?|mensual|monatlich|شهريا))\s*$",
    re.IGNORECASE,
)
_YEARS = frozenset({"year", "an", "annee", "ano", "jahr", "anno", "yil", "jaar", "سنه", "年"})
_PRICE_NOISE = re.compile(r"\b(?:FOB|EXW|FCA|CIF|HT|excl\.? VAT)\b", re.IGNORECASE)
_PRICE = re.compile(
    rf"{_ABOUT}({_SIGN})?\s*({_NUMBER})\s*({_SIGN})?(?:\s*{_TO}\s*({_SIGN})?\s*({_NUMBER})\s*({_SIGN})?)?"
    rf"\s*(?:{_PER}\s*({_UNIT}))?",
    re.IGNORECASE,
)
_DAYS = re.compile(
    rf"{_ABOUT}(?:({_NUMBER})\s*([^\W\d_]+)?\s*{_TO}\s*)?({_NUMBER})\s*([^\W\d_][^\d()]*)?(?:\([sne]+\))?",
    re.IGNORECASE,
)
_YEAR = re.compile(r"[^\d-]{0,20}(\d{4})|(\d{4})[-/.]\d{1,2}[-/.]\d{1,2}(?:\D.*)?|\d{1,2}[-/.]\d{1,2}[-/.](\d{4})")
_SEPARATOR = re.compile(r"(?<!ISO)/|[,;|\n،؛，；、]")
_AND = re.compile(r"\s+(?:and|et|y|e|und|ve|en)\s+|\s*&\s*|\s+و\s*", re.IGNORECASE)


def is_blank(value: object) -> bool:
    """Whether a cell says that nothing is known: empty, "-", "n/a", "NC", an error of Excel, not a number."""
    if isinstance(value, str):
        return fold(tidy(value)) in _BLANKS
    return value is None or (isinstance(value, float) and math.isnan(value))


def tidy(text: str) -> str:
    """Text on which patterns can work: ASCII digits, plain spaces, hyphens and points, no direction marks."""
    plain = text if text.isascii() and text.isprintable() else "".join(map(_plain, text))
    return re.sub(r"[^\S\n]+", " ", plain).strip()


def split_names(text: str) -> list[str]:
    """Names separated by ; or | or a line break; commas stay, as product names hold them."""
    return [name for part in re.split(r"[;|\n؛；]", text) if (name := part.strip())]


def read_cell(kind: Kind, value: object, *, unit: str | None = None, currency: str | None = None) -> object:
    """The value that a cell of a kind holds; None where it is blank.

    unit and currency stand in where the cell names none. A list or an object is given back as it is.
    Raises ValueError where the cell cannot be read; `EXPECTED[kind]` says what would do.
    """
    if isinstance(value, (list, tuple, dict)):
        return value
    if is_blank(value) and not (kind is Kind.COUNTRY and value in _COUNTRY_CODES_LIKE_BLANKS):
        return None
    if kind is Kind.PRICE:
        return _price(value, unit, currency)
    if kind in _MEASURES:
        return _MEASURES[kind](value, unit)
    return _READERS[kind](value)


def _plain(character: str) -> str:
    if character.isascii():
        return " " if character < " " and character != "\n" else character
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if unicodedata.category(character) in ("Zs", "Zl", "Zp", "Cc"):
        return " "
    return _PLAIN.get(character, character)


_PLAIN = {
    "٫": ".", "٬": ",", "–": "-", "—": "-", "−": "-", "‑": "-", "‐": "-", "’": "'", "\ufeff": "", "\u200b": "",
    **dict.fromkeys("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", ""),
}  # fmt: skip


def _text(value: object) -> object:
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, (int, float)):
        return f"{value:.15g}" if isinstance(value, float) else str(value)
    return value


def _short(value: object) -> str:
    text = tidy(str(_text(value)))
    if len(text) > _MAX_MEASURE_CHARACTERS:
        raise ValueError(f"a text of {len(text)} characters; expected {_MAX_MEASURE_CHARACTERS} at most")
    return text


def _number(text: str) -> float:
    digits = re.sub(r"[ ']", "", text)
    if re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", digits):
        return float(digits.replace(",", ""))
    if re.fullmatch(r"[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?", digits):
        return float(digits.replace(".", "").replace(",", "."))
    return float(digits.replace(",", "."))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _matched(pattern: re.Pattern[str], text: str, kind: Kind) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not what is looked for; expected {EXPECTED[kind]}")
    return found


def _whole_number(value: object) -> int:
    found = _matched(re.compile(rf"{_ABOUT}({_NUMBER})\s*[^\W\d_]*", re.IGNORECASE), _short(value), Kind.WHOLE_NUMBER)
    number = float(str(value)) if _is_number(value) else _number(found[1])
    if number != int(number):
        raise ValueError(f"{number:g} is not whole; expected {EXPECTED[Kind.WHOLE_NUMBER]}")
    return int(number)


def _year(value: object) -> int:
    if isinstance(value, datetime.date):
        return value.year
    found = _matched(_YEAR, _short(value), Kind.YEAR)
    return int(found[1] or found[2] or found[3])


def _size(value: object) -> Size:
    size = _SIZE_BY_WORD.get(re.sub(r"[\W_]+", " ", fold(_short(value))).strip())
    if size is None:
        raise ValueError(f"{value!r} is not a size; expected {EXPECTED[Kind.SIZE]}")
    return size


def _quantity(value: object, unit: str | None) -> Quantity:
    text = _short(value)
    if container := _CONTAINER.fullmatch(text):
        return Quantity(value=float(container[1]), unit="container")
    found = _matched(_QUANTITY, text, Kind.QUANTITY)
    written = (found[3] or unit or "").strip(" .")
    if not written or len(written.split()) > 3 or _PERIOD.search(" " + written):
        raise ValueError(f"{text!r} names no unit; expected {EXPECTED[Kind.QUANTITY]}")
    number = float(str(value)) if _is_number(value) else _number(found[1])
    return Quantity(value=number * _MULTIPLES.get(fold(found[2] or ""), 1), unit=written)


def _monthly_quantity(value: object, unit: str | None) -> Quantity:
    period = None if _is_number(value) else _PERIOD.search(_short(value))
    unit = re.sub(_PERIOD, "", unit) if unit else None
    if period is None:
        return _quantity(value, unit)
    quantity = _quantity(_short(value)[: period.start()], unit)
    months = 12 if fold(period["span"] or "") in _YEARS else 1
    return Quantity(value=quantity.value / months, unit=quantity.unit)


def _price(value: object, unit: str | None, currency: str | None) -> Price:
    if _is_number(value):
        low = high = float(str(value))
        signs: list[str] = []
    else:
        found = _matched(_PRICE, re.sub(r"\s+", " ", _PRICE_NOISE.sub("", _short(value))).strip(), Kind.PRICE)
        low, high = _number(found[2]), _number(found[5] or found[2])
        unit, signs = (found[7] or unit), [sign for sign in (found[1], found[3], found[4], found[6]) if sign]
    codes_named = {codes.currency_code(sign) for sign in signs or [currency or ""]}
    if len(codes_named) > 1 or not 0 <= low <= high:
        raise ValueError(f"{value!r} is not one price range; expected {EXPECTED[Kind.PRICE]}")
    return {"min": low, "max": high, "currency": codes_named.pop(), "unit": unit.strip(" .") if unit else None}


def _lead_time(value: object, unit: str | None) -> int:
    found = _matched(_DAYS, _short(value), Kind.DAYS)
    number = float(str(value)) if _is_number(value) else _number(found[3])
    written = fold((found[4] or "").strip(" .")) or _word_of_days(unit)
    factor = _DAYS_BY_WORD.get(written)
    if factor is None or (factor == 1 and number != int(number)):
        raise ValueError(f"{value!r} is not a number of days; expected {EXPECTED[Kind.DAYS]}")
    return math.ceil(round(number * factor, 6))


def _word_of_days(unit: str | None) -> str:
    word = fold(unit or "").strip(" .")
    return word if word in _DAYS_BY_WORD else "days"


def _hs(value: object) -> str:
    """Excel drops the zeros at both ends: 1515.9 is 1515.90, 80410 is 0804.10; chapters 01 to 09 end below .15."""
    text = f"{value:.2f}" if isinstance(value, float) and not value.is_integer() else _short(value)
    if re.fullmatch(r"\d+\.0", text):
        text = text[:-2]
    if decimal := re.fullmatch(r"(\d{3,4})\.(\d{1,2})", text):
        text = f"{decimal[1]:0>4}.{decimal[2]:0<2}"
    elif re.fullmatch(r"[1-9](?:0\d|1[0-4])\d\d(?:\d\d){0,2}", text):
        text = f"0{text}"
    return codes.hs_code(text)


def _names(value: object) -> list[str]:
    text = tidy(str(_text(value)))
    if fold(text) in _NO:
        return []
    if fold(text) in _YES:
        raise ValueError(f"{value!r} names nothing; expected {EXPECTED[Kind.NAMES]}")
    first: dict[str, str] = {}
    for name in filter(None, map(str.strip, _SEPARATOR.split(text))):
        first.setdefault(fold(name), name)
    return list(first.values())


def _certificates(value: object) -> list[str | Certificate]:
    blanked = Blanked.of(tidy(str(_text(value))))
    return blanked.certificates(_names(blanked.text))


def _coded(parse: Callable[[str], T]) -> Callable[[object], T]:
    remembered = lru_cache(maxsize=4_096)(parse)  # a column repeats few names, each looked up in every language
    return lambda value: remembered(_short(value))


def _coded_list(parse: Callable[[str], T]) -> Callable[[object], list[T]]:
    remembered = lru_cache(maxsize=4_096)(parse)

    def read(value: object) -> list[T]:
        text = tidy(str(_text(value)))
        try:
            return [remembered(text)]
        except ValueError:
            parts = [part for part in map(str.strip, _SEPARATOR.split(text)) if part]
            return list(dict.fromkeys(code for part in parts for code in _codes_of(part, remembered)))

    return read


def _codes_of(part: str, parse: Callable[[str], T]) -> Iterable[T]:
    """A name may hold "and" itself (Bosnia and Herzegovina), so the whole is tried first."""
    try:
        return [parse(part)]
    except ValueError:
        pieces = _AND.split(part)
        if len(pieces) == 1:
            raise
        return [parse(piece) for piece in pieces]


def _incoterms(value: object) -> list[codes.Incoterm]:
    """Every term of a text, also of "EXW FOB CIF"; after the first word only capitals count, as Fas is a place."""
    parts = [part for part in map(str.strip, _SEPARATOR.split(tidy(str(value)))) if part]
    first = [codes.incoterm(part) for part in parts]
    later = (word for part in parts for word in re.findall(r"\b[A-Z]{3}\b", part))
    return list(
        dict.fromkeys([*first, *(codes.Incoterm(word) for word in later if word in codes.Incoterm.__members__)])
    )


def _incoterm(value: object) -> codes.Incoterm:
    terms = _incoterms(value)
    if len(terms) != 1:
        raise ValueError(f"{value!r} names {len(terms)} Incoterms; expected {EXPECTED[Kind.INCOTERM]}")
    return terms[0]


def _holds(value: object) -> bool:
    answer = fold(_short(str(value)))
    if answer not in _YES | _NO:
        raise ValueError(f"{value!r} is not an answer; expected {EXPECTED[Kind.CERTIFICATE]}")
    return answer in _YES


def _products(value: object) -> list[str]:
    return split_names(str(_text(value)))


def _nested(value: object) -> object:
    raise ValueError(f"{value!r} is not an object; expected {EXPECTED[Kind.NESTED]}")


_MEASURES: Mapping[Kind, Callable[[object, str | None], object]] = {
    Kind.QUANTITY: _quantity,
    Kind.MONTHLY_QUANTITY: _monthly_quantity,
    Kind.DAYS: _lead_time,
}
_READERS: Mapping[Kind, Callable[[object], object]] = {
    Kind.TEXT: _text,
    Kind.NAMES: _names,
    Kind.CERTIFICATES: _certificates,
    Kind.WHOLE_NUMBER: _whole_number,
    Kind.YEAR: _year,
    Kind.SIZE: _size,
    Kind.COUNTRY: _coded(codes.country_code),
    Kind.COUNTRIES: _coded_list(codes.country_code),
    Kind.LANGUAGE: _coded(codes.language_code),
    Kind.LANGUAGES: _coded_list(codes.language_code),
    Kind.INCOTERM: _incoterm,
    Kind.INCOTERMS: _incoterms,
    Kind.HS: _hs,
    Kind.CURRENCY: _coded(codes.currency_code),
    Kind.PRODUCTS: _products,
    Kind.CERTIFICATE: _holds,
    Kind.NESTED: _nested,
}
