from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from data.market_cli import commands
from matching.errors import InvalidInput
from matching.market_lists import Way

SUPPLIERS = [
    {"id": "S1", "name": "=Tamount", "country": "MA", "products": [{"name": "argan oil"}]},
    {"id": "S2", "name": "Arganor", "country": "MA", "products": [{"name": "cosmetic argan oil"}]},
    {"id": "S3", "name": "Atlas Rugs", "country": "TR", "products": [{"name": "wool rugs"}]},
]
REQUESTS = [
    {"id": "R1", "buyer": "Lindtal", "text": "Arganöl, 200 kg"},
    {"id": "R2", "buyer": "Haus & Herd", "text": "Teppiche aus Wolle"},
]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    paths = {"suppliers": tmp_path / "suppliers.jsonl", "requests": tmp_path / "requests.jsonl"}
    for path, records in zip(paths.values(), (SUPPLIERS, REQUESTS), strict=True):
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return {**paths, "out": tmp_path / "lists.xlsx"}


def run(files: dict[str, Path], *more: str) -> str:
    arguments = [part for name, path in files.items() for part in (f"--{name}", str(path))]
    result = CliRunner().invoke(commands, [*arguments, *more], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def rows_of(path: Path, sheet: str) -> list[dict[str, object]]:
    heading, *cells = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    return [dict(zip(map(str, heading), row, strict=True)) for row in cells]


def test_a_workbook_has_a_list_for_each_buyer_and_each_supplier_and_the_price(files: dict[str, Path]) -> None:
    output = run(files, "--way", "nash", "--top", "2")
    assert "nash lists of 2 buyers and 3 suppliers" in output.replace("\n", " ")
    buyers, suppliers = rows_of(files["out"], "Buyers"), rows_of(files["out"], "Suppliers")
    assert [(row["request_id"], row["rank"]) for row in buyers] == [("R1", 1), ("R1", 2), ("R2", 1), ("R2", 2)]
    assert {row["supplier_id"] for row in buyers[:2]} == {"S1", "S2"}
    assert buyers[2]["supplier_id"] == "S3"
    assert [(row["supplier_id"], row["rank"]) for row in suppliers[:2]] == [("S1", 1), ("S1", 2)]
    assert [row["request_id"] for row in suppliers if row["rank"] == 1] == ["R1", "R1", "R2"]


def test_the_price_of_every_way_is_printed_and_written(files: dict[str, Path]) -> None:
    output = run(files)
    prices = rows_of(files["out"], "Price")
    assert [row["way"] for row in prices] == list(Way)
    for row in prices:
        assert str(row["matches"]) in output
    assert [name for name in prices[0] if name.startswith("suppliers_")] == [
        "suppliers_envy",
        "suppliers_half",
        "suppliers_gini",
    ]


def test_the_first_places_expected_match_is_the_mutual_chance_times_how_far_lists_are_read(
    files: dict[str, Path],
) -> None:
    run(files, "--way", "product")
    first = next(row for row in rows_of(files["out"], "Buyers") if (row["request_id"], row["rank"]) == ("R2", 1))
    assert first["expected_match"] == pytest.approx(first["mutual_chance"], abs=1e-4)


def test_a_cell_that_would_run_as_a_formula_is_made_plain_text(files: dict[str, Path]) -> None:
    run(files)
    names = {row["supplier"] for row in rows_of(files["out"], "Suppliers")}
    assert names == {"'=Tamount", "Arganor", "Atlas Rugs"}


def test_another_kind_of_file_is_refused_before_anything_is_computed(files: dict[str, Path]) -> None:
    with pytest.raises(InvalidInput, match=r"cannot write \.csv, expected \.xlsx"):
        run({**files, "out": files["out"].with_suffix(".csv")})


def test_lists_need_a_supplier_and_a_request(files: dict[str, Path]) -> None:
    files["requests"].write_text("", encoding="utf-8")
    with pytest.raises(InvalidInput):
        run(files)
