from __future__ import annotations

from collections.abc import Callable

from fastapi.testclient import TestClient

from data.keys import Scope
from matching.messages import available_languages


def test_before_anything_was_shown_the_page_says_so(client: TestClient) -> None:
    assert "Nothing was shown yet." in client.get("/ledger?language=en").text


def test_the_page_shows_groups_by_name_and_the_suppliers_that_are_owed(client: TestClient) -> None:
    for _ in range(3):
        client.post("/v1/match", json={"text": "wool rug", "top": 3})
    page = client.get("/ledger?language=fr").text
    assert "<bdi>petites entreprises</bdi>" in page
    assert "<bdi>Turquie</bdi>" in page
    assert "<bdi>nouveaux fournisseurs</bdi>" in page
    owed = page.split("Fournisseurs à qui l&#39;on doit le plus")[1]
    named = [one for one in ("Tamount", "Arganor", "Zellij Fassi", "Atlas Rugs") if f"<bdi>{one}</bdi>" in owed]
    debts = client.get("/v1/exposure").json()["suppliers"]
    assert len(named) == sum(one["earned"] - one["received"] >= 0.05 for one in debts) > 0


def test_the_page_is_offered_in_each_language(client: TestClient) -> None:
    client.post("/v1/match", json={"text": "wool rug", "top": 3})
    for language in available_languages():
        page = client.get("/ledger", params={"language": language}).text
        assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page


def test_the_page_is_for_analysts(client: TestClient, key: Callable[..., dict[str, str]]) -> None:
    assert client.get("/ledger", headers=key("acme", Scope.MATCH)).status_code == 403
    assert client.get("/ledger", headers=key("acme", Scope.ANALYST)).status_code == 200
    assert client.get("/ledger").status_code == 401
