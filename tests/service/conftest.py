"""A service over four suppliers, run in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from matching.matcher import Matcher
from service.app import create_app
from service.live import Live
from service.settings import ServiceSettings


@pytest.fixture
def client(matcher: Matcher) -> Iterator[TestClient]:
    with TestClient(create_app(ServiceSettings(), Live(lambda: matcher))) as running:
        yield running
