from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from matching.messages import available_languages, messages_in
from matching.needs import needs_of
from matching.profiles import BuyerRequest, Constraints, Money, Quantity
from service.pages.needs import corrected_request, form_values
from tests.service.conftest import wait_until


def test_the_page_shows_explained_matches(client: TestClient) -> None:
    page = client.get("/", params={"q": "organic argan oil", "language": "en"}).text
    assert "1. <bdi>Tamount</bdi>" in page
    assert "comes closest to your" in page
    assert "Below Tamount mainly because of: " in page


def test_the_page_shows_the_likely_headings_by_name(client: TestClient) -> None:
    page = client.get("/", params={"q": "kilim", "language": "fr"}).text
    assert "Positions du SH probables" in page
    assert "<bdi>5702 " in page


@pytest.mark.parametrize("language", available_languages())
def test_the_page_is_offered_in_each_language(client: TestClient, language: str) -> None:
    page = client.get("/", params={"q": "argan oil", "language": language}).text
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page


def test_the_language_defaults_to_what_the_browser_accepts(client: TestClient) -> None:
    page = client.get("/", headers={"accept-language": "xx, ar-MA;q=0.9, fr"}).text
    assert '<html lang="ar" dir="rtl">' in page


def test_what_is_typed_is_shown_as_text_and_never_run(client: TestClient) -> None:
    page = client.get("/", params={"q": "<script>alert(1)</script> argan"}).text
    assert "<script>alert" not in page


@pytest.mark.parametrize("q", ["?!", "a" * 20_001])
def test_a_request_that_cannot_be_matched_is_explained_on_the_page(client: TestClient, q: str) -> None:
    answer = client.get("/", params={"q": q, "language": "en"})
    assert answer.status_code == 422
    assert "This request cannot be matched." in answer.text


def test_the_page_says_under_which_further_id_a_supplier_is_listed(client: TestClient) -> None:
    client.put("/v1/suppliers/S1b", json={"name": "Tamount SARL", "country": "MA", "description": "argan oil"})
    wait_until(lambda: "listed as S1b" in client.get("/", params={"q": "argan oil", "language": "en"}).text)


# Needs, shown and corrected


ASKED = {"q": "500 litres of organic argan oil, Ecocert, delivery to Hamburg, Germany", "language": "fr"}


def _field(page: str, name: str) -> str:
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', page)
    assert found
    return found[1]


def test_what_was_read_is_shown_with_its_kind_in_the_readers_language(client: TestClient) -> None:
    page = client.get("/", params=ASKED).text
    assert "pays de livraison: <mark><bdi>Allemagne</bdi></mark>" in page
    assert (_field(page, "quantity.value"), _field(page, "delivery_country")) == ("500", "Allemagne")


def test_the_form_wins_and_an_emptied_field_is_not_asked_for(client: TestClient) -> None:
    form = {
        "corrected": "1",
        "quantity.value": "200",
        "quantity.unit": "kg",
        "delivery_country": "",
        "languages": "fr, ar",
    }
    page = client.get("/", params=ASKED | form).text
    assert "<mark><bdi>200 kg</bdi></mark> (selon vos indications)" in page
    assert "Allemagne" not in page
    assert _field(page, "quantity.value") == "200"


def test_faulty_fields_say_what_they_take_and_keep_what_was_typed(client: TestClient) -> None:
    typed = {"corrected": "1", "delivery_country": "Atlantis", "supplier_countries": "Maroc, Mordor", "incoterm": "FOB"}
    answer = client.get("/", params=ASKED | typed)
    assert answer.status_code == 422
    assert len(re.findall(r'aria-invalid="true".*?<span[^>]*>Indiquez un pays', answer.text, re.DOTALL)) == 2
    assert {name: _field(answer.text, name) for name in ("delivery_country", "supplier_countries", "incoterm")} == {
        "delivery_country": "Atlantis",
        "supplier_countries": "Maroc, Mordor",
        "incoterm": "FOB",
    }


def test_an_amount_without_its_number_is_not_asked_for_whatever_its_unit(client: TestClient) -> None:
    answer = client.get("/", params=ASKED | {"corrected": "1", "quantity.value": "", "quantity.unit": "l"})
    assert answer.status_code == 200
    assert "500 litres</bdi></mark>" not in answer.text


def test_what_the_form_outweighs_is_shown_as_not_counting(client: TestClient) -> None:
    form = {"corrected": "1", "quantity.value": "500", "quantity.unit": "litres", "delivery_country": "FR"}
    page = client.get("/", params=ASKED | form | {"language": "en"}).text
    assert "<mark><bdi>France</bdi></mark> (as you stated)" in page
    assert re.search(r"<bdi>Germany</bdi></mark> <q><bdi>[^<]*</bdi></q> \(another value counts\)", page)
    assert page.count("<mark><bdi>500 litres</bdi></mark>") == 1


def test_what_is_ruled_out_and_what_is_not_sure_are_marked(client: TestClient) -> None:
    page = client.get("/", params={"q": "organic argan oil, not from China, no cosmetic grade", "language": "en"}).text
    assert "country ruled out: <mark>✗ <bdi>China</bdi></mark>" in page
    assert "what you rule out: <mark>✗ " in page
    assert "(not sure enough to count)" in page


def test_a_date_without_its_year_is_shown_in_the_requests_own_words(client: TestClient) -> None:
    page = client.get("/", params={"q": "argan oil, delivery by 15 March", "language": "en"})
    assert page.status_code == 200
    assert re.search(r"delivery date: <mark><bdi>[^<]*15 March", page.text)


@pytest.mark.parametrize("language", available_languages())
@pytest.mark.parametrize(
    "constraints",
    [
        Constraints(
            quantity=Quantity(value=1234567.125, unit="kg"),
            max_price=Money(value=12.5, currency="EUR", unit="kg"),
            supplier_countries=("HK", "MO", "MA", "CI"),
            languages=("fr", "ar"),
            certifications=("Ecocert", "HACCP"),
        ),
        Constraints(delivery_country="HK", incoterm="FOB", max_lead_time_days=30),
    ],
)
def test_a_form_sent_back_as_it_was_filled_in_changes_nothing(language: str, constraints: Constraints) -> None:
    filled = form_values(needs_of(BuyerRequest(text="x", constraints=constraints)), messages_in(language))
    assert corrected_request("x", filled).constraints == constraints


@pytest.mark.parametrize(("typed", "number"), [("1.500", 1500), ("1 500,5", 1500.5), ("٥٠٠", 500), ("12.5", 12.5)])
def test_numbers_are_read_as_buyers_write_them(typed: str, number: float) -> None:
    asked = corrected_request("x", {"quantity.value": typed, "quantity.unit": "kg"}).constraints.quantity
    assert asked == Quantity(value=number, unit="kg")
