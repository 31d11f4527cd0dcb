"""Spreadsheets and files of records read into checked profiles, with a report of every row refused.

CSV and TSV (any common delimiter and encoding), Excel .xlsx, JSON Lines and Parquet, told apart by their content. A
fault in a row costs that row alone; a file of which nothing can be read raises UnreadableFile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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
)
from data.rows import Layout, RefusedRow, Row, Source, Table, read_rows, shown
from matching.profiles import BuyerRequest, Constraints, Supplier

T = TypeVar("T", bound=BaseModel)
Cells = dict[str, tuple[Heading, Any]]

_UNNAMED = "unnamed"
_PRODUCT_NAMES = frozenset(column.name for column in PRODUCT_COLUMNS)
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
    table = read_rows(source, Layout(SUPPLIER_COLUMNS, "name", mapping or {}))
    found: dict[str, Supplier] = {}
    refused = list(table.refused)
    for row in table.rows:
        faults = Faults(table.file, row.number)
        supplier = _supplier(row, table, found, faults)
        if supplier is not None:
            found[supplier.id] = _joined(found.get(supplier.id), supplier, faults)
        refused += faults.found
    return loaded_from(tuple(found.values()), refused, table)


def read_requests(source: Source, *, mapping: Mapping[str, str] | None = None) -> Loaded[BuyerRequest]:
    """Buyers' requests of a file or an upload, one a row; as for `read_suppliers`, but rows are never joined.

    The later row of two with one id is refused; a request without an id stays so.
    """
    table = read_rows(source, Layout(REQUEST_COLUMNS, "text", mapping or {}))
    found: list[BuyerRequest] = []
    ids: set[str] = set()
    refused = list(table.refused)
    for row in table.rows:
        faults = Faults(table.file, row.number)
        request = _request(row, table, faults)
        if request is not None and request.id in ids:
            faults.add("id", request.id, "an id that no earlier row has")
        elif request is not None:
            found.append(request)
            ids |= {request.id} if request.id else set()
        refused += faults.found
    return loaded_from(tuple(found), refused, table)


@dataclass
class Faults:
    """The faults found in one row so far."""

    file: str
    row: int
    found: list[RefusedRow] = field(default_factory=list)

    def add(self, column: str, value: object, expected: str) -> None:
        """Note a fault, once."""
        fault = RefusedRow(self.row, column, shown(value), expected, self.file)
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
        truths = {name: value for name, value in fields.items() if _holds_truth(value)}
        for name, value in truths.items():
            self.add(name, value, "neither true nor false")
        try:
            profile = model.model_validate(fields)
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                if fault["loc"] and fault["loc"][0] in truths:
                    continue
                place = fault["loc"][2:] if flat and fault["loc"][:1] == ("products",) else ()
                column = ".".join(map(str, place or fault["loc"])) or "row"
                self.add(column, "" if fault["type"] == "missing" else fault["input"], _expected(fault))
            return None
        return None if self.found else profile


def _expected(fault: Any) -> str:
    """What would do, in words, of one of pydantic's errors."""
    if fault["type"] in _FAULTS:
        return _FAULTS[fault["type"]].format(**fault.get("ctx", {}))
    message: str = fault["msg"]
    return message.partition("expected ")[2] or message.removeprefix("Input should be ")


def loaded_from(profiles: tuple[T, ...], refused: Sequence[RefusedRow], table: Table) -> Loaded[T]:
    """What a table gave, its faults in the order of rows."""
    in_order = tuple(sorted(refused, key=lambda fault: fault.row))
    return Loaded(profiles, in_order, table.unknown(), len(table.rows) + len({fault.row for fault in table.refused}))


# From a row to a profile


