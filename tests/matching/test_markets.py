from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.errors import InvalidInput
from matching.market_lists import Way, lists_for, transferable_equilibrium
from matching.markets import Attention, Examination, Lists, Market, Price, expected_matches, gini
from matching.nash_welfare import nash_attention, nash_welfare


def random_market(buyers: int, suppliers: int, seed: int, crowding: float = 0.0, top: int | None = None) -> Market:
    own = np.random.default_rng(seed).random((2, buyers, suppliers))
    shared = np.linspace(1, 0, suppliers), np.linspace(1, 0, buyers)[:, None]
    liking = [(1 - crowding) * chances + crowding * popular for chances, popular in zip(own, shared, strict=True)]
    return Market(liking[0], liking[1], top)


MARKETS = st.builds(
    random_market,
    st.integers(1, 7),
    st.integers(1, 7),
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from([None, 1, 3]),
)
SOLVED = settings(max_examples=40)
CROWDED = random_market(30, 50, seed=0, crowding=0.5)


def price(market: Market, way: Way) -> Price:
    return Price.of(market, Attention.under(market, lists_for(market, way)))


def every_lists(buyers: int, suppliers: int) -> list[Lists]:
    of_buyers = [np.array(lists) for lists in product(permutations(range(suppliers)), repeat=buyers)]
    of_suppliers = [np.array(lists) for lists in product(permutations(range(buyers)), repeat=suppliers)]
    return [Lists(*both) for both in product(of_buyers, of_suppliers)]


def test_a_pair_matches_where_both_examine_and_like_each_other() -> None:
    market = Market(np.array([[0.5, 0.8]]), np.array([[0.4, 1.0]]))
    attention = Attention.under(market, Lists(np.array([[1, 0]]), np.array([[0], [0]])))
    np.testing.assert_allclose(
        expected_matches(market, attention), [[0.5 * 0.4 * (1 / np.log2(3)) * 1.0, 0.8 * 1.0 * 1.0 * 1.0]]
    )


def test_expected_matches_are_those_of_all_outcomes_weighed_by_their_chance() -> None:
    market = random_market(2, 2, seed=3)
    attention = Attention.under(market, lists_for(market, Way.PRODUCT))
    chances = np.stack(
        [attention.of_buyers, market.buyers_like, attention.of_suppliers, market.suppliers_like]
    ).reshape(16)
    total = 0.0
    for outcome in product([False, True], repeat=16):
        happened = np.array(outcome)
        matches = happened.reshape(4, 4).all(axis=0).sum()
        total += matches * np.where(happened, chances, 1 - chances).prod()
    assert expected_matches(market, attention).sum() == pytest.approx(total)


@pytest.mark.parametrize(
    ("examination", "chances"),
    [(Examination.LOGARITHMIC, [1.0, 1 / np.log2(3), 0.0]), (Examination.RECIPROCAL, [1.0, 1 / 2, 0.0])],
)
def test_places_after_the_shown_ones_are_not_examined(examination: Examination, chances: list[float]) -> None:
    np.testing.assert_allclose(examination.of_places(3, top=2), chances)


@SOLVED
@given(MARKETS, st.sampled_from(Way))
def test_each_list_names_everyone_of_the_other_side_once(market: Market, way: Way) -> None:
    lists, (buyers, suppliers) = lists_for(market, way), market.mutual.shape
    np.testing.assert_array_equal(np.sort(lists.for_buyers), np.tile(np.arange(suppliers), (buyers, 1)))
    np.testing.assert_array_equal(np.sort(lists.for_suppliers), np.tile(np.arange(buyers), (suppliers, 1)))


@SOLVED
@given(MARKETS, st.sampled_from(Way))
def test_the_same_market_gets_the_same_lists(market: Market, way: Way) -> None:
    one, two = lists_for(market, way), lists_for(market, way)
    np.testing.assert_array_equal(one.for_buyers, two.for_buyers)
    np.testing.assert_array_equal(one.for_suppliers, two.for_suppliers)


@given(MARKETS)
def test_swapping_the_sides_swaps_the_one_sided_product_and_transferable_lists(market: Market) -> None:
    swapped = Market(market.suppliers_like.T, market.buyers_like.T, market.top)
    for way in (Way.ONE_SIDED, Way.PRODUCT):
        np.testing.assert_array_equal(lists_for(market, way).for_buyers, lists_for(swapped, way).for_suppliers)
    there, back = transferable_equilibrium(market), transferable_equilibrium(swapped)
    np.testing.assert_allclose(there.pairs, back.pairs.T, atol=1e-9)


@given(MARKETS)
def test_in_the_transferable_equilibrium_everyone_is_either_matched_or_alone(market: Market) -> None:
    found = transferable_equilibrium(market)
    np.testing.assert_allclose(found.pairs.sum(axis=1) + found.buyers_alone, 1.0, atol=1e-9)
    np.testing.assert_allclose(found.pairs.sum(axis=0) + found.suppliers_alone, 1.0, atol=1e-9)
    worth = (market.buyers_like + market.suppliers_like) / 2
    alone = np.sqrt(found.buyers_alone[:, None] * found.suppliers_alone)
    np.testing.assert_allclose(found.pairs, np.exp(worth) * alone, rtol=1e-9)


