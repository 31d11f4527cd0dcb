from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from data import shipped
from data.collection import Collection
from data.trade_glossary import LANGUAGES, Entry
from matching.encoder import load_encoder
from training.encoder_report import (
    encoder_report,
    headings_by_words,
    in_two_languages,
    language_parity,
    mean_ndcg,
    with_noise,
    without_accents,
)
from training.headings import Names
from training.split import held_out_glossary
from training.trade_evaluation import HeldOutTrade


def entry(number: int) -> Entry:
    """A term of which each language has two names, told apart by their number."""
    names = {language: (f"{language} {number}", f"{language} again {number}") for language in LANGUAGES}
    return Entry(f"t{number}", "5701", names, {})


def by_number(texts: Sequence[str]) -> NDArray[np.float32]:
    rows = np.zeros((len(texts), 50), np.float32)
    rows[np.arange(len(texts)), [int(text.split()[-1]) for text in texts]] = 1.0
    return rows


def only_french(texts: Sequence[str]) -> NDArray[np.float32]:
    """Knows French alone: any other text is the opposite of its meaning."""
    signs = np.array([1.0 if text.startswith("fr") else -1.0 for text in texts], np.float32)
    return by_number(texts) * signs[:, None]


TRADE = HeldOutTrade([entry(n) for n in range(5)], [entry(n) for n in range(20)], [])


def test_ndcg_discounts_by_rank_and_is_relative_to_the_best_order() -> None:
    similarity = np.array([[0.9, 0.8, 0.7], [0.1, 0.2, 0.3]], np.float32)
    relevant = np.array([[False, True, True], [True, False, True]])
    ideal = 1 + 1 / math.log2(3)
    expected = [(1 / math.log2(3) + 1 / 2) / ideal, (1 + 1 / 2) / ideal]
    assert mean_ndcg(similarity, relevant) == pytest.approx(sum(expected) / 2)


def test_parity_is_one_where_every_language_finds_the_same() -> None:
    assert language_parity(by_number, TRADE, "fr") == (pytest.approx(1.0), 5)


def test_parity_is_low_where_only_the_documents_language_is_understood() -> None:
    assert language_parity(only_french, TRADE, "fr")[0] < 0.2


@given(st.text(max_size=60))
def test_noise_changes_little_and_always_the_same_way(text: str) -> None:
    noisy = with_noise(text)
    assert noisy == with_noise(text)
    assert abs(len(noisy) - len(text)) <= len(text)


def test_noise_touches_about_a_tenth_of_the_characters() -> None:
    text = "abcdefghijklmnopqrstuvwxyz" * 100
    changed = sum(left != right for left, right in zip(text.split("a"), with_noise(text).split("a"), strict=False))
    assert with_noise(text) != text
    assert changed > 0
    assert 0.9 < len(with_noise(text)) / len(text) < 1.1


@pytest.mark.parametrize(("text", "bare"), [("Göteborg éàç", "Goteborg eac"), ("زَيْت", "زيت"), ("中文", "中文")])
def test_accents_and_vowel_signs_are_dropped(text: str, bare: str) -> None:
    assert without_accents(text) == bare


def test_mixed_text_joins_halves_of_two_languages() -> None:
    assert in_two_languages({"fr": "aabb", "de": "ccdd"}, "fr") == "aa dd"
    assert in_two_languages({"fr": "aabb", "de": "ccdd"}, "de") == "cc bb"


def test_word_baseline_finds_a_heading_by_shared_words_only() -> None:
    entries = [Entry(code, code, dict.fromkeys(LANGUAGES, (name,)), {}) for code, name in (("1", "oil"), ("2", "rug"))]
    kept, _ = held_out_glossary(entries)
    assert kept
    names = Names.of([("olive oil", "en", "1"), ("carpet", "en", "2")])
    assert headings_by_words(entries, names, 1) == 0.5


@pytest.fixture(scope="module")
def report() -> list[dict[str, object]]:
    encoder = load_encoder(shipped.ENCODER)
    whole = Collection.read(shipped.SAMPLE)
    few = Collection(whole.suppliers[:60], whole.requests[:10], whole.grades)
    return encoder_report(encoder, few, headings=shipped.HEADINGS)


def test_every_figure_lies_between_none_and_all(report: list[dict[str, object]]) -> None:
    numbers = [row["encoder"] for row in report if row["measure"] != "parity of names"]
    assert all(isinstance(number, float) and 0.0 <= number <= 1.0 for number in numbers)


def test_every_measure_is_there_but_synsets_without_corpora(report: list[dict[str, object]]) -> None:
    assert {str(row["measure"]).split(",")[0] for row in report} == {
        "held-out terms",
        "held-out headings",
        "held-out sentences",
        "parity of names",
        "sentences to English",
        "sample recall@50",
        "sample nDCG@10",
        "HS heading",
    }


def test_darija_stands_on_its_own(report: list[dict[str, object]]) -> None:
    assert {"ary-Arab", "ary-Latn", "ary"} <= {str(row["part"]) for row in report}


def test_the_path_of_the_probe_is_where_the_shipped_parts_lie() -> None:
    assert Path(shipped.ENCODER_PROBE, "trade.jsonl").is_file()
