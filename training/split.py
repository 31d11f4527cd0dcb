"""What of the glossary and of the trade sentences is kept out of training, to measure with.

A row's place is drawn from its key alone, so rows that are added or moved later change no other row's place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from data.trade_glossary import Entry, TradeSentence

TERM_SHARE = 1 / 8
HEADING_SHARE = 1 / 11
SENTENCE_SHARE = 1 / 5


def held_out_glossary(entries: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
    """(kept for training, held out), each in the order given: about an eighth of the terms, an eleventh of the headings.

    A held-out row is absent from training in every language; dictionaries and other rows may still know its words.
    """
    kept: list[Entry] = []
    held: list[Entry] = []
    for entry in entries:
        (held if _is_held_out_entry(entry) else kept).append(entry)
    return kept, held


def held_out_sentences(sentences: Iterable[TradeSentence]) -> tuple[list[TradeSentence], list[TradeSentence]]:
    """(kept for training, held out), each in the order given: about a fifth, by whole groups of contrast."""
    kept: list[TradeSentence] = []
    held: list[TradeSentence] = []
    for sentence in sentences:
        group = f"sentence:{sentence.contrast or sentence.key}"
        (held if drawn(group) < SENTENCE_SHARE else kept).append(sentence)
    return kept, held


def is_heading(entry: Entry) -> bool:
    """Whether a row of the glossary is a heading of the Harmonized System, not a term."""
    return entry.key == entry.heading


def drawn(key: str) -> float:
    """A number in [0, 1) that depends on the key alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64


def _is_held_out_entry(entry: Entry) -> bool:
    kind, share = ("heading", HEADING_SHARE) if is_heading(entry) else ("term", TERM_SHARE)
    return drawn(f"{kind}:{entry.key}") < share
