"""Measure an encoder on what of the trade was kept out of training: rows of the glossary and parallel sentences.

Each measure is a recall at 1: does a text find its translation first among many?
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.trade_glossary import DARIJA, LANGUAGES, Entry, TradeSentence
from training.encoder_evaluation import MEASURED_LANGUAGES, Vectorizer
from training.split import is_heading

DARIJA_IN_ARABIC, DARIJA_IN_LATIN = "ary-Arab", "ary-Latn"
FIRST_ARABIC_LETTER = "\u0600"


@dataclass(frozen=True)
class HeldOutTrade:
    """Rows and sentences never trained on.

    every : all rows of the glossary, among which a name is sought.
    """

    entries: Sequence[Entry]
    every: Sequence[Entry]
    sentences: Sequence[TradeSentence]


def evaluate_trade(vectorize: Vectorizer, held: HeldOutTrade) -> dict[str, Any]:
    """Every measure as plain values: terms, headings and sentences, each by language."""
    terms = [entry for entry in held.entries if not is_heading(entry)]
    headings = [entry for entry in held.entries if is_heading(entry)]
    return {
        "rows": len(held.every),
        "sentence_count": len(held.sentences),
        "terms": recall_of_entries(vectorize, terms, held.every),
        "headings": recall_of_entries(vectorize, headings, held.every),
        "sentences": recall_of_translations(vectorize, held.sentences),
        "sentences_between_all_languages": recall_between_languages(vectorize, held.sentences),
    }


def recall_of_entries(
    vectorize: Vectorizer, asked: Sequence[Entry], every: Sequence[Entry]
) -> dict[str, dict[str, float]]:
    """language -> n, and the share of first names that find a name of their own row first, to and from English.

    every : rows whose first names are the candidates; those asked for are among them. Darija is sought one way, by each
            variant.
    """
    english = [entry.terms["en"][0] for entry in every]
    found: dict[str, dict[str, float]] = {}
    for language in MEASURED_LANGUAGES:
        names = [entry.terms[language][0] for entry in every]
        asked_names = [(entry.terms[language][0], entry.terms["en"]) for entry in asked]
        asked_english = [(entry.terms["en"][0], entry.terms[language]) for entry in asked]
        found[language] = {
            "n": len(asked),
            "to_english": _recall(vectorize, asked_names, english),
            "from_english": _recall(vectorize, asked_english, names),
        }
    for script, variants in _darija(asked):
        found[script] = {"n": len(variants), "to_english": _recall(vectorize, variants, english)}
    return found


def _darija(entries: Sequence[Entry]) -> Iterator[tuple[str, list[tuple[str, tuple[str, ...]]]]]:
    variants = [(text, entry.terms["en"]) for entry in entries for text in entry.variants.get(DARIJA, ())]
    yield DARIJA_IN_ARABIC, [pair for pair in variants if pair[0][0] >= FIRST_ARABIC_LETTER]
    yield DARIJA_IN_LATIN, [pair for pair in variants if pair[0][0] < FIRST_ARABIC_LETTER]


def recall_of_translations(vectorize: Vectorizer, sentences: Sequence[TradeSentence]) -> dict[str, dict[str, float]]:
    """language -> n, and the share of sentences that find their translation first, to and from English."""
    found: dict[str, dict[str, float]] = {}
    for language in (*MEASURED_LANGUAGES, DARIJA):
        both = [sentence.texts for sentence in sentences if {language, "en"} <= sentence.texts.keys()]
        found[language] = {
            "n": len(both),
            "to_english": _recall(vectorize, [(row[language], (row["en"],)) for row in both], _texts(sentences, "en")),
            "from_english": _recall(
                vectorize, [(row["en"], (row[language],)) for row in both], _texts(sentences, language)
            ),
        }
    return found


def recall_between_languages(vectorize: Vectorizer, sentences: Sequence[TradeSentence]) -> float:
    """The share over all ordered pairs of the ten languages; each sentence counts once for each of its pairs."""
    hits: list[NDArray[np.bool_]] = [np.zeros(0, dtype=np.bool_)]
    for source in LANGUAGES:
        for target in LANGUAGES:
            both = [row.texts for row in sentences if source != target and {source, target} <= row.texts.keys()]
            asked = [(row[source], (row[target],)) for row in both]
            hits.append(_hits(vectorize, asked, _texts(sentences, target)))
    every = np.concatenate(hits)
    return round(float(every.mean()), 3) if len(every) else 0.0


def _texts(sentences: Sequence[TradeSentence], language: str) -> list[str]:
    return [sentence.texts[language] for sentence in sentences if language in sentence.texts]


def _recall(vectorize: Vectorizer, asked: Sequence[tuple[str, tuple[str, ...]]], candidates: Sequence[str]) -> float:
    return round(float(_hits(vectorize, asked, candidates).mean()), 3) if asked else 0.0


def _hits(
    vectorize: Vectorizer, asked: Sequence[tuple[str, tuple[str, ...]]], candidates: Sequence[str]
) -> NDArray[np.bool_]:
    """Whether each (text, right answers) finds one of its answers first; a text without a vector finds nothing."""
    if not asked:
        return np.zeros(0, dtype=np.bool_)
    queries = vectorize([text for text, _ in asked])
    best = np.argmax(queries @ vectorize(candidates).T, axis=1)
    right = [candidates[place] in answers for place, (_, answers) in zip(best, asked, strict=True)]
    return np.array(right, dtype=np.bool_) & queries.any(axis=1)
