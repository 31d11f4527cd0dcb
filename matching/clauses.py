"""What a request says of the goods themselves: its text without the stated needs, and that text cut into clauses."""

from __future__ import annotations

import re
from collections.abc import Iterable

from matching.exclusions import blanked
from matching.needs import MIN_CONFIDENCE, Needs
from matching.words import words

_CLAUSE_ENDS = re.compile(r"[.;!?\n。；！？؛؟:,،，、()–—]+")
_MOST_CLAUSES = 24


def goods_text(text: str, needs: Needs) -> str:
    """The text with each span that states a need, or rules something out, blanked by spaces, so that places stay.

    Needs have features of their own; left in, "delivery to Hamburg" would be likened to whoever mentions Hamburg, and
    "no cosmetic grade" to sellers of it. The whole text where nothing else is said.
    """
    sure = (need for need in needs.found if need.confidence >= MIN_CONFIDENCE)
    return _with_words(text, ((need.start, need.end) for need in sure))


def wanted_text(text: str, needs: Needs) -> str:
    """The text without the words that it rules out: whoever sells those shares no word with it by them."""
    return _with_words(text, needs.exclusions)


def _with_words(text: str, spans: Iterable[tuple[int | None, int | None]]) -> str:
    rest = blanked(text, spans)
    return rest if words(rest) else text


def clauses(text: str) -> list[str]:
    """Clauses of a text, at most 24, those without a word left out: a list of lots is compared lot by lot."""
    return [clause for clause in _CLAUSE_ENDS.split(text) if words(clause)][:_MOST_CLAUSES]


def goods_texts(text: str, needs: Needs) -> list[str]:
    """What a request says of the goods: as a whole, then clause by clause, of which there is at least one."""
    goods = goods_text(text, needs)
    return [goods, *(clauses(goods) or [goods])]
