from __future__ import annotations

import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.settings import ServiceSettings

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deployment"
SETTINGS = {f"SOUK_{name.upper()}" for name in ServiceSettings.model_fields}
SHUTDOWN_SECONDS = ServiceSettings.model_fields["shutdown_seconds"].default


@pytest.fixture
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def unit() -> dict[str, list[str]]:
    """Values of each directive of [Service], in their order."""

    class Values(dict[str, Any]):
        def __setitem__(self, name: str, value: Any) -> None:
            if isinstance(value, list) and name in self:
                self[name].extend(value)
            else:
                super().__setitem__(name, value)

    parser = ConfigParser(dict_type=Values, strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(FOLDER / "souk.service", encoding="utf-8")
    return {name: value.splitlines() for name, value in parser["Service"].items()}


@pytest.mark.parametrize("name", ["compose.yaml", "souk.service", "Dockerfile"])
def test_every_variable_named_is_a_setting(name: str) -> None:
    assert set(re.findall(r"SOUK_[A-Z_]+", (FOLDER / name).read_text(encoding="utf-8"))) <= SETTINGS


def test_secrets_come_from_the_environment(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["database"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    assert services["api"]["environment"]["SOUK_KEY_PEPPER"].startswith("${SOUK_KEY_PEPPER:?")


def test_services_are_watched_started_again_and_kept_on_volumes(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert service["healthcheck"]["test"][0] == "CMD"
        assert service["restart"] == "unless-stopped"
        assert {volume.partition(":")[0] for volume in service["volumes"]} <= set(compose["volumes"])


def test_the_service_has_longer_to_end_than_its_requests(compose: dict[str, Any], unit: dict[str, list[str]]) -> None:
    api = compose["services"]["api"]
    assert int(api["environment"]["SOUK_SHUTDOWN_SECONDS"]) < int(api["stop_grace_period"].removesuffix("s"))
    assert int(unit["TimeoutStopSec"][0]) > SHUTDOWN_SECONDS


def test_the_image_holds_what_the_package_is_made_of(compose: dict[str, Any]) -> None:
    dockerfile = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE)
    named = [name for line in copied for name in line.split()]
    assert {"matching", "data", "training", "service"} <= set(named)
    assert all((ROOT / name).exists() for name in named)
    kept = (FOLDER / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    assert {f"!{name}" for name in named} <= set(kept)
    assert compose["services"]["api"]["build"] == {"context": "..", "dockerfile": "deployment/Dockerfile"}


def test_neither_image_nor_unit_runs_as_root(unit: dict[str, list[str]]) -> None:
    assert re.search(r"^USER souk$", (FOLDER / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert (unit["User"], unit["ProtectSystem"], unit["NoNewPrivileges"]) == (["souk"], ["strict"], ["yes"])


def test_an_answer_of_the_shipped_encoder_needs_no_torch(tmp_path: Path) -> None:
    """Why the image does without."""
    without = "import sys; sys.modules.update(dict.fromkeys(('torch', 'sentence_transformers', 'transformers')))"
    code = f"{without}; from service.cli import main; main()"
    environment = {"SOUK_DATABASE_URL": f"sqlite:///{tmp_path}/souk.db", "SOUK_INDEX_PATH": str(tmp_path / "index")}
    done = subprocess.run(
        [sys.executable, "-c", code, "match", "huile d'argan", "--top", "1", "--json"],
        env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"rank": 1' in done.stdout


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not there")
def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    unit = (FOLDER / "souk.service").read_text(encoding="utf-8")
    (tmp_path / "souk.service").write_text(unit.replace("/opt/souk/.venv/bin/souk", sys.executable), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "souk.service")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
