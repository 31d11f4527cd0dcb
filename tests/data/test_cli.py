from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data.cli import commands
from matching.errors import ModelMissing


def run(*arguments: str) -> str:
    result = CliRunner().invoke(commands, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_headings_of_a_text_are_printed_with_names_in_the_language_asked_for() -> None:
    output = run("hs", "huile d'argan", "--language", "en", "--top", "3")
    assert "1515" in output
    assert "%" in output


def test_headings_are_printed_as_json_lines() -> None:
    rows = [json.loads(line) for line in run("hs", "huile d'argan", "--json", "--top", "2").splitlines()]
    assert rows[0]["heading"] == "1515"
    assert [set(row) for row in rows] == [{"heading", "name", "probability"}] * 2
    assert rows[0]["probability"] >= rows[1]["probability"]


def test_a_missing_model_of_headings_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOUK_HEADINGS_PATH", str(tmp_path))
    with pytest.raises(ModelMissing, match="no model of headings there"):
        CliRunner().invoke(commands, ["hs", "kilim"], catch_exceptions=False)


def test_advice_is_printed_in_the_language_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOUK_DATABASE_URL", f"sqlite:///{tmp_path}/souk.db")
    monkeypatch.setenv("SOUK_INDEX_PATH", str(tmp_path / "suppliers.index"))
    asked = tmp_path / "requests.jsonl"
    asked.write_text('{"id": "R1", "text": "huile argan pour Berlin, 200 kg"}\n', encoding="utf-8")
    output = run("advise", "S0004", "--requests", str(asked), "--first", "3", "--language", "fr")
    assert "of 1 requests" in output
    assert "Votre profil n'indique pas : " in output


def test_near_duplicates_are_listed_in_groups(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOUK_DATABASE_URL", f"sqlite:///{tmp_path}/souk.db")
    monkeypatch.setenv("SOUK_INDEX_PATH", str(tmp_path / "suppliers.index"))
    firms = [
        {"id": "S1", "name": "Atlas Rugs"},
        {"id": "S2", "name": "Tamounte"},
        {"id": "S3", "name": "Atlas rugs SARL"},
    ]
    (tmp_path / "firms.jsonl").write_text("\n".join(map(json.dumps, firms)), encoding="utf-8")
    run("import", str(tmp_path / "firms.jsonl"))
    assert "groups of near-duplicates: 1, among 3 suppliers" in run("duplicates")
    assert [json.loads(line) for line in run("duplicates", "--json").splitlines()] == [["S1", "S3"]]
