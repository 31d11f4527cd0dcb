from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.catalogue import Catalogue
from matching.encoder import Encoder
from matching.errors import InvalidInput
from matching.exposure import (
    Column,
    ExposurePolicy,
    fair_order,
    group_exposure,
    moved_sentence,
    position_exposure,
)
from matching.matcher import Matcher
from matching.profiles import BuyerRequest, Supplier

SMALL_RANKINGS = st.integers(1, 6).flatmap(
    lambda k: st.tuples(
        st.lists(st.floats(0.0, 1.0), min_size=k, max_size=k),
        st.lists(st.booleans(), min_size=k, max_size=k),
        st.integers(1, k),
        st.floats(0.0, 1.0),
    )
)


def test_exposure_halves_at_the_third_place() -> None:
    np.testing.assert_allclose(position_exposure(3), [1.0, 1 / np.log2(3), 0.5])


def test_exposure_of_a_group_is_its_share_over_all_rankings() -> None:
    one, two = np.array(["small", "large", "small", "large"]), np.array(["large"])
    seen = 1.0 + 1 / np.log2(3) + 0.5
    assert group_exposure([one], top=3) == pytest.approx({"small": 1.5 / seen, "large": 1 / np.log2(3) / seen})
    assert group_exposure([one, two], top=3)["small"] == pytest.approx(1.5 / (seen + 1.0))


@given(SMALL_RANKINGS)
def test_no_order_that_gives_what_is_owed_loses_less(case: tuple[list[float], list[bool], int, float]) -> None:
    values, groups, top, share = case
    relevance, protected = np.sort(np.array(values))[::-1], np.array(groups)
    weights = position_exposure(top)
    owed = share * float(weights.sum())
    found = fair_order(relevance, protected, owed, top=top)
    orders = [np.array(order) for order in permutations(range(len(values)), top)]
    given_ = np.array([weights @ protected[order] for order in orders])
    gains = np.array([weights @ relevance[order] for order in orders])
    enough = given_ >= min(owed, given_.max()) - 1e-8
    first = found.order[:top]
    assert weights @ protected[first] >= min(owed, given_.max()) - 1e-8
    assert weights @ relevance[first] == pytest.approx(gains[enough].max(), abs=1e-8)
    assert found.loss == pytest.approx(1 - gains[enough].max() / gains.max() if gains.max() else 0.0, abs=1e-8)
    assert sorted(found.order.tolist()) == list(range(len(values)))


def test_whoever_is_moved_out_of_the_first_places_goes_on_by_relevance() -> None:
    relevance, protected = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([False, False, False, False, True])
    found = fair_order(relevance, protected, 0.5, top=3)
    assert found.order.tolist() == [0, 1, 4, 2, 3]
    best = 0.9 + 0.8 / np.log2(3) + 0.7 / 2
    assert found.loss == pytest.approx((0.7 - 0.5) / 2 / best)


def test_nothing_moves_where_the_group_has_what_it_is_owed() -> None:
    found = fair_order(np.array([0.9, 0.8, 0.1]), np.array([True, False, False]), 1.0, top=3)
    assert (found.order.tolist(), found.loss) == ([0, 1, 2], 0.0)


def test_what_one_ranking_leaves_owed_the_next_has_to_give() -> None:
    policy, seen = ExposurePolicy(Column.SIZE, ("small",), 0.5, top=2), 1 + 1 / np.log2(3)
    relevance, protected = np.array([0.9, 0.5, 0.4]), np.array([False, False, True])
    first = policy.order(relevance, protected)
    assert first.order.tolist() == [2, 0, 1]
    assert first.debt == pytest.approx(0.5 * seen - 1.0)
    second = policy.order(relevance, protected, first.debt)
    assert second.order.tolist() == [0, 2, 1]
    assert second.debt == pytest.approx(seen - 1.0 - 1 / np.log2(3))
    assert policy.order(relevance, protected, -seen).order.tolist() == [0, 1, 2]


def test_over_many_rankings_the_group_comes_to_its_share() -> None:
    rng, policy, debt, groups = np.random.default_rng(3), ExposurePolicy(Column.SIZE, ("small",), 0.45), 0.0, []
    for _ in range(60):
        relevance, protected = np.sort(rng.random(40))[::-1], rng.random(40) < 0.3
        fair = policy.order(relevance, protected, debt)
        debt = fair.debt
        groups.append(np.where(protected[fair.order], "small", "large"))
    assert group_exposure(groups, top=10)["small"] == pytest.approx(0.45, abs=0.02)


