from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.trade_glossary import TradeSentence
from training.corpora import Concept
from training.phrases import Pair, PairSource, word_translations

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


@settings(max_examples=20)
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


def test_a_batch_can_be_drawn_without_those_before_it(source: PairSource) -> None:
    every = list(source.pairs(9, batch=2, seed=1))
    assert list(source.pairs(9, batch=2, seed=1, start=3)) == every[6:]


def good(number: int, heading: str) -> Concept:
    known = concept(number)
    return Concept(f"trade:{number}", known.terms, {}, heading)


def test_siblings_are_goods_of_one_chapter_in_the_same_two_languages() -> None:
    source = PairSource([good(0, "1509"), good(1, "1510"), good(2, "3401")])
    for seed in range(100):
        drawn = list(source.draw_siblings(Random(seed)))
        chapters = {"15" if pair.meanings & {"oil", "olive"} else "34" for pair in drawn}
        assert len(chapters) <= 1
        assert len(drawn) in (0, 1, 2)


def sentence(key: str, contrast: str | None, english: str, french: str) -> TradeSentence:
    return TradeSentence(key, contrast, {"en": english, "fr": french})


CONTRAST = (
    sentence("1", "argan", "argan oil to eat, 25 kg", "huile d'argan à manger, 25 kg"),
    sentence("2", "argan", "argan oil for hair", "huile d'argan pour cheveux"),
)


def test_sentences_of_one_contrast_come_together() -> None:
    source = PairSource([concept(0)], [*CONTRAST, sentence("3", None, "we buy wool", "nous achetons de la laine")])
    drawn = {frozenset(frozenset(pair.meanings) for pair in source.draw_contrast(Random(seed))) for seed in range(20)}
    assert drawn == {frozenset({frozenset({"1"}), frozenset({"2"})}), frozenset({frozenset({"3"})})}


def test_sentences_are_drawn_without_their_numbers() -> None:
    source = PairSource([concept(0)], CONTRAST[:1])
    texts = [
        text
        for seed in range(50)
        for pair in source.draw_contrast(Random(seed))
        for text in (pair.anchor, pair.positive)
    ]
    assert texts
    assert not any(letter.isdigit() for text in texts for letter in text)


def test_a_source_without_sentences_draws_none(source: PairSource) -> None:
    assert source.contrasts == []
    assert len(rows(source, 50, 1, seed=2)) == 50
