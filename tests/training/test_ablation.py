from __future__ import annotations

import numpy as np
import pytest

from data.collection import Collection
from matching.features import FEATURE_NAMES, NOT_ASKED
from matching.matcher import Matcher
from matching.needs import needs_of
from matching.profiles import BuyerRequest
from training.ablation import PARTS, ablation, needs_without_exclusions, without
from training.ranker import judged_candidates


@pytest.fixture
def collection(matcher: Matcher) -> Collection:
    """Ten requests, five for oil and five for rugs."""
    suppliers = tuple(matcher.catalogue.suppliers[row] for row in range(4))
    wanted = {"argan oil": {"S1": 3, "S2": 2}, "wool rug": {"S3": 3}}
    requests = [
        (BuyerRequest(id=f"{text} {number}", text=text, language="en"), grades)
        for text, grades in wanted.items()
        for number in range(5)
    ]
    grades = {str(request.id): grades for request, grades in requests}
    return Collection(suppliers, tuple(request for request, _ in requests), grades)


def test_each_part_is_left_out_in_turn_and_compared_with_the_whole(matcher: Matcher, collection: Collection) -> None:
    whole, *parts = ablation(matcher, collection)
    assert (whole["left out"], whole["difference"]) == ("nothing", None)
    assert [row["left out"] for row in parts] == [*PARTS, "exclusions"]
    assert all(row["difference"] == pytest.approx(row["nDCG@10"] - whole["nDCG@10"]) for row in parts)


def test_a_feature_that_is_left_out_asks_nothing_and_the_others_stay(matcher: Matcher, collection: Collection) -> None:
    judged = judged_candidates(matcher, collection)
    less = without(judged, PARTS["words"])
    place = FEATURE_NAMES.index("word_overlap")
    assert (less.features[:, place] == NOT_ASKED).all()
    np.testing.assert_array_equal(np.delete(less.features, place, 1), np.delete(judged.features, place, 1))


def test_without_exclusions_what_is_ruled_out_is_read_like_the_rest(matcher: Matcher) -> None:
    request = BuyerRequest(text="argan oil, no cosmetic grade, not from Turkey", language="en")
    needs = needs_of(request)
    assert needs.exclusions and needs.excluded_countries == ("TR",)
    bare = needs_without_exclusions(request)
    assert (bare.exclusions, bare.excluded_countries) == ((), ())
    assert "cosmetic" not in matcher.query(request).goods
    assert "cosmetic" in matcher.query(request, needs=bare).goods
