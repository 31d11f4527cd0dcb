"""Spreadsheets and files of records read into checked profiles, with a report of every row refused.

CSV and TSV (any common delimiter and encoding), Excel .xlsx, JSON Lines and Parquet, told apart by their content. A
fault in a row costs that row alone; a file of which nothing can be read raises UnreadableFile.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import json
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from data.cells import is_blank, read_cell, split_names
from data.columns import (
    EXPECTED,
    MEASURED,
    PRODUCT_COLUMNS,
    REQUEST_COLUMNS,
    SUPPLIER_COLUMNS,
    Column,
    Heading,
    Kind,
    heading_key,
    place_headings,
)
from matching.errors import InvalidInput, UnreadableFile
from matching.profiles import BuyerRequest, Constraints, Supplier

Source = Path | tuple[str, bytes]
T = TypeVar("T", bound=BaseModel)
Cells = dict[str, tuple[Heading, Any]]

MAX_FILE_BYTES = 256 * 2**20
MAX_UNPACKED_BYTES = 512 * 2**20
MAX_ROWS = 2_000_000
MAX_CELLS = 50_000_000
MAX_BROKEN_ROWS = 100

_DELIMITERS = (",", ";", "\t", "|")
_JSON_SUFFIXES = frozenset({".json", ".jsonl", ".ndjson"})
_FIRST_ROWS = 50
_SHOWN_CHARACTERS = 80
_UNNAMED = "unnamed"
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_UNIT_COLUMNS = {
    "moq": "moq_unit", "capacity_month": "capacity_unit", "quantity": "quantity_unit", "price": "price_unit",
    "price_min": "price_unit", "price_max": "price_unit", "max_price": "price_unit",
}  # fmt: skip
_FAULTS = {
    "missing": "a value", "extra_forbidden": "no such field", "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less", "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} character", "too_long": "at most {max_length} of them",
    "model_type": "an object of named fields", "finite_number": "a finite number", "enum": "{expected}",
}  # fmt: skip


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
class Loaded(Generic[T]):
    """What a file gave. rows_read counts rows that hold anything, refused ones too; unknown_columns were not read."""

    profiles: tuple[T, ...]
    refused: tuple[RefusedRow, ...]
    unknown_columns: tuple[str, ...]
    rows_read: int


def read_suppliers(source: Source, *, mapping: Mapping[str, str] | None = None) -> Loaded[Supplier]:
    """Suppliers of a file, or of an upload as (name, bytes), in the order of their first rows.

    mapping {heading in the file: column name} wins over the known headings. Rows with one id, or with no id and one
    name and country, are one supplier: the first value of each field stays, lists and products are joined. Without
    an id, one is made from name and country, the same at each import.
    Raises UnreadableFile where no row can be read, InvalidInput where the mapping names an unknown column.
    """
    table = _read(source, _Layout(SUPPLIER_COLUMNS, "name", mapping or {}))
    found: dict[str, Supplier] = {}
    refused = list(table.refused)
    for row in table.rows:
        faults = _Faults(table.file, row.number)
        supplier = _supplier(row, table, found, faults)
        if supplier is not None:
            found[supplier.id] = _joined(found.get(supplier.id), supplier, faults)
        refused += faults.found
    return _loaded(tuple(found.values()), refused, table)


def read_requests(source: Source, *, mapping: Mapping[str, str] | None = None) -> Loaded[BuyerRequest]:
    """Buyers' requests of a file or an upload, one a row; as for `read_suppliers`, but rows are never joined.

    The later row of two with one id is refused; a request without an id stays so.
    """
    table = _read(source, _Layout(REQUEST_COLUMNS, "text", mapping or {}))
    found: list[BuyerRequest] = []
    ids: set[str] = set()
    refused = list(table.refused)
    for row in table.rows:
        faults = _Faults(table.file, row.number)
        request = _request(row, table, faults)
        if request is not None and request.id in ids:
            faults.add("id", request.id, "an id that no earlier row has")
        elif request is not None:
            found.append(request)
            ids |= {request.id} if request.id else set()
        refused += faults.found
    return _loaded(tuple(found), refused, table)


@dataclass(frozen=True)
class _Layout:
    columns: tuple[Column, ...]
    needed: str
    mapping: Mapping[str, str]

    def place(self, headings: Sequence[str]) -> tuple[Heading | None, ...]:
        return place_headings(headings, self.columns, self.mapping)

    def has_needed(self, placed: Iterable[Heading | None]) -> bool:
        return any(heading is not None and heading.column.name == self.needed for heading in placed)


@dataclass(frozen=True)
class _Row:
    number: int
    cells: Mapping[int, Any]


@dataclass(frozen=True)
class _Table:
    """Rows as found. cells are by position of their heading; exact where texts are to be taken to the letter."""

    file: str
    headings: tuple[str, ...]
    placed: tuple[Heading | None, ...]
    rows: tuple[_Row, ...]
    refused: tuple[RefusedRow, ...]
    exact: bool = False

    def unknown(self) -> tuple[str, ...]:
        used = {position for row in self.rows for position in row.cells}
        unread = (position for position, heading in enumerate(self.placed) if heading is None)
        return tuple(
            _shown(self.headings[position]) or f"column {position + 1}"
            for position in unread
            if self.headings[position] or position in used
        )


@dataclass
class _Faults:
    file: str
    row: int
    found: list[RefusedRow] = field(default_factory=list)

    def add(self, column: str, value: object, expected: str) -> None:
        fault = RefusedRow(self.row, column, _shown(value), expected, self.file)
        if fault not in self.found:
            self.found.append(fault)

    def read(self, column: Column, value: object, unit: str | None = None, currency: str | None = None) -> Any:
        """The cell's value, or None and a fault where it cannot be read."""
        try:
            return read_cell(column.kind, value, unit=unit, currency=currency)
        except ValueError:
            self.add(column.name, value, EXPECTED[column.kind])
            return None

    def check(self, model: type[T], fields: Mapping[str, Any], *, flat: bool = True) -> T | None:
        """The profile that the fields make; None where this row has any fault, each of them noted."""
        for name, value in fields.items():
            if _holds_truth(value):
                self.add(name, value, "neither true nor false")
        try:
            profile = model.model_validate(fields)
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                place = fault["loc"][2:] if flat and fault["loc"][:1] == ("products",) else ()
                column = ".".join(map(str, place or fault["loc"])) or "row"
                self.add(column, "" if fault["type"] == "missing" else fault["input"], _expected(fault))
            return None
        return None if self.found else profile


