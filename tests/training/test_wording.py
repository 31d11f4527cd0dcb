from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from training.corpora import LANGUAGES
from training.wording import FUNCTION_WORDS, disturbed


def test_disturbed_chinese_stays_as_it_is() -> None:
    assert {disturbed("橄榄油", "zh", Random(seed)) for seed in range(100)} == {"橄榄油"}


@given(st.text(alphabet="abcdefghij ", min_size=1, max_size=40), st.integers(min_value=0, max_value=1_000))
def test_slips_change_the_length_by_at_most_one_letter_a_word(text: str, seed: int) -> None:
    changed = disturbed(text, "en", Random(seed))
    assert abs(len(changed) - len(text)) <= len(text.split())


def test_some_texts_have_slips_in_several_words() -> None:
    text = "organic argan oil from Morocco"
    changed = (disturbed(text, "en", Random(seed)).split(" ") for seed in range(100))
    assert any("organic" not in words and "Morocco" not in words for words in changed)


def test_function_words_are_listed_once() -> None:
    for language, words in FUNCTION_WORDS.items():
        assert len(set(words)) == len(words), language


def test_function_words_are_those_of_known_languages() -> None:
    assert FUNCTION_WORDS.keys() <= LANGUAGES.keys()
