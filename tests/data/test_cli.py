from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from data.cli import commands
from matching.draw import draw_suppliers
from matching.errors import InvalidInput, ModelMissing, UnreadableFile


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


ASKED = "500 litres argan oil to Germany, Ecocert"


@pytest.fixture
def own_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOUK_DATABASE_URL", f"sqlite:///{tmp_path}/souk.db")
    monkeypatch.setenv("SOUK_INDEX_PATH", str(tmp_path / "suppliers.index"))


@pytest.mark.usefixtures("own_store")
def test_a_match_tells_what_was_read_and_leaves_out_what_is_not_asked() -> None:
    output = run("match", ASKED, "--top", "1", "--language", "fr", "--not-asked", "delivery_country")
    assert "- quantité: 500 litres" in output
    assert "pays de livraison" not in output
    rows = [json.loads(line) for line in run("match", ASKED, "--top", "1", "--json").splitlines()]
    assert {(need["kind"], need["words"], need["standing"]) for need in rows[0]["needs"]} >= {
        ("quantity", "500 litres", "counts"),
        ("delivery_country", "Germany", "counts"),
    }


def test_what_is_not_asked_must_be_a_constraint_of_a_text() -> None:
    with pytest.raises(InvalidInput, match="--not-asked is 'colour', expected one of delivery_country"):
        run("match", ASKED, "--not-asked", "colour")
    with pytest.raises(InvalidInput, match="column not_asked"):
        run("match", "--requests", "requests.csv", "--not-asked", "quantity")


def _answer_of_a_draw(file: Path, **altered: Any) -> Path:
    made = draw_suppliers(
        "kilim", ["S1", "S2", "S3"], np.array([0.9, 0.8, 0.7]), np.zeros(3), k=2, seed=5, threshold=0.5
    )
    file.write_text(json.dumps({"match_id": "m", "draw": {**made.model_dump(), **altered}}), encoding="utf-8")
    return file


def test_a_draw_is_replayed_from_its_answer(tmp_path: Path) -> None:
    output = run("replay", str(_answer_of_a_draw(tmp_path / "draw.json")))
    assert "the draw of 2 among 3 with the seed 5 is as stated" in output


def test_a_draw_that_states_what_cannot_be_is_told_by_exit_code_1(tmp_path: Path) -> None:
    result = CliRunner().invoke(commands, ["replay", str(_answer_of_a_draw(tmp_path / "draw.json", k=1))])
    assert result.exit_code == 1
    assert "is as stated" not in result.output


@pytest.mark.parametrize("content", ["{}", "[]", "nothing", '{"draw": {"seed": -1}}'])
def test_a_file_that_is_no_answer_of_a_draw_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "draw.json").write_text(content, encoding="utf-8")
    with pytest.raises(UnreadableFile, match=r"draw\.json: no answer of a draw"):
        CliRunner().invoke(commands, ["replay", str(tmp_path / "draw.json")], catch_exceptions=False)


def test_the_statement_is_written_in_the_form_that_the_file_is_named_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SOUK_DATABASE_URL", f"sqlite:///{tmp_path}/souk.db")
    assert run("statement").startswith("# How suppliers are ranked\n")
    run("statement", "--out", str(tmp_path / "statement.html"), "--language", "ar")
    assert '<html lang="ar" dir="rtl">' in (tmp_path / "statement.html").read_text(encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"expected a name that ends in \.md or \.html"):
        CliRunner().invoke(commands, ["statement", "--out", "statement.pdf"], catch_exceptions=False)


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
