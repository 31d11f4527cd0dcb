"""Word lists of trade in ten languages, and how their phrases are found in a text.

A text is cut into folded tokens that know where they stand in the original; a Phrasebook then finds every phrase
of its lists in one pass, longest first. The lists lie beside this file as JSON and CSV and are read on first use.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from matching.words import IDEOGRAPHS, fold

# "max. 40" is one clause, so the dot of a common abbreviation is no token.
_ABBREVIATIONS = "".join(
    rf"(?<!\b{word})" for word in ("max", "min", "ca", "env", "approx", "zert", "stk", "nr", "qty")
)
_TOKEN = re.compile(
    rf"(?P<ideograph>[{IDEOGRAPHS}])"
    r"|(?P<area>(?:cm|ft|m)[23](?!\w))"
    r"|(?P<grade>(?<![^\W_])[a-z]\d+(?!\w))"
    r"|(?P<number>\d+(?:[.,٫٬'’]\d+)*)"
    rf"|(?P<word>[^\W\d_{IDEOGRAPHS}]+)"
    rf"|(?P<sign>\n|{_ABBREVIATIONS}\.|[,;:!?()/€$£¥₺₹%+&،؛。、–—~<>×]|(?<=\d)-(?=\d)|(?<=\s)-(?=\s))"
)
_IDEOGRAPH = re.compile(f"[{IDEOGRAPHS}]")
_ARABIC = re.compile("[\u0621-\u064a]+")
_ARABIC_PREFIXES = tuple(
    re.compile(rf"^{prefix}(?=[\u0621-\u064a]{{{rest},}})")
    for prefix, rest in (("[وف]?[بكل]?ال", 3), ("[وف]?لل", 3), ("[وفبكل]", 3), ("و[بكل]", 3))
)
_ANY_CASE, _UPPER, _CAPITAL = "", "=", "^"


class Token(NamedTuple):
    """A word, number or sign: folded text, and its half-open span in the original."""

    text: str
    start: int
    end: int
    is_number: bool


class Mark(NamedTuple):
    """A phrase found: its list, what it stands for, and its half-open span in tokens."""

    kind: str
    value: Any
    first: int
    last: int


@lru_cache(maxsize=4)  # certificates and needs read the same text one after the other
def tokens(text: str) -> tuple[Token, ...]:
    """Tokens in reading order; each Chinese character is one, hyphens and apostrophes inside words are none."""
    pieces = [_folded_character(character) for character in text]
    origins = [index for index, piece in enumerate(pieces) for _ in piece]
    origins.append(len(text))
    return tuple(
        Token(match[0], origins[match.start()], _end(match.end(), origins), match.lastgroup == "number")
        for match in _TOKEN.finditer("".join(pieces))
    )


class Phrasebook:
    """Phrases of many lists, found together in one walk over a text's tokens.

    Each list is (kind, {phrase: value}). A phrase led by "=" is found only in capitals ("=CE", never French "ce"),
    one led by "^" only with a capital first letter ("^Turkey").
    """

    def __init__(self, lists: Iterable[tuple[str, Iterable[tuple[str, Any]]]]) -> None:
        self._root: dict[str, Any] = {}
        for kind, phrases in lists:
            for phrase, value in phrases:
                self._add(kind, phrase, value)

    def find(self, text: str) -> list[Mark]:
        """All marks by first token; within one kind they never overlap, and the longer phrase wins."""
        run = tokens(text)
        free_from: dict[str, int] = {}
        marks: list[Mark] = []
        for first in range(len(run)):
            for mark in self._longest(text, run, first).values():
                if free_from.get(mark.kind, 0) <= first:
                    free_from[mark.kind] = mark.last
                    marks.append(mark)
        return marks

    def _add(self, kind: str, phrase: str, value: Any) -> None:
        case = phrase[0] if phrase[:1] in (_UPPER, _CAPITAL) else _ANY_CASE
        node = self._root
        for word in _phrase_words(phrase.removeprefix(case)):
            node = node.setdefault(word, {})
        if node is not self._root:
            node.setdefault("", {})[kind, case] = value

    def _longest(self, text: str, run: Sequence[Token], first: int) -> dict[str, Mark]:
        longest: dict[str, Mark] = {}
        node: dict[str, Any] | None = self._root
        for last in range(first, len(run)):
            node = _step(node, run[last].text)
            if node is None:
                break
            for (kind, case), value in node.get("", {}).items():
                if _has_case(text[run[first].start : run[last].end], case):
                    longest[kind] = Mark(kind, value, first, last + 1)
        return longest


def is_ideograph(word: str) -> bool:
    """Whether a token is one Chinese character."""
    return _IDEOGRAPH.fullmatch(word) is not None


@cache
def word_list(name: str) -> Any:
    """The contents of one list: certificates, countries, cues, demonyms, regions."""
    return json.loads((files(__package__) / f"{name}.json").read_text(encoding="utf-8"))


def place_names() -> Iterator[tuple[str, str]]:
    """Ports and trade cities in many languages, each with its country's ISO 3166-1 code."""
    lines = (files(__package__) / "places.csv").read_text(encoding="utf-8").splitlines()
    for row in csv.DictReader(lines):
        yield from ((name, row["country"]) for name in row["names"].split("|"))


@lru_cache(maxsize=4096)
def _folded_character(character: str) -> str:
    # A wide comma parts clauses and never digits: "6063，30吨".
    return {"\n": "\n", "，": "、"}.get(character) or fold(character)


def _end(folded_end: int, origins: list[int]) -> int:
    """Where the next folded character comes from; a sign that folds to several ("½") still counts as one."""
    return max(origins[folded_end], origins[folded_end - 1] + 1)


def _phrase_words(phrase: str) -> list[str]:
    return [_ARABIC_PREFIXES[0].sub("", match[0]) for match in _TOKEN.finditer(fold(phrase))]


def _step(node: dict[str, Any] | None, word: str) -> dict[str, Any] | None:
    if node is None or (found := node.get(word)) is not None:
        return found if node else None
    return next((node[form] for form in _without_prefixes(word) if form in node), None)


@lru_cache(maxsize=16_384)
def _without_prefixes(word: str) -> tuple[str, ...]:
    """Arabic writes "and", "in", "to" and "the" onto the word that follows."""
    if not _ARABIC.fullmatch(word):
        return ()
    return tuple(prefix.sub("", word) for prefix in _ARABIC_PREFIXES if prefix.match(word))


def _has_case(written: str, case: str) -> bool:
    return case == _ANY_CASE or (written.isupper() if case == _UPPER else written[:1].isupper())
