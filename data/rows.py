"""A file as rows under recognised headings: CSV, Excel, JSON Lines or Parquet, told apart by their content."""

from __future__ import annotations

import csv
import io
import json
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from data.columns import (
    Column,
    Heading,
    Kind,
    place_headings,
)
from data.encodings import decoded
from matching.errors import InvalidInput, UnreadableFile

Source = Path | tuple[str, bytes]

MAX_FILE_BYTES = 256 * 2**20
MAX_UNPACKED_BYTES = 512 * 2**20
MAX_ROWS = 2_000_000
MAX_CELLS = 50_000_000
MAX_BROKEN_ROWS = 100

_DELIMITERS = (",", ";", "\t", "|")
_JSON_SUFFIXES = frozenset({".json", ".jsonl", ".ndjson"})
_FIRST_ROWS = 50
_SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class RefusedRow:
    """One fault of one row. row is the number a user sees: the spreadsheet's, or the line of JSON Lines, from 1."""

    row: int
    column: str
    value: str
    expected: str
    file: str

    def __str__(self) -> str:
        return f"{self.file} row {self.row}: {self.column} is {self.value!r}, expected {self.expected}"


@dataclass(frozen=True)
class Layout:
    """The columns that a file may have, the one it must have, and the caller's own mapping of headings."""

    columns: tuple[Column, ...]
    needed: str
    mapping: Mapping[str, str]

    def place(self, headings: Sequence[str]) -> tuple[Heading | None, ...]:
        """The column of each heading, None where it is not known."""
        return place_headings(headings, self.columns, self.mapping)

    def has_needed(self, placed: Iterable[Heading | None]) -> bool:
        """Whether the column that must be there is among those placed."""
        return any(heading is not None and heading.column.name == self.needed for heading in placed)


@dataclass(frozen=True)
class Row:
    """Cells of one row by the position of their heading; number is the one a user sees in the file."""

    number: int
    cells: Mapping[int, Any]


@dataclass(frozen=True)
class Table:
    """Rows as found. cells are by position of their heading; exact where texts are to be taken to the letter."""

    file: str
    headings: tuple[str, ...]
    placed: tuple[Heading | None, ...]
    rows: tuple[Row, ...]
    refused: tuple[RefusedRow, ...]
    exact: bool = False

    def unknown(self) -> tuple[str, ...]:
        """Headings that were not recognised, and columns with cells but no heading."""
        used = {position for row in self.rows for position in row.cells}
        unread = (position for position, heading in enumerate(self.placed) if heading is None)
        return tuple(
            shown(self.headings[position]) or f"column {position + 1}"
            for position in unread
            if self.headings[position] or position in used
        )


def read_rows(source: Source, layout: Layout) -> Table:
    """Rows of a file, or of an upload as (name, bytes); UnreadableFile, saying why, where none can be read."""
    layout.place(())
    file, content = _content(source)
    if content.startswith(b"PK\x03\x04"):
        return _read_excel(file, content, layout)
    if content.startswith(b"PAR1"):
        return _read_parquet(file, content, layout)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableFile(
            f"{file}: an old .xls or a password-protected workbook; save it as .xlsx without a password"
        )
    text = decoded(content)
    if not text.strip("\ufeff\0 \t\r\n"):
        raise UnreadableFile(f"{file}: empty; expected a row of headings and rows below it")
    if _is_json_lines(file, text):
        return _read_json_lines(file, text, layout)
    return _read_delimited(file, text, layout)


def _content(source: Source) -> tuple[str, bytes]:
    if isinstance(source, tuple):
        file, content = source
    else:
        file, content = source.name, _file_bytes(source)
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableFile(f"{file}: {len(content)} bytes; expected {MAX_FILE_BYTES} at most, so split it")
    return file, content


def _file_bytes(path: Path) -> bytes:
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no such file"
        raise UnreadableFile(f"{path}: {found}; expected a CSV, Excel, JSON Lines or Parquet file")
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}; expected a file that may be read") from error


def shown(value: object) -> str:
    """A value as it is quoted in a report: text that can be encoded, cut to a line's length."""
    text = str(value).encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"


def _under_header(
    file: str, records: Iterator[tuple[int, Sequence[Any]]], layout: Layout, *, strict: bool
) -> Table | None:
    """The table below the best row of headings among the first rows; None where none has the needed column."""
    first = list(islice(records, _FIRST_ROWS))
    at, placed = _best_header([cells for _, cells in first], layout)
    if not layout.has_needed(placed):
        return None
    headings = [_heading(cell) for cell in first[at][1]]
    rows: list[Row] = []
    refused: list[RefusedRow] = []
    for number, values in chain(first[at + 1 :], records):
        cells = {position: value for position, value in enumerate(values) if value is not None and str(value).strip()}
        if fault := _layout_fault(cells, headings if strict else None):
            refused.append(RefusedRow(number, *fault, file))
        elif cells:
            headings += [""] * (max(cells) + 1 - len(headings))
            rows.append(Row(number, cells))
    placed = (*placed, *[None] * (len(headings) - len(placed)))
    return Table(file, tuple(headings), placed, _known_countries(rows, placed), tuple(refused))


