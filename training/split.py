"""What of the corpora, the glossary and the trade sentences is kept out of training, to measure with.

A row's place depends on its key alone, so rows that are added or moved later change no other row's place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from data.trade_glossary import Entry, TradeSentence
from training.corpora import Concept

TERM_SHARE = 1 / 8
HEADING_SHARE = 1 / 11
SENTENCE_SHARE = 1 / 5
# Drawn once among synsets with words in most measured languages and without a common or commercial English word: a
# static encoder knows no word that it never saw, so the measure must not cost its users any.
HELD_OUT_SYNSETS = Path(__file__).with_name("held_out_synsets.txt")


def held_out_glossary(entries: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
    """(kept for training, held out), each in the order given: an eighth of the terms, an eleventh of the headings.

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


def held_out_synsets(concepts: Sequence[Concept]) -> tuple[list[Concept], list[Concept]]:
    """(kept for training, held out): the synsets of `HELD_OUT_SYNSETS`, and no pair that gives their words away.

    A dictionary's concept of a held-out English word is in neither. A synset whose word the trade's concepts
    among `concepts` use is kept.
    """
    trade = _trade_words(concepts)
    keys = frozenset(HELD_OUT_SYNSETS.read_text(encoding="utf-8").split())
    held = [concept for concept in concepts if concept.key in keys and trade.isdisjoint(_english(concept))]
    held_keys = {concept.key for concept in held}
    words = {term for concept in held for term in _english(concept)}
    rest = (_without_words(concept, words) for concept in concepts if concept.key not in held_keys)
    return [concept for concept in rest if concept is not None], held


def is_heading(entry: Entry) -> bool:
    """Whether a row of the glossary is a heading of the Harmonized System, not a term."""
    return entry.key == entry.heading


def drawn(key: str) -> float:
    """A number in [0, 1) that depends on the key alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64


def _is_held_out_entry(entry: Entry) -> bool:
    kind, share = ("heading", HEADING_SHARE) if is_heading(entry) else ("term", TERM_SHARE)
    return drawn(f"{kind}:{entry.key}") < share


def _trade_words(concepts: Iterable[Concept]) -> set[str]:
    trade = (concept for concept in concepts if concept.key.startswith("trade:"))
    terms = {term for concept in trade for term in _english(concept)}
    return terms | {word for term in terms for word in term.split()}


def _english(concept: Concept) -> list[str]:
    return [term.lower() for term in concept.terms["en"]]


def _without_words(concept: Concept, words: set[str]) -> Concept | None:
    """The concept without these English words; None where its headword is one of them or no English word is left."""
    english = concept.terms.get("en", ())
    kept = tuple(term for term in english if term.lower() not in words)
    if kept == english:
        return concept
    if not kept or concept.key.startswith("en:"):
        return None
    return replace(concept, terms={**concept.terms, "en": kept})
