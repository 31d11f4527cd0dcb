"""Rankings written as spreadsheets or JSON Lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

from matching.errors import InvalidInput
from matching.matcher import Match, Ranking
from matching.stated_needs import standing_of, words_of

Row = dict[str, Any]
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def ranking_rows(ranking: Ranking) -> Iterator[Row]:
    """One flat row per match."""
    for match in ranking.matches:
        yield {
            "request_id": ranking.request.id,
            "request": ranking.request.text,
            "rank": match.rank,
            "supplier_id": match.supplier.id,
            "supplier": match.supplier.name,
            "country": match.supplier.country,
            "score": round(match.score, 4),
            "probability": round(match.probability, 4),
            "reasons": _reasons(match),
        }


def need_rows(ranking: Ranking) -> list[Row]:
    """What was read from the request or stated by its form, as the HTTP answer has it."""
    return [
        {
            "kind": need.kind,
            "value": to_jsonable_python(need.value),
            "words": words_of(need, ranking.request.text) or None,
            "start": need.start,
            "end": need.end,
            "confidence": need.confidence,
            "source": need.source,
            "standing": standing_of(need, ranking.needs),
        }
        for need in ranking.needs.found
    ]


def write_rankings(rankings: Iterable[Ranking], path: Path) -> int:
    """Write rankings as .xlsx, .csv or .jsonl, by the suffix of `path`; returns the number of rows.

    Raises InvalidInput for another suffix, before anything is computed.
    """
    writer = writer_for(path)
    rows = [row for ranking in rankings for row in ranking_rows(ranking)]
    writer(rows, path)
    return len(rows)


def writer_for(path: Path) -> Callable[[list[Row], Path], None]:
    """The writer of a suffix; InvalidInput where there is none."""
    try:
        return _WRITERS[path.suffix.lower()]
    except KeyError:
        known = ", ".join(_WRITERS)
        raise InvalidInput(f"{path}: cannot write {path.suffix or 'a file without suffix'}, expected {known}") from None


def neutralised(value: Any) -> Any:
    """A cell that a spreadsheet program would run as a formula, made plain text by a leading apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def write_workbook(sheets: Mapping[str, list[Row]], path: Path) -> None:
    """Write a .xlsx file of sheets by name, each headed by the names of its rows' fields."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for cells in _cells(rows):
            sheet.append(cells)
    book.save(path)


def _reasons(match: Match) -> str:
    return " ".join(match.explanation.sentences) if match.explanation else ""


def _write_excel(rows: list[Row], path: Path) -> None:
    write_workbook({"matches": rows}, path)


def _write_csv(rows: list[Row], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows(_cells(rows))


def _write_json_lines(rows: list[Row], path: Path) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _cells(rows: list[Row]) -> Iterator[list[Any]]:
    if rows:
        yield list(rows[0])
    for row in rows:
        yield [neutralised(value) for value in row.values()]


_WRITERS: dict[str, Callable[[list[Row], Path], None]] = {
    ".xlsx": _write_excel,
    ".csv": _write_csv,
    ".jsonl": _write_json_lines,
}
