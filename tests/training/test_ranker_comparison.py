from __future__ import annotations

import numpy as np
import pytest

from data import shipped
from data.collection import Collection
from matching.features import FEATURES, NOT_ASKED
from tests.conftest import HashingEncoder
from training import ranker_comparison
from training.ranker import JudgedCandidates, unranked_matcher
from training.ranker_comparison import Fit, compare_rankers, glass_box, glass_box_with_pairs, lambdamart, linear, trees


@pytest.fixture(scope="module")
def judged() -> JudgedCandidates:
    """Relevance grows with the first two features; the third has no number at times."""
    generator = np.random.default_rng(0)
    features = generator.uniform(-1, 1, (2_000, len(FEATURES)))
    features[:, 2] = generator.choice([0.0, 1.0, np.nan, NOT_ASKED], 2_000)
    grades = np.digitize(features[:, 0] + features[:, 1], [0.6, 1.0, 1.4])
    return JudgedCandidates(features, grades, np.arange(2_000) // 20, np.arange(2_000) % 20)


@pytest.mark.parametrize("fit", [glass_box, glass_box_with_pairs, lambdamart, trees, linear])
def test_every_ranker_learns_what_makes_candidates_relevant(fit: Fit, judged: JudgedCandidates) -> None:
    if fit is lambdamart:
        pytest.importorskip("lightgbm")
    scores = fit(judged.of_requests(np.arange(50)), 0)(judged.features[1_000:])
    assert np.corrcoef(scores, judged.features[1_000:, :2].sum(axis=1))[0, 1] > 0.6


def test_without_lightgbm_boosted_trees_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranker_comparison, "find_spec", lambda _: None)
    assert list(ranker_comparison.rankers())[2:] == ["boosted trees, any shape", "logistic"]


def test_each_ranker_is_measured_beside_the_glass_box(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranker_comparison, "rankers", lambda: {"glass box (in use)": linear, "same again": linear})
    sample = Collection.read(shipped.SAMPLE)
    few = Collection(sample.suppliers[:40], sample.requests[:10], sample.grades)
    first, second = compare_rankers(unranked_matcher(HashingEncoder(), few.suppliers), few)
    assert first == {"ranker": "glass box (in use)", "nDCG@10": first["nDCG@10"], "difference": None, "p": None}
    assert second == {"ranker": "same again", "nDCG@10": first["nDCG@10"], "difference": 0.0, "p": 1.0}
