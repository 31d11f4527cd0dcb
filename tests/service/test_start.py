from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from matching.messages import available_languages
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
