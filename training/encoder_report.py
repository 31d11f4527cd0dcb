"""Every measure of one encoder in one table, each beside shared letters or words, which need no training."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import bm25s
import numpy as np
from numpy.typing import NDArray

from data import shipped
from data.collection import Collection
from data.trade_glossary import LANGUAGES, Entry, TradeSentence, read_glossary, read_sentences
from matching.encoder import Encoder
from matching.errors import ModelDamaged, ModelMissing
from matching.headings import HeadingModel
from matching.words import words
from training.encoder_evaluation import MEASURED_LANGUAGES, Vectorizer, recall_of_words, shared_letters
from training.evaluation import MEASURES, ranked_by_vectors, ranked_by_words, slices_of
from training.headings import Names, Recipe, goods, measured_model, names_of, names_of_products
from training.ranker import unranked_matcher
from training.split import held_out_glossary, held_out_sentences, is_heading
from training.trade_evaluation import HeldOutTrade, evaluate_trade

DEPTH = 10
NOISE = 0.1


@dataclass(frozen=True)
class Figure:
    """One measured number in 0..1 beside the same number of the baseline, None where it has none.

    part : the language or the slice that the measure is of; n texts were asked for
    """

    measure: str
    part: str
    n: int
    encoder: float
    baseline: float | None


def encoder_report(
    encoder: Encoder, collection: Collection, *, headings: Path, corpora: Path | None = None
) -> list[dict[str, Any]]:
    """Every measure of an encoder as rows of a table.

    headings : folder of a model of headings; where it was made with another encoder, one is fitted for the measure
    corpora  : the folder that `training.corpora` describes; without it no synset is measured
    """
    every = read_glossary()
    trade = HeldOutTrade(held_out_glossary(every)[1], every, held_out_sentences(read_sentences())[1])
    parts = (
        _words(encoder.encode, corpora) if corpora else (),
        _trade(encoder.encode, trade),
        _parity(encoder.encode, trade),
        _robustness(encoder.encode, trade.sentences),
        _sample(encoder, collection),
        _headings(encoder, collection, headings),
    )
    return [asdict(figure) for part in parts for figure in part]


def _words(vectorize: Vectorizer, corpora: Path) -> Iterator[Figure]:
    # The split is that of training itself: which synsets are kept in depends on the glossary's words too.
    from training.encoder import Recipe as EncoderRecipe
    from training.encoder import gather

    split = gather(corpora, shipped.GLOSSARY, seed=EncoderRecipe().seed).split
    ours, letters = (
        recall_of_words(measured, split.held_out, split.training) for measured in (vectorize, shared_letters)
    )
    for found, base in zip(ours, letters, strict=True):
        yield Figure("held-out synsets, to English", found.language, found.n, found.to_english, base.to_english)
        yield Figure("held-out synsets, from English", found.language, found.n, found.from_english, base.from_english)


def _trade(vectorize: Vectorizer, trade: HeldOutTrade) -> Iterator[Figure]:
    ours, letters = evaluate_trade(vectorize, trade), evaluate_trade(shared_letters, trade)
    for kind, title in (
        ("terms", "held-out terms"),
        ("headings", "held-out headings"),
        ("sentences", "held-out sentences"),
    ):
        yield from _directions(title, ours[kind], letters[kind])
    between = "sentences_between_all_languages"
    yield Figure("held-out sentences, any two languages", "all", len(trade.sentences), ours[between], letters[between])


def _directions(title: str, ours: Mapping[str, Any], letters: Mapping[str, Any]) -> Iterator[Figure]:
    for direction, name in (("to_english", "to English"), ("from_english", "from English")):
        rows = {language: row for language, row in ours.items() if direction in row and row["n"]}
        for language, row in rows.items():
            yield Figure(f"{title}, {name}", language, row["n"], row[direction], letters[language][direction])
        measured = [language for language in MEASURED_LANGUAGES if language in rows]
        if measured:
            means = [float(np.mean([table[language][direction] for language in measured])) for table in (ours, letters)]
            yield Figure(f"{title}, {name}", "mean of nine", sum(rows[code]["n"] for code in measured), *means)


def _parity(vectorize: Vectorizer, trade: HeldOutTrade) -> Iterator[Figure]:
    for language in LANGUAGES:
        found, letters = (language_parity(measured, trade, language) for measured in (vectorize, shared_letters))
        yield Figure("parity of names", language, found[1], found[0], letters[0])


def language_parity(vectorize: Vectorizer, trade: HeldOutTrade, language: str) -> tuple[float, int]:
    """nDCG@10 of requests in other languages over that of the same requests in the documents' own, and their number.

    The documents are the further names of goods in `language`, of held-out rows and of all others; a request is the
    first name of a held-out row, and the further names of that row are what it should find.
    """
    documents = [(entry.key, name) for entry in trade.every for name in entry.terms[language][1:]]
    own = {key for key, _ in documents}
    asked = [entry for entry in trade.entries if entry.key in own]
    found = vectorize([name for _, name in documents])
    relevant = np.array([[key == entry.key for key, _ in documents] for entry in asked])
    values = {
        code: mean_ndcg(vectorize([entry.terms[code][0] for entry in asked]) @ found.T, relevant) for code in LANGUAGES
    }
    others = float(np.mean([value for code, value in values.items() if code != language]))
    return others / max(values[language], 1e-9), len(asked)


def mean_ndcg(similarity: NDArray[np.float32], relevant: NDArray[np.bool_]) -> float:
    """Mean nDCG@10 of requests (q,) on documents (m,): both arrays are (q, m), every request has something relevant."""
    discounts = 1.0 / np.log2(np.arange(2, DEPTH + 2))
    order = np.argsort(-similarity, axis=1, kind="stable")[:, :DEPTH]
    gains = np.take_along_axis(relevant, order, axis=1) @ discounts[: order.shape[1]]
    ideal = np.cumsum(discounts)[np.minimum(relevant.sum(axis=1), DEPTH) - 1]
    return float((gains / ideal).mean())


def _robustness(vectorize: Vectorizer, sentences: Sequence[TradeSentence]) -> Iterator[Figure]:
    rows = [sentence.texts for sentence in sentences if "en" in sentence.texts]
    pairs = [(row, code) for row in rows for code in MEASURED_LANGUAGES if code in row]
    candidates = [row["en"] for row in rows]
    targets = [row["en"] for row, _ in pairs]
    disturbed = {"as written": [row[code] for row, code in pairs]}
    disturbed |= {name: [change(row, code) for row, code in pairs] for name, change in DISTURBANCES.items()}
    for name, texts in disturbed.items():
        recalls = [_recall_at_1(measured, texts, targets, candidates) for measured in (vectorize, shared_letters)]
        yield Figure("sentences to English, disturbed", name, len(texts), *recalls)


def _recall_at_1(
    vectorize: Vectorizer, texts: Sequence[str], targets: Sequence[str], candidates: Sequence[str]
) -> float:
    vectors, found = vectorize(texts), vectorize(candidates)
    best = np.argmax(vectors @ found.T, axis=1)
    right = np.array([candidates[place] == target for place, target in zip(best, targets, strict=True)])
    return float((right & vectors.any(axis=1)).mean())


def with_noise(text: str) -> str:
    """The text with a tenth of its characters left out, doubled or swapped with the next; always the same way."""
    random = Random(text)
    characters = list(text)
    for place in range(len(characters) - 1, -1, -1):
        if random.random() < NOISE:
            kind = random.randrange(3)
            characters[place : place + 2] = {
                0: characters[place + 1 : place + 2],
                1: [characters[place], *characters[place : place + 2]],
                2: characters[place : place + 2][::-1],
            }[kind]
    return "".join(characters)


def without_accents(text: str) -> str:
    """The text without combining marks: accents, and Arabic vowel signs."""
    return "".join(mark for mark in unicodedata.normalize("NFD", text) if not unicodedata.combining(mark))


def in_two_languages(texts: Mapping[str, str], language: str) -> str:
    """The first half of a text and the second half of the same in the next of the ten languages that it is in."""
    after = LANGUAGES.index(language) + 1
    other = next((code for code in (*LANGUAGES[after:], *LANGUAGES[:after]) if code in texts), language)
    first, second = texts[language], texts[other]
    return f"{first[: len(first) // 2]} {second[len(second) // 2 :]}"


DISTURBANCES: Mapping[str, Callable[[Mapping[str, str], str], str]] = {
    "a tenth of the characters wrong": lambda texts, language: with_noise(texts[language]),
    "no accents": lambda texts, language: without_accents(texts[language]),
    "upper case": lambda texts, language: texts[language].upper(),
    "half in another language": in_two_languages,
}


def _sample(encoder: Encoder, collection: Collection) -> Iterator[Figure]:
    matcher = unranked_matcher(encoder, collection.suppliers)
    ranked = [rank(matcher, collection) for rank in (ranked_by_vectors, ranked_by_words)]
    grades = [dict(collection.grades.get(str(request.id), {})) for request in collection.requests]
    slices = slices_of(collection)
    for name in ("recall@50", "nDCG@10"):
        ours, by_words = (
            np.array([MEASURES[name](found, judged) for found, judged in zip(lists, grades, strict=True)])
            for lists in ranked
        )
        for part in ("all", "cross-language", "same-language"):
            inside = slices[part]
            if inside.any():
                means = float(ours[inside].mean()), float(by_words[inside].mean())
                yield Figure(f"sample {name}, vectors alone", part, int(inside.sum()), *means)


def _headings(encoder: Encoder, collection: Collection, folder: Path) -> Iterator[Figure]:
    entries = goods(read_glossary())
    for name, measures in _heading_measures(encoder, entries, folder).items():
        part = name.replace("_", " ")
        names = _heading_names(name, entries, collection)
        for top in (1, 3):
            by_words = headings_by_words(entries, names, top)
            yield Figure(f"HS heading, top {top}", part, measures["n"], measures[f"top_{top}"], by_words)


def _heading_measures(encoder: Encoder, entries: Sequence[Entry], folder: Path) -> Mapping[str, Any]:
    try:
        made_from = HeadingModel.load(folder, encoder=encoder.fingerprint).made_from
        measures: Mapping[str, Any] = made_from["measures"]
    except (ModelDamaged, ModelMissing):
        sentences = held_out_sentences(read_sentences())[0]
        measures = measured_model(encoder, entries, sentences, Recipe())[1]
    return measures


def _heading_names(name: str, entries: Iterable[Entry], collection: Collection) -> Names:
    if name == "sample_products":
        return Names.of(names_of_products(collection.suppliers))
    return Names.of(names_of(entry for entry in held_out_glossary(entries)[1] if not is_heading(entry)))


def headings_by_words(entries: Sequence[Entry], names: Names, top: int) -> float:
    """The baseline: how often BM25 over the names of each heading puts the right one among the first `top`."""
    held = {entry.key for entry in held_out_glossary(entries)[1] if not is_heading(entry)}
    of_heading: dict[str, list[str]] = {}
    for text, _, heading in names_of(entry for entry in entries if entry.key not in held):
        of_heading.setdefault(heading, []).extend(words(text))
    codes = np.array(list(of_heading))
    index: Any = bm25s.BM25()
    index.index(list(of_heading.values()), show_progress=False)
    hits = 0
    for text, heading in zip(names.texts, names.headings, strict=True):
        known = [word for word in words(text) if word in index.vocab_dict]
        scores = index.get_scores(known) if known else np.zeros(len(codes))
        best = np.argsort(-scores, kind="stable")[:top]
        hits += heading in codes[best[scores[best] > 0]]
    return hits / max(len(names.texts), 1)
