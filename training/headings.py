"""Training of the model that infers headings: names of the glossary -> a small network and prototypes of goods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import logsumexp

from data import shipped
from data.tables import read_suppliers
from data.trade_glossary import Entry, TradeSentence, read_glossary, read_sentences
from matching.encoder import Encoder, unit_rows
from matching.headings import PIECES, HeadingModel, hashed_texts
from matching.profiles import Supplier
from training.encoder_folder import quantized
from training.split import held_out_glossary, held_out_sentences, is_heading

Places = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Recipe:
    """How the network is fitted.

    inner      : length of its inner vectors
    dropped    : share of a text's pieces left out at each step
    in_context : share of the names that are also learned within a phrase, as requests use them
    """

    inner: int = 48
    epochs: int = 6
    batch: int = 1_024
    learning_rate: float = 0.01
    dropped: float = 0.3
    in_context: float = 0.5
    smoothing: float = 0.1
    seed: int = 0


@dataclass(frozen=True)
class Names:
    """Names of goods, each with its language and its heading: parallel arrays."""

    texts: tuple[str, ...]
    languages: tuple[str, ...]
    headings: NDArray[np.str_]

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str]]) -> Names:
        """Names from (text, language, heading)."""
        texts, languages, headings = tuple(zip(*rows, strict=True)) or ((), (), ())
        return cls(texts, languages, np.array(headings, np.str_))


def train_headings(
    encoder: Encoder, out: Path, *, glossary: Path = shipped.GLOSSARY, recipe: Recipe = Recipe()
) -> dict[str, Any]:
    """Train on the whole glossary, write the model to the folder `out`; returns the measures of its manifest.

    The weights of the two judges, and the measure on held-out terms, come from a first model that has not seen those
    terms; no model sees the sample's products.
    """
    entries = goods(read_glossary(glossary))
    sentences = held_out_sentences(read_sentences(glossary))[0]
    first, measures = measured_model(encoder, entries, sentences, recipe)
    model = fit_headings(encoder, entries, sentences, recipe)
    model = replace(model, weights=first.weights)
    measures["sample_products"] = measure_headings(model, encoder, sample_names())
    made_from = {"rows": len(entries), "recipe": asdict(recipe), "measures": measures}
    replace(model, made_from=made_from).save(out)
    return measures


def measured_model(
    encoder: Encoder, entries: Sequence[Entry], sentences: Sequence[TradeSentence], recipe: Recipe
) -> tuple[HeadingModel, dict[str, Any]]:
    """A model of the rows that training keeps, its weights fitted to the held-out terms, and its measures."""
    kept, held = held_out_glossary(entries)
    terms = [entry for entry in held if not is_heading(entry)]
    every_heading = [*kept, *(entry for entry in held if is_heading(entry))]
    held_names = Names.of(names_of(terms))
    model = weighted(fit_headings(encoder, every_heading, sentences, recipe), encoder, held_names)
    found = {"held_out_terms": held_names, "sample_products": sample_names()}
    return model, {name: measure_headings(model, encoder, names) for name, names in found.items()}


def goods(entries: Iterable[Entry]) -> list[Entry]:
    """Rows that have a heading: the headings themselves, and the terms that name goods."""
    return [entry for entry in entries if entry.heading is not None]


def names_of(entries: Iterable[Entry]) -> Iterator[tuple[str, str, str]]:
    """(text, language, heading) of each name and variant."""
    for entry in entries:
        for language, texts in chain(entry.terms.items(), entry.variants.items()):
            yield from ((text, language, str(entry.heading)) for text in texts)


def names_of_products(suppliers: Iterable[Supplier]) -> Iterator[tuple[str, str, str]]:
    """(product name, language of the profile, heading) of each product line that states a code."""
    for supplier in suppliers:
        for product in supplier.products:
            if product.hs:
                yield product.name, supplier.profile_language or "", product.hs[:4]


def sample_names() -> Names:
    """The product names of the shipped sample that carry a code."""
    return Names.of(names_of_products(read_suppliers(shipped.SAMPLE / "suppliers.jsonl").profiles))


def measure_headings(model: HeadingModel, encoder: Encoder, names: Names) -> dict[str, Any]:
    """How often the right heading is the likeliest, or among the first three, and the mean log loss."""
    chances = model.probabilities(names.texts, encoder.encode(names.texts))
    right = np.searchsorted(model.codes, names.headings)
    own = chances[np.arange(len(right)), right][:, None]
    # A heading of the same probability counts as half before the right one.
    ranks = (chances > own).sum(axis=1) + ((chances == own).sum(axis=1) - 1) / 2
    return {
        "n": len(right),
        "top_1": round(float((ranks < 1).mean()), 3),
        "top_3": round(float((ranks < 3).mean()), 3),
        "log_loss": round(float(-np.log(np.maximum(own, 1e-9)).mean()), 3),
    }


def fit_headings(
    encoder: Encoder, entries: Sequence[Entry], sentences: Sequence[TradeSentence], recipe: Recipe
) -> HeadingModel:
    """A model of rows that have a heading, every heading among them; its two judges not yet weighted.

    sentences : texts whose words are set around names
    """
    names = Names.of(names_of(entries))
    codes = np.unique(names.headings)
    texts = [*names.texts, *in_context(names, sentences, recipe)]
    labels = np.searchsorted(codes, names.headings)
    labels = np.concatenate([labels, labels[_in_context_places(names, recipe)]])
    network = fit_network(texts, encoder.encode(texts), labels, len(codes), recipe)
    vectors, headings = prototypes(encoder, entries)
    order = np.argsort(headings, kind="stable")
    goods_of = quantized(vectors[order])
    return HeadingModel(
        encoder.fingerprint,
        codes,
        **network,
        prototypes=goods_of["embeddings"],
        prototype_scales=goods_of["weights"],
        prototype_headings=np.searchsorted(codes, headings[order]),
    )


def prototypes(encoder: Encoder, entries: Sequence[Entry]) -> tuple[Floats, NDArray[np.str_]]:
    """Mean unit vectors of the names of one kind of goods over the languages, float32 (p, d), and their headings (p,).

    A term is one kind; the n-th names of a heading are another for each n.
    """
    groups = [(texts, str(entry.heading)) for entry in entries for texts in _kinds(entry)]
    lengths = [len(texts) for texts, _ in groups]
    vectors = encoder.encode([text for texts, _ in groups for text in texts])
    bounds = np.cumsum([0, *lengths])
    sums = csr_array((np.ones(bounds[-1], np.float32), np.arange(bounds[-1]), bounds)) @ vectors
    return unit_rows(sums), np.array([heading for _, heading in groups], np.str_)


def _kinds(entry: Entry) -> Iterator[list[str]]:
    if not is_heading(entry):
        yield [text for text, _, _ in names_of([entry])]
        return
    for place in range(max(map(len, entry.terms.values()))):
        yield [texts[place] for texts in entry.terms.values() if place < len(texts)]


def in_context(names: Names, sentences: Sequence[TradeSentence], recipe: Recipe) -> list[str]:
    """Some of the names, each with one to six words of a sentence of its language before and after it."""
    random = np.random.default_rng(recipe.seed)
    pool = _words_by_language(sentences)
    return [
        _between(names.texts[place], pool.get(names.languages[place], ()), random)
        for place in _in_context_places(names, recipe)
    ]


def _in_context_places(names: Names, recipe: Recipe) -> Places:
    random = np.random.default_rng(recipe.seed + 1)
    return np.flatnonzero(random.random(len(names.texts)) < recipe.in_context)


def _words_by_language(sentences: Sequence[TradeSentence]) -> Mapping[str, Sequence[str]]:
    pool: dict[str, list[str]] = defaultdict(list)
    for sentence in sentences:
        for language, text in sentence.texts.items():
            # Chinese writes no spaces: two characters stand for a word.
            cut = [text[at : at + 2] for at in range(0, len(text), 2)] if language == "zh" else text.split()
            pool[language] += cut
    return pool


def _between(name: str, pool: Sequence[str], random: np.random.Generator) -> str:
    if not pool:
        return name
    count = min(int(random.integers(1, 7)), len(pool))
    start = int(random.integers(len(pool) - count + 1))
    before = int(random.integers(count + 1))
    taken = pool[start : start + count]
    return " ".join([*taken[:before], name, *taken[before:]])


def fit_network(texts: Sequence[str], vectors: Floats, labels: Places, headings: int, recipe: Recipe) -> dict[str, Any]:
    """The network's arrays, named as HeadingModel names them, by minimising the smoothed cross-entropy."""
    import torch

    ids, bounds = hashed_texts(texts)
    pieces = csr_array((np.ones(len(ids), np.float32), ids, bounds), shape=(len(texts), PIECES))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = _Network(vectors.shape[1], headings, recipe)
        for batch in _batches(len(texts), recipe):
            network.step(pieces[batch], vectors[batch], labels[batch])
    return network.arrays(np.unique(ids))


