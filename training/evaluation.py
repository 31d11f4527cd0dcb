"""Measuring the matcher on a judged collection, on requests that its ranker was not trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.collection import Collection
from matching.catalogue import Floats, Rows
from matching.encoder import TextKind
from matching.matcher import Matcher
from matching.profiles import BuyerRequest
from training.metrics import ndcg, recall, reciprocal_rank
from training.ranker import JudgedCandidates, fit_ranker, judged_candidates

_FOLDS = 5
MEASURES: dict[str, Callable[[Sequence[str], dict[str, int]], float]] = {
    "nDCG@10": ndcg,
    "recall@50": recall,
    "MRR": reciprocal_rank,
}


@dataclass(frozen=True)
class Evaluation:
    """Measures of each way of ranking: values[way] is float64 (requests, len(MEASURES)); slices name requests."""

    values: dict[str, Floats]
    slices: dict[str, NDArray[np.bool_]]

    def table(self) -> list[dict[str, Any]]:
        """One row per slice and way of ranking: the means of the measures."""
        return [
            {"slice": name, "requests": int(members.sum()), "ranking": way}
            | dict(zip(MEASURES, values[members].mean(axis=0).tolist(), strict=True))
            for name, members in self.slices.items()
            if members.any()
            for way, values in self.values.items()
        ]


def evaluate(matcher: Matcher, collection: Collection, *, seed: int = 0) -> Evaluation:
    """Measure word overlap alone, vectors alone and the whole pipeline on a judged collection.

    The pipeline's ranker is fitted in five folds by request and measured on the requests left out; the other two
    learn nothing from the collection.
    """
    ways = {
        "BM25": ranked_by_words(matcher, collection),
        "vectors": ranked_by_vectors(matcher, collection),
        "pipeline": _by_pipeline(matcher, collection, seed),
    }
    grades = [dict(collection.grades.get(str(request.id), {})) for request in collection.requests]
    values = {
        way: np.array(
            [
                [measure(ranked, judged) for measure in MEASURES.values()]
                for ranked, judged in zip(lists, grades, strict=True)
            ]
        )
        for way, lists in ways.items()
    }
    return Evaluation(values, slices_of(collection))


def slices_of(collection: Collection) -> dict[str, NDArray[np.bool_]]:
    """All requests; those whose best suppliers mostly write in another language, and the rest; each language."""
    crossing = np.array([_is_cross_language(collection, request) for request in collection.requests], np.bool_)
    languages = np.array([request.language or "" for request in collection.requests], np.str_)
    by_size = [language for language, _ in Counter(languages.tolist()).most_common()]
    return {
        "all": np.ones(len(languages), np.bool_),
        "cross-language": crossing,
        "same-language": ~crossing,
    } | {language: languages == language for language in by_size}


def folds(requests: int, *, seed: int) -> Iterable[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Numbers of the requests to fit on and of those left out, for each fold."""
    parts = np.array_split(np.random.default_rng(seed).permutation(requests), _FOLDS)
    for part in parts:
        yield np.setdiff1d(np.arange(requests), part), np.sort(part)


def _is_cross_language(collection: Collection, request: BuyerRequest) -> bool:
    grades = collection.grades.get(str(request.id), {})
    best = {supplier_id for supplier_id, grade in grades.items() if grade == max(grades.values())}
    languages = [s.profile_language for s in collection.suppliers if s.id in best]
    return sum(language != request.language for language in languages) * 2 > len(languages)


def _ids(matcher: Matcher, rows: Iterable[int]) -> list[str]:
    return [matcher.catalogue.ids[row] for row in rows]


def ranked_by_words(matcher: Matcher, collection: Collection) -> list[list[str]]:
    """Ids of the suppliers that share a word with each request, by BM25, best first."""
    scores = [matcher.word_index.scores(request.text) for request in collection.requests]
    return [_ids(matcher, np.argsort(-score, kind="stable")[: np.count_nonzero(score)]) for score in scores]


def ranked_by_vectors(matcher: Matcher, collection: Collection) -> list[list[str]]:
    """Ids of the 200 suppliers nearest to each request by its whole text's vector, best first."""
    vectors = matcher.encoder.encode([request.text for request in collection.requests], kind=TextKind.REQUEST)
    found = matcher.index.search(vectors, min(200, len(matcher.catalogue))).keys
    return [_ids(matcher, keys[keys >= 0]) for keys in found]


def _by_pipeline(matcher: Matcher, collection: Collection, seed: int) -> list[list[str]]:
    return [_ids(matcher, rows) for rows, _ in held_out_rankings(matcher, collection, seed=seed)]


def held_out_rankings(matcher: Matcher, collection: Collection, *, seed: int) -> list[tuple[Rows, Floats]]:
    """Rows and scores (k,) of each request's candidates, best first, by a ranker fitted without the request."""
    judged = judged_candidates(matcher, collection)
    rows = [matcher.compare(matcher.query(request))[0] for request in collection.requests]
    ranked: dict[int, tuple[Rows, Floats]] = {}
    for fitted_on, left_out in folds(len(rows), seed=seed):
        ranker = fit_ranker(judged.of_requests(fitted_on), version="fold", seed=seed)
        for number in left_out.tolist():
            scores = ranker.scores(ranker.terms(judged.features[judged.requests == number]))
            order = np.lexsort((rows[number], -scores))
            ranked[number] = rows[number][order], scores[order]
    return [ranked[number] for number in range(len(rows))]


__all__ = [
    "MEASURES",
    "Evaluation",
    "JudgedCandidates",
    "evaluate",
    "folds",
    "held_out_rankings",
    "ranked_by_vectors",
    "ranked_by_words",
    "slices_of",
]
