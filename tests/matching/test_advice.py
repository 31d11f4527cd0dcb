"""Advice on the small catalogue and, with the shipped models, on the sample: what is promised is held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from data import shipped
from data.settings import Settings
from data.tables import read_requests, read_suppliers
from data.workspace import Models
from matching.advice import Advice, SupplierAdvice, advise
from matching.catalogue import completeness
from matching.errors import UnknownSupplier
from matching.headings import HeadingModel
from matching.matcher import Matcher
from matching.profile_changes import Change, ProfileField
from matching.profiles import BuyerRequest, PriceRange, Quantity, Supplier
from matching.ranker import GlassBoxRanker
from tests.conftest import HashingEncoder

FIRST = 3


@pytest.fixture
def twins(encoder: HashingEncoder, ranker: GlassBoxRanker, headings: HeadingModel) -> Matcher:
    """Two who say the same, and no more than what they sell: B comes first by what is made of its id."""
    named = {"name": "argan", "products": [{"name": "organic argan oil"}]}
    twins = [Supplier.model_validate({"id": supplier_id, **named}) for supplier_id in ("A", "B")]
    return Matcher.build(encoder, twins, ranker, headings)


def _request(request_id: str, **constraints: Any) -> BuyerRequest:
    return BuyerRequest.model_validate(
        {"id": request_id, "text": "organic argan oil", "language": "en", "constraints": constraints}
    )


def _found(matcher: Matcher, supplier_id: str, *requests: BuyerRequest, **wanted: Any) -> SupplierAdvice:
    return advise(matcher, supplier_id, requests, first=wanted.pop("first", 1), **wanted)


def _changes(found: SupplierAdvice) -> list[tuple[Change, ...]]:
    return [one.changes for one in found.advice]


def test_a_required_certificate_that_is_not_held_is_advised(twins: Matcher) -> None:
    found = _found(twins, "A", *(_request(f"R{number}", certifications=["Halal"]) for number in range(4)))
    certificate = Change(ProfileField.CERTIFICATIONS, "Halal")
    assert _changes(found)[0] == (certificate,)
    assert (found.advice[0].requests, found.advice[0].examples, found.advice[0].best_rank) == (4, ("R0", "R1", "R2"), 1)


@pytest.mark.parametrize(
    ("constraints", "change"),
    [
        ({"delivery_country": "JP"}, Change(ProfileField.MARKETS, "JP")),
        ({"incoterm": "CIF"}, Change(ProfileField.INCOTERMS, "CIF")),
        ({"languages": ["nl"]}, Change(ProfileField.LANGUAGES, "nl")),
        ({"quantity": {"value": 9, "unit": "kg"}}, Change(ProfileField.MOQ, Quantity(value=9, unit="kg"), 0)),
        ({"max_lead_time_days": 5}, Change(ProfileField.LEAD_TIME, 5, 0)),
        (
            {"max_price": {"value": 9, "currency": "EUR", "unit": "kg"}},
            Change(ProfileField.PRICE, PriceRange(min=9, max=9, currency="EUR", unit="kg"), 0),
        ),
        ({"hs": "1515.90"}, Change(ProfileField.HS, "1515.00", 0)),
    ],
)
def test_each_thing_that_is_asked_and_not_stated_can_be_advised(
    twins: Matcher, constraints: Mapping[str, Any], change: Change
) -> None:
    assert (change,) in _changes(_found(twins, "A", _request("R", **constraints), top=20))


def test_of_several_figures_the_least_demanding_that_wins_most_is_advised(twins: Matcher) -> None:
    asked = [_request(f"R{value}", quantity={"value": value, "unit": "kg"}) for value in (20, 9, 50)]
    figures = [
        change.value for changes in _changes(_found(twins, "A", *asked, top=20)) for change in changes
        if change.field is ProfileField.MOQ
    ]  # fmt: skip
    assert figures == [Quantity(value=9, unit="kg")]


def test_who_is_among_the_first_already_or_sells_other_goods_is_advised_nothing(matcher: Matcher) -> None:
    asked = _request("R", certifications=["Halal"])
    first = _found(matcher, "S1", asked)
    assert (first.placed, first.requests, first.advice) == (1, 1, ())
    assert _found(matcher, "S3", asked).advice == ()


def test_a_request_without_words_is_passed_over_and_an_unknown_supplier_named(matcher: Matcher) -> None:
    assert _found(matcher, "S1", BuyerRequest(text="?!")).requests == 0
    with pytest.raises(UnknownSupplier, match="no supplier has the id 'S9'"):
        _found(matcher, "S9")


def test_what_a_profile_lacks_is_named_without_any_request(matcher: Matcher, suppliers: Sequence[Supplier]) -> None:
    found = _found(matcher, "S4", language="fr")
    assert len(found.gaps) == 10 * (1 - completeness(suppliers[3]))
    assert found.gaps_sentence is not None
    assert found.gaps_sentence.startswith("Votre profil n'indique pas : pays, taille de l'entreprise, ")


def test_sentences_are_conditions_in_the_readers_language(twins: Matcher) -> None:
    asked = [_request(f"R{number}", certifications=["Halal"]) for number in range(2)]
    sentences = {
        language: _found(twins, "A", *asked, language=language).advice[0].sentence for language in ("en", "fr", "ar")
    }
    assert sentences == {
        "en": "State it if you hold the certificate Halal: you would newly be among the first 1 for 2 recent requests"
        " (best place: 1).",
        "fr": "Indiquez-le si vous détenez le certificat Halal ; vous seriez alors parmi les 1 premiers pour 2 demandes"
        " récentes de plus (meilleure place : 1).",
        "ar": "اذكر ذلك في ملفك \u2068إذا كانت لديك شهادة \u2068Halal\u2069\u2069: عندئذ تكون ضمن أول \u20681\u2069"
        " في طلبين حديثين إضافيين (أفضل مرتبة: \u20681\u2069).",
    }  # fmt: skip


def test_two_changes_are_advised_together_where_neither_is_enough(
    encoder: HashingEncoder, ranker: GlassBoxRanker, headings: HeadingModel
) -> None:
    named = {"name": "argan", "products": [{"name": "organic argan oil"}]}
    rival = Supplier.model_validate({"id": "A", **named, "markets": ["JP"], "certifications": ["Kosher"]})
    supplier = Supplier.model_validate({"id": "B", **named})
    asked = _request("R", delivery_country="JP", incoterm="CIF", certifications=["Halal", "Kosher"])
    found = _found(Matcher.build(encoder, [rival, supplier], ranker, headings), "B", asked)
    assert found.advice == ()
    assert found.pair is not None
    assert {change.field for change in found.pair.changes} == {ProfileField.MARKETS, ProfileField.INCOTERMS}


# With the shipped models


@pytest.fixture(scope="module")
def sample() -> Matcher:
    models = Models.load(Settings())
    suppliers = read_suppliers(shipped.SAMPLE / "suppliers.jsonl").profiles
    return Matcher.build(models.encoder, suppliers, models.ranker, models.headings)


@pytest.fixture(scope="module")
def requests() -> Mapping[str, BuyerRequest]:
    profiles = read_requests(shipped.SAMPLE / "requests.jsonl").profiles[:30]
    return {request.id: request for request in profiles if request.id}


@pytest.fixture(scope="module")
def advised(sample: Matcher, requests: Mapping[str, BuyerRequest]) -> list[tuple[Supplier, Advice]]:
    found = [
        advise(sample, supplier_id, requests.values(), first=FIRST, top=20)
        for supplier_id in sample.catalogue.ids[:40]
    ]  # fmt: skip
    return [(one.supplier, advice) for one in found for advice in (*one.advice, *filter(None, [one.pair]))]


def _place(matcher: Matcher, supplier_id: str, request: BuyerRequest) -> int:
    scoring = matcher.score(request)
    return scoring.rows.tolist().index(matcher.catalogue.row(supplier_id)) + 1


def test_what_is_advised_comes_true_once_it_is_stated(
    sample: Matcher, requests: Mapping[str, BuyerRequest], advised: Sequence[tuple[Supplier, Advice]]
) -> None:
    assert advised
    for supplier, advice in advised:
        stated = supplier
        for change in advice.changes:
            stated = change.applied_to(stated)
        changed = sample.with_changes((), [stated])
        places = [_place(changed, supplier.id, requests[request_id]) for request_id in advice.examples]
        assert places[0] == advice.best_rank
        assert all(place <= FIRST for place in places)


def test_what_is_advised_is_not_so_yet(
    sample: Matcher, requests: Mapping[str, BuyerRequest], advised: Sequence[tuple[Supplier, Advice]]
) -> None:
    for supplier, advice in advised:
        assert all(_place(sample, supplier.id, requests[request_id]) > FIRST for request_id in advice.examples)
        assert advice.score_gained > 0


def test_stating_again_what_is_stated_changes_no_score(sample: Matcher, requests: Mapping[str, BuyerRequest]) -> None:
    supplier = sample.catalogue.suppliers[0]
    again = sample.with_changes((), [supplier])
    for request in requests.values():
        before, after = (one.score_listed(request, [supplier.id]).scores[0] for one in (sample, again))
        assert after == before
