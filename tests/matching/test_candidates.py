from __future__ import annotations

import numpy as np
import pytest

from matching.candidates import find_candidates, reciprocal_rank_fusion
from matching.index import FaissIndex
from matching.matcher import Matcher
from matching.profiles import BuyerRequest


def test_fusion_adds_reciprocal_ranks() -> None:
    fused = reciprocal_rank_fusion([np.array([2, 0]), np.array([2])], 4)
    np.testing.assert_allclose(fused, [1 / 62, 0, 1 / 61 + 1 / 61, 0])


def test_a_company_name_is_a_candidate_even_when_vectors_point_elsewhere(matcher: Matcher) -> None:
    opposite = -matcher.catalogue.profile_vectors[3]
    rows = find_candidates(opposite[None, :], matcher.word_index.scores("Zellij"), matcher.index, None, limit=2)
    assert 3 in rows


@pytest.mark.parametrize("clauses", [1, 8, 24])
def test_the_only_holder_of_a_word_is_a_candidate_however_many_clauses_point_elsewhere(clauses: int) -> None:
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(1_000, 32)).astype(np.float32)
    index = FaissIndex(32)
    index.add(np.arange(1_000), vectors)
    request = (generator.normal(size=32) + 0.4 * generator.normal(size=(clauses + 1, 32))).astype(np.float32)
    farthest = int(np.argmin(vectors @ request[0]))
    word_scores = np.where(np.arange(1_000) == farthest, 5.0, 0.0)
    assert farthest in find_candidates(request, word_scores, index, None, limit=200)


def test_candidates_stay_within_what_the_filters_allow(matcher: Matcher) -> None:
    query = matcher.query(BuyerRequest(text="argan oil and wool rug"))
    rows = find_candidates(query.vector[None, :], query.word_scores, matcher.index, np.array([2], np.int64))
    assert rows.tolist() == [2]
