"""A service over four suppliers, run in this process, on each kind of database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from data.keys import Scope
from data.store import Store
from data.workspace import Models
from matching.headings import HeadingModel
from matching.profiles import Supplier
from matching.ranker import GlassBoxRanker
from service.app import create_app
from service.live import Live
from service.settings import ServiceSettings
from tests.conftest import HashingEncoder

ALL = tuple(Scope)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> ServiceSettings:
    return ServiceSettings(
        database_url=database_url, index_path=tmp_path / "suppliers.index", models_path=tmp_path / "models",
        follow_seconds=0.2,
    )  # fmt: skip


@pytest.fixture
def app(
    settings: ServiceSettings,
    encoder: HashingEncoder,
    ranker: GlassBoxRanker,
    headings: HeadingModel,
    suppliers: tuple[Supplier, ...],
) -> FastAPI:
    Store(settings.database_url).put_suppliers(suppliers)
    return create_app(settings, lambda: Models(encoder, ranker, headings))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """In development mode: no key is there."""
    with TestClient(app) as running:
        wait_until(lambda: running.get("/readyz").status_code == 200)
        yield running


@pytest.fixture
def live(app: FastAPI) -> Live:
    found: Live = app.state.live
    return found


@pytest.fixture
def key(live: Live) -> Callable[..., dict[str, str]]:
    """Makes a key of an organisation and gives the header that shows it."""

    def make(organisation: str = "default", *scopes: Scope, requests_per_minute: int | None = None) -> dict[str, str]:
        token = live.keys.create(organisation, "test", scopes or ALL, requests_per_minute=requests_per_minute)
        return {"authorization": f"Bearer {token}"}

    return make


def wait_until(holds: Callable[[], bool], *, seconds: float = 20.0) -> None:
    """Wait for what happens beside: fails where it does not happen at all."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise AssertionError("it did not happen")
        time.sleep(0.02)
