from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from training.corpora import LANGUAGES
from training.wording import FUNCTION_WORDS, disturbed


def test_disturbed_chinese_stays_as_it_is() -> None:
    assert {disturbed("橄榄油", "zh", Random(seed)) for seed in range(100)} == {"橄榄油"}


@given(st.text(alphabet="abcdefghij ", min_size=1, max_size=40), st.integers(min_value=0, max_value=1_000))
def test_slip_changes_at_most_one_word_by_two_letters(text: str, seed: int) -> None:
    changed = disturbed(text, "en", Random(seed))
    assert abs(len(changed) - len(text)) <= 1


def test_function_words_are_listed_once() -> None:
    for language, words in FUNCTION_WORDS.items():
        assert len(set(words)) == len(words), language


def test_function_words_are_those_of_known_languages() -> None:
    assert FUNCTION_WORDS.keys() <= LANGUAGES.keys()