def test_a_share_by_relevance_is_that_of_all_candidates() -> None:
    policy = ExposurePolicy.parse("size:small=relevance")
    relevance, protected = np.array([0.5, 0.4, 0.3, 0.2, 0.2]), np.array([False, False, True, True, True])
    wanted = fair_order(relevance, protected, 0.7 / 1.6 * float(position_exposure(5).sum()), top=10)
    assert policy.order(relevance, protected).order.tolist() == wanted.order.tolist()


def test_a_policy_is_read_from_one_line() -> None:
    assert ExposurePolicy.parse("size:micro,small=0.4") == ExposurePolicy(Column.SIZE, ("micro", "small"), 0.4)
    assert ExposurePolicy.parse("country:Maroc, TN=relevance") == ExposurePolicy(Column.COUNTRY, ("MA", "TN"), None)
    assert ExposurePolicy.parse("newcomer:2020=0.1") == ExposurePolicy(Column.NEWCOMER, ("2020",), 0.1)


@pytest.mark.parametrize(
    "text",
    ["", "size", "size:tiny=0.4", "size:small", "size:small=1.5", "size:small=nan", "shape:round=0.4", "size:=1"],
)
def test_what_is_no_policy_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(InvalidInput, match="expected COLUMN:VALUE,…=SHARE with COLUMN of size, country"):
        ExposurePolicy.parse(text)


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("size:micro,small=1", ["S1"]),
        ("country:MA=1", ["S1", "S2"]),
        ("language:ar=1", ["S2"]),
        ("newcomer:2020=1", ["S2"]),
    ],
)
def test_the_group_is_told_by_any_of_the_columns(text: str, members: list[str], encoder: Encoder) -> None:
    firms = [
        Supplier(id="S1", name="A", size="small", country="MA", founded=1990, profile_language="fr"),
        Supplier(id="S2", name="B", size="large", country="MA", founded=2021, profile_language="ar"),
        Supplier(id="S3", name="C"),
    ]
    catalogue = Catalogue.build(firms, np.zeros((3 + 3, encoder.dimensions), np.float16))
    flags = ExposurePolicy.parse(text).protects(catalogue, np.arange(3))
    assert [catalogue.ids[row] for row in np.flatnonzero(flags)] == members


def test_a_moved_match_says_from_where_and_why(matcher: Matcher) -> None:
    request = BuyerRequest(text="argan oil", language="en")
    plain = matcher.match(request)
    fair = matcher.match(request, exposure=ExposurePolicy.parse("country:TR=0.45"))
    former = {match.supplier.id: match.rank for match in plain.matches}
    assert fair.matches[0].supplier.country == "TR"
    for match in fair.matches:
        earned = former[match.supplier.id]
        assert match.moved_from == (None if earned == match.rank else earned)
        assert match.explanation is not None
        if match.moved_from:
            assert match.explanation.sentences[-1] == moved_sentence(match.rank, match.moved_from, "en")
    assert {match.score for match in fair.matches} == {match.score for match in plain.matches}


def test_a_match_is_compared_with_the_one_above_only_where_that_scores_as_much(matcher: Matcher) -> None:
    fair = matcher.match(BuyerRequest(text="argan oil"), exposure=ExposurePolicy.parse("country:TR=0.45")).matches
    assert fair[0].score < fair[1].score
    for above, below in pairwise(fair):
        assert below.explanation is not None
        compared = below.explanation.compared
        assert (compared.supplier_id if compared else None) == (
            above.supplier.id if above.score >= below.score else None
        )


def test_without_a_policy_nothing_is_moved(matcher: Matcher) -> None:
    assert all(match.moved_from is None for match in matcher.match(BuyerRequest(text="argan oil")).matches)


def test_up_and_down_are_told_in_the_readers_language() -> None:
    assert moved_sentence(2, 5, "de").startswith("Von Platz 5 nach oben gerückt")
    assert moved_sentence(5, 2, "fr").startswith("Descendu depuis la place 2")
