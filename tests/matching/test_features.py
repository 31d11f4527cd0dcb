from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import pytest

from matching.currencies import RateTable
from matching.features import FEATURE_NAMES, FEATURES, NOT_ASKED, Comparison, feature_matrix
from matching.matcher import Matcher
from matching.profiles import BuyerRequest, Product, Supplier
from matching.ranker import GlassBoxRanker
from tests.conftest import HashingEncoder

UNKNOWN = pytest.approx(math.nan, nan_ok=True)


def _values(
    matcher: Matcher, feature: str, text: str = "argan oil", today: date | None = None, **constraints: Any
) -> list[float]:
    """The feature of each of the four suppliers for a request with these constraints."""
    request = BuyerRequest.model_validate({"text": text, "language": "en", "constraints": constraints})
    comparison = Comparison(matcher.query(request, today), matcher.catalogue, np.arange(4))
    values: list[float] = feature_matrix(comparison)[:, FEATURE_NAMES.index(feature)].tolist()
    return values


@pytest.mark.parametrize(
    "feature",
    ["hs_agreement", "certificates_held", "delivery_country_served", "quantity_against_moq", "lead_time_kept",
     "price_within_ceiling", "supplier_country_wanted", "incoterm_offered"],
)  # fmt: skip
def test_what_is_not_asked_is_a_state_of_its_own(matcher: Matcher, feature: str) -> None:
    assert _values(matcher, feature) == [NOT_ASKED] * 4


def test_product_similarity_is_that_of_the_nearest_line(matcher: Matcher) -> None:
    assert _values(matcher, "product_similarity", text="kilim")[2] == pytest.approx(1.0, abs=2e-4)


def test_the_whole_profile_is_compared_as_well(matcher: Matcher) -> None:
    text = matcher.catalogue.suppliers[0].text()
    assert _values(matcher, "profile_similarity", text=text)[0] == pytest.approx(1.0, abs=2e-4)


def test_word_overlap_is_zero_where_no_word_is_shared(matcher: Matcher) -> None:
    overlap = _values(matcher, "word_overlap", text="kilim")
    assert overlap[2] > 0 and overlap[0] == overlap[1] == overlap[3] == 0.0


def test_hs_agreement_counts_two_four_or_six_digits_of_the_best_line(matcher: Matcher) -> None:
    assert _values(matcher, "hs_agreement", hs="5702.10") == [0.0, UNKNOWN, 6.0, UNKNOWN]
    assert _values(matcher, "hs_agreement", hs="5702.99")[2] == 4.0
    assert _values(matcher, "hs_agreement", hs="5703.10")[2] == 2.0


def test_headings_agree_as_far_as_the_best_line_has_those_of_the_request(matcher: Matcher) -> None:
    agreement = _values(matcher, "heading_agreement", text="kilim")
    assert agreement[2] == pytest.approx(1.0, abs=1e-3)
    assert agreement[0] == pytest.approx(0.0, abs=1e-3)


def test_a_line_without_a_code_agrees_by_its_inferred_heading(matcher: Matcher) -> None:
    agreement = _values(matcher, "heading_agreement", text="argan oil")
    assert agreement[:2] == [pytest.approx(1.0, abs=1e-3)] * 2


def test_a_stated_heading_wins_over_the_text(matcher: Matcher) -> None:
    assert _values(matcher, "heading_agreement", text="kilim", hs="1515.90")[0] == 1.0


def test_headings_are_unknown_without_a_model(
    encoder: HashingEncoder, suppliers: tuple[Supplier, ...], ranker: GlassBoxRanker
) -> None:
    bare = Matcher.build(encoder, suppliers, ranker)
    assert _values(bare, "heading_agreement") == [UNKNOWN] * 4


def test_certificates_count_by_share_and_through_those_that_include_them(matcher: Matcher) -> None:
    assert _values(matcher, "certificates_held", certifications=["ecocert", "Halal"]) == [0.5, UNKNOWN, 0.0, UNKNOWN]


def test_delivery_is_served_by_stated_markets_or_from_home(matcher: Matcher) -> None:
    assert _values(matcher, "delivery_country_served", delivery_country="DE") == [1.0, UNKNOWN, 0.0, UNKNOWN]
    assert _values(matcher, "delivery_country_served", delivery_country="TR")[2] == 1.0


def test_quantity_is_measured_against_the_minimum_order_across_units(matcher: Matcher) -> None:
    ten_times = _values(matcher, "quantity_against_moq", quantity={"value": 1, "unit": "t"})
    assert ten_times == [pytest.approx(1.0), UNKNOWN, UNKNOWN, UNKNOWN]
    pieces = _values(matcher, "quantity_against_moq", quantity={"value": 1, "unit": "pcs"})
    assert pieces[0] == UNKNOWN


@pytest.mark.parametrize(("litres", "ratio"), [(500, 0.69897), (20, -0.69897), (120, UNKNOWN), (90, UNKNOWN)])
def test_litres_are_held_against_kilograms_where_no_density_could_turn_it(
    matcher: Matcher, litres: float, ratio: float
) -> None:
    found = _values(matcher, "quantity_against_moq", quantity={"value": litres, "unit": "L"})[0]
    assert found == pytest.approx(ratio, abs=1e-4, nan_ok=True)


