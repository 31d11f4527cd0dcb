"""Words that say what the product must not be: "no cosmetic grade", "kein Verschnitt", "istemiyoruz"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from matching.lexicon import is_ideograph
from matching.lexicon.reading import Reading
from matching.needs.need import Need, NeedKind, Source
from matching.needs.negation import negations
from matching.needs.origin import excluded_places
from matching.needs.places import countries_at

_LONGEST_EXCLUSION = 5
_LONGEST_CHINESE_EXCLUSION = 10
_SHORTEST_STEM = 4
_EXCEPTING = frozenset(
    {"except", "excepto", "exceto", "excepte", "sauf", "ausser", "tranne", "eccetto", "behalve", "salvo", "excluding"}
)
_PREPOSITIONS = frozenset({"in", "en", "em", "au", "aux", "a", "al", "im"})
_GOVERNING = frozenset({"de", "d", "di", "da", "from", "von", "van"})
_FREE_ENDING = re.compile(r"(?:frei(?:e[nrsm]?)?|vrije?|s[iu]z)$")
_FREE_OF_NOTHING = frozenset((
    "duty", "toll", "risk", "hassle", "hands", "maintenance", "tax", "cruelty", "trouble", "care", "delivery",
    "shipping", "freight", "samples", "sample", "for", "is", "are", "feel", "be", "charge", "postage", "quote",
    "error",
))  # fmt: skip
# Free of charge, free of rust (stainless), boundless and the like rule out no ingredient.
_NOT_FREE = frozenset((
    "einwandfrei", "fehlerfrei", "gebuhrenfrei", "kostenfrei", "portofrei", "rostfrei", "rostfreie", "rostfreier",
    "rostfreies", "rostfreiem", "rostfreien", "steuerfrei", "storungsfrei", "versandkostenfrei", "wartungsfrei",
    "zollfrei", "barrierefrei", "bugelfrei", "frachtfrei", "kratzfrei", "roestvrij", "roestvrije",
    "onderhoudsvrij", "belastingvrij", "kostenvrij", "storingsvrij", "ucretsiz", "sinirsiz", "sonsuz", "sorunsuz",
    "kesintisiz", "hatasiz", "sartsiz", "faizsiz", "gecikmesiz", "essiz", "kusursuz", "dikissiz", "cekirdeksiz",
    "kablosuz",
))  # fmt: skip


def exclusions(reading: Reading) -> Iterator[Need]:
    """Words that the text rules out, at most to the end of their clause; the span leaves out the negation itself."""
    places = {negation.first for _, negation in excluded_places(reading)}
    taken = -1
    for negation in negations(reading):
        span = _excluded_words(reading, negation.last)
        if negation.first >= taken and negation.first not in places and span:
            taken = span[1]
            yield _exclusion(reading, span, 0.8)
            yield from _further(reading, span, reading.word(negation.last - 1))
    for denial in reading.marks("not_after"):
        span = _words_before(reading, _before_copula(reading, denial.first))
        if denial.first not in places and span and span[1] > taken:
            yield _exclusion(reading, span, 0.8)
    yield from _freed(reading)


def _further(reading: Reading, span: tuple[int, int], governing: str) -> Iterator[Need]:
    """ "e de corantes" after "livres de parafina": the same preposition once more."""
    last = span[1]
    while governing in _GOVERNING and (link := reading.at("and", last)) and reading.word(link.last) == governing:
        following = _excluded_words(reading, link.last + 1)
        if following is None:
            return
        yield _exclusion(reading, following, 0.8)
        last = following[1]


def _freed(reading: Reading) -> Iterator[Need]:
    """ "lead-free", "palmölfrei", "suikervrij", "kükürtsüz": what the word says is left out."""
    for index, token in enumerate(reading.tokens):
        if token.text == "free" and index and _frees(reading, index):
            if reading.word(index - 1) not in _FREE_OF_NOTHING and reading.word(index - 1).isalpha():
                yield _exclusion(reading, (index - 1, index), 0.8)
        elif (ending := _FREE_ENDING.search(token.text)) and token.text not in _NOT_FREE:
            written = reading.text[token.start : token.end]
            start, end = token.start, token.start + ending.start()
            if len(token.text) == len(written) and end - start >= _SHORTEST_STEM:
                yield Need(NeedKind.EXCLUSION, reading.text[start:end], start, end, 0.7, Source.TEXT)


def _frees(reading: Reading, index: int) -> bool:
    """ "lead-free" anywhere, "paraffin free" at the end of a clause."""
    closes = index + 1 == len(reading.tokens) or reading.is_break(index + 1)
    return closes or reading.text[reading.tokens[index].start - 1] == "-"


def _exclusion(reading: Reading, span: tuple[int, int], confidence: float) -> Need:
    start, end = reading.span(*span)
    return Need(NeedKind.EXCLUSION, reading.text[start:end], start, end, confidence, Source.TEXT)


def _excluded_words(reading: Reading, first: int) -> tuple[int, int] | None:
    if _is_no_exclusion(reading, first):
        return None
    last, limit = first, _LONGEST_EXCLUSION
    while last < len(reading.tokens) and last - first < limit and not _ends_exclusion(reading, last, first):
        if is_ideograph(reading.word(last)):
            limit = _LONGEST_CHINESE_EXCLUSION
        last += 1
    while last > first and (reading.ending("or", last) or reading.word(last - 1) in ("of", "de", "d", "的")):
        last -= 1
    return (first, last) if last > first else None


def _is_no_exclusion(reading: Reading, first: int) -> bool:
    verb = reading.word(first - 1) == "no" and reading.word(first).endswith("mos")  # Spanish: "no trabajamos"
    if verb or first >= len(reading.tokens) or _is_count(reading, first) or reading.at("no_idiom", first):
        return True
    if countries_at(reading, first) or reading.at("month", first):
        return True
    kinds = ("certificate", "sample", "private_label", "organic_certificate", "incoterm", "certified", "not_needed")
    if reading.after("outside", first, reach=3):
        return True
    near = any(reading.at(kind, index) for kind in kinds for index in (first, first + 1))
    return (
        near
        or reading.before("not_needed", first) is not None
        or reading.after("not_needed", first, reach=3) is not None
    )


def _ends_exclusion(reading: Reading, index: int, first: int) -> bool:
    stops = reading.at("stop", index) is not None and not (
        index == first and (reading.at("organic", index) or _is_packed_in(reading, index))
    )
    again = index > first and (reading.at("not", index) is not None or _is_listed_negation(reading, index))
    if reading.word(index) == "外" and reading.word(first - 1) in ("除", "了"):
        return True
    return again or reading.is_break(index) or stops or _is_count(reading, index) or reading.word(index) == ":"


def _is_packed_in(reading: Reading, index: int) -> bool:
    """The preposition in "excepto en tomate"."""
    return reading.word(index) in _PREPOSITIONS and reading.word(index - 1) in _EXCEPTING


def _is_count(reading: Reading, index: int) -> bool:
    """A number, save a Chinese sign that may begin a word: 二手 is second-hand."""
    return reading.at("number", index) is not None and not is_ideograph(reading.word(index))


def _is_listed_negation(reading: Reading, index: int) -> bool:
    """ "e né": the next of a list of what is ruled out."""
    token = reading.tokens[index]
    return reading.text[token.start : token.end].casefold() in ("né", "nè")


def _before_copula(reading: Reading, index: int) -> int:
    """ "paraffine" in "paraffine is uitgesloten"."""
    copula = reading.ending("copula", index)
    return copula.first if copula else index


def _words_before(reading: Reading, last: int) -> tuple[int, int] | None:
    """The words before a closing negation, back to the start of the clause: "kozmetik kalite istemiyoruz"."""
    first = last
    while first > 0 and last - first < _LONGEST_EXCLUSION and not reading.is_break(first - 1):
        if reading.at("stop", first - 1) or reading.ending("number", first) or reading.ending("not", first):
            break
        first -= 1
    kinds = ("certificate", "sample", "private_label", "region", "country")
    named = any(reading.at(kind, index) for kind in kinds for index in range(first, last))
    return (first, last) if last > first and not named else None
