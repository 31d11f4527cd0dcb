"""Incoterm, deadline and HS code."""

from __future__ import annotations

import math
from collections.abc import Iterator

from matching import codes
from matching.codes import Incoterm
from matching.lexicon import Mark
from matching.lexicon.reading import Reading
from matching.needs.dates import dates_in
from matching.needs.need import Need, NeedKind, need_at
from matching.needs.negation import ruled_out
from matching.needs.quantity import is_range_before

_LONGEST_LEAD_DAYS = 3650
_WORKING_TO_CALENDAR = 7 / 5


def incoterms(reading: Reading) -> Iterator[Need]:
    """Incoterms named; FOB and the like in any case, terms that are also words only in capitals."""
    for mark in reading.marks("incoterm"):
        if not is_no_incoterm(reading, mark):
            yield need_at(reading, NeedKind.INCOTERM, mark.value, (mark.first, mark.last), 0.9)


def is_no_incoterm(reading: Reading, mark: Mark) -> bool:
    """DAP is also a fertiliser, FAS also Turkish for Morocco, and a term in a price ("€/t FOB") still is one."""
    if reading.at("country", mark.first) or not reading.written(mark).isascii():
        return True
    fertiliser = reading.before("fertiliser", mark.first, reach=2) or reading.after("fertiliser", mark.last, reach=2)
    graded = mark.value == Incoterm.DAP and reading.at("number", mark.last) is not None
    small = reading.written(mark).islower() and mark.value in ("DAP", "CIP", "FAS", "CPT")
    refused = ruled_out(reading, mark.first, reach=1)
    return bool((fertiliser and mark.value == Incoterm.DAP) or graded or small or refused)


def lead_times(reading: Reading) -> Iterator[Need]:
    """Longest time to delivery in days; payment terms, shelf life and guarantees are none."""
    dates = {index for date in dates_in(reading) for index in range(date.first, date.last)}
    for span, days in _durations(reading):
        if not dates.isdisjoint(range(*span)) or reading.at("month", span[1]):
            continue
        confidence = _lead_confidence(reading, span)
        if confidence and 0 < days <= _LONGEST_LEAD_DAYS:
            yield need_at(reading, NeedKind.MAX_LEAD_TIME_DAYS, days, span, confidence)


def _durations(reading: Reading) -> Iterator[tuple[tuple[int, int], int]]:
    """Spans of time in calendar days; working days become the weeks they take."""
    for number in reading.marks("number"):
        if reading.word(number.first - 1) == "月":  # 3月15日 is a date
            continue
        working = reading.at("working_day", number.last)
        unit = reading.at("time", number.last) or (reading.at("time", working.last) if working else None)
        if unit:
            working = working or reading.at("working_day", unit.last)
            factor = _WORKING_TO_CALENDAR if working else 1.0
            last = max(unit.last, working.last if working else 0)
            yield (number.first, last), math.ceil(round(number.value * float(unit.value) * factor, 3))
    for alone in reading.marks("time_alone"):
        if not reading.ending("number", alone.first):
            yield (alone.first, alone.last), int(alone.value)


def _lead_confidence(reading: Reading, span: tuple[int, int]) -> float:
    first, last = span
    if reading.before("not_lead", first, reach=4) or reading.after("not_lead", last, reach=2):
        return 0.0
    while is_range_before(reading, first):
        first -= 2
    if reading.before("lead_before", first, reach=3):
        return 0.9
    if reading.after("lead_after", last, reach=1):
        return 0.85
    if reading.before("delivery", first, reach=3):
        return 0.75
    if reading.before("lead_adjacent", first, reach=1):
        return 0.7
    return 0.65 if _is_clause_of_working_days(reading, first, last) else 0.0


def _is_clause_of_working_days(reading: Reading, first: int, last: int) -> bool:
    """ ", 15 werkdagen.": payment is not counted in working days."""
    opens = first == 0 or reading.is_break(first - 1)
    closes = last == len(reading.tokens) or reading.is_break(last)
    return opens and closes and any(reading.at("working_day", index) for index in range(first, last))


def hs_codes(reading: Reading) -> Iterator[Need]:
    """HS codes after a word that announces them."""
    for cue in reading.marks("hs"):
        index = cue.last + (reading.word(cue.last) == ":")
        digits = reading.word(index)
        if reading.word(index + 1).isdecimal() and len(digits) <= 4:
            digits += reading.word(index + 1)
        try:
            value = codes.hs_code(digits)
        except ValueError:
            continue
        yield need_at(reading, NeedKind.HS, value, (index, index + 1), 0.9)
