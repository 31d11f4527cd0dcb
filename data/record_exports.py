"""Records written out whole: as JSON Lines, or flat for a spreadsheet that can be imported again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from data.certificate_cells import written
from data.exports import neutralised
from matching.profiles import BuyerRequest, Supplier

_SUPPLIER_COLUMNS = (
    "id", "name", "country", "city", "size", "employees", "founded", "languages", "profile_language", "description",
    "certifications", "incoterms", "markets", "products", "hs", "moq", "price", "capacity_month", "lead_time_days",
)  # fmt: skip
_REQUEST_COLUMNS = (
    "id", "buyer", "country", "language", "text", "delivery_country", "hs", "quantity", "certifications", "incoterm",
    "languages", "max_lead_time_days", "max_price", "supplier_countries", "not_asked",
)  # fmt: skip


class Format(StrEnum):
    """How records are written."""

    NDJSON = "ndjson"
    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES: Mapping[Format, str] = {
    Format.NDJSON: "application/x-ndjson",
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def as_json_lines(records: Iterable[Supplier | BuyerRequest]) -> Iterator[bytes]:
    """One line of JSON per record, what is unknown left out."""
    for record in records:
        document = record.model_dump(mode="json", exclude_defaults=True)
        yield json.dumps(document, ensure_ascii=False).encode() + b"\n"


def as_csv(records: Iterable[Supplier | BuyerRequest]) -> Iterator[bytes]:
    """A heading and a line per product of a supplier, or per request; UTF-8 with a mark that Excel needs."""
    yield b"\xef\xbb\xbf"
    for row in _table(records):
        line = io.StringIO()
        csv.writer(line).writerow(row)
        yield line.getvalue().encode()


def as_workbook(records: Iterable[Supplier | BuyerRequest]) -> Iterator[bytes]:
    """The same table as an .xlsx workbook."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("records")
    for row in _table(records):
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    yield content.getvalue()


WRITERS = {Format.NDJSON: as_json_lines, Format.CSV: as_csv, Format.XLSX: as_workbook}


def _table(records: Iterable[Supplier | BuyerRequest]) -> Iterator[list[Any]]:
    columns: Sequence[str] = ()
    for record in records:
        rows = _supplier_rows(record) if isinstance(record, Supplier) else [_request_row(record)]
        if not columns:
            columns = _SUPPLIER_COLUMNS if isinstance(record, Supplier) else _REQUEST_COLUMNS
            yield list(columns)
        for row in rows:
            yield [neutralised(_cell(row.get(column))) for column in columns]


def _supplier_rows(supplier: Supplier) -> list[dict[str, Any]]:
    firm = supplier.model_dump(mode="json", exclude={"products", "certifications"})
    firm["certifications"] = [written(certificate) for certificate in supplier.certifications]
    key = {"id": supplier.id, "name": supplier.name}
    products = [product.model_dump(mode="json") for product in supplier.products]
    named = [{**product, "products": product["name"]} for product in products]
    for product in named:
        del product["name"]
    return [{**(firm if place == 0 else key), **product} for place, product in enumerate(named or [{}])]


def _request_row(request: BuyerRequest) -> dict[str, Any]:
    fields = request.model_dump(mode="json", exclude={"constraints"})
    return {**fields, **request.constraints.model_dump(mode="json")}


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    if not isinstance(value, dict):
        return value
    if "min" in value:
        amount = f"{value['min']:g}" if value["min"] == value["max"] else f"{value['min']:g} - {value['max']:g}"
        return f"{amount} {value['currency']}" + (f"/{value['unit']}" if value["unit"] else "")
    if "currency" in value:
        return f"{value['value']:g} {value['currency']}" + (f"/{value['unit']}" if value["unit"] else "")
    return f"{value['value']:g} {value['unit']}"
