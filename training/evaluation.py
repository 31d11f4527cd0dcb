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
from matching.ranker import logistic
from training.calibration import RELEVANT_GRADE, fit_calibration, folds, out_of_fold_scores
from training.metrics import expected_calibration_error, ndcg, recall, reciprocal_rank
from training.ranker import JudgedCandidates, judged_candidates

_SHOWN = 10
MEASURES: dict[str, Callable[[Sequence[str], dict[str, int]], float]] = {
    "nDCG@10": ndcg,
    "recall@50": recall,
    "MRR": reciprocal_rank,
}


@dataclass(frozen=True)
class Evaluation:
    """Measures of each way of ranking: values[way] is float64 (requests, len(MEASURES)); slices name requests.

    calibration : rows that say how far the pipeline's probabilities are from what happens
    """

    values: dict[str, Floats]
    slices: dict[str, NDArray[np.bool_]]
    calibration: list[dict[str, Any]]

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
    judged = judged_candidates(matcher, collection)
    scores = out_of_fold_scores(judged, seed=seed)
    ways = {
        "BM25": ranked_by_words(matcher, collection),
        "vectors": ranked_by_vectors(matcher, collection),
        "pipeline": ranked_by_scores(matcher, judged, scores),
    }
    values = {way: measured(lists, collection) for way, lists in ways.items()}
    return Evaluation(values, slices_of(collection), _calibration_errors(judged, scores, seed))


def measured(lists: Sequence[Sequence[str]], collection: Collection) -> Floats:
    """Measures of one ranking of ids per request: float64 (requests, len(MEASURES))."""
    grades = [dict(collection.grades.get(str(request.id), {})) for request in collection.requests]
    return np.array(
        [
            [measure(ranked, judged) for measure in MEASURES.values()]
            for ranked, judged in zip(lists, grades, strict=True)
        ]
    )


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


def ranked_by_scores(matcher: Matcher, judged: JudgedCandidates, scores: Floats) -> list[list[str]]:
    """Ids of the candidates of each request, the highest of their scores (n,) first."""
    return [_ids(matcher, judged.rows[places]) for places in _by_request(judged, scores)]


def held_out_rankings(matcher: Matcher, collection: Collection, *, seed: int) -> list[tuple[Rows, Floats]]:
    """Rows and scores (k,) of each request's candidates, best first, by a ranker fitted without the request."""
    judged = judged_candidates(matcher, collection)
    scores = out_of_fold_scores(judged, seed=seed)
    return [(judged.rows[places], scores[places]) for places in _by_request(judged, scores)]


def _by_request(judged: JudgedCandidates, scores: Floats) -> list[NDArray[np.int64]]:
    """Places of the candidates of each request, the highest of their scores (n,) first."""
    order = np.lexsort((judged.rows, -scores, judged.requests))
    return np.split(order, np.searchsorted(judged.requests[order], np.arange(1, judged.requests.max() + 1)))


def held_out_probabilities(judged: JudgedCandidates, scores: Floats, *, seed: int) -> Floats:
    """Probability of each candidate's out-of-fold score (n,), by a calibration that never saw its request either."""
    numbers = np.unique(judged.requests)
    probabilities = np.zeros(len(scores))
    for fitted_on, left_out in folds(len(numbers), seed=seed):
        seen = judged.of_requests(numbers[fitted_on])
        calibration = fit_calibration(out_of_fold_scores(seen, seed=seed), seen.grades)
        members = np.isin(judged.requests, numbers[left_out])
        probabilities[members] = calibration(scores[members])
    return probabilities


def _calibration_errors(judged: JudgedCandidates, scores: Floats, seed: int) -> list[dict[str, Any]]:
    relevant = judged.grades >= RELEVANT_GRADE
    ranked = _by_request(judged, scores)
    everyone, shown = (np.concatenate([places[:most] for places in ranked]) for most in (None, _SHOWN))
    forms = {"calibrated": held_out_probabilities(judged, scores, seed=seed), "logistic": logistic(scores)}
    return [
        {
            "probability": form,
            "of": name,
            "candidates": len(members),
            "mean": float(chances[members].mean()),
            "relevant": float(relevant[members].mean()),
            "ECE": expected_calibration_error(chances[members], relevant[members]),
        }
        for form, chances in forms.items()
        for name, members in {"all candidates": everyone, f"the first {_SHOWN} of each request": shown}.items()
    ]
