from __future__ import annotations

import math
from hashlib import sha256
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from matching.draw import differences, draw_again, draw_suppliers, draw_weights, place_propensities
from matching.lots import Draw

TEXT = "argan oil, 200 kg"
IDS = ("S1", "S2", "S3", "S4", "S5", "S6")
CHANCES = np.array([0.9, 0.8, 0.6, 0.5, 0.4, 0.1])
DEBTS = np.array([-3.0, 0.0, 0.4, 5.0, -0.1, 0.0])
WEIGHTS = st.lists(st.floats(0.01, 2.0), min_size=1, max_size=30).map(np.array)
Floats = NDArray[np.float64]


def _draw(seed: int, *, debts: Floats = DEBTS, k: int = 3, threshold: float = 0.3, text: str = TEXT) -> Draw:
    return draw_suppliers(text, IDS, CHANCES, debts, k=k, seed=seed, threshold=threshold)


def _by_every_order(weights: Floats, k: int) -> Floats:
    """The slower twin: each order of k suppliers, drawn one by one."""
    found = np.zeros((k, len(weights)))
    for order in permutations(range(len(weights)), k):
        left = weights.sum() - np.append(0.0, np.cumsum(weights[list(order)])[:-1])
        found[range(k), order] += np.prod(weights[list(order)] / left)
    return found


@given(st.lists(st.floats(0.01, 2.0), min_size=1, max_size=6).map(np.array), st.data())
def test_propensities_are_those_of_all_orders_added_up(weights: Floats, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(weights)))
    np.testing.assert_allclose(place_propensities(weights, k), _by_every_order(weights, k), atol=1e-9)


@given(WEIGHTS, st.integers(1, 20))
def test_each_place_goes_to_somebody_and_propensities_add_up_to_the_number_drawn(weights: Floats, k: int) -> None:
    by_place = place_propensities(weights, k)
    drawn = min(k, len(weights))
    np.testing.assert_allclose(by_place.sum(axis=1), np.ones(drawn), atol=1e-9)
    assert (by_place.sum(axis=0) <= 1 + 1e-9).all()


@given(WEIGHTS, st.integers(1, 20), st.floats(0.01, 1.0), st.data())
def test_more_weight_is_a_better_chance(weights: Floats, k: int, more: float, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(weights) - 1))
    heavier = weights.copy()
    heavier[number] += more
    before, after = (place_propensities(given_, k).sum(axis=0) for given_ in (weights, heavier))
    assert after[number] >= before[number] - 1e-9
    others = np.arange(len(weights)) != number
    assert (after[others] <= before[others] + 1e-9).all()


def test_over_many_seeds_each_is_drawn_as_often_as_is_stated() -> None:
    number = 4_000
    draws = [_draw(seed) for seed in range(number)]
    for place, lot in enumerate(draws[0].lots):
        error = 5 * math.sqrt(lot.propensity * (1 - lot.propensity) / number)
        assert np.mean([one.lots[place].place is not None for one in draws]) == pytest.approx(lot.propensity, abs=error)
    first = place_propensities(np.array([lot.weight for lot in draws[0].lots]), 3)[0]
    drawn_first = np.mean([[lot.place == 1 for lot in one.lots] for one in draws], axis=0)
    np.testing.assert_allclose(drawn_first, first, atol=5 * math.sqrt(0.25 / number))


@given(st.floats(-10, 10), st.floats(0.001, 10))
def test_a_debt_never_lowers_and_within_its_bounds_raises_the_chance(debt: float, more: float) -> None:
    less_owed, more_owed = (
        _draw(0, debts=np.array([0, 0, owed, 0, 0, 0], np.float64)).lots[2] for owed in (debt, debt + more)
    )
    assert more_owed.propensity >= less_owed.propensity
    if -0.54 <= debt <= 0.9:
        assert more_owed.propensity > less_owed.propensity


def test_a_debt_counts_for_one_first_place_at_most_and_shuts_nobody_out() -> None:
    np.testing.assert_allclose(draw_weights(np.array([0.5, 0.5, 0.5]), np.array([-9.0, 0.2, 9.0])), [0.05, 0.7, 1.5])


@given(st.integers(0, 2**53 - 1), st.integers(1, 8))
def test_a_draw_is_carried_out_again_from_its_own_json(seed: int, k: int) -> None:
    stated = Draw.model_validate_json(_draw(seed, k=k).model_dump_json())
    assert draw_again(stated) == stated
    assert differences(stated, draw_again(stated)) == ()


def test_an_auditor_draws_the_same_with_nothing_but_a_hash() -> None:
    made = _draw(42)
    waits = {}
    for lot in made.lots:
        digest = sha256(f"42\n{lot.supplier_id}\n{TEXT}".encode()).hexdigest()
        waits[lot.supplier_id] = -math.log((int(digest[:13], 16) + 0.5) / 2**52) / lot.weight
    assert [lot.supplier_id for lot in made.drawn] == sorted(waits, key=lambda one: waits[one])[:3]


def test_what_was_altered_in_a_draw_is_named() -> None:
    stated = _draw(7)
    favoured = stated.lots[4].model_copy(update={"debt": 0.9})
    altered = stated.model_copy(update={"lots": (*stated.lots[:4], favoured)})
    weight = next(text for text in differences(altered, draw_again(altered)) if text.startswith("S5: weight"))
    assert weight == f"S5: weight is {favoured.weight}, expected {0.4 + 0.9}"
    slipped_in = stated.model_copy(update={"lots": (stated.lots[0].model_copy(update={"probability": 0.1}),)})
    assert "S1: probability is 0.1, expected 0.3 or more" in differences(slipped_in, draw_again(slipped_in))


def test_only_who_qualifies_is_drawn_and_all_are_where_they_are_few() -> None:
    made = _draw(1, k=20)
    assert {lot.supplier_id for lot in made.drawn} == {"S1", "S2", "S3", "S4", "S5"}
    assert [lot.propensity for lot in made.lots] == pytest.approx([1.0] * 5)
    assert _draw(1, threshold=0.95).lots == ()


def test_one_seed_used_for_two_requests_is_two_draws() -> None:
    draws = {tuple(lot.supplier_id for lot in _draw(1, text=f"argan oil {number}").drawn) for number in range(20)}
    assert len(draws) > 5
