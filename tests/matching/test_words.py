from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.words import fold, said_once, words


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


def test_what_a_text_says_again_is_left_blank_in_its_place() -> None:
    first = "Huile d'argan bio pressée à froid près de Tiznit, en vrac ou en flacons, pour la cosmétique."
    text = f"{first} {first.upper()} Depuis 1999 dans notre atelier. {first}"
    once = said_once(text)
    assert len(once) == len(text)
    assert words(once) == words(f"{first} Depuis 1999 dans notre atelier.")


@pytest.mark.parametrize("word", ["argan ", "摩洛哥坚果油", "أركان "])
def test_one_word_over_and_over_stays_a_few_times(word: str) -> None:
    assert len(words(said_once(word * 200))) <= 12


@given(st.text(max_size=600))
def test_nothing_but_blanks_is_put_into_a_text(text: str) -> None:
    assert all(kept in (written, " ") for kept, written in zip(said_once(text), text, strict=True))
