from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from matching.currencies import RateTable
from matching.explanation import Explanation
from matching.matcher import Matcher
from matching.profiles import BuyerRequest, Supplier
from matching.ranker import GlassBoxRanker
from matching.reasons import State, Status
from tests.conftest import HashingEncoder

TODAY = date(2026, 11, 24)


def _explanations(matcher: Matcher, text: str, language: str = "en", **constraints: Any) -> dict[str, Explanation]:
    request = BuyerRequest.model_validate({"text": text, "language": "en", "constraints": constraints})
    matches = matcher.match(request, language=language, today=TODAY).matches
    return {match.supplier.id: match.explanation for match in matches if match.explanation}


def _statuses(explanation: Explanation) -> dict[str, Status]:
    return {finding.need: finding.status for finding in explanation.findings}


def test_each_need_is_met_broken_or_unknown_by_what_the_supplier_states(matcher: Matcher) -> None:
    found = _explanations(
        matcher, "argan oil", delivery_country="DE", quantity={"value": 50, "unit": "kg"}, max_lead_time_days=30,
        certifications=["Ecocert", "Halal"],
    )  # fmt: skip
    assert [(finding.need, finding.status, finding.text) for finding in found["S1"].findings] == [
        ("certifications", Status.MET, "certificate Ecocert"),
        ("certifications", Status.BROKEN, "certificate Halal"),
        ("delivery_country", Status.MET, "delivery to Germany"),
        ("quantity", Status.BROKEN, "quantity 50 kg (minimum order 100 kg)"),
        ("max_lead_time_days", Status.MET, "delivery within 30 days (states 20 days)"),
    ]
    assert set(_statuses(found["S2"]).values()) == {Status.UNKNOWN}


def test_prices_languages_countries_and_terms_are_told_as_well(matcher: Matcher) -> None:
    price = {"value": 25, "currency": "EUR", "unit": "kg"}
    found = _explanations(
        matcher, "argan oil", max_price=price, languages=["fr"], supplier_countries=["MA"], incoterm="CIF"
    )  # fmt: skip
    assert [(finding.text, finding.status) for finding in found["S1"].findings] == [
        ("price up to €25.00/kg (from €20.00/kg)", Status.MET),
        ("contact in French", Status.MET),
        ("supplier from Morocco", Status.MET),
        ("terms CIF", Status.BROKEN),
    ]


def test_a_converted_price_is_told_with_its_rate_and_the_date_of_it(
    encoder: HashingEncoder, suppliers: tuple[Supplier, ...], ranker: GlassBoxRanker
) -> None:
    rates = RateTable(date(2025, 6, 30), {"EUR": 1.0, "MAD": 10.5})
    matcher = Matcher.build(encoder, suppliers, ranker, rates=rates)
    price = {"value": 200, "currency": "MAD", "unit": "kg"}
    english = _explanations(matcher, "argan oil", max_price=price)["S1"].findings
    assert [(finding.text, finding.status) for finding in english] == [(
        "price up to MAD200.00/kg (from €20.00/kg, which is MAD210.00/kg at 1 EUR = 10.5 MAD of June 30, 2025)",
        Status.BROKEN,
    )]  # fmt: skip
    german = _explanations(matcher, "argan oil", "de", max_price=price)["S1"].findings
    assert german[0].text.endswith("das sind 210,00\xa0MAD/kg zum Kurs 1 EUR = 10,5 MAD vom 30. Juni 2025)")


@pytest.mark.parametrize(
    ("expires", "text", "status"),
    [
        ("2026-11-24", "certificate Ecocert (valid until November 24, 2026)", Status.MET),
        ("2026-11-23", "certificate Ecocert (expired on November 23, 2026)", Status.BROKEN),
    ],
)
def test_a_dated_certificate_is_told_with_its_date_and_an_expired_one_is_broken(
    encoder: HashingEncoder, ranker: GlassBoxRanker, expires: str, text: str, status: Status
) -> None:
    dated = {"id": "S1", "name": "argan oil", "certifications": [{"scheme": "ECOCERT", "expires": expires}, "HACCP"]}
    matcher = Matcher.build(encoder, [Supplier.model_validate(dated)], ranker)
    found = _explanations(matcher, "argan oil", certifications=["Ecocert"])["S1"].findings
    assert [(finding.text, finding.status) for finding in found] == [(text, status)]


