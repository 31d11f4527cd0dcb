"""Each curl example of docs/http-api.md, run against a real server."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx

from tests.served import Served
from tests.service.conftest import wait_until

DOCUMENT = Path(__file__).parents[2] / "docs" / "http-api.md"
_BLOCK = re.compile(r"```sh\n(.*?)```\n(?:\n```json\n(.*?)```)?", re.DOTALL)


def _run(command: str, served: Served, match_id: str) -> str:
    command = command.replace("http://127.0.0.1:8000", served.address).replace("MATCH_ID", match_id)
    done = subprocess.run(
        ["bash", "-c", command.replace("curl -s", "curl -s --fail-with-body")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def _holds(given: Any, shown: Any) -> bool:
    """Whether an answer has what the document shows of it."""
    if isinstance(shown, dict):
        return all(name in given and _holds(given[name], value) for name, value in shown.items())
    if isinstance(shown, list):
        return len(given) == len(shown) and all(map(_holds, given, shown))
    return bool(given == shown)


def test_each_example_is_answered_as_the_document_shows(tmp_path: Path) -> None:
    served = Served(f"sqlite:///{tmp_path}/souk.db", tmp_path)
    served.wait_until_ready()
    match_id, run = "", 0
    for command, shown in _BLOCK.findall(DOCUMENT.read_text(encoding="utf-8")):
        if not command.startswith(("curl", "printf")):
            continue
        if "/v1/match" in command:
            wait_until(lambda: httpx.get(f"{served.address}/readyz").json()["suppliers"] == 3)
        answer = _run(command, served, match_id)
        if "match_id" in answer:
            found = json.loads(answer)
            match_id = found["match_id"] if found["matches"][0]["supplier"]["id"] == "S-1" else match_id
        assert not shown or _holds(json.loads(answer), json.loads(shown)), (command, answer)
        run += 1
    served.close()
    assert run == DOCUMENT.read_text(encoding="utf-8").count("```sh") - 1
