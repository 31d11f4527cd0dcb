from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from fastapi.testclient import TestClient

from matching.exposure import ExposurePolicy
from matching.messages import available_languages
from service.app import create_app
from service.settings import ServiceSettings
from tests.service.conftest import wait_until


def test_the_page_is_offered_in_each_language(client: TestClient) -> None:
    for language in available_languages():
        page = client.get("/statement", params={"language": language}).text
        assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page


def test_the_page_speaks_of_the_ranker_in_service(client: TestClient) -> None:
    page = client.get("/statement?language=en").text
    assert "<dt>Model</dt><dd><bdi>simple</bdi></dd><dt>In service since</dt>" in page


def test_whoever_is_ranked_may_read_it_without_a_key(client: TestClient, key: Callable[..., dict[str, str]]) -> None:
    key()
    assert client.get("/statement").status_code == 200


def test_the_exposure_policy_in_force_is_on_the_page(settings: ServiceSettings) -> None:
    fair = settings.model_copy(update={"exposure": ExposurePolicy.parse("size:micro=0.2")})
    app: FastAPI = create_app(fair)
    with TestClient(app) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        assert "The group: micro firms." in client.get("/statement?language=en").text