def test_sentences_name_the_evidence_then_what_is_met_and_what_is_not(matcher: Matcher) -> None:
    sentences = _explanations(matcher, "argan oil", delivery_country="DE", incoterm="CIF")["S1"].sentences
    assert sentences[0].startswith("Tamount: “argan oil” comes closest to your “argan oil” (")
    assert sentences[1:] == ("Meets: delivery to Germany.", "Does not meet: terms CIF.")


def test_sentences_come_in_the_readers_language(matcher: Matcher) -> None:
    german = _explanations(matcher, "argan oil", language="de", delivery_country="DE")["S2"].sentences
    assert german[-1] == "Nicht angegeben: Lieferung nach Deutschland."
    arabic = _explanations(matcher, "argan oil", language="ar", delivery_country="DE")["S2"].sentences
    assert arabic[-1] == "غير مذكور: \u2068التسليم إلى \u2068ألمانيا\u2069\u2069."


def test_a_match_without_anything_in_common_says_so(matcher: Matcher) -> None:
    sentences = _explanations(matcher, "kilim", certifications=[])["S4"].sentences
    assert len(sentences) >= 1


def test_terms_tell_known_values_from_unknown_and_not_asked(matcher: Matcher) -> None:
    terms = {term.feature: term for term in _explanations(matcher, "argan oil", incoterm="CIF")["S2"].terms}
    assert (terms["incoterm_offered"].state, terms["incoterm_offered"].value) == (State.UNKNOWN, None)
    assert (terms["hs_agreement"].state, terms["hs_agreement"].contribution) == (State.NOT_ASKED, 0.0)
    assert terms["product_similarity"].state is State.KNOWN


def test_differences_of_all_terms_make_the_difference_to_the_match_above(matcher: Matcher) -> None:
    found = list(_explanations(matcher, "argan oil", delivery_country="DE", incoterm="CIF").items())
    assert found[0][1].compared is None
    for (above_id, above), (_, below) in pairwise(found):
        assert below.compared is not None
        assert below.compared.supplier_id == above_id
        differences = {
            term.feature: upper.contribution - term.contribution
            for upper, term in zip(above.terms, below.terms, strict=True)
        }
        assert below.compared.score_difference == pytest.approx(sum(differences.values()), abs=1e-12)
        most = sorted((value for value in differences.values() if value > 0), reverse=True)[:3]
        assert [(differences[term.feature], term.difference) for term in below.compared.terms] == [
            (value, value) for value in most
        ]


def test_the_terms_that_put_a_match_below_another_are_named_in_the_readers_language(matcher: Matcher) -> None:
    found = _explanations(matcher, "argan oil", language="fr", incoterm="FOB", delivery_country="DE")["S2"].compared
    assert found is not None
    assert found.sentence.startswith("Après Tamount, surtout à cause de : ")
    assert "Incoterm" in found.sentence
    assert "pays de livraison" in found.sentence


def test_equals_are_told_to_be_so(
    encoder: HashingEncoder, suppliers: tuple[Supplier, ...], ranker: GlassBoxRanker
) -> None:
    twins = [suppliers[1].model_copy(update={"id": f"S{n}", "city": city}) for n, city in enumerate(("Fès", "Agadir"))]
    equals = Matcher.build(encoder, twins, ranker)
    below = list(_explanations(equals, "argan oil").values())[1].compared
    assert below is not None
    assert (below.score_difference, below.terms) == (0.0, ())
    assert below.sentence == "Scores the same as Arganor, one place above."