def _supplier(row: Row, table: Table, found: Mapping[str, Supplier], faults: Faults) -> Supplier | None:
    cells = placed_cells(row, table)
    fields = {heading.column.name: value for heading, value in cells}
    supplier = _as_written(Supplier, {"id": _UNNAMED, **fields}) if table.exact and len(fields) == len(cells) else None
    if supplier is None:
        fields = _simple_fields(cells, faults, _PRODUCT_NAMES)
        if products := _products(cells, table.placed, faults):
            fields["products"] = products
        if known := found.get(str(fields.get("id"))):
            fields.setdefault("name", known.name)
        supplier = faults.check(Supplier, {"id": _UNNAMED, **fields}, flat=not table.exact)
    if supplier is None or "id" in fields:
        return supplier
    return supplier.model_copy(update={"id": _made_id(supplier)})


def _request(row: Row, table: Table, faults: Faults) -> BuyerRequest | None:
    cells = placed_cells(row, table)
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


def placed_cells(row: Row, table: Table) -> list[tuple[Heading, Any]]:
    """The cells of a row that stand under a known heading."""
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


def _simple_fields(
    cells: list[tuple[Heading, Any]], faults: Faults, apart: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Fields that one cell gives by itself: none of the columns apart, none with a unit."""
    fields: dict[str, Any] = {}
    for heading, value in cells:
        column = heading.column
        if column.name in apart or column.kind in MEASURED or (read := faults.read(column, value)) is None:
            continue
        if column.kind is Kind.CERTIFICATE:
            fields["certifications"] = _union(fields.get("certifications", ()), [column.name] if read else [])
        elif isinstance(read, list) and isinstance(fields.get(column.name), list):
            fields[column.name] = _union(fields[column.name], read)
        else:
            fields[column.name] = read
    return fields


def _products(cells: list[tuple[Heading, Any]], placed: Iterable[Heading | None], faults: Faults) -> list[Any]:
    """Products of a row: of its one unnumbered slot, or of "Product 1", "Product 2" with what they share."""
    slots: dict[int, Cells] = {}
    for heading, value in cells:
        if heading.column.name in _PRODUCT_NAMES and not is_blank(value):
            slots.setdefault(heading.slot, {})[heading.column.name] = (heading, value)
    numbered = {heading.column.name for heading in placed if heading and heading.slot} | {"products"}
    shared = {name: cell for name, cell in slots.get(0, {}).items() if name not in numbered}
    named = [slot for slot, found in sorted(slots.items()) if "products" in found]
    for slot, found in slots.items():
        stated = [name for name, (heading, _) in found.items() if heading.column.kind not in (Kind.TEXT, Kind.CURRENCY)]
        if slot not in named and stated and not (slot == 0 and named and not set(found) & numbered):
            faults.add("products", "", f"a product's name, as {stated[0]} is given")
    return [product for slot in named for product in _of_slot({**shared, **slots[slot]}, faults)]


def _of_slot(cells: Cells, faults: Faults) -> list[Any]:
    names = faults.read(*_column_and_value(cells["products"]))
    if not isinstance(names, list) or any(not isinstance(name, str) for name in names):
        return names if isinstance(names, list) else [names]
    details = {name: cell for name, cell in cells.items() if name != "products"}
    return [
        _product(name, one, faults) for name, one in zip(names, _shared_out(details, len(names), faults), strict=True)
    ]


def _column_and_value(cell: tuple[Heading, Any]) -> tuple[Column, Any]:
    return cell[0].column, cell[1]


def _shared_out(details: Cells, products: int, faults: Faults) -> list[Cells]:
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


def _product(name: str, cells: Cells, faults: Faults) -> dict[str, Any]:
    fields = {column: _measured(column, cells, faults) for column in cells}
    product = {column: fields.get(column) for column in ("hs", "moq", "capacity_month", "lead_time_days")}
    price = _price_range(fields.get("price"), fields.get("price_min"), fields.get("price_max"), faults)
    return {"name": name, **product, "price": price}


def _measured(name: str, cells: Cells, faults: Faults) -> Any:
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


def _price_range(price: Any, low: Any, high: Any, faults: Faults) -> Any:
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


def _joined(known: Supplier | None, new: Supplier, faults: Faults) -> Supplier:
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
