from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.corpora import Concept
from training.phrases import FUNCTION_WORDS, Pair, PairSource, disturbed, word_translations

WORDS = (
    ("oil", "huile", "Öl", "زيت", "油"),
    ("olive", "olive", "Olive", "زيتون", "橄榄"),
    ("soap", "savon", "Seife", "صابون", "肥皂"),
    ("wool", "laine", "Wolle", "صوف", "羊毛"),
    ("carpet", "tapis", "Teppich", "سجادة", "地毯"),
    ("fish", "poisson", "Fisch", "سمك", "鱼"),
)
GLOSSES = (
    "a liquid fat",
    "a small oily fruit",
    "oil and ash to wash",
    "hair of sheep",
    "wool for the floor",
    "lives in water",
)


def concept(number: int) -> Concept:
    terms = {language: (word,) for language, word in zip(("en", "fr", "de", "ar", "zh"), WORDS[number], strict=True)}
    return Concept(f"0000000{number}-n", terms, {"en": (GLOSSES[number],)})


def tariff(code: str, text: str, *above: str) -> Concept:
    return Concept(f"hs:{code}", {"en": (text,)}, {"en": above} if above else {})


@pytest.fixture(scope="module")
def source() -> PairSource:
    concepts = [concept(number) for number in range(len(WORDS))]
    return PairSource([*concepts, tariff("1509", "olive oil", "fat and oil"), tariff("5701", "wool carpet", "carpet")])


def rows(source: PairSource, n: int, batch: int, seed: int) -> list[tuple[str, str]]:
    return [(row["anchor"], row["positive"]) for row in source.pairs(n, batch=batch, seed=seed)]


def test_same_seed_gives_the_same_pairs_and_another_seed_others(source: PairSource) -> None:
    assert rows(source, 40, 2, seed=1) == rows(source, 40, 2, seed=1)
    assert rows(source, 40, 2, seed=1) != rows(source, 40, 2, seed=2)


@settings(deadline=None, max_examples=20)
@given(st.integers(min_value=0, max_value=10_000))
def test_no_text_comes_twice_in_a_batch(seed: int) -> None:
    source = PairSource([concept(number) for number in range(len(WORDS))] + [tariff("1509", "olive oil", "fat")])
    drawn = rows(source, 3, 3, seed)
    texts = {text.lower() for pair in drawn for text in pair}
    assert len(texts) == 6 or any(len(anchor.split()) != 1 for anchor, _ in drawn)


def test_terms_are_two_words_of_one_concept(source: PairSource) -> None:
    random = Random(3)
    pairs = [pair for pair in (source.draw_terms(random) for _ in range(200)) if pair is not None]
    groups = [{word.lower() for word in words} for words in WORDS]
    exact = [pair for pair in pairs if any({pair.anchor.lower(), pair.positive.lower()} <= group for group in groups)]
    assert len(exact) > len(pairs) / 3  # the others carry an ending, a beginning or a slip


def test_gloss_belongs_to_its_word(source: PairSource) -> None:
    random = Random(5)
    pairs = [pair for pair in (source.draw_gloss(random) for _ in range(100)) if pair is not None]
    assert pairs
    for pair in pairs:
        own = [number for number, words in enumerate(WORDS) if words[0] in pair.meanings]
        assert any(GLOSSES[number].lower() in pair.meanings for number in own)


def test_sentence_is_glossed_word_by_word(source: PairSource) -> None:
    random = Random(7)
    pairs = [pair for pair in (source.draw_sentence(random) for _ in range(300)) if pair is not None]
    texts = {text for pair in pairs for text in (pair.anchor, pair.positive)}
    assert "Wolle Teppich" in texts


def test_nomenclature_pairs_a_code_with_what_stands_above(source: PairSource) -> None:
    drawn: list[Pair | None] = [source.draw_nomenclature(Random(seed)) for seed in range(20)]
    meanings = [pair.meanings for pair in drawn if pair is not None]
    assert {frozenset({"olive oil", "fat and oil"}), frozenset({"wool carpet", "carpet"})} == set(meanings)


def test_capital_abbreviation_is_no_translation() -> None:
    surgery = Concept("1-n", {"en": ("OR", "operating room"), "fr": ("bloc opératoire",)}, {})
    either = Concept("2-r", {"en": ("or",), "fr": ("ou",)}, {})
    assert word_translations([surgery, either]) == {"or": {"fr": ["ou"]}}


def test_disturbed_chinese_stays_as_it_is() -> None:
    assert {disturbed("橄榄油", "zh", Random(seed)) for seed in range(100)} == {"橄榄油"}


@given(st.text(alphabet="abcdefghij ", min_size=1, max_size=40), st.integers(min_value=0, max_value=1_000))
def test_slip_changes_at_most_one_word_by_two_letters(text: str, seed: int) -> None:
    changed = disturbed(text, "en", Random(seed))
    assert abs(len(changed) - len(text)) <= 1


def test_function_words_are_listed_once() -> None:
    for language, words in FUNCTION_WORDS.items():
        assert len(set(words)) == len(words), language
