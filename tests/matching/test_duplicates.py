from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.catalogue import Catalogue, encode_suppliers
from matching.duplicates import also_listed_sentence, duplicate_groups, fold, near_duplicates
from matching.exposure import ExposurePolicy
from matching.filters import Filters
from matching.matcher import Matcher
from matching.messages import available_languages
from matching.profiles import BuyerRequest, Product, Supplier
from matching.ranker import GlassBoxRanker
from tests.conftest import HashingEncoder

TEXT = "Women's cooperative near Tiznit that presses certified organic argan kernels cold in its own workshop"
ARGAN = Supplier(
    id="A", name="Tamounte", country="MA", city="Tiznit", description=TEXT, products=(Product(name="argan oil"),)
)


def _changed(supplier_id: str, **changes: Any) -> Supplier:
    return ARGAN.model_copy(update={"id": supplier_id, **changes})


def _catalogue(*suppliers: Supplier) -> Catalogue:
    return Catalogue.build(suppliers, encode_suppliers(suppliers, HashingEncoder()))


def _pairs(*suppliers: Supplier) -> list[list[int]]:
    found: list[list[int]] = near_duplicates(_catalogue(*suppliers), np.arange(len(suppliers))).tolist()
    return found


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"name": "Souss Trading"},
        {"country": None, "city": None},
        {"name": "Souss Trading", "city": "Agadir"},
        {"name": "TAMOUNTE SARL", "description": ""},
        {"name": "Souss Trading", "description": f"{TEXT}, since 1999"},
    ],
    ids=["exact", "renamed", "no place stated", "renamed and moved", "listed anew", "a little changed"],
)
def test_a_copy_is_a_near_duplicate(changes: dict[str, Any]) -> None:
    assert _pairs(ARGAN, _changed("B", **changes)) == [[0, 1]]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Souss Trading", "description": ""},
        {"country": "TN"},
        {"description": "Hand-knotted rugs of live wool, dyed with madder", "products": (Product(name="wool rug"),)},
        {"city": "Fès", "description": ""},
        {"name": "Souss Trading", "products": tuple(Product(name=f"rug number {n}") for n in range(40))},
        {"name": "Souss Trading", "city": "Agadir", "description": f"{TEXT}, since 1999, run by sixty members"},
    ],
    ids=["same goods", "another country", "namesake of other goods", "namesake elsewhere", "same words, other goods",
         "members of one association"],
)  # fmt: skip
def test_a_firm_of_its_own_is_none(changes: dict[str, Any]) -> None:
    assert _pairs(ARGAN, _changed("B", **changes)) == []


def test_firms_that_only_name_the_same_product_are_none() -> None:
    firms = [Supplier(id=name, name=name, products=(Product(name="argan oil"),)) for name in ("Atlas", "Souss", "Rif")]
    assert _pairs(*firms) == []


WORDS = [f"w{letter}{other}" for letter in "abcdefgh" for other in "xyz"]


@given(st.lists(st.lists(st.sampled_from(WORDS), min_size=8, max_size=24, unique=True), min_size=2, max_size=8))
def test_all_pairs_that_the_rule_joins_are_found_among_many_as_two_by_two(said: list[list[str]]) -> None:
    firms = [_changed(str(n), name=f"Firm {n}", description=" ".join(words)) for n, words in enumerate(said)]
    two_by_two = [list(pair) for pair in combinations(range(len(firms)), 2) if _pairs(*(firms[n] for n in pair))]
    assert _pairs(*firms) == two_by_two


def test_the_higher_score_stays_then_the_more_complete_then_the_lower_id() -> None:
    firms = [_changed("C"), _changed("A"), _changed("B", markets=("FR",))]
    catalogue, rows = _catalogue(*firms), np.arange(3)
    assert fold(catalogue, rows, np.array([3.0, 2.0, 1.0])).also_listed == {0: ("A", "B")}
    assert fold(catalogue, rows, np.array([1.0, 1.0, 1.0])).also_listed == {2: ("A", "C")}
    assert fold(catalogue, rows[:2], np.array([1.0, 1.0])).also_listed == {1: ("C",)}


def test_who_is_no_near_duplicate_of_the_one_that_stays_keeps_its_place() -> None:
    words = TEXT.split()
    middle = _changed("B", name="Firm B", description=" ".join(words[2:]))
    last = _changed("C", name="Firm C", description=" ".join([*words[7:], "on", "the", "Atlantic", "coast"]))
    catalogue = _catalogue(ARGAN, middle, last)
    found = fold(catalogue, np.arange(3), np.array([3.0, 2.0, 1.0]))
    pairs = near_duplicates(catalogue, np.arange(3)).tolist()
    assert [0, 1] in pairs
    assert [0, 2] not in pairs
    assert found.places.tolist() == [0, 2]


def test_groups_are_listed_in_one_order_whatever_the_rows() -> None:
    firms = [
        _changed("C"),
        _changed("X", name="Rugs", description="wool"),
        _changed("A"),
        _changed("B", markets=("FR",)),
    ]
    assert duplicate_groups(_catalogue(*firms)) == duplicate_groups(_catalogue(*firms[::-1])) == [("B", "A", "C")]


def test_who_was_removed_is_in_no_group() -> None:
    catalogue = _catalogue(ARGAN, _changed("B"))
    assert duplicate_groups(catalogue.with_changes({"B"}, _catalogue())) == []


@pytest.mark.parametrize("language", available_languages())
def test_the_further_ids_are_named_in_each_language(language: str) -> None:
    sentence = also_listed_sentence(("S-7", "S-9"), language)
    assert "S-7" in sentence
    assert "S-9" in sentence
    assert (sentence == also_listed_sentence(("S-7", "S-9"), "en")) == (language == "en")


@pytest.fixture
def twice(ranker: GlassBoxRanker, suppliers: tuple[Supplier, ...]) -> Matcher:
    """The four firms and a poorer copy of the first."""
    long = suppliers[0].model_copy(update={"description": TEXT})
    copy = long.model_copy(update={"id": "S9", "certifications": (), "incoterms": (), "markets": ()})
    return Matcher.build(HashingEncoder(), [*suppliers[1:], copy, long], ranker)


REQUEST = BuyerRequest.model_validate(
    {"text": "organic argan oil pressed cold", "language": "en", "constraints": {"certifications": ["Ecocert"]}}
)


def test_a_folded_supplier_has_no_place_and_the_one_that_stays_names_it(twice: Matcher) -> None:
    matches = {match.supplier.id: match for match in twice.match(REQUEST).matches}
    assert "S9" not in matches
    assert matches["S1"].also_listed_as == ("S9",)
    assert matches["S1"].explanation is not None
    assert matches["S1"].explanation.sentences[-1] == "The same supplier is also listed as S9."
    assert {match.also_listed_as for name, match in matches.items() if name != "S1"} == {()}


def test_a_folded_supplier_takes_the_place_where_the_other_is_left_out(twice: Matcher) -> None:
    matches = twice.match(REQUEST, filters=Filters(ids=("S9", "S2"))).matches
    assert {match.supplier.id: match.also_listed_as for match in matches} == {"S9": (), "S2": ()}


def test_attention_is_shared_among_those_that_stay(twice: Matcher) -> None:
    fair = twice.match(REQUEST, exposure=ExposurePolicy.parse("country:TR=0.6")).matches
    assert fair[0].supplier.country == "TR"
    assert {match.supplier.id: match.also_listed_as for match in fair}["S1"] == ("S9",)
    assert [match.rank for match in fair] == list(range(1, len(fair) + 1))
