from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from matching.advice import advise
from matching.headings import HeadingModel
from matching.matcher import Matcher
from matching.profiles import BuyerRequest, Supplier
from matching.ranker import GlassBoxRanker
from tests.conftest import HashingEncoder
from training.advice_evaluation import FIRSTS, AdvisedChange, carried_out, evaluate_advice


@pytest.fixture
def suppliers() -> tuple[Supplier, ...]:
    """Eight who sell the same; half of them hold what is asked for."""
    named: dict[str, Any] = {"name": "argan", "products": [{"name": "organic argan oil"}]}
    held = {"certifications": ["Halal"]}
    return tuple(Supplier.model_validate({"id": f"S{n}", **named, **(held if n % 2 else {})}) for n in range(8))


@pytest.fixture
def matcher(
    encoder: HashingEncoder, suppliers: tuple[Supplier, ...], ranker: GlassBoxRanker, headings: HeadingModel
) -> Matcher:
    return Matcher.build(encoder, suppliers, ranker, headings)


@pytest.fixture
def requests() -> Sequence[BuyerRequest]:
    constraints = {"certifications": ["Halal"], "incoterm": "FOB"}
    row = {"id": "R", "text": "organic argan oil", "language": "en", "constraints": constraints}
    return [BuyerRequest.model_validate(row)]


def test_as_many_changes_as_wanted_are_carried_out_and_hold(matcher: Matcher, requests: Sequence[BuyerRequest]) -> None:
    *groups, everything = evaluate_advice(matcher, requests, changes=12)
    assert [row["advice on"] for row in groups] == [f"the first {first}" for first in FIRSTS]
    assert sum(row["changes"] for row in groups) == everything["changes"] == 12
    assert everything["promised place reached"] == 12
    assert everything["among the first"] == everything["requests named"]


def test_a_promise_that_does_not_hold_is_counted_as_such(
    matcher: Matcher, suppliers: tuple[Supplier, ...], requests: Sequence[BuyerRequest]
) -> None:
    advised = [advise(matcher, one.id, requests, first=5) for one in suppliers]
    supplier, advice = next((one.supplier, one.advice[0]) for one in advised if one.advice)
    kept = AdvisedChange(suppliers, supplier, advice, 5)
    outcome = carried_out(matcher, kept, {"R": requests[0]})
    assert (outcome.place_is_as_promised, outcome.placed) == (True, 1)
    idle = carried_out(matcher, replace(kept, advice=replace(advice, changes=())), {"R": requests[0]})
    assert (idle.place_is_as_promised, idle.placed) == (False, 0)