def _batches(count: int, recipe: Recipe) -> Iterator[Places]:
    random = np.random.default_rng(recipe.seed)
    for _ in range(recipe.epochs):
        order = random.permutation(count)
        yield from (order[at : at + recipe.batch] for at in range(0, count, recipe.batch))


class _Network:
    """The network of matching.headings while it is fitted."""

    def __init__(self, dimensions: int, headings: int, recipe: Recipe) -> None:
        import torch

        self._recipe = recipe
        self._pieces = torch.nn.EmbeddingBag(PIECES, recipe.inner, mode="sum", sparse=True)
        torch.nn.init.normal_(self._pieces.weight, std=0.01)
        self._projection = torch.nn.Linear(dimensions, recipe.inner, bias=False)
        self._outputs = torch.nn.Linear(recipe.inner, headings)
        torch.nn.init.normal_(self._outputs.weight)
        dense = [*self._projection.parameters(), *self._outputs.parameters()]
        self._optimizers: tuple[Any, ...] = (
            torch.optim.SparseAdam(list(self._pieces.parameters()), lr=recipe.learning_rate),
            torch.optim.Adam(dense, lr=recipe.learning_rate),
        )

    def step(self, pieces: Any, vectors: Floats, labels: Places) -> None:
        """Learn from one batch: pieces is a sparse array (b, PIECES) of ones."""
        import torch

        scales = np.repeat(1.0 / np.sqrt(np.maximum(np.diff(pieces.indptr), 1)), np.diff(pieces.indptr))
        weights = torch.tensor(scales, dtype=torch.float32)
        weights = weights * (torch.rand(len(weights)) > self._recipe.dropped)
        starts = torch.tensor(pieces.indptr[:-1], dtype=torch.int64)
        sums = self._pieces(torch.tensor(pieces.indices, dtype=torch.int64), starts, per_sample_weights=weights)
        inner = torch.nn.functional.normalize(sums + self._projection(torch.from_numpy(vectors)), dim=1)
        loss: Any = torch.nn.functional.cross_entropy(
            self._outputs(inner), torch.from_numpy(labels), label_smoothing=self._recipe.smoothing
        )
        for optimizer in self._optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in self._optimizers:
            optimizer.step()

    def arrays(self, seen: Places) -> dict[str, Any]:
        """What was learned; a piece that no text had is zero."""
        pieces = np.zeros((PIECES, self._recipe.inner), np.float32)
        pieces[seen] = self._pieces.weight.detach().numpy()[seen]
        small = quantized(pieces)
        return {
            "pieces": small["embeddings"],
            "piece_scales": small["weights"],
            "projection": self._projection.weight.detach().numpy().T.copy(),
            "outputs": self._outputs.weight.detach().numpy().T.copy(),
            "biases": self._outputs.bias.detach().numpy().copy(),
        }


def weighted(model: HeadingModel, encoder: Encoder, names: Names) -> HeadingModel:
    """The model with the two weights under which names it has not seen are likeliest."""
    network, likeness = model.judgements(names.texts, encoder.encode(names.texts))
    right = np.arange(len(names.texts)), np.searchsorted(model.codes, names.headings)

    def loss(weights: NDArray[np.float64]) -> float:
        odds = weights[0] * network + weights[1] * likeness
        return float((logsumexp(odds, axis=1) - odds[right]).mean())

    found = minimize(loss, np.array([1.0, 5.0]), method="Nelder-Mead", options={"xatol": 0.02, "fatol": 1e-4})
    return replace(model, weights=(float(found.x[0]), float(found.x[1])))