def _shown(value: object) -> str:
    text = str(value).encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"


def _expected(fault: Any) -> str:
    """What would do, in words, of one of pydantic's errors."""
    if fault["type"] in _FAULTS:
        return _FAULTS[fault["type"]].format(**fault.get("ctx", {}))
    message: str = fault["msg"]
    return message.partition("expected ")[2] or message.removeprefix("Input should be ")


def _loaded(profiles: tuple[T, ...], refused: Sequence[RefusedRow], table: _Table) -> Loaded[T]:
    in_order = tuple(sorted(refused, key=lambda fault: fault.row))
    return Loaded(profiles, in_order, table.unknown(), len(table.rows) + len({fault.row for fault in table.refused}))


# From a row to a profile


def _supplier(row: _Row, table: _Table, found: Mapping[str, Supplier], faults: _Faults) -> Supplier | None:
    cells = _placed_cells(row, table)
    fields = {heading.column.name: value for heading, value in cells}
    supplier = _as_written(Supplier, {"id": _UNNAMED, **fields}) if table.exact and len(fields) == len(cells) else None
    if supplier is None:
        fields = _simple_fields(cells, faults)
        if products := _products(cells, table.placed, faults):
            fields["products"] = products
        if known := found.get(str(fields.get("id"))):
            fields.setdefault("name", known.name)
        supplier = faults.check(Supplier, {"id": _UNNAMED, **fields}, flat=not table.exact)
    if supplier is None or "id" in fields:
        return supplier
    return supplier.model_copy(update={"id": _made_id(supplier)})


def _request(row: _Row, table: _Table, faults: _Faults) -> BuyerRequest | None:
    cells = _placed_cells(row, table)
    by_name = {heading.column.name: (heading, value) for heading, value in cells}
    if table.exact and (exact := _as_written(BuyerRequest, {name: value for name, (_, value) in by_name.items()})):
        return exact
    fields = _simple_fields(cells, faults)
    fields |= {
        name: _measured(name, by_name, faults) for name, cell in by_name.items() if cell[0].column.kind in MEASURED
    }
    nested = fields.get("constraints") or {}
    if not isinstance(nested, dict):
        faults.add("constraints", nested, EXPECTED[Kind.NESTED])
        return None
    if isinstance(price := fields.get("max_price"), dict) and "max" in price:
        fields["max_price"] = {"value": price["max"], "currency": price["currency"], "unit": price["unit"]}
    stated = {name: fields[name] for name in Constraints.model_fields if fields.get(name) is not None}
    top = {name: fields[name] for name in BuyerRequest.model_fields if name in fields}
    return faults.check(BuyerRequest, {**top, "constraints": {**nested, **stated}}, flat=not table.exact)


