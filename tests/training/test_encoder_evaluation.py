from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from matching.errors import UnreadableFile
from training.corpora import Concept
from training.encoder_evaluation import (
    MEASURED_LANGUAGES,
    Split,
    evaluate_encoder,
    mean_between_languages,
    read_parallel_sentences,
    recall_of_sentences,
    recall_of_words,
    shared_letters,
)

PROBE = Path(__file__).parents[2] / "data" / "encoder_probe"
LANGUAGES = ("en", *MEASURED_LANGUAGES)


def synset(number: int) -> Concept:
    return Concept(f"{number:08}-n", {language: (f"{language}{number}",) for language in LANGUAGES}, {})


def by_number(texts: Sequence[str]) -> NDArray[np.float32]:
    """A perfect encoder of `synset` words: one axis for each number."""
    rows = np.zeros((len(texts), 200), dtype=np.float32)
    rows[np.arange(len(texts)), [int(text[2:]) for text in texts]] = 1.0
    return rows


def opposed(texts: Sequence[str]) -> NDArray[np.float32]:
    """Right in all but French, whose vectors point away from their meaning."""
    rows = by_number(texts)
    french = np.array([text.startswith("fr") for text in texts])
    rows[french] = -rows[french]
    return rows


def test_perfect_encoder_recalls_all_and_an_opposed_language_none() -> None:
    asked = [synset(number) for number in range(10)]
    others = [synset(number) for number in range(10, 100)]
    assert {(r.n, r.to_english, r.from_english) for r in recall_of_words(by_number, asked, others)} == {(10, 1.0, 1.0)}
    french = recall_of_words(opposed, asked, others)[0]
    assert (french.language, french.to_english, french.from_english) == ("fr", 0.0, 0.0)


def test_zero_vector_is_never_a_hit() -> None:
    recalls = recall_of_words(lambda texts: by_number(texts) * 0, [synset(0)], [synset(1)])
    assert {recall.to_english for recall in recalls} == {0.0}


def sentences(n: int) -> list[dict[str, str]]:
    return [{language: f"{language}{number}" for language in LANGUAGES} for number in range(n)]


@pytest.mark.parametrize(("vectorize", "mean"), [(by_number, 1.0), (opposed, 72 / 90)])
def test_sentences_are_asked_for_between_all_languages(
    vectorize: Callable[[Sequence[str]], NDArray[np.float32]], mean: float
) -> None:
    assert mean_between_languages(recall_of_sentences(vectorize, sentences(5))) == pytest.approx(mean)


def test_shared_letters_are_unit_rows_nearer_for_cognates() -> None:
    rows = shared_letters(["importation", "importación", "الاستيراد"])
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
    assert rows[0] @ rows[1] > 0.5 > rows[0] @ rows[2]


def test_probe_holds_sixty_sentences_of_each_register_without_repeats() -> None:
    for name in ("everyday", "trade"):
        rows = read_parallel_sentences(PROBE / f"{name}.jsonl")
        assert len(rows) == 60
        for language in LANGUAGES:
            assert len({row[language] for row in rows}) == 60, (name, language)


@pytest.mark.parametrize("line", ["{", "[]", '{"en": "only"}'])
def test_broken_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "probe.jsonl"
    path.write_text(json.dumps(sentences(1)[0]) + "\n" + line + "\n")
    with pytest.raises(UnreadableFile, match=r"probe\.jsonl line 2"):
        read_parallel_sentences(path)


def test_report_holds_every_measure(tmp_path: Path) -> None:
    path = tmp_path / "small.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in sentences(4)))
    synsets = [synset(number) for number in range(40)]
    split = Split(training=synsets[10:], held_out=synsets[:10], seen=synsets[10:20])
    report = evaluate_encoder(by_number, split, tmp_path)
    to_english = dict.fromkeys(MEASURED_LANGUAGES, 1.0)
    assert report["sentences"] == {"small": {"n": 4, "between_all_languages": 1.0, "to_english": to_english}}
    assert report["held_out_words"]["ar"] == {"n": 10, "to_english": 1.0, "from_english": 1.0}
    assert report["trained_words"]["nl"] == {"n": 10, "to_english": 1.0, "from_english": 1.0}
