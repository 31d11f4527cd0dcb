"""Dates by which goods are wanted, as much of them as a text says: "2027-03-15", "--03-15", "--09", "--W20"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from matching.lexicon import Mark
from matching.lexicon.reading import Reading
from matching.needs.need import Need, NeedKind, need_at

_FIRST_YEAR, _LAST_YEAR = 2020, 2100
_ISO_DATE = re.compile(r"(?<!\d)(20\d\d)-(\d\d)-(\d\d)(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})([./-])(\d{1,2})\2(20\d\d)(?!\d)")
_LINKS = frozenset({"de", "del", "of", ".", "er", "st", "nd", "rd", "th", "ro", "e", "le", "do"})


def delivery_dates(reading: Reading) -> Iterator[Need]:
    """Dates with a word of a deadline or of delivery beside them; the date of a fair, an offer or a harvest is none.

    The value follows ISO 8601, a part that the text leaves out (the year, the day) too: "--03-15" as in XML Schema.
    """
    for date in dates_in(reading):
        confidence = _confidence(reading, date)
        if confidence:
            yield need_at(reading, NeedKind.DELIVERY_DATE, str(date.value), (date.first, date.last), confidence)


@lru_cache(maxsize=4)
def dates_in(reading: Reading) -> tuple[Mark, ...]:
    """Every date of a text, whatever it is the date of, in reading order; none overlaps another."""
    found = [*_numeric(reading), *_named_months(reading), *_chinese(reading), *_weeks(reading)]
    kept: list[Mark] = []
    for mark in sorted(found, key=lambda mark: (mark.first, -mark.last)):
        if not kept or mark.first >= kept[-1].last:
            kept.append(mark)
    return tuple(kept)


def _numeric(reading: Reading) -> Iterator[Mark]:
    """ "15.03.2027", "15/03/2027", "2027-03-15"; of "03/04/2027" nobody knows which is the month."""
    for match in _ISO_DATE.finditer(reading.text):
        yield from _between(reading, match, int(match[1]), int(match[2]), int(match[3]))
    for match in _DAY_FIRST.finditer(reading.text):
        day, month = int(match[1]), int(match[3])
        if month > 12 >= day:
            day, month = month, day
        if match[2] == "." or day > 12 or day == month:
            yield from _between(reading, match, int(match[4]), month, day)


def _between(reading: Reading, match: re.Match[str], year: int, month: int, day: int) -> Iterator[Mark]:
    inside = [i for i, token in enumerate(reading.tokens) if match.start() <= token.start and token.end <= match.end()]
    if inside and 1 <= month <= 12 and 1 <= day <= 31:
        yield Mark("date", _written(year, month, day), inside[0], inside[-1] + 1)


def _named_months(reading: Reading) -> Iterator[Mark]:
    for month in reading.marks("month"):
        first, last = month.first, month.last
        day = _day_before(reading, first)
        if day is None and (after := _day_at(reading, last)) is not None:
            day, last = (after, last), last + 1
        elif day is not None:
            first = day[1]
        year = _year_at(reading, last)
        yield Mark("date", _written(year[0] if year else None, int(month.value), day[0] if day else None), first,
                   year[1] if year else last)  # fmt: skip


def _day_before(reading: Reading, index: int) -> tuple[int, int] | None:
    """The day and where it stands: "15" in "15. März", "1er mai", "20 de febrero"."""
    for _ in range(3):
        index -= 1
        if (day := _day_at(reading, index)) is not None:
            return day, index
        if reading.word(index) not in _LINKS:
            return None
    return None


def _day_at(reading: Reading, index: int) -> int | None:
    digits = reading.word(index)
    return int(digits) if digits.isdecimal() and len(digits) <= 2 and 1 <= int(digits) <= 31 else None


def _year_at(reading: Reading, index: int) -> tuple[int, int] | None:
    """The year and where it ends: "2027" in "March 15, 2027", "de febrero de 2027"."""
    for place in (index, index + 1):
        digits = reading.word(place)
        if digits.isdecimal() and _FIRST_YEAR <= int(digits) <= _LAST_YEAR:
            return int(digits), place + 1
        if reading.word(place) not in (",", "de", "del", "do", "."):
            return None
    return None


def _chinese(reading: Reading) -> Iterator[Mark]:
    """ "2027年3月15日", "10月底"; "3个月" is a span of time."""
    for index, token in enumerate(reading.tokens):
        if token.text != "月" or (month := _day_at(reading, index - 1)) is None or month > 12:
            continue
        first, last = index - 1, index + 1
        year = None
        if reading.word(first - 1) == "年" and reading.word(first - 2).isdecimal():
            year, first = int(reading.word(first - 2)), first - 2
        day = _day_at(reading, last)
        if day is not None and reading.word(last + 1) in ("日", "号"):
            last += 2
        else:
            day = None
        yield Mark("date", _written(year, month, day), first, last)


def _weeks(reading: Reading) -> Iterator[Mark]:
    """ "KW 20", "in week 18"; never "3 weeks"."""
    for week in reading.marks("week_of"):
        number = reading.word(week.last)
        counted = reading.ending("number", week.first) is not None
        if not counted and number.isdecimal() and 1 <= int(number) <= 53 and not reading.at("unit", week.last + 1):
            last = week.last + 1
            if reading.word(week.first) == "第":
                if reading.word(last) not in ("周", "週"):
                    continue
                last += 1
            yield Mark("date", f"--W{int(number):02}", week.first, last)


def _written(year: int | None, month: int, day: int | None) -> str:
    return f"{year or '-'}-{month:02}" + (f"-{day:02}" if day else "")


def _confidence(reading: Reading, date: Mark) -> float:
    first, last = date.first, date.last
    if reading.before("not_deadline", first, reach=8) or reading.after("not_deadline", last, reach=2):
        return 0.0
    cue = reading.before("deadline", first, reach=3)
    if (cue and cue.value == "strong") or reading.after("deadline_after", last, reach=1):
        return 0.9
    near = any(reading.before(kind, first, reach=8) for kind in ("delivery", "need"))
    near = near or reading.after("delivery", last, reach=3) is not None
    after = reading.after("date_after", last)
    if near:
        return 0.8
    return 0.65 if (cue and _opens(reading, cue.first)) or (after and _opens(reading, first)) else 0.0


def _opens(reading: Reading, index: int) -> bool:
    return index == 0 or reading.is_break(index - 1)
