from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data.trade_glossary import LANGUAGES, Entry, TradeSentence
from training.trade_evaluation import (
    HeldOutTrade,
    evaluate_trade,
    recall_between_languages,
    recall_of_entries,
    recall_of_translations,
)

MEANINGS = ("oil", "soap", "wool", "fish")


def by_meaning(texts: Sequence[str]) -> NDArray[np.float32]:
    """One axis for each meaning that a text names; a text that names none has no vector."""
    return np.array([[float(meaning in text) for meaning in MEANINGS] for text in texts], dtype=np.float32)


def entry(key: str, meaning: str, heading: str | None = None) -> Entry:
    terms = {language: (f"{meaning} {language}", f"other {meaning} {language}") for language in LANGUAGES}
    return Entry(key, heading, terms, {"ary": (f"dyal {meaning}", f"ديال {meaning}", "unknown")})


def sentence(key: str, meaning: str, *languages: str) -> TradeSentence:
    return TradeSentence(key, None, {language: f"{meaning} {language}" for language in languages})


ROWS = [entry("a", "oil"), entry("b", "soap"), entry("3402", "wool", "3402")]


def test_rows_that_the_encoder_knows_are_found_both_ways() -> None:
    assert recall_of_entries(by_meaning, ROWS[:2], ROWS)["tr"] == {"n": 2, "to_english": 1.0, "from_english": 1.0}


def test_any_name_of_the_own_row_counts() -> None:
    same = Entry("c", None, {**ROWS[0].terms, "en": ("other oil en", "oil en")}, {})
    assert recall_of_entries(by_meaning, [same], ROWS)["fr"]["to_english"] == 1.0


def test_text_without_a_vector_finds_nothing() -> None:
    blank = entry("d", "nothing")
    assert recall_of_entries(by_meaning, [blank], [blank, *ROWS])["fr"] == {
        "n": 1,
        "to_english": 0.0,
        "from_english": 0.0,
    }


def test_darija_is_measured_by_script() -> None:
    found = recall_of_entries(by_meaning, ROWS[:2], ROWS)
    assert found["ary-Arab"] == {"n": 2, "to_english": 1.0}
    assert found["ary-Latn"] == {"n": 4, "to_english": 0.5}


def test_sentence_is_sought_where_both_languages_have_it() -> None:
    sentences = [sentence("1", "oil", "en", "fr"), sentence("2", "soap", "en", "ar"), sentence("3", "wool", "fr", "ar")]
    found = recall_of_translations(by_meaning, sentences)
    assert found["fr"] == {"n": 1, "to_english": 1.0, "from_english": 1.0}
    assert found["de"] == {"n": 0, "to_english": 0.0, "from_english": 0.0}


def test_recall_between_languages_counts_every_ordered_pair() -> None:
    sentences = [sentence("1", "oil", "en", "fr"), sentence("2", "nothing", "ar", "fr")]
    assert recall_between_languages(by_meaning, sentences) == 2 / 4


def test_terms_and_headings_are_measured_apart() -> None:
    measures = evaluate_trade(by_meaning, HeldOutTrade(ROWS[1:], ROWS, []))
    assert measures["rows"] == 3
    assert measures["terms"]["it"]["n"] == 1
    assert measures["headings"]["it"]["n"] == 1
    assert measures["sentences_between_all_languages"] == 0.0
