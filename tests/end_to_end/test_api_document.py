"""Each example of the documents of the HTTP API, run against a real server, its answer held against the one shown."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data.database import Database
from data.keys import Keys, Scope
from service.client import SoukClient
from tests.served import SOUK, Served
from tests.service.conftest import wait_until

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "docs" / name for name in ("api.md", "erasure.md", "webhooks.md", "fairs.md")]
TEXT = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
_EXAMPLE = re.compile(r"```(sh|python)\n(.*?)```\n(?:\n```(json|text)\n(.*?)```)?", re.DOTALL)
_ANYTHING = "…"


class Shell:
    """Runs examples one after the other; what one sets, and each text of its answer, the next ones find."""

    def __init__(self, served: Served, folder: Path) -> None:
        self._address = served.address
        self._folder = folder
        self._environment = {**served.environment, "PATH": f"{SOUK.parent}:{os.environ['PATH']}"}

    def run(self, language: str, command: str) -> str:
        """What an example writes; fails where it fails."""
        command = command.replace("http://127.0.0.1:8000", self._address)
        script = f"set -euo pipefail -o allexport\n{command}\nenv -0 > environment"
        arguments = ["bash", "-c", script] if language == "sh" else [sys.executable, "-c", command]
        done = subprocess.run(
            arguments, cwd=self._folder, env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        self._remember(done.stdout)
        return done.stdout

    def _remember(self, output: str) -> None:
        variables = (self._folder / "environment").read_text(encoding="utf-8").rstrip("\0").split("\0")
        self._environment = dict(variable.split("=", 1) for variable in variables)
        if output.startswith("{") and output.count("\n") == 0:
            texts = {name.upper(): text for name, text in json.loads(output).items() if isinstance(text, str)}
            self._environment |= texts


def _holds(given: Any, shown: Any) -> bool:
    """Whether an answer has what the document shows of it."""
    if isinstance(shown, dict):
        return all(name in given and _holds(given[name], value) for name, value in shown.items())
    if isinstance(shown, list):
        return len(given) == len(shown) and all(map(_holds, given, shown))
    if isinstance(shown, str):
        return isinstance(given, str) and _line(shown).fullmatch(given) is not None
    return bool(given == shown)


def _line(shown: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, shown.split(_ANYTHING))))


def _check(output: str, form: str, shown: str) -> None:
    if form == "json":
        assert _holds(json.loads(output), json.loads(shown)), (output, shown)
    elif form == "text":
        missing = [line for line in shown.splitlines() if not any(map(_line(line).fullmatch, output.splitlines()))]
        assert missing == [], output
    else:
        assert '"about:blank"' not in output


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    running = Served(f"sqlite:///{tmp_path}/souk.db", tmp_path)
    running.wait_until_ready()
    yield running
    running.close()


def test_each_example_is_answered_as_its_document_shows(served: Served, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(ROOT / "data")
    shell = Shell(served, tmp_path)
    examples = _EXAMPLE.findall(TEXT)
    shell.run("sh", examples[0][1])
    token = Keys(Database.open(f"sqlite:///{tmp_path}/souk.db")).create("default", "test", Scope)
    with SoukClient(served.address, token) as client:
        for language, command, form, shown in examples[1:]:
            if "/match" in command:
                wait_until(lambda: client.readiness().suppliers == len(list(client.export_suppliers())))
            output = shell.run(language, command)
            _check(output, form, shown)


def test_no_example_goes_unrun() -> None:
    assert len(_EXAMPLE.findall(TEXT)) == TEXT.count("```sh\n") + TEXT.count("```python\n")
