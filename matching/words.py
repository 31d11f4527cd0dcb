"""Words of a text in any script, folded so that spellings of one word meet."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_LETTER_VARIANTS = str.maketrans(
    {
        "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ـ": None,
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i",
    }
)  # fmt: skip
# First and last code point of each block of Chinese characters.
IDEOGRAPH_BLOCKS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF))
IDEOGRAPHS = "".join(f"{chr(first)}-{chr(last)}" for first, last in IDEOGRAPH_BLOCKS)
_WORD = re.compile(rf"[{IDEOGRAPHS}]+|\d+(?:[.,]\d+)*|[^\W\d_{IDEOGRAPHS}]+")
_IDEOGRAPH = re.compile(rf"[{IDEOGRAPHS}]")
_UNIT = re.compile(rf"[{IDEOGRAPHS}]|[^\W_{IDEOGRAPHS}]+")
_SAID_AGAIN = 6
_SHORT_CHARACTERS = 200
_ARABIC_PREFIX = re.compile(r"^(?:وال|بال|كال|فال|لل|ال)(?=[\u0621-\u064a]{3})")


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Text without case, accents, Arabic diacritics and letter variants, in compatibility form (NFKC)."""
    compatible = unicodedata.normalize("NFKC", text).casefold().translate(_LETTER_VARIANTS)
    decomposed = unicodedata.normalize("NFKD", compatible)
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return unicodedata.normalize("NFKC", bare).casefold().translate(_LETTER_VARIANTS)


def words(text: str) -> list[str]:
    """Folded words in reading order; Chinese runs as overlapping pairs of characters, Arabic without article.

    An empty list where the text holds no letter and no digit.
    """
    return [word for run in _WORD.findall(fold(text)) for word in _split_run(run)]


def said_once(text: str) -> str:
    """A text with spaces in place of what it repeats: of any six words (or Chinese characters) in a row the first stay.

    Offsets into it are those of the text. A text of at most 200 characters comes back as it is.
    """
    if len(text) <= _SHORT_CHARACTERS:
        return text
    spans = [match.span() for match in _UNIT.finditer(text)]
    folded = [text[start:end].casefold() for start, end in spans]
    seen: set[tuple[str, ...]] = set()
    characters = list(text)
    for first in range(len(spans) - _SAID_AGAIN + 1):
        run = tuple(folded[first : first + _SAID_AGAIN])
        if run in seen:
            start, end = spans[first][0], spans[first + _SAID_AGAIN - 1][1]
            characters[start:end] = " " * (end - start)
        seen.add(run)
    return "".join(characters)


def _split_run(run: str) -> list[str]:
    if _IDEOGRAPH.match(run):
        return [run[start : start + 2] for start in range(max(1, len(run) - 1))]
    return [_ARABIC_PREFIX.sub("", run)]
