from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.collection import Collection
from matching.features import FEATURE_NAMES, FEATURES, NOT_ASKED, Direction
from matching.profiles import BuyerRequest, Supplier
from matching.ranker import GlassBoxRanker
from tests.conftest import HashingEncoder
from training.ranker import (
    BoostedModel,
    JudgedCandidates,
    edges_of,
    fit_ranker,
    judged_candidates,
    unranked_matcher,
)

SIMILARITY = FEATURE_NAMES.index("profile_similarity")
RULES = {feature.name for feature in FEATURES if feature.rule is not None}
RULED = [feature.rule is not None for feature in FEATURES]
INCOTERM = FEATURE_NAMES.index("incoterm_offered")


@pytest.fixture(scope="module")
def judged() -> JudgedCandidates:
    """Relevance grows with similarity and with the Incoterm where it is asked; all else is noise."""
    generator = np.random.default_rng(0)
    features = generator.uniform(-1, 1, (4_000, len(FEATURES)))
    features[:, INCOTERM] = generator.choice([0.0, 1.0, np.nan, NOT_ASKED], 4_000)
    offered = np.nan_to_num(features[:, INCOTERM], nan=0.4, posinf=0.7)
    relevance = 2 * features[:, SIMILARITY] + offered + generator.normal(0, 0.3, 4_000)
    grades = np.digitize(relevance, [1.0, 1.8, 2.4])
    return JudgedCandidates(features, grades.astype(np.int64), np.arange(4_000) // 40, np.arange(4_000) % 40)


@pytest.fixture(scope="module")
def ranker(judged: JudgedCandidates) -> GlassBoxRanker:
    return fit_ranker(judged, version="v", seed=3)


def test_what_makes_candidates_relevant_makes_the_score(judged: JudgedCandidates, ranker: GlassBoxRanker) -> None:
    terms = ranker.terms(judged.features)
    scores = ranker.scores(terms) - terms[:, RULED].sum(axis=1)
    assert np.corrcoef(scores, judged.grades)[0, 1] > 0.7
    spread = {curve.feature: np.ptp(curve.contributions) for curve in ranker.curves if curve.feature not in RULES}
    assert max(spread, key=lambda name: spread[name]) == "profile_similarity"


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.floats(-3, 3))
def test_curves_rise_whatever_the_candidates_look_like(seed: int, slope: float) -> None:
    """A slope below 0 says the opposite of what must hold; such curves come out flat, never falling."""
    generator = np.random.default_rng(seed)
    features = generator.uniform(-1, 1, (400, len(FEATURES)))
    features[generator.random(features.shape) < 0.1] = np.nan
    relevance = slope * np.nan_to_num(features).sum(axis=1) + generator.normal(0, 1, 400)
    grades = np.digitize(relevance, [0.5, 1.5, 2.5]).astype(np.int64)
    found = fit_ranker(JudgedCandidates(features, grades, np.arange(400) // 20, np.arange(400) % 20), version="v")
    for feature, curve in zip(FEATURES, found.curves, strict=True):
        assert feature.direction is Direction.FREE or (np.diff(curve.contributions) >= 0).all(), feature.name


def test_support_counts_the_candidates_and_requests_of_each_step_and_of_unknown(judged: JudgedCandidates) -> None:
    curve = fit_ranker(judged, version="v", refits=3).curves[INCOTERM]
    values = judged.features[:, INCOTERM]
    members = [values == 0.0, values == 1.0, np.isnan(values)]
    assert curve.support is not None
    assert curve.support.candidates == tuple(int(member.sum()) for member in members)
    assert curve.support.requests == tuple(len(set(judged.requests[member].tolist())) for member in members)


def test_an_interval_is_where_the_curve_falls_when_requests_are_drawn_anew(judged: JudgedCandidates) -> None:
    curve = fit_ranker(judged, version="v", refits=10).curves[INCOTERM]
    assert curve.support is not None
    refused, offered, _ = zip(curve.support.low, curve.support.high, strict=True)
    assert refused[0] < refused[1] < offered[0] < offered[1]


def test_candidates_of_weight_zero_are_as_if_they_were_not_there(judged: JudgedCandidates) -> None:
    few = judged.of_requests(np.arange(20))
    never = np.where(few.requests < 10, 1.0, 0.0)
    edges = edges_of(few)
    weighted = BoostedModel.fit(few, edges, seed=0, weights=never)
    alone = BoostedModel.fit(few.of_requests(np.arange(10)), edges, seed=0)
    np.testing.assert_allclose(weighted.scores(few.features), alone.scores(few.features))


def test_unknown_lies_between_offered_and_refused_and_not_asked_adds_nothing(ranker: GlassBoxRanker) -> None:
    curve = ranker.curves[INCOTERM]
    refused, offered, unknown, not_asked = curve(np.array([0.0, 1.0, np.nan, NOT_ASKED]))
    assert refused < unknown < offered
    assert not_asked == 0.0


def test_the_same_seed_gives_the_same_ranker(judged: JudgedCandidates, ranker: GlassBoxRanker) -> None:
    assert ranker.curves == fit_ranker(judged, version="v", seed=3).curves


def test_candidates_of_judged_requests_carry_their_grades(
    encoder: HashingEncoder, suppliers: tuple[Supplier, ...]
) -> None:
    requests = (BuyerRequest(id="R1", text="argan oil"), BuyerRequest(id="R2", text="kilim"))
    collection = Collection(suppliers, requests, {"R1": {"S1": 3, "S2": 2}, "R2": {"S3": 1}})
    matcher = unranked_matcher(encoder, suppliers)
    judged = judged_candidates(matcher, collection)
    assert judged.requests.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert sorted(judged.grades[judged.requests == 0].tolist()) == [0, 0, 2, 3]
    assert sorted(judged.grades[judged.requests == 1].tolist()) == [0, 0, 0, 1]
    graded = {matcher.catalogue.ids[row]: grade for row, grade in zip(judged.rows[:4], judged.grades[:4], strict=True)}
    assert graded == {"S1": 3, "S2": 2, "S3": 0, "S4": 0}
