from __future__ import annotations

import numpy as np
import pytest

from data.collection import Collection
from matching.features import FEATURE_NAMES, FEATURES, NOT_ASKED, Direction
from matching.profiles import BuyerRequest, Supplier
from matching.ranker import GlassBoxRanker
from tests.conftest import HashingEncoder
from training.ranker import JudgedCandidates, fit_ranker, judged_candidates, unranked_matcher

SIMILARITY = FEATURE_NAMES.index("profile_similarity")
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
    return JudgedCandidates(features, grades.astype(np.int64), np.arange(4_000) // 40)


@pytest.fixture(scope="module")
def ranker(judged: JudgedCandidates) -> GlassBoxRanker:
    return fit_ranker(judged, version="v", seed=3)


def test_what_makes_candidates_relevant_makes_the_score(judged: JudgedCandidates, ranker: GlassBoxRanker) -> None:
    scores = ranker.scores(ranker.terms(judged.features))
    assert np.corrcoef(scores, judged.grades)[0, 1] > 0.7
    spread = {curve.feature: np.ptp(curve.contributions) for curve in ranker.curves}
    assert max(spread, key=lambda name: spread[name]) == "profile_similarity"


def test_rising_features_never_lower_the_score(ranker: GlassBoxRanker) -> None:
    for feature, curve in zip(FEATURES, ranker.curves, strict=True):
        if feature.direction is Direction.RISING:
            assert (np.diff(curve.contributions) >= -1e-12).all(), feature.name


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
    judged = judged_candidates(unranked_matcher(encoder, suppliers), collection)
    assert judged.requests.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert sorted(judged.grades[judged.requests == 0].tolist()) == [0, 0, 2, 3]
    assert sorted(judged.grades[judged.requests == 1].tolist()) == [0, 0, 0, 1]
