"""Draw training pairs from concepts: two texts that mean the same, in two languages or in two wordings.

Dictionaries alone leave the lengths of token vectors uncalibrated, because each text is one word. Phrases of several
aligned terms, and sentences glossed word by word, teach which words of a text carry its meaning.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from training.corpora import LANGUAGES, Concept

_LANGUAGES = tuple(LANGUAGES)
_WEIGHTS = tuple(weight for weight, _, _ in LANGUAGES.values())
UNSPACED = frozenset({"zh", "ja"})

ENGLISH_SIDE = 0.5
TRADE_SHARE = 0.35
NOMENCLATURE_SENTENCES = 0.3
NOISE_SHARE = 0.15
INFLECTED_SHARE = 0.25
WORD_DROPOUT = 0.15
UNTRANSLATED_KEPT = 0.3
LONGEST_SENTENCE_WORDS = 24

# Words that a firm's profile or a buyer's request is made of, whatever the goods.
_TRADE_WORDS = """
supplier manufacturer producer factory workshop cooperative company firm exporter importer wholesaler
retailer distributor buyer customer order delivery shipment freight container port price offer quotation
sample catalogue quality certificate certified organic biological natural fair handmade artisan craft
traditional sustainable recycled wholesale retail export import production capacity packaging bottle jar box
bag pallet bulk brand label minimum quantity month week year deadline payment market hotel restaurant shop
supermarket pharmacy cosmetic perfume soap oil olive argan fish sardine tuna date almond saffron spice herb
tea honey fruit vegetable citrus orange tomato wine textile fabric yarn thread cotton wool linen silk
leather garment clothing shirt trousers dress shoe bag carpet rug pottery ceramic tile wood furniture lamp
jewellery copper brass stone marble glass paper metal steel plastic machine engine electric cable battery
solar panel valve pump tool car part rubber chemical fertilizer medicine medical toy kitchen bathroom bed
towel curtain blanket embroidery weaving dyeing printing cold pressed roasted frozen dried fresh canned
virgin raw white black red green blue small large cheap
"""
TRADE_WORDS = frozenset(_TRADE_WORDS.split())

FUNCTION_WORDS: Mapping[str, tuple[str, ...]] = {
    language: tuple(words.split())
    for language, words in {
        "en": "the a of and to in for with is are we our you your from by on at or as be it this that which all",
        "fr": "le la les de des du et à en pour avec est sont nous nos notre vous votre par sur ou un une dans qui que",
        "de": "der die das und in für mit ist sind wir unsere uns sie ihr von zu auf oder ein eine einen im den dem",
        "es": "el la los las de del y en para con es son somos nuestro nuestra su por o un una que se al desde como",
        "ar": "في من على إلى عن مع و أو هذا هذه التي الذي نحن لدينا كل ما لا كما بعد قبل بين هو هي لنا",
        "zh": "的 是 和 在 我们 您 与 及 从 为 了 有 或 一 这 那 对 等 也 可 将 以 于 本 该",
        "tr": "ve bir bu için ile olarak da de olan biz bizim siz en çok daha her veya gibi kadar sonra ki ya o",
        "it": "il lo la i gli le di del della e in per con è sono noi nostro nostra da su o un una che si al dal",
        "pt": "o a os as de do da e em para com é são nós nosso nossa por ou um uma que se ao no na dos das",
        "nl": "de het een en in voor met is zijn wij onze ons u uw van te op of die dat door aan bij uit naar",
        "ru": "и в на с для из по от мы наш наша или это что как к о у же не все",
        "pl": "i w na z dla od do nasz nasza jest są lub to że jak oraz po przez nie się",
    }.items()
}
ENGLISH_FUNCTION_WORDS = frozenset(FUNCTION_WORDS["en"])
ENDINGS: Mapping[str, tuple[str, ...]] = {
    "en": ("s",),
    "fr": ("s",),
    "es": ("s", "es"),
    "pt": ("s",),
    "de": ("e", "en", "n", "s", "er"),
    "nl": ("en", "s"),
    "tr": ("lar", "ler", "ı", "i", "lı", "li", "da", "de", "ları", "leri", "dan", "den", "ın", "in", "cı", "ci", "yiz"),
}
BEGINNINGS: Mapping[str, tuple[str, ...]] = {"ar": ("ال", "و", "وال", "ب", "بال", "ل", "لل")}
UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue"}

_ENGLISH_WORD = re.compile(r"[a-z]+")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Pair:
    """Two texts of one meaning, and what no other pair of the same batch may share with it."""

    anchor: str
    positive: str
    meanings: frozenset[str]


class PairSource:
    """Draws pairs of every kind in fixed shares; the same random numbers give the same pairs."""

    def __init__(self, concepts: Sequence[Concept]) -> None:
        self.concepts = [concept for concept in concepts if not concept.key.startswith("hs:")]
        self.nomenclature = [concept for concept in concepts if concept.key.startswith("hs:") and concept.glosses]
        self.trade = [_is_trade(concept) for concept in self.concepts]
        self.owners = self._owners()
        self.translations = word_translations(self.concepts)
        self.sentences = [text for concept in self.concepts for text in concept.glosses.get("en", ()) if " " in text]
        self.pools: dict[tuple[str, str, bool], list[int]] = {}
        self.recipes: Sequence[tuple[float, Callable[[Random], Pair | None]]] = (
            (0.38, self.draw_terms),
            (0.14, self.draw_gloss),
            (0.24, self.draw_phrase),
            (0.20, self.draw_sentence),
            (0.04, self.draw_nomenclature),
        )

    def pairs(self, n: int, *, batch: int, seed: int) -> Iterator[dict[str, str]]:
        """`n` pairs as rows; within each run of `batch` rows no two share a text nor, as words, a concept."""
        random, seen = Random(seed), set[str]()
        shares, draws = zip(*self.recipes, strict=True)
        for row in range(n):
            if row % batch == 0:
                seen = set()
            pair = self._draw_unseen(random, shares, draws, seen)
            seen.update(pair.meanings)
            yield {"anchor": pair.anchor, "positive": pair.positive}

    def _draw_unseen(
        self,
        random: Random,
        shares: Sequence[float],
        draws: Sequence[Callable[[Random], Pair | None]],
        seen: set[str],
    ) -> Pair:
        while True:
            pair = random.choices(draws, shares)[0](random)
            if pair is not None and seen.isdisjoint(pair.meanings):
                return pair

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
        """The text of a tariff code and that of its heading or chapter."""
        concept = random.choice(self.nomenclature)
        return _pair(random, "en", concept.terms["en"][0], "en", random.choice(concept.glosses["en"]), [concept])

    def _draw_sentence_text(self, random: Random) -> str:
        if random.random() < NOMENCLATURE_SENTENCES:
            return random.choice(self.nomenclature).terms["en"][0]
        return random.choice(self.sentences)

    def _draw_concept(self, random: Random, first: str, second: str) -> Concept | None:
        trade = random.random() < TRADE_SHARE
        pool = self._pool(first, second, trade) or self._pool(first, second, False)
        return self.concepts[random.choice(pool)] if pool else None

    def _pool(self, first: str, second: str, trade: bool) -> list[int]:
        key = (min(first, second), max(first, second), trade)
        if key not in self.pools:
            both = self.owners[first] & self.owners[second]
            self.pools[key] = sorted(index for index in both if not trade or self.trade[index])
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


def _is_trade(concept: Concept) -> bool:
    return concept.key.startswith("trade:") or any(
        not TRADE_WORDS.isdisjoint(term.lower().split()) for term in concept.terms.get("en", ())
    )


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


def disturbed(text: str, language: str, random: Random) -> str:
    """The text as people type it: now and then a slip in one word, or German umlauts written out."""
    if random.random() >= NOISE_SHARE or language in UNSPACED:
        return text
    if language == "de" and random.random() < 0.5:
        return "".join(UMLAUTS.get(letter, letter) for letter in text)
    words = text.split(" ")
    place = random.randrange(len(words))
    if len(words[place]) > 4:
        words[place] = random.choice(SLIPS)(words[place], random)
    return " ".join(words)


def _with_replaced(word: str, random: Random, *, width: int, filling: Callable[[str, Random], str]) -> str:
    start = random.randrange(1, len(word) - width)
    return word[:start] + filling(word[start : start + width], random) + word[start + width :]


# A split word trains the pieces that other compounds share.
SLIPS: Sequence[Callable[[str, Random], str]] = (
    partial(_with_replaced, width=2, filling=lambda letters, _: letters[::-1]),
    partial(_with_replaced, width=1, filling=lambda _, __: ""),
    partial(_with_replaced, width=1, filling=lambda letters, _: letters * 2),
    partial(_with_replaced, width=1, filling=lambda _, random: random.choice(_LETTERS)),
    partial(_with_replaced, width=1, filling=lambda letters, _: letters + " "),
    partial(_with_replaced, width=1, filling=lambda letters, _: letters + " "),
)
