from __future__ import annotations

import importlib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("matching", "data", "training", "service")


@pytest.mark.parametrize("name", PACKAGES)
def test_each_package_is_the_one_of_this_repository(name: str) -> None:
    assert Path(str(importlib.import_module(name).__file__)).parent == ROOT / name


@pytest.mark.parametrize("name", PACKAGES)
def test_no_other_distribution_claims_a_package(name: str) -> None:
    assert set(packages_distributions().get(name, ["souk-matchmaking"])) == {"souk-matchmaking"}


def test_the_repository_stays_light() -> None:
    shipped = [path for folder in PACKAGES for path in (ROOT / folder).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in shipped if path.suffix == ".safetensors") < 40_000_000
