"""Draw training pairs from concepts: two texts that mean the same, in two languages or in two wordings.

Dictionaries alone leave the lengths of token vectors uncalibrated, because each text is one word. Phrases of several
aligned terms, sentences glossed word by word and parallel sentences of the trade teach which words of a text carry its
meaning. Goods of one chapter and sentences of one contrast come in one batch, each a near miss of the others.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import islice
from random import Random
from typing import TypeVar

from data.trade_glossary import TradeSentence
from training.corpora import LANGUAGES, Concept
from training.wording import (
    BEGINNINGS,
    ENDINGS,
    ENGLISH_FUNCTION_WORDS,
    FUNCTION_WORDS,
    TRADE_WORDS,
    UNSPACED,
    disturbed,
)

_Member = TypeVar("_Member")

_LANGUAGES = tuple(LANGUAGES)
_WEIGHTS = tuple(weight for weight, _, _ in LANGUAGES.values())

ENGLISH_SIDE = 0.5
TRADE_SHARE = 0.35
GLOSSARY_SHARE = 0.7
SIBLINGS = 6
NOMENCLATURE_SENTENCES = 0.3
INFLECTED_SHARE = 0.25
WORD_DROPOUT = 0.15
UNTRANSLATED_KEPT = 0.3
LONGEST_SENTENCE_WORDS = 24

_ENGLISH_WORD = re.compile(r"[a-z]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True)
class Pair:
    """Two texts of one meaning, and what no other pair of the same batch may share with it."""

    anchor: str
    positive: str
    meanings: frozenset[str]


class _Pool(Enum):
    """Where a concept is drawn from."""

    ALL = 0
    COMMERCIAL = 1
    GLOSSARY = 2


class PairSource:
    """Draws pairs of every kind in fixed shares; the same random numbers give the same pairs."""

    def __init__(self, concepts: Sequence[Concept], sentences: Sequence[TradeSentence] = ()) -> None:
        self.concepts = [concept for concept in concepts if not concept.key.startswith("hs:")]
        self.nomenclature = [concept for concept in concepts if concept.key.startswith("hs:") and concept.glosses]
        self.belongs = [_pool_of(concept) for concept in self.concepts]
        self.owners = self._owners()
        self.translations = word_translations(self.concepts)
        self.sentences = [text for concept in self.concepts for text in concept.glosses.get("en", ()) if " " in text]
        self.contrasts = _groups(sentences, lambda sentence: sentence.contrast or sentence.key)
        headed = [concept for concept in self.concepts if concept.heading]
        self.chapters = _groups(headed, lambda concept: (concept.heading or "")[:2])
        self.pools: dict[tuple[str, str, _Pool], list[int]] = {}
        # The share of each kind in the draws; a draw of the last two gives several pairs.
        self.recipes: Sequence[tuple[float, Callable[[Random], Iterable[Pair]]]] = (
            (0.355, _alone(self.draw_terms)),
            (0.13, _alone(self.draw_gloss)),
            (0.235, _alone(self.draw_phrase)),
            (0.185, _alone(self.draw_sentence)),
            (0.035, _alone(self.draw_nomenclature)),
            (0.01 if self.chapters else 0.0, self.draw_siblings),
            (0.05 if self.contrasts else 0.0, self.draw_contrast),
        )

    def pairs(self, n: int, *, batch: int, seed: int, start: int = 0) -> Iterator[dict[str, str]]:
        """The pairs from batch `start` on up to the `n`-th, as rows; each batch is drawn with a seed of its own.

        Within a batch no two share a text nor, as words, a concept.
        """
        for number in range(start, -(-n // batch)):
            drawn = self._draw_batch(Random(f"{seed}:{number}"))
            for pair in islice(drawn, min(batch, n - number * batch)):
                yield {"anchor": pair.anchor, "positive": pair.positive}

    def _draw_batch(self, random: Random) -> Iterator[Pair]:
        seen = set[str]()
        shares, draws = zip(*self.recipes, strict=True)
        while True:
            for pair in random.choices(draws, shares)[0](random):
                if seen.isdisjoint(pair.meanings):
                    seen.update(pair.meanings)
                    yield pair

    def draw_terms(self, random: Random) -> Pair | None:
        """Two words for one concept, mostly in two languages."""
        first, second = _draw_languages(random)
        concept = self._draw_concept(random, first, second)
        if concept is None:
            return None
        return _pair(
            random, first, _inflected(concept, first, random), second, _inflected(concept, second, random), [concept]
        )

    def draw_gloss(self, random: Random) -> Pair | None:
        """A word in any language and a text that defines it or shows it in use."""
        language, _ = _draw_languages(random)
        concept = self._draw_concept(random, language, language)
        if concept is None or not concept.glosses:
            return None
        written_in = random.choice(list(concept.glosses))
        gloss = random.choice(concept.glosses[written_in])
        return _pair(random, language, _word(concept, language, random), written_in, gloss, [concept])

    def draw_phrase(self, random: Random) -> Pair | None:
        """Two to six concepts in two languages, each side in an order of its own, with function words between."""
        first, second = _draw_languages(random)
        drawn = [self._draw_concept(random, first, second) for _ in range(random.randint(2, 6))]
        concepts = [concept for concept in drawn if concept is not None]
        if not concepts:
            return None
        sides = [_phrase(concepts, language, random) for language in (first, second)]
        return _pair(random, first, sides[0], second, sides[1], [])

    def draw_sentence(self, random: Random) -> Pair | None:
        """An English sentence and its gloss, word by word, in another language; or two such glosses."""
        text = self._draw_sentence_text(random)
        words = _ENGLISH_WORD.findall(text.lower())[:LONGEST_SENTENCE_WORDS]
        first, second = _draw_languages(random)
        sides = [self._glossed(words, language, random) for language in (first, second)]
        return _pair(random, first, sides[0], second, sides[1], []) if first != second and all(sides) else None

    def draw_nomenclature(self, random: Random) -> Pair | None:
        """The text of a tariff code, or a name of its goods, and what its heading or chapter says."""
        concept = random.choice(self.nomenclature)
        first, second = (random.choice(list(texts)) for texts in (concept.terms, concept.glosses))
        gloss = random.choice(concept.glosses[second])
        return _pair(random, first, _word(concept, first, random), second, gloss, [concept])

    def draw_siblings(self, random: Random) -> Iterator[Pair]:
        """Goods of one chapter of the nomenclature, each a pair of words in the same two languages."""
        first, second = _draw_languages(random)
        goods = random.choice(self.chapters)
        for concept in random.sample(goods, min(SIBLINGS, len(goods))):
            if first in concept.terms and second in concept.terms:
                words = (_word(concept, language, random) for language in (first, second))
                pair = _pair(random, first, next(words), second, next(words), [concept])
                if pair is not None:
                    yield pair

    def draw_contrast(self, random: Random) -> Iterator[Pair]:
        """The sentences of one contrast, each in two of its languages.

        Numbers are left out: a sentence should be found by its words.
        """
        for sentence in random.choice(self.contrasts):
            first, second = random.sample(sorted(sentence.texts), 2)
            sides = (_NUMBER.sub(" ", sentence.texts[language]) for language in (first, second))
            pair = _pair(random, first, next(sides), second, next(sides), [])
            if pair is not None:
                yield replace(pair, meanings=frozenset({sentence.key}))

    def _draw_sentence_text(self, random: Random) -> str:
        if random.random() < NOMENCLATURE_SENTENCES:
            return random.choice(self.nomenclature).terms["en"][0]
        return random.choice(self.sentences)

    def _draw_concept(self, random: Random, first: str, second: str) -> Concept | None:
        pool = self._members(first, second, _draw_pool(random)) or self._members(first, second, _Pool.ALL)
        return self.concepts[random.choice(pool)] if pool else None

    def _members(self, first: str, second: str, pool: _Pool) -> list[int]:
        key = (min(first, second), max(first, second), pool)
        if key not in self.pools:
            both = self.owners[first] & self.owners[second]
            self.pools[key] = sorted(index for index in both if self.belongs[index].value >= pool.value)
        return self.pools[key]

    def _owners(self) -> dict[str, set[int]]:
        owners: dict[str, set[int]] = {language: set() for language in LANGUAGES}
        for index, concept in enumerate(self.concepts):
            for language in concept.terms:
                owners[language].add(index)
        return owners

    def _glossed(self, words: Sequence[str], language: str, random: Random) -> str:
        kept = [word for word in words if random.random() >= WORD_DROPOUT]
        if language == "en":
            return " ".join(kept)
        translated = (self._translated(word, language, random) for word in kept)
        return _joined([word for word in translated if word], language)

    def _translated(self, word: str, language: str, random: Random) -> str:
        if word in ENGLISH_FUNCTION_WORDS:
            return random.choice(FUNCTION_WORDS.get(language, ("",)))
        known = self.translations.get(word) or self.translations.get(word.removesuffix("s")) or {}
        if language in known:
            return random.choice(known[language])
        return word if random.random() < UNTRANSLATED_KEPT and len(word) > 3 else ""


def word_translations(concepts: Sequence[Concept]) -> dict[str, dict[str, list[str]]]:
    """Single English word -> language -> its translations, one for each sense, so that common ones come often.

    Capitals are left out: "OR" is no translation of "or".
    """
    table: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for concept in concepts:
        words = {word for word in concept.terms.get("en", ()) if " " not in word and word.islower()}
        for word in words:
            for language, terms in concept.terms.items():
                if language != "en":
                    table[word][language].append(terms[0])
    return {word: dict(known) for word, known in table.items()}


def _pool_of(concept: Concept) -> _Pool:
    if concept.key.startswith("trade:"):
        return _Pool.GLOSSARY
    words = {word for term in concept.terms.get("en", ()) for word in term.lower().split()}
    return _Pool.ALL if TRADE_WORDS.isdisjoint(words) else _Pool.COMMERCIAL


def _draw_pool(random: Random) -> _Pool:
    if random.random() >= TRADE_SHARE:
        return _Pool.ALL
    return _Pool.GLOSSARY if random.random() < GLOSSARY_SHARE else _Pool.COMMERCIAL


def _groups(members: Iterable[_Member], key: Callable[[_Member], str]) -> list[list[_Member]]:
    groups: dict[str, list[_Member]] = defaultdict(list)
    for member in members:
        groups[key(member)].append(member)
    return list(groups.values())


def _alone(draw: Callable[[Random], Pair | None]) -> Callable[[Random], Iterable[Pair]]:
    return lambda random: [pair for pair in [draw(random)] if pair is not None]


def _draw_languages(random: Random) -> tuple[str, str]:
    first = random.choices(_LANGUAGES, _WEIGHTS)[0]
    second = "en" if random.random() < ENGLISH_SIDE else random.choices(_LANGUAGES, _WEIGHTS)[0]
    return (first, second) if random.random() < 0.5 else (second, first)


def _pair(
    random: Random, first: str, anchor: str, second: str, positive: str, concepts: Sequence[Concept]
) -> Pair | None:
    if not anchor or not positive or anchor.lower() == positive.lower():
        return None
    english = {term.lower() for concept in concepts for term in concept.terms.get("en", ())}
    meanings = frozenset({anchor.lower(), positive.lower(), *english})
    return Pair(disturbed(anchor, first, random), disturbed(positive, second, random), meanings)


def _word(concept: Concept, language: str, random: Random) -> str:
    return random.choice(concept.terms[language])


def _inflected(concept: Concept, language: str, random: Random) -> str:
    word = _word(concept, language, random)
    if random.random() >= INFLECTED_SHARE:
        return word
    beginning = random.choice(BEGINNINGS.get(language, ("",)))
    return beginning + word + random.choice(ENDINGS.get(language, ("",)))


def _phrase(concepts: Sequence[Concept], language: str, random: Random) -> str:
    words = [_inflected(concept, language, random) for concept in concepts]
    function_words = FUNCTION_WORDS.get(language, ())
    if function_words:
        words.extend(random.choices(function_words, k=random.randint(0, len(words) + 1)))
    random.shuffle(words)
    return _joined(words, language)


def _joined(words: Sequence[str], language: str) -> str:
    return ("" if language in UNSPACED else " ").join(words)