@SOLVED
@given(MARKETS)
def test_nash_lists_never_have_less_welfare_than_those_by_product(market: Market) -> None:
    nash, by_product = (Attention.under(market, lists_for(market, way)) for way in (Way.NASH, Way.PRODUCT))
    assert nash_welfare(market, nash) >= nash_welfare(market, by_product)


@SOLVED
@given(MARKETS, st.integers(0, 12))
def test_another_round_never_lowers_nash_welfare(market: Market, rounds: int) -> None:
    now, later = (nash_attention(market, count) for count in (rounds, rounds + 1))
    assert nash_welfare(market, later) >= nash_welfare(market, now) - 1e-9


@SOLVED
@given(MARKETS)
def test_attention_of_a_lot_over_lists_is_that_of_places_shared_out(market: Market) -> None:
    found, examine = nash_attention(market, 20).of_buyers, market.buyers_examine
    most, given_ = np.cumsum(examine), np.cumsum(-np.sort(-found, axis=1), axis=1)
    assert (given_ <= most + 1e-9).all()
    np.testing.assert_allclose(given_[:, -1], most[-1])


def test_of_all_lists_of_tiny_markets_nash_lists_are_nearly_always_the_best() -> None:
    everything, short = every_lists(2, 3), []
    for seed in range(20):
        market = random_market(2, 3, seed)
        best = max(nash_welfare(market, Attention.under(market, lists)) for lists in everything)
        short.append(best - nash_welfare(market, Attention.under(market, lists_for(market, Way.NASH))))
    assert min(short) >= -1e-9
    assert np.count_nonzero(np.array(short) > 1e-9) <= 2
    assert max(short) < 0.1


def test_envy_counts_who_would_gain_by_anothers_places() -> None:
    market = random_market(5, 4, seed=1, crowding=0.5)
    attention = Attention.under(market, lists_for(market, Way.PRODUCT))
    envious = 0
    for buyer, other in permutations(range(5), 2):
        chances = market.mutual[buyer] * attention.of_buyers[buyer]
        envious += (chances * attention.of_suppliers[other]).sum() > (chances * attention.of_suppliers[buyer]).sum()
    assert Price.of(market, attention).buyers_envy == envious


def test_nobody_envies_where_everyone_has_the_same_places() -> None:
    market = random_market(4, 6, seed=2)
    same = Attention(np.full((4, 6), 0.5), np.full((4, 6), 0.25))
    assert (Price.of(market, same).buyers_envy, Price.of(market, same).suppliers_envy) == (0, 0)


def test_the_less_popular_half_has_what_goes_to_those_liked_least() -> None:
    market = Market(np.array([[0.1, 0.9, 0.4, 0.6]]), np.ones((1, 4)))
    shared = Attention(np.ones((1, 4)), np.ones((1, 4)))
    assert Price.of(market, shared).suppliers_half == pytest.approx((0.1 + 0.4) / (0.1 + 0.9 + 0.4 + 0.6))


def test_gini_is_nought_among_equals_and_nearly_one_where_one_has_all() -> None:
    assert gini(np.full(4, 2.0)) == pytest.approx(0.0)
    assert gini(np.array([0.0, 0.0, 0.0, 5.0])) == pytest.approx(3 / 4)
    amounts = np.random.default_rng(0).random(9)
    apart = np.abs(amounts[:, None] - amounts).mean() / (2 * amounts.mean())
    assert gini(amounts) == pytest.approx(apart)


def test_in_a_crowded_market_nash_lists_bring_the_less_popular_more_and_product_lists_starve_them() -> None:
    by_product, nash = price(CROWDED, Way.PRODUCT), price(CROWDED, Way.NASH)
    assert nash.suppliers_half > by_product.suppliers_half + 0.05
    assert nash.suppliers_gini < by_product.suppliers_gini
    assert nash.suppliers_envy < by_product.suppliers_envy / 10
    assert nash.matches > by_product.matches


def test_whoever_nobody_likes_stays_without_a_match_and_breaks_nothing() -> None:
    liked = np.full((3, 3), 0.5)
    liked[:, 2] = 0.0
    market = Market(liked, np.full((3, 3), 0.5))
    matches = expected_matches(market, Attention.under(market, lists_for(market, Way.NASH))).sum(axis=0)
    assert matches[2] == 0.0
    assert (matches[:2] > 0.0).all()


@pytest.mark.parametrize(
    ("buyers_like", "suppliers_like", "top", "fault"),
    [
        (np.ones((2, 3)), np.ones((3, 2)), None, "twice the same"),
        (np.ones((0, 3)), np.ones((0, 3)), None, "twice the same"),
        (np.full((1, 1), np.nan), np.ones((1, 1)), None, "outside 0 to 1"),
        (np.ones((1, 1)), np.full((1, 1), 1.1), None, "outside 0 to 1"),
        (np.ones((1, 1)), np.ones((1, 1)), 0, "top is 0"),
    ],
)
def test_what_is_no_market_is_refused(
    buyers_like: np.ndarray, suppliers_like: np.ndarray, top: int | None, fault: str
) -> None:
    with pytest.raises(InvalidInput, match=fault):
        Market(buyers_like, suppliers_like, top)
