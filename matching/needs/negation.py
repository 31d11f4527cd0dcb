"""What rules out or waives the words beside it: "no", "pas de", "kein", "不要", "is not required"."""

from __future__ import annotations

from collections.abc import Iterator

from matching.lexicon import Mark
from matching.lexicon.reading import Reading

_ENGLISH_WORDS = frozenset(
    {
        "the",
        "for",
        "with",
        "we",
        "need",
        "please",
        "and",
        "from",
        "of",
        "looking",
        "to",
        "our",
        "in",
        "or",
        "must",
        "should",
        "is",
        "are",
        "definitely",
        "absolutely",
    }
)
_IBERIAN_WORDS = frozenset(
    {"de", "para", "com", "con", "que", "em", "el", "los", "las", "os", "do", "da", "y", "entrega"}
)


def negations(reading: Reading) -> list[Mark]:
    """Words that rule out what follows, in reading order; some only where they open a clause: ", not refined"."""
    anywhere = [mark for mark in reading.marks("not") if reading.word(mark.first) != "no" or _may_be_no(reading, mark)]
    opening = [mark for mark in reading.marks("not_clause") if _opens_clause(reading, mark.first)]
    paired = [mark for mark in anywhere if not _is_unpaired(reading, mark)]
    return sorted((*paired, *opening, *_italian_ne(reading), *_lacking(reading)), key=lambda mark: mark.first)


def ruled_out(reading: Reading, index: int, reach: int) -> Mark | None:
    """The negation that stands before a token, at most so many words away."""
    mark = reading.before("not", index, reach=reach)
    return mark if mark and (reading.word(mark.first) != "no" or _may_be_no(reading, mark)) else None


def is_waived(reading: Reading, mark: Mark) -> bool:
    """ "no need of MSC", "HACCP is not required", "without halal", "non-certified organic"."""
    if reading.word(mark.first - 1) == "non":
        return True
    ahead = reading.before("not_needed", mark.first, reach=3) or ruled_out(reading, mark.first, reach=2)
    return bool(
        ahead or reading.after("not_needed", mark.last, reach=3) or reading.after("not_after", mark.last, reach=1)
    )


def _is_unpaired(reading: Reading, mark: Mark) -> bool:
    """ "noch" is German for "still" unless a "weder" went before, and Dutch for "nor"; "nor" wants a "neither"."""
    return reading.word(mark.first) == "noch" and not reading.vocabulary & {"weder", "geen", "zonder", "niet", "wij"}


def _italian_ne(reading: Reading) -> Iterator[Mark]:
    """ "né conservanti né coloranti"; without its accent the word is another in French, Italian and Turkish."""
    for index, token in enumerate(reading.tokens):
        if token.text == "ne" and reading.text[token.start : token.end].casefold() in ("né", "nè"):
            yield Mark("not", True, index, index + 1)


def _lacking(reading: Reading) -> Iterator[Mark]:
    """ "无铅": of what is often left out only, since the sign also begins 无锡 and 无缝."""
    for substance in reading.marks("substance"):
        if reading.word(substance.first - 1) in ("无", "無"):
            yield Mark("not", True, substance.first - 1, substance.first)


def _may_be_no(reading: Reading, mark: Mark) -> bool:
    """English "no" rules out anywhere; Spanish "no" goes with a verb and Portuguese "no" is "in the"."""
    if mark.last - mark.first > 1 or _opens_clause(reading, mark.first):
        return True
    return len(reading.vocabulary & _ENGLISH_WORDS) > len(reading.vocabulary & _IBERIAN_WORDS)


def _opens_clause(reading: Reading, index: int) -> bool:
    return index == 0 or reading.is_break(index - 1) or reading.ending("clause_opener", index) is not None
