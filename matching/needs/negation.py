"""What rules out or waives the words beside it: "no", "pas de", "kein", "不要", "is not required"."""

from __future__ import annotations

from matching.lexicon import Mark
from matching.lexicon.reading import Reading

_ENGLISH_WORDS = frozenset({"the", "for", "with", "we", "need", "please", "and", "from", "of", "looking", "to", "our"})
_IBERIAN_WORDS = frozenset(
    {"de", "para", "com", "con", "que", "em", "el", "los", "las", "os", "do", "da", "y", "entrega"}
)


def negations(reading: Reading) -> list[Mark]:
    """Words that rule out what follows, in reading order; some only where they open a clause: ", not refined"."""
    anywhere = [mark for mark in reading.marks("not") if reading.word(mark.first) != "no" or _may_be_no(reading, mark)]
    opening = [mark for mark in reading.marks("not_clause") if _opens_clause(reading, mark.first)]
    return sorted((*anywhere, *opening), key=lambda mark: mark.first)


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


def _may_be_no(reading: Reading, mark: Mark) -> bool:
    """English "no" rules out anywhere; Spanish "no" goes with a verb and Portuguese "no" is "in the"."""
    if mark.last - mark.first > 1 or _opens_clause(reading, mark.first):
        return True
    return len(reading.vocabulary & _ENGLISH_WORDS) > len(reading.vocabulary & _IBERIAN_WORDS)


def _opens_clause(reading: Reading, index: int) -> bool:
    return index == 0 or reading.is_break(index - 1) or reading.ending("clause_opener", index) is not None
