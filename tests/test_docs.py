from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from matching.features import FEATURE_NAMES
from service.cli import composed_commands
from service.problems import STATUS
from service.settings import ServiceSettings

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def _text(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ServiceSettings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    assert f"SOUK_{name.upper()}" in _text("operations.md")


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_every_feature_is_documented(name: str) -> None:
    assert f"| {name} |" in _text("models.md")


def test_every_status_is_documented() -> None:
    documented = _text("api.md")
    assert all(f"| {int(status)} |" in documented for status in set(STATUS.values()) if status != 500)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_of_the_repository(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_in_the_documents_exist(document: Path) -> None:
    command = typer.main.get_command(composed_commands())
    named = re.findall(r"souk ((?:train )?[a-z-]+)", document.read_text(encoding="utf-8"))
    known = set(command.commands) | {f"train {name}" for name in command.commands["train"].commands}  # type: ignore[attr-defined]
    assert {name for name in named if name.split()[0] in {word.split()[0] for word in known}} <= known | {"train"}
