"""Measure an encoder: does a text find its translation first among many?

Three measures, each a recall at 1: words of concepts kept out of training, words of concepts trained on, and parallel
sentences. Shared letters alone are measured beside them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import HashingVectorizer

from matching.errors import UnreadableFile
from training.corpora import Concept

MEASURED_LANGUAGES = ("fr", "de", "es", "ar", "zh", "tr", "it", "pt", "nl")
CANDIDATES = 10_000
FEWEST_LANGUAGES = 6

Vectorizer = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True)
class Split:
    """Concepts to train on, concepts never trained on, and as many trained ones to compare with."""

    training: list[Concept]
    held_out: list[Concept]
    seen: list[Concept]


@dataclass(frozen=True)
class Recall:
    """Share of texts of one language whose translation comes first, each in [0, 1].

    n : how many texts were asked for, in each direction.
    """

    language: str
    n: int
    to_english: float
    from_english: float


def recall_of_words(
    vectorize: Vectorizer, asked: Sequence[Concept], others: Sequence[Concept], *, seed: int = 17
) -> list[Recall]:
    """For each measured language, recall at 1 among `CANDIDATES` English words and, back, as many of the language.

    asked  : the concepts whose words are asked for; their first word in each language stands for them.
    others : concepts that fill the candidates up.
    """
    return [_recall_of_language(vectorize, language, asked, others, seed) for language in MEASURED_LANGUAGES]


def _recall_of_language(
    vectorize: Vectorizer, language: str, asked: Sequence[Concept], others: Sequence[Concept], seed: int
) -> Recall:
    known = [concept for concept in asked if language in concept.terms and "en" in concept.terms]
    return Recall(
        language,
        len(known),
        _recall(vectorize, known, others, language, "en", seed),
        _recall(vectorize, known, others, "en", language, seed),
    )


def _recall(
    vectorize: Vectorizer, known: Sequence[Concept], others: Sequence[Concept], source: str, target: str, seed: int
) -> float:
    if not known:
        return 0.0
    candidates = _candidates(known, others, target, seed)
    queries = vectorize([concept.terms[source][0] for concept in known])
    best = np.argmax(queries @ vectorize(candidates).T, axis=1)
    hits = [candidates[place] in known[row].terms[target] for row, place in enumerate(best) if queries[row].any()]
    return sum(hits) / len(known)


def _candidates(known: Sequence[Concept], others: Sequence[Concept], language: str, seed: int) -> list[str]:
    asked = dict.fromkeys(concept.terms[language][0] for concept in known)
    words = {concept.terms[language][0] for concept in others if language in concept.terms and ":" not in concept.key}
    fillers = sorted(words - asked.keys())
    size = min(len(fillers), max(0, CANDIDATES - len(asked)))
    return [*asked, *Random(seed).sample(fillers, size)]


def read_parallel_sentences(path: Path) -> list[dict[str, str]]:
    """Rows of a JSON Lines file, one text for each language; UnreadableFile names the line that is none."""
    rows: list[dict[str, str]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row: Any = json.loads(line)
        except ValueError as error:
            raise UnreadableFile(f"{path} line {number}: not JSON: {error}") from error
        if not isinstance(row, dict) or not {"en", *MEASURED_LANGUAGES} <= row.keys():
            raise UnreadableFile(f"{path} line {number}: expected an object with a text for each language")
        rows.append(row)
    return rows


def recall_of_sentences(vectorize: Vectorizer, rows: Sequence[Mapping[str, str]]) -> NDArray[np.float64]:
    """Recall at 1 between each two languages, float64 (10, 10): from English and `MEASURED_LANGUAGES`, in order, to
    the same; the diagonal is 1 unless two sentences are alike.
    """
    languages = ("en", *MEASURED_LANGUAGES)
    vectors = np.stack([vectorize([row[language] for row in rows]) for language in languages])
    similarity = np.einsum("aid,bjd->abij", vectors, vectors)
    found: NDArray[np.float64] = (similarity.argmax(axis=3) == np.arange(len(rows))).mean(axis=2)
    return found


def mean_between_languages(recalls: NDArray[np.float64]) -> float:
    """Mean over all ordered pairs of different languages."""
    return float(recalls[~np.eye(len(recalls), dtype=bool)].mean())


def shared_letters(texts: Sequence[str]) -> NDArray[np.float32]:
    """The baseline: unit rows of counted runs of 2 to 4 letters, float32 (n, 4096), accents stripped."""
    vectorizer = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 4), strip_accents="unicode", n_features=4_096)
    rows: NDArray[np.float32] = vectorizer.transform(texts).toarray().astype(np.float32)
    return rows


def evaluate_encoder(vectorize: Vectorizer, split: Split, probe: Path | None) -> dict[str, Any]:
    """Every measure of one encoder as plain values, for the manifest and the card.

    probe : folder of JSON Lines files of parallel sentences; each file is a measure of its own.
    """
    paths = sorted(probe.glob("*.jsonl")) if probe else []
    return {
        "held_out_words": _as_table(recall_of_words(vectorize, split.held_out, split.training)),
        "trained_words": _as_table(recall_of_words(vectorize, split.seen, split.training)),
        "sentences": {path.stem: _measure_sentences(vectorize, read_parallel_sentences(path)) for path in paths},
    }


def _measure_sentences(vectorize: Vectorizer, rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    recalls = recall_of_sentences(vectorize, rows)
    to_english = dict(zip(MEASURED_LANGUAGES, recalls[1:, 0].round(3).tolist(), strict=True))
    return {
        "n": len(rows),
        "between_all_languages": round(mean_between_languages(recalls), 3),
        "to_english": to_english,
    }


def _as_table(recalls: Sequence[Recall]) -> dict[str, dict[str, float]]:
    return {
        recall.language: {
            "n": recall.n,
            "to_english": round(recall.to_english, 3),
            "from_english": round(recall.from_english, 3),
        }
        for recall in recalls
    }