def test_lead_time_is_kept_where_the_stated_one_is_not_longer(matcher: Matcher) -> None:
    assert _values(matcher, "lead_time_kept", max_lead_time_days=10) == [-1.0, UNKNOWN, UNKNOWN, UNKNOWN]
    assert _values(matcher, "lead_time_kept", max_lead_time_days=20)[0] == 0.0


def _affordable(matcher: Matcher, value: float, currency: str, unit: str) -> float:
    price = {"value": value, "currency": currency, "unit": unit}
    return _values(matcher, "price_within_ceiling", max_price=price)[0]


def test_price_is_compared_across_units_and_in_one_currency_without_rates(matcher: Matcher) -> None:
    assert _affordable(matcher, 10, "EUR", "kg") == pytest.approx(-1.0)
    assert _affordable(matcher, 20_000, "EUR", "t") == pytest.approx(0.0)
    assert _affordable(matcher, 20, "EUR", "l") == UNKNOWN
    assert _affordable(matcher, 10, "USD", "kg") == UNKNOWN


def test_price_is_compared_across_currencies_by_the_table_of_rates(
    encoder: HashingEncoder, suppliers: tuple[Supplier, ...], ranker: GlassBoxRanker
) -> None:
    rates = RateTable(date(2025, 6, 30), {"EUR": 1.0, "USD": 1.25, "MAD": 10.0})
    converting = Matcher.build(encoder, suppliers, ranker, rates=rates)
    assert _affordable(converting, 25, "USD", "kg") == pytest.approx(0.0)
    assert _affordable(converting, 100_000, "MAD", "t") == pytest.approx(-1.0)
    assert _affordable(converting, 20, "GBP", "kg") == UNKNOWN


def test_a_certificate_is_held_to_its_last_day_and_not_after(
    encoder: HashingEncoder, suppliers: tuple[Supplier, ...], ranker: GlassBoxRanker
) -> None:
    ecocert = {"scheme": "Ecocert", "expires": "2027-03-31"}
    dated = Supplier.model_validate({**suppliers[0].model_dump(), "certifications": [ecocert]})
    matcher = Matcher.build(encoder, (dated, *suppliers[1:]), ranker)
    asked = {"certifications": ["Ecocert"]}
    last, after = date(2027, 3, 31), date(2027, 4, 1)
    assert _values(matcher, "certificates_held", today=last, **asked) == [1.0, UNKNOWN, 0.0, UNKNOWN]
    assert _values(matcher, "certificates_held", today=after, **asked) == [0.0, UNKNOWN, 0.0, UNKNOWN]


def test_the_requests_own_language_counts_where_none_is_asked(matcher: Matcher) -> None:
    assert _values(matcher, "language_in_common") == [0.0, 1.0, 0.0, UNKNOWN]
    assert _values(matcher, "language_in_common", languages=["ar", "tr"]) == [1.0, 0.0, 1.0, UNKNOWN]


def test_supplier_country_and_incoterm_are_compared_where_stated(matcher: Matcher) -> None:
    assert _values(matcher, "supplier_country_wanted", supplier_countries=["Maroc"]) == [1.0, 1.0, 0.0, UNKNOWN]
    assert _values(matcher, "incoterm_offered", incoterm="FOB") == [1.0, UNKNOWN, UNKNOWN, UNKNOWN]


def test_completeness_is_the_share_of_parts_filled_in(matcher: Matcher) -> None:
    assert _values(matcher, "profile_completeness") == [0.8, 0.2, 0.6, 0.0]


def test_lines_of_a_firm_that_claims_to_sell_everything_count_for_less(
    encoder: HashingEncoder, ranker: GlassBoxRanker
) -> None:
    lines = [Product(name="kilim", hs="5702.10"), *(Product(name=f"ware{n}x") for n in range(29))]
    firms = [Supplier(id=f"S{n}", name="A", products=tuple(lines[:number])) for n, number in enumerate((1, 4, 30, 30))]
    matcher = Matcher.build(encoder, firms, ranker)
    breadth = matcher.catalogue.lines.breadth
    np.testing.assert_allclose(breadth, [1.0, 4.0, 30.0, 30.0], rtol=0.3)
    focus = [1.0, 1.0, 6.0 / breadth[2], 6.0 / breadth[3]]
    for feature in ("product_similarity", "clause_similarity"):
        np.testing.assert_allclose(_values(matcher, feature, text="kilim"), focus, atol=2e-4)
    np.testing.assert_allclose(_values(matcher, "hs_agreement", hs="5702.10"), 6.0 * np.array(focus))


def test_many_lines_of_one_trade_count_in_full(encoder: HashingEncoder, ranker: GlassBoxRanker) -> None:
    lines = tuple(Product(name=f"argan oil number {n}") for n in range(100))
    firms = [Supplier(id=f"S{n}", name="A", products=lines) for n in range(4)]
    matcher = Matcher.build(encoder, firms, ranker)
    comparison = Comparison(matcher.query(BuyerRequest(text="argan oil")), matcher.catalogue, np.arange(4))
    assert comparison.focus.tolist() == [1.0] * 4


def test_each_feature_is_named_once_and_documented() -> None:
    assert len(set(FEATURE_NAMES)) == len(FEATURES)
    assert all(feature.compute.__doc__ and feature.compute.__name__ == feature.name for feature in FEATURES)