def _placed_cells(row: _Row, table: _Table) -> list[tuple[Heading, Any]]:
    placed = ((table.placed[position], value) for position, value in row.cells.items())
    return [(heading, value) for heading, value in placed if heading is not None and value is not None]


def _as_written(model: type[T], fields: Mapping[str, Any]) -> T | None:
    """A record that already is a profile, its texts to the letter: a city "-" stays a city."""
    try:
        return None if _holds_truth(fields) else model.model_validate(fields)
    except ValidationError:
        return None


def _holds_truth(value: object) -> bool:
    """Whether true or false is anywhere within: no field of a profile takes it, though it would pass for 1 or 0."""
    if isinstance(value, Mapping):
        return any(map(_holds_truth, value.values()))
    return any(map(_holds_truth, value)) if isinstance(value, (list, tuple)) else isinstance(value, bool)


def _simple_fields(cells: list[tuple[Heading, Any]], faults: _Faults) -> dict[str, Any]:
    """Fields that one cell gives by itself: no product's, none with a unit."""
    fields: dict[str, Any] = {}
    for heading, value in cells:
        column = heading.column
        if column in PRODUCT_COLUMNS or column.kind in MEASURED or (read := faults.read(column, value)) is None:
            continue
        if column.kind is Kind.CERTIFICATE:
            fields["certifications"] = _union(fields.get("certifications", ()), [column.name] if read else [])
        elif isinstance(read, list) and isinstance(fields.get(column.name), list):
            fields[column.name] = _union(fields[column.name], read)
        else:
            fields[column.name] = read
    return fields


def _products(cells: list[tuple[Heading, Any]], placed: Iterable[Heading | None], faults: _Faults) -> list[Any]:
    """Products of a row: of its one unnumbered slot, or of "Product 1", "Product 2" with what they share."""
    slots: dict[int, Cells] = {}
    for heading, value in cells:
        if heading.column in PRODUCT_COLUMNS and not is_blank(value):
            slots.setdefault(heading.slot, {})[heading.column.name] = (heading, value)
    numbered = {heading.column.name for heading in placed if heading and heading.slot} | {"products"}
    shared = {name: cell for name, cell in slots.get(0, {}).items() if name not in numbered}
    named = [slot for slot, found in sorted(slots.items()) if "products" in found]
    for slot, found in slots.items():
        stated = [name for name, (heading, _) in found.items() if heading.column.kind not in (Kind.TEXT, Kind.CURRENCY)]
        if slot not in named and stated and not (slot == 0 and named and not set(found) & numbered):
            faults.add("products", "", f"a product's name, as {stated[0]} is given")
    return [product for slot in named for product in _of_slot({**shared, **slots[slot]}, faults)]


def _of_slot(cells: Cells, faults: _Faults) -> list[Any]:
    names = faults.read(*_column_and_value(cells["products"]))
    if not isinstance(names, list) or any(not isinstance(name, str) for name in names):
        return names if isinstance(names, list) else [names]
    details = {name: cell for name, cell in cells.items() if name != "products"}
    return [
        _product(name, one, faults) for name, one in zip(names, _shared_out(details, len(names), faults), strict=True)
    ]


def _column_and_value(cell: tuple[Heading, Any]) -> tuple[Column, Any]:
    return cell[0].column, cell[1]