def _best_header(rows: Sequence[Sequence[Any]], layout: Layout) -> tuple[int, tuple[Heading | None, ...]]:
    placed = [layout.place([_heading(cell) for cell in row]) for row in rows] or [()]
    at = max(range(len(placed)), key=lambda row: (layout.has_needed(placed[row]), _known(placed[row]), -row))
    return at, placed[at]


def _known(placed: Iterable[Heading | None]) -> int:
    return sum(heading is not None for heading in placed)


def _heading(cell: object) -> str:
    return re.sub(r"\s+", " ", "" if cell is None else str(cell)).strip("\ufeff \0")


def _layout_fault(cells: Mapping[int, Any], headings: Sequence[str] | None) -> tuple[str, str, str] | None:
    for position, value in cells.items():
        if isinstance(value, str) and "\0" in value:
            name = headings[position] if headings and position < len(headings) else ""
            return name or "row", shown(value), "a text without NUL characters"
    if headings is not None and cells and max(cells) >= len(headings):
        return "row", f"{max(cells) + 1} cells", f"at most {len(headings)}, as many as headings"
    return None


def _known_countries(rows: list[Row], placed: tuple[Heading | None, ...]) -> tuple[Row, ...]:
    """Rows in which NA and NC stay codes (Namibia, New Caledonia) only where the column is written in codes."""
    lookalikes = {"NA", "NC"}
    for position, heading in enumerate(placed):
        if heading is None or heading.column.kind is not Kind.COUNTRY:
            continue
        others = [text for row in rows if (text := str(row.cells.get(position, "")).strip()) and text not in lookalikes]
        if sum(bool(re.fullmatch("[A-Z]{2}", text)) for text in others) * 2 <= len(others):
            rows = [
                replace(row, cells={at: value for at, value in row.cells.items() if at != position})
                if row.cells.get(position) in lookalikes
                else row
                for row in rows
            ]
    return tuple(rows)


def _no_heading(file: str, layout: Layout, headings: Iterable[str]) -> UnreadableFile:
    found = ", ".join(repr(shown(heading)) for heading in islice(filter(None, headings), 10)) or "none"
    names = next(column.names for column in layout.columns if column.name == layout.needed)
    return UnreadableFile(
        f"{file}: no column for {layout.needed}; headings found: {found}; expected one such as "
        f"{', '.join(map(repr, names[:4]))}, or a mapping of your heading to {layout.needed}"
    )


def _read_delimited(file: str, text: str, layout: Layout) -> Table:
    lines = list(io.StringIO(text, newline=""))
    delimiter = max(_DELIMITERS, key=lambda one: _fit(lines, one, layout))
    refused: list[RefusedRow] = []
    table = _under_header(file, _records(file, lines, delimiter, refused), layout, strict=True)
    if table is None:
        raise _no_heading(file, layout, map(_heading, next(csv.reader(lines[:1], delimiter=delimiter), [])))
    return replace(table, refused=(*refused, *table.refused))


def _fit(lines: list[str], delimiter: str, layout: Layout) -> tuple[bool, int, int]:
    """How well a delimiter fits: the headings it lets us know, then how few rows are wider than the headings."""
    try:
        rows = list(islice(csv.reader(lines[: 4 * _FIRST_ROWS], delimiter=delimiter), _FIRST_ROWS))
    except csv.Error:
        return False, 0, 0
    at, placed = _best_header(rows, layout)
    return layout.has_needed(placed), _known(placed), -sum(len(row) > len(placed) for row in rows[at:])


def _records(
    file: str, lines: list[str], delimiter: str, refused: list[RefusedRow]
) -> Iterator[tuple[int, Sequence[str]]]:
    """Numbered records; a quote that is never closed costs its line alone, and reading goes on at the next."""
    number = start = 0
    for _ in range(MAX_BROKEN_ROWS):
        reader = csv.reader(islice(lines, start, None), delimiter=delimiter)
        done = 0
        try:
            for cells in reader:
                record = lines[start + done : start + reader.line_num]
                if len(record) > 1 and start + reader.line_num == len(lines) and "".join(record).count('"') % 2:
                    break
                number, done = number + 1, reader.line_num
                yield number, cells
            else:
                return
        except csv.Error:
            pass
        number, start = number + 1, start + done + 1
        expected = f"each quote closed, and cells below {csv.field_size_limit()} characters"
        refused.append(RefusedRow(number, "row", shown(lines[start - 1].strip()), expected, file))
    raise UnreadableFile(
        f"{file}: over {MAX_BROKEN_ROWS} rows cannot be told apart; expected each quote closed, and cells below "
        f"{csv.field_size_limit()} characters"
    )


