from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.words import fold, words


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("HUILE D’OLIVE Pressée", "huile d’olive pressee"),
        ("Straße", "strasse"),
        ("ＡＢＣ１２", "abc12"),
        ("İstanbul ışık", "istanbul isik"),
        ("أرْكَان", "اركان"),
        ("زيـت", "زيت"),
        ("مدرسة", "مدرسه"),
    ],
)
def test_spellings_of_one_word_meet(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_words_leave_out_punctuation_and_keep_decimal_numbers_whole() -> None:
    assert words("l'huile, 1.5 L — bio-argan!") == ["l", "huile", "1.5", "l", "bio", "argan"]


def test_chinese_is_read_as_overlapping_pairs_of_characters() -> None:
    assert words("摩洛哥 油") == ["摩洛", "洛哥", "油"]


def test_arabic_words_lose_their_article_but_short_words_stay_whole() -> None:
    assert words("الأركان والزيت الم") == ["اركان", "زيت", "الم"]


@given(st.text())
def test_any_text_folds_to_a_form_that_folds_to_itself(text: str) -> None:
    assert words(fold(text)) == words(text)
