from __future__ import annotations

import pytest
from pydantic import ValidationError

from data.collection import Collection
from matching.matcher import Matcher
from matching.profiles import MAX_TEXT_CHARACTERS, BuyerRequest, Supplier
from training.adversarial_evaluation import ATTACKS, Attacker, Target, evaluate_adversarial


@pytest.fixture
def collection(suppliers: tuple[Supplier, ...]) -> Collection:
    """Argan oil: S1 sells it, S2 nearly; S3 and S4 do not."""
    request = BuyerRequest(id="R1", text="organic argan oil pressed cold, Ecocert, to Germany", language="en")
    return Collection(suppliers, (request,), {"R1": {"S1": 3, "S2": 1}})


def test_each_attack_is_tried_by_an_unrelated_and_by_a_near_firm(matcher: Matcher, collection: Collection) -> None:
    rows = evaluate_adversarial(matcher, collection)
    assert {(row["attack"], row["attacker"]) for row in rows} == {(a, str(k)) for a in ATTACKS for k in Attacker}
    assert {row["requests"] for row in rows} == {1}
    assert {(row["specialist before"], row["above before"]) for row in rows} == {(1, 0)}


def test_a_firm_above_before_is_not_newly_above(matcher: Matcher, collection: Collection) -> None:
    turned = Collection(collection.suppliers, collection.requests, {"R1": {"S2": 3, "S1": 1}})
    near = [row for row in evaluate_adversarial(matcher, turned) if row["attacker"] == Attacker.NEAR]
    assert {row["above before"] for row in near} == {1}
    assert {row["newly above"] for row in near} == {0}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_rewritten_profile_passes_the_border(attack: str, collection: Collection) -> None:
    firms = collection.suppliers
    target = Target(collection.requests[0], (firms[0],), firms)
    written = ATTACKS[attack](firms[3], target)
    assert written.id == firms[3].id
    assert written != firms[3]
    assert Supplier.model_validate(written.model_dump()) == written


def test_a_longer_description_is_refused() -> None:
    with pytest.raises(ValidationError, match="at most 20000 characters"):
        Supplier(id="S1", name="A", description="a" * (MAX_TEXT_CHARACTERS + 1))