def _read_excel(file: str, content: bytes, layout: Layout) -> Table:
    _check_archive(file, content)
    import openpyxl  # slow to import, and only Excel needs it

    first: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            for sheet in workbook.worksheets:
                if sheet.sheet_state == "visible":
                    table = _under_header(file, _sheet_rows(file, sheet), layout, strict=False)
                    if table is not None:
                        return table
                    first = first or [_heading(cell) for _, row in islice(_sheet_rows(file, sheet), 5) for cell in row]
    except InvalidInput:
        raise
    except Exception as error:  # damaged XML fails inside the parser in no one way
        raise UnreadableFile(f"{file}: a damaged workbook ({shown(error)}); open it and save it anew") from error
    raise _no_heading(file, layout, first)


def _check_archive(file: str, content: bytes) -> None:
    try:
        entries = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{file}: a damaged workbook ({error}); open it and save it anew") from error
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise UnreadableFile(f"{file}: unpacks to over {MAX_UNPACKED_BYTES} bytes; split it, or save it as CSV")
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableFile(f"{file}: protected by a password; save it without one")
    if not any(entry.filename == "xl/workbook.xml" for entry in entries):
        raise UnreadableFile(f"{file}: an archive but not an Excel workbook; save it as .xlsx or CSV")


def _sheet_rows(file: str, sheet: Any) -> Iterator[tuple[int, Sequence[Any]]]:
    """Numbered rows; what a sheet says of its own dimensions is often wrong, so it is not believed."""
    sheet.reset_dimensions()
    cells = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        cells += len(row)
        if number > MAX_ROWS or cells > MAX_CELLS:
            raise UnreadableFile(f"{file}: over {MAX_ROWS} rows or {MAX_CELLS} cells; split it, or save it as CSV")
        yield number, row


def _is_json_lines(file: str, text: str) -> bool:
    lines = (line for line in islice(text.split("\n", _FIRST_ROWS), _FIRST_ROWS) if line.strip())
    if Path(file).suffix.lower() in _JSON_SUFFIXES:
        if text.lstrip().startswith("["):
            raise UnreadableFile(f"{file}: a JSON list; expected JSON Lines, one object on each line")
        return any(line.lstrip().startswith("{") for line in lines)
    return isinstance(_json(next(lines, "")), dict)


def _json(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _read_json_lines(file: str, text: str, layout: Layout) -> Table:
    numbered = ((number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip())
    records = [(number, line, _json(line)) for number, line in numbered]
    refused = tuple(
        RefusedRow(number, "line", shown(line.strip()), "a JSON object", file)
        for number, line, record in records
        if not isinstance(record, dict)
    )
    whole = [(number, record) for number, _, record in records if isinstance(record, dict)]
    return replace(_of_records(file, whole, layout), refused=refused, exact=True)


def _read_parquet(file: str, content: bytes, layout: Layout) -> Table:
    import pyarrow.parquet  # slow to import, and only Parquet needs it

    try:
        parquet = pyarrow.parquet.ParquetFile(io.BytesIO(content))
        groups = (parquet.metadata.row_group(group) for group in range(parquet.num_row_groups))
        if parquet.metadata.num_rows > MAX_ROWS or sum(group.total_byte_size for group in groups) > MAX_UNPACKED_BYTES:
            raise UnreadableFile(f"{file}: over {MAX_ROWS} rows or {MAX_UNPACKED_BYTES} bytes unpacked; split it")
        batches = parquet.iter_batches(batch_size=1_024)
        records = list(enumerate((record for batch in batches for record in batch.to_pylist()), start=1))
    except InvalidInput:
        raise
    except Exception as error:  # a damaged file fails inside the reader in no one way
        raise UnreadableFile(f"{file}: a damaged Parquet file ({shown(error)}); write it anew") from error
    return _of_records(file, records, layout)


def _of_records(file: str, records: list[tuple[int, dict[str, Any]]], layout: Layout) -> Table:
    at: dict[str, int] = {}
    rows = tuple(
        Row(number, {at.setdefault(key, len(at)): value for key, value in record.items()}) for number, record in records
    )
    placed = layout.place(tuple(at))
    if not layout.has_needed(placed):
        raise _no_heading(file, layout, at)
    return Table(file, tuple(at), placed, rows, ())