def _shared_out(details: Cells, products: int, faults: _Faults) -> list[Cells]:
    """Details of each product of a cell that lists several: one value for all, or as many values as products."""
    shares: list[Cells] = [{} for _ in range(products)]
    for name, (heading, value) in details.items():
        parts = split_names(value) if isinstance(value, str) and products > 1 else [value]
        if len(parts) not in (1, products):
            faults.add(name, value, f"one value for all {products} products, or {products} values separated by ;")
            continue
        for share, part in zip(shares, parts * (products // len(parts)), strict=True):
            share[name] = (heading, part)
    return shares


def _product(name: str, cells: Cells, faults: _Faults) -> dict[str, Any]:
    fields = {column: _measured(column, cells, faults) for column in cells}
    product = {column: fields.get(column) for column in ("hs", "moq", "capacity_month", "lead_time_days")}
    price = _price_range(fields.get("price"), fields.get("price_min"), fields.get("price_max"), faults)
    return {"name": name, **product, "price": price}


def _measured(name: str, cells: Cells, faults: _Faults) -> Any:
    """A cell read with the nearest unit and currency: its own, else their column's, the heading's, the row's."""
    heading, value = cells[name]
    units = (_aside(cells, _UNIT_COLUMNS.get(name)), heading.unit, _aside(cells, "unit"))
    if heading.column.kind is Kind.DAYS:
        units = (heading.unit, None, None)
    currency = (_aside(cells, "currency") or heading.currency) if heading.column.kind is Kind.PRICE else None
    return faults.read(heading.column, value, next(filter(None, units), None), currency)


def _aside(cells: Cells, name: str | None) -> str | None:
    value = cells[name][1] if name in cells else None
    return str(value) if isinstance(value, str) and not is_blank(value) else None


def _price_range(price: Any, low: Any, high: Any, faults: _Faults) -> Any:
    given = [one for one in (low, price, high) if one]
    if len(given) < 2 or not all(isinstance(one, dict) for one in given):
        return given[0] if given else None
    currencies = {one["currency"] for one in given}
    units = {one["unit"] for one in given if one["unit"]}
    least, most = min(one["min"] for one in given), max(one["max"] for one in given)
    if len(currencies) > 1 or len(units) > 1 or (low and low["min"] > least) or (high and high["max"] < most):
        faults.add(
            "price_min", f"{given[0]['min']:g}", f"at most price_max {given[-1]['max']:g}, in one currency and unit"
        )
        return None
    return {"min": least, "max": most, "currency": currencies.pop(), "unit": next(iter(units), None)}


def _made_id(supplier: Supplier) -> str:
    key = f"{heading_key(supplier.name) or supplier.name}\n{supplier.country or ''}"
    return f"S-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def _joined(known: Supplier | None, new: Supplier, faults: _Faults) -> Supplier:
    """A supplier with a further row of its own; the known one unchanged where that row is another company's."""
    if known is None:
        return new
    if (heading_key(known.name) or known.name) != (heading_key(new.name) or new.name):
        faults.add("id", new.id, f"an id of {new.name} alone, as an earlier row gives it to {known.name}")
        return known
    pairs = ((name, getattr(known, name), getattr(new, name)) for name in Supplier.model_fields)
    fields = {name: _union(old, one) if isinstance(old, tuple) else old or one for name, old, one in pairs}
    return faults.check(Supplier, fields) or known


def _union(first: Sequence[Any], second: Sequence[Any]) -> list[Any]:
    return [*first, *(value for value in second if value not in first)]


# From a file to rows


def _read(source: Source, layout: _Layout) -> _Table:
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
    text = _decoded(content)
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


def _decoded(content: bytes) -> str:
    """Text by byte order mark, else as UTF-8, else as what its bytes look like."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    if wide := _wide_encoding(content):
        return content.decode(wide, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("utf-8", "replace")
    broken, other = text.count("\ufffd"), sum(not character.isascii() for character in text)
    return text if broken * 10 < other else content.decode(_legacy_encoding(content), "replace")


def _wide_encoding(content: bytes) -> str | None:
    """UTF-16 without a mark: commas, spaces and digits put NUL bytes at one parity only."""
    even, odd = content[::2].count(0), content[1::2].count(0)
    if max(even, odd) * 20 < len(content) or min(even, odd) * 20 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _legacy_encoding(content: bytes) -> str:
    """Western, Turkish, Arabic or Chinese, by how bytes above 127 follow one another.

    Western words hold single accented letters, Arabic and Chinese words run on in such bytes.
    """
    accented = _bytes_in(rb"[\x80-\xff]+", content)
    if (
        _bytes_in(rb"[\xc0-\xff]{3,}", content) * 20 <= accented
        and _bytes_in(rb"[\x80-\xff]{3,}", content) * 2 <= accented
    ):
        return "cp1254" if re.search("[ðýþÝÞÐ]", content.decode("cp1252", "replace")) else "cp1252"
    return "gb18030" if _is_chinese(content) else "cp1256"


def _bytes_in(runs: bytes, content: bytes) -> int:
    return sum(map(len, re.findall(runs, content)))


def _is_chinese(content: bytes) -> bool:
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return False
    ideographs = sum("\u4e00" <= character <= "\u9fff" for character in text)
    if ideographs * 10 < 8 * sum(not character.isascii() for character in text):
        return False
    from charset_normalizer import from_bytes  # slow to import, seldom needed

    best = from_bytes(content[:65_536], cp_isolation=["cp1252", "cp1256", "gb18030"]).best()
    return best is not None and best.encoding == "gb18030"


def _under_header(
    file: str, records: Iterator[tuple[int, Sequence[Any]]], layout: _Layout, *, strict: bool
) -> _Table | None:
    """The table below the best row of headings among the first rows; None where none has the needed column."""
    first = list(islice(records, _FIRST_ROWS))
    at, placed = _best_header([cells for _, cells in first], layout)
    if not layout.has_needed(placed):
        return None
    headings = [_heading(cell) for cell in first[at][1]]
    rows: list[_Row] = []
    refused: list[RefusedRow] = []
    for number, values in chain(first[at + 1 :], records):
        cells = {position: value for position, value in enumerate(values) if value is not None and str(value).strip()}
        if fault := _layout_fault(cells, headings if strict else None):
            refused.append(RefusedRow(number, *fault, file))
        elif cells:
            headings += [""] * (max(cells) + 1 - len(headings))
            rows.append(_Row(number, cells))
    placed = (*placed, *[None] * (len(headings) - len(placed)))
    return _Table(file, tuple(headings), placed, _known_countries(rows, placed), tuple(refused))


def _best_header(rows: Sequence[Sequence[Any]], layout: _Layout) -> tuple[int, tuple[Heading | None, ...]]:
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
            return name or "row", _shown(value), "a text without NUL characters"
    if headings is not None and cells and max(cells) >= len(headings):
        return "row", f"{max(cells) + 1} cells", f"at most {len(headings)}, as many as headings"
    return None


def _known_countries(rows: list[_Row], placed: tuple[Heading | None, ...]) -> tuple[_Row, ...]:
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


def _no_heading(file: str, layout: _Layout, headings: Iterable[str]) -> UnreadableFile:
    found = ", ".join(repr(_shown(heading)) for heading in islice(filter(None, headings), 10)) or "none"
    names = next(column.names for column in layout.columns if column.name == layout.needed)
    return UnreadableFile(
        f"{file}: no column for {layout.needed}; headings found: {found}; expected one such as "
        f"{', '.join(map(repr, names[:4]))}, or a mapping of your heading to {layout.needed}"
    )


def _read_delimited(file: str, text: str, layout: _Layout) -> _Table:
    lines = list(io.StringIO(text, newline=""))
    delimiter = max(_DELIMITERS, key=lambda one: _fit(lines, one, layout))
    refused: list[RefusedRow] = []
    table = _under_header(file, _records(file, lines, delimiter, refused), layout, strict=True)
    if table is None:
        raise _no_heading(file, layout, map(_heading, next(csv.reader(lines[:1], delimiter=delimiter), [])))
    return replace(table, refused=(*refused, *table.refused))


def _fit(lines: list[str], delimiter: str, layout: _Layout) -> tuple[bool, int, int]:
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
        refused.append(RefusedRow(number, "row", _shown(lines[start - 1].strip()), expected, file))
    raise UnreadableFile(
        f"{file}: over {MAX_BROKEN_ROWS} rows cannot be told apart; expected each quote closed, and cells below "
        f"{csv.field_size_limit()} characters"
    )


def _read_excel(file: str, content: bytes, layout: _Layout) -> _Table:
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
        raise UnreadableFile(f"{file}: a damaged workbook ({_shown(error)}); open it and save it anew") from error
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


def _read_json_lines(file: str, text: str, layout: _Layout) -> _Table:
    numbered = ((number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip())
    records = [(number, line, _json(line)) for number, line in numbered]
    refused = tuple(
        RefusedRow(number, "line", _shown(line.strip()), "a JSON object", file)
        for number, line, record in records
        if not isinstance(record, dict)
    )
    whole = [(number, record) for number, _, record in records if isinstance(record, dict)]
    return replace(_of_records(file, whole, layout), refused=refused, exact=True)


def _read_parquet(file: str, content: bytes, layout: _Layout) -> _Table:
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
        raise UnreadableFile(f"{file}: a damaged Parquet file ({_shown(error)}); write it anew") from error
    return _of_records(file, records, layout)


def _of_records(file: str, records: list[tuple[int, dict[str, Any]]], layout: _Layout) -> _Table:
    at: dict[str, int] = {}
    rows = tuple(
        _Row(number, {at.setdefault(key, len(at)): value for key, value in record.items()})
        for number, record in records
    )
    placed = layout.place(tuple(at))
    if not layout.has_needed(placed):
        raise _no_heading(file, layout, at)
    return _Table(file, tuple(at), placed, rows, ())
