from __future__ import annotations

import pytest

from matching.features import FEATURE_NAMES
from matching.importance import importances
from matching.ranker import Curve, GlassBoxRanker, Support


def _curve(feature: str, contributions: tuple[float, float], unknown: float, counts: tuple[int, int, int]) -> Curve:
    nothing = (0.0, 0.0, 0.0)
    support = Support(candidates=counts, requests=counts, low=nothing, high=nothing)
    return Curve(feature=feature, edges=(0.5,), contributions=contributions, unknown=unknown, support=support)


def _ranker(*curves: Curve, candidates: int = 100) -> GlassBoxRanker:
    flat = [_curve(name, (0.0, 0.0), 0.0, (candidates, 0, 0)) for name in FEATURE_NAMES[len(curves) :]]
    return GlassBoxRanker("r", 0.0, (*curves, *flat), {"candidates": candidates, "requests": 10})


def test_importance_is_the_mean_distance_from_the_mean_term_over_all_candidates() -> None:
    halves = _curve(FEATURE_NAMES[0], (-1.0, 1.0), 0.0, (50, 50, 0))
    rarely_asked = _curve(FEATURE_NAMES[1], (-2.0, 0.0), -1.0, (10, 10, 20))
    first, second, *others = importances(_ranker(halves, rarely_asked))
    distances = 1.0, (10 * 1.0 + 10 * 1.0) / 100
    assert (first.feature, first.share, first.asked) == (FEATURE_NAMES[0], pytest.approx(1.0 / sum(distances)), 1.0)
    assert (second.feature, second.asked) == (FEATURE_NAMES[1], pytest.approx(0.4))
    assert second.share == pytest.approx(distances[1] / sum(distances))
    assert {one.share for one in others} == {0.0}


def test_a_term_that_is_the_same_for_all_parts_nobody() -> None:
    assert {one.share for one in importances(_ranker(_curve(FEATURE_NAMES[0], (5.0, 5.0), 5.0, (60, 20, 20))))} == {0.0}


def test_without_the_data_behind_the_curves_nothing_is_measured(ranker: GlassBoxRanker) -> None:
    assert importances(ranker) == ()
