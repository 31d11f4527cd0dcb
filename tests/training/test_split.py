from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from data.trade_glossary import LANGUAGES, Entry, TradeSentence
from training.corpora import Concept
from training.split import (
    HELD_OUT_SYNSETS,
    drawn,
    held_out_glossary,
    held_out_sentences,
    held_out_synsets,
    is_heading,
)

KEYS = sorted(HELD_OUT_SYNSETS.read_text().split())


def term(key: str) -> Entry:
    return Entry(key, "1515", dict.fromkeys(LANGUAGES, ("oil",)), {})


def heading(code: str) -> Entry:
    return Entry(code, code, dict.fromkeys(LANGUAGES, ("oil",)), {})


def sentence(key: str, contrast: str | None) -> TradeSentence:
    return TradeSentence(key, contrast, {"en": "oil", "fr": "huile"})


ENTRIES = [*(term(f"term-{number}") for number in range(2_000)), *(heading(f"{code:04}") for code in range(1_000))]


def test_an_eighth_of_the_terms_and_an_eleventh_of_the_headings_are_held_out() -> None:
    _, held = held_out_glossary(ENTRIES)
    assert 210 <= sum(not is_heading(entry) for entry in held) <= 290
    assert 65 <= sum(is_heading(entry) for entry in held) <= 115


def test_kept_and_held_out_rows_are_all_rows_once_in_their_order() -> None:
    kept, held = held_out_glossary(ENTRIES)
    place = {entry.key: number for number, entry in enumerate(ENTRIES)}
    assert sorted([*kept, *held], key=lambda entry: place[entry.key]) == ENTRIES
    assert [place[entry.key] for entry in held] == sorted(place[entry.key] for entry in held)


@given(st.lists(st.integers(min_value=0, max_value=1_999), unique=True))
def test_a_row_is_held_out_whatever_other_rows_there_are(numbers: list[int]) -> None:
    some = [ENTRIES[number] for number in numbers]
    every = {entry.key for entry in held_out_glossary(ENTRIES)[1]}
    assert {entry.key for entry in held_out_glossary(some)[1]} == every & {entry.key for entry in some}


def test_sentences_of_one_contrast_are_never_parted() -> None:
    sentences = [sentence(f"{group}-{number}", f"group {group}") for group in range(300) for number in range(3)]
    kept, held = held_out_sentences(sentences)
    assert {row.contrast for row in kept}.isdisjoint(row.contrast for row in held)
    assert 0.13 <= len(held) / len(sentences) <= 0.27


def test_sentence_without_a_contrast_is_a_group_of_its_own() -> None:
    kept, held = held_out_sentences([sentence(str(number), None) for number in range(300)])
    assert len(kept) + len(held) == 300
    assert 30 <= len(held) <= 90


@given(st.text())
def test_number_of_a_key_is_at_least_nought_and_under_one(key: str) -> None:
    assert 0 <= drawn(key) < 1


def concept(key: str, *english: str) -> Concept:
    return Concept(key, {"en": english, "fr": ("mot",)}, {})


def test_held_out_synset_leaves_with_every_pair_of_its_words() -> None:
    held = concept(KEYS[0], "hobbit", "halfling")
    same = concept("en:hobbit (small person)", "hobbit")
    both = concept("fr:semi-homme ()", "Halfling", "dwarf")
    other = concept("00000000-n", "oil")
    kept, out = held_out_synsets([held, same, both, other])
    assert out == [held]
    assert kept == [concept("fr:semi-homme ()", "dwarf"), other]


def test_synset_whose_word_the_trade_uses_is_kept() -> None:
    quince, jam = concept(KEYS[0], "quince"), concept("trade:quince-jam", "Quince jam")
    assert held_out_synsets([quince, jam]) == ([quince, jam], [])


def test_list_of_held_out_synsets_holds_a_thousand_offsets() -> None:
    assert len(set(KEYS)) == 1_000
    assert all(len(key) == 10 and key[:8].isdigit() for key in KEYS)
