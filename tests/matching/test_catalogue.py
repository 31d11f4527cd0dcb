from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.errors import UnknownSupplier
from matching.filters import Filters
from matching.lines import GrowingVectors
from matching.matcher import Matcher
from matching.profiles import BuyerRequest, Supplier
from matching.ranker import GlassBoxRanker
from tests.conftest import HashingEncoder

CHANGES = st.lists(
    st.tuples(st.sampled_from("ABCDEF"), st.sampled_from(["argan", "wool rug", "kilim", None])), max_size=12
)


def _firm(supplier_id: str, offer: str) -> Supplier:
    product = {"name": offer, "hs": "151590", "moq": {"value": len(offer), "unit": "kg"}}
    return Supplier.model_validate(
        {"id": supplier_id, "name": f"Firm {supplier_id}", "country": "MA", "products": [product] * len(offer.split()),
         "certifications": ["Ecocert"] if supplier_id < "C" else [], "markets": ["FR"]}
    )  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(changes=CHANGES, at_once=st.integers(1, 4))
def test_a_changed_matcher_answers_like_one_made_anew(
    encoder: HashingEncoder, ranker: GlassBoxRanker, changes: list[tuple[str, str | None]], at_once: int
) -> None:
    held = {"A": _firm("A", "argan oil"), "B": _firm("B", "wool rug")}
    matcher = Matcher.build(encoder, list(held.values()), ranker)
    for start in range(0, len(changes), at_once):
        last = dict(changes[start : start + at_once])
        held = {supplier_id: firm for supplier_id, firm in held.items() if supplier_id not in last}
        added = [_firm(supplier_id, offer) for supplier_id, offer in last.items() if offer]
        held |= {firm.id: firm for firm in added}
        matcher = matcher.with_changes([supplier_id for supplier_id, offer in last.items() if not offer], added)
    anew = Matcher.build(encoder, sorted(held.values(), key=lambda firm: firm.id), ranker)
    request = BuyerRequest.model_validate(
        {"text": "argan oil or wool rug, 5 kg", "constraints": {"certifications": ["Ecocert"], "hs": "151590"}}
    )
    for filters in (Filters(), Filters(hs=("151590",), certifications=("Ecocert",)), Filters(ids=("A", "C"))):
        assert matcher.match(request, filters=filters) == anew.match(request, filters=filters)
    assert matcher.catalogue.count == len(held)


def test_a_state_goes_on_answering_after_the_next_one_was_made(matcher: Matcher) -> None:
    before = matcher.match(BuyerRequest(text="argan oil"))
    matcher.with_changes(["S1"], [_firm("S2", "kilim")]).with_changes([], [_firm("S9", "argan oil")])
    matcher.with_changes([], [_firm("S8", "other")])
    assert matcher.match(BuyerRequest(text="argan oil")) == before


def test_a_removed_supplier_is_unknown(matcher: Matcher) -> None:
    catalogue = matcher.with_changes(["S1", "nobody"], []).catalogue
    with pytest.raises(UnknownSupplier, match="'S1'"):
        catalogue.row("S1")


def test_a_worn_catalogue_is_laid_out_anew(encoder: HashingEncoder, ranker: GlassBoxRanker) -> None:
    matcher = Matcher.build(encoder, [_firm("A", "argan oil")], ranker)
    for _ in range(3):
        matcher = matcher.with_changes([], [_firm(f"S{n}", "kilim") for n in range(400)])
    assert matcher.catalogue.count == 401
    assert len(matcher.catalogue) < 3 * 400


def test_vectors_grow_without_disturbing_earlier_states() -> None:
    first = GrowingVectors(np.zeros((1, 2), np.float32))
    second = first.followed_by(np.ones((1, 2), np.float32))
    third = second.followed_by(np.full((1, 2), 2, np.float32))
    other = second.followed_by(np.full((1, 2), 9, np.float32))
    assert [state.view[:, 0].tolist() for state in (first, second, third, other)] == [[0], [0, 1], [0, 1, 2], [0, 1, 9]]
