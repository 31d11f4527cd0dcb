"""Two sets of models measured beside each other on a judged collection: relevance, exposure, calibration, time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from data.collection import Collection
from data.in_use import in_use, in_use_before, with_models
from data.model_versions import ModelVersion
from data.settings import Settings
from data.workspace import Models
from matching.catalogue import Floats, Rows
from matching.exposure import group_exposure
from matching.matcher import Matcher
from matching.ranker import GlassBoxRanker
from training.attention import Attention
from training.calibration import RELEVANT_GRADE
from training.evaluation import MEASURES, measured
from training.metrics import expected_calibration_error
from training.ranker import JudgedCandidates, judged_candidates, unranked_matcher

_SHOWN = 10
_TIMED_REQUESTS, _ROUNDS = 30, 3


@dataclass(frozen=True)
class Measures:
    """What models do with a collection.

    values        : float64 (requests, len(MEASURES)), of the requests that have any grade
    rankings      : rows of the candidates of each request, best first
    attention     : exposure of micro and small firms and of the others on each request
    exposure      : share of all exposure by size of firm
    probabilities : float64 (n,) of all candidates; relevant : bool (n,)
    latency_ms    : median time of one answer
    """

    values: Floats
    rankings: tuple[Rows, ...]
    attention: Attention
    exposure: dict[str, float]
    probabilities: Floats
    relevant: NDArray[np.bool_]
    latency_ms: float

    @property
    def ndcg(self) -> Floats:
        """nDCG@10 of each request (r,)."""
        return self.values[:, list(MEASURES).index("nDCG@10")]

    @property
    def gap(self) -> float:
        """How far a micro or small firm falls short of any other in exposure, on average; below 0 beyond it."""
        return self.attention.gap

    @property
    def calibration_error(self) -> float:
        """Expected calibration error over all candidates."""
        return expected_calibration_error(self.probabilities, self.relevant)


@dataclass(frozen=True)
class SideBySide:
    """The models in use and those that might be, on one collection.

    promoted : whether the new ones are in use already, and the old ones what was there before
    """

    collection: Collection
    old: Matcher
    new: Matcher
    old_measures: Measures
    new_measures: Measures
    promoted: bool = False

    @property
    def differences(self) -> Floats:
        """nDCG@10 gained by the new ones on each request (r,)."""
        return self.new_measures.ndcg - self.old_measures.ndcg


def side_by_side(settings: Settings, new: Sequence[ModelVersion], collection: Collection) -> SideBySide:
    """Measure versions of the registry, in place of those in use of their kinds, beside the models in use.

    A version that is in use already is measured beside what its promotion took the place of.
    """
    in_service = in_use_before(settings, new)
    promoted = in_service != in_use(settings)
    proposed = with_models(in_service, *new)
    base = _matcher(in_service, collection)
    if proposed.encoder == in_service.encoder:
        other = base.ranked_by(GlassBoxRanker.load(proposed.ranker_path))
        judged = (judged_candidates(base, collection),) * 2
    else:
        other = _matcher(proposed, collection)
        judged = judged_candidates(base, collection), judged_candidates(other, collection)
    latencies = _latencies((base, other), collection)
    old, new_ones = (
        measure(matcher, candidates, collection, latency_ms=latency)
        for matcher, candidates, latency in zip((base, other), judged, latencies, strict=True)
    )
    return SideBySide(collection, base, other, old, new_ones, promoted)


def measure(matcher: Matcher, judged: JudgedCandidates, collection: Collection, *, latency_ms: float = 0.0) -> Measures:
    """What the matcher's ranker does with the candidates of a collection's requests."""
    ranker, catalogue = matcher.ranker, matcher.catalogue
    scores = ranker.scores(ranker.terms(judged.features))
    order = np.lexsort((judged.rows, -scores, judged.requests))
    starts = np.searchsorted(judged.requests[order], np.arange(1, len(collection.requests)))
    rankings = tuple(np.split(judged.rows[order], starts))
    ids = [[catalogue.ids[row] for row in rows] for rows in rankings]
    exposure = group_exposure([catalogue.sizes[rows] for rows in rankings], top=_SHOWN)
    return Measures(
        values=measured(ids, collection)[judged_requests(collection)],
        rankings=rankings,
        attention=Attention.of(catalogue, rankings, top=_SHOWN),
        exposure=exposure,
        probabilities=ranker.probabilities(scores),
        relevant=judged.grades >= RELEVANT_GRADE,
        latency_ms=latency_ms,
    )


def judged_requests(collection: Collection) -> NDArray[np.bool_]:
    """Which requests (requests,) have any grade: the others tell of exposure alone, which needs none."""
    return np.array([any(collection.grades.get(str(one.id), {}).values()) for one in collection.requests], np.bool_)


def _matcher(settings: Settings, collection: Collection) -> Matcher:
    models = Models.load(settings)
    flat = unranked_matcher(models.encoder, collection.suppliers, models.headings, models.rates)
    return flat.ranked_by(models.ranker)


def _latencies(matchers: Sequence[Matcher], collection: Collection) -> list[float]:
    """Median time of one answer by each, in milliseconds; in turns, so that a busy moment falls on all of them."""
    times: list[list[float]] = [[] for _ in matchers]
    for _ in range(_ROUNDS):
        for request in collection.requests[:_TIMED_REQUESTS]:
            for matcher, taken in zip(matchers, times, strict=True):
                start = perf_counter()
                matcher.match(request, top=_SHOWN)
                taken.append(1_000 * (perf_counter() - start))
    return [median(taken) for taken in times]
