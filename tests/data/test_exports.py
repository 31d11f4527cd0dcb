from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest

from data.exports import neutralised, ranking_rows, write_rankings
from matching.errors import InvalidInput
from matching.matcher import Matcher, Ranking
from matching.profiles import BuyerRequest


@pytest.fixture
def ranking(matcher: Matcher) -> Ranking:
    return matcher.match(BuyerRequest(id="R1", text="=argan oil", language="en"), top=2)


def _expected(ranking: Ranking) -> list[list[str]]:
    return [[str(neutralised(value) or "") for value in row.values()] for row in ranking_rows(ranking)]


def test_rows_carry_place_supplier_chance_and_reasons(ranking: Ranking) -> None:
    row = next(ranking_rows(ranking))
    assert (row["request_id"], row["rank"], row["supplier_id"], row["country"]) == ("R1", 1, "S1", "MA")
    assert row["reasons"].startswith("Tamount: “argan oil”")


def test_a_workbook_holds_a_row_a_match(ranking: Ranking, tmp_path: Path) -> None:
    assert write_rankings([ranking], tmp_path / "matches.xlsx") == 2
    cells = list(openpyxl.load_workbook(tmp_path / "matches.xlsx").active.iter_rows(values_only=True))
    assert list(cells[0]) == list(next(ranking_rows(ranking)))
    assert [[str(value or "") for value in row] for row in cells[1:]] == _expected(ranking)


def test_a_csv_opens_in_a_spreadsheet_program(ranking: Ranking, tmp_path: Path) -> None:
    write_rankings([ranking], tmp_path / "matches.csv")
    content = (tmp_path / "matches.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(content.decode("utf-8-sig").splitlines()))[1:] == _expected(ranking)


def test_json_lines_keep_values_as_they_are(ranking: Ranking, tmp_path: Path) -> None:
    write_rankings([ranking], tmp_path / "matches.jsonl")
    lines = (tmp_path / "matches.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == list(ranking_rows(ranking))


@pytest.mark.parametrize("cell", ["=1+1", "+31", "-a", "@sum", "\tx"])
def test_cells_that_a_spreadsheet_would_run_are_made_text(cell: str) -> None:
    assert neutralised(cell) == f"'{cell}"


def test_numbers_and_plain_text_stay_as_they_are() -> None:
    assert [neutralised(value) for value in (-1.5, None, "argan")] == [-1.5, None, "argan"]


def test_another_kind_of_file_is_refused(ranking: Ranking, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"cannot write \.pdf, expected \.xlsx, \.csv, \.jsonl"):
        write_rankings([ranking], tmp_path / "matches.pdf")
