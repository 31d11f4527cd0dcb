from __future__ import annotations

import io
import json

import openpyxl
import pytest
from fastapi.testclient import TestClient

NDJSON = {"content-type": "application/x-ndjson"}


def test_a_stream_is_stored_and_each_broken_line_is_told(client: TestClient) -> None:
    lines = [
        '{"id": "S5", "name": "Doum"}',
        "",
        "{",
        '{"id": "S6", "name": "X", "country": "Atlantis"}',
        '{"id": "S1"}',
        '{"name": "Nameless"}',
        '{"id": "S7", "name": "Last"}',
    ]
    answer = client.post("/v1/imports/suppliers", content="\n".join(lines), headers=NDJSON).json()
    assert (answer["created"], answer["replaced"], answer["unchanged"], answer["faults"]) == (2, 0, 0, 4)
    assert [(fault["row"], fault["column"]) for fault in answer["refused"]] == [
        (3, "row"), (4, "country"), (5, "name"), (6, "id"),
    ]  # fmt: skip
    assert client.get("/v1/suppliers/S7").json()["name"] == "Last"


def test_a_stream_sent_again_changes_nothing(client: TestClient) -> None:
    content = "".join(json.dumps({"id": f"L{n}", "name": f"Firm {n}"}) + "\n" for n in range(1_100))
    first, second = (client.post("/v1/imports/suppliers", content=content, headers=NDJSON).json() for _ in range(2))
    assert (first["created"], second["unchanged"]) == (1_100, 1_100)


def test_a_spreadsheet_is_stored_and_each_refused_row_is_told(client: TestClient) -> None:
    content = "Raison sociale;Pays;Produits\nVannerie Doum;Maroc;paniers\nPerdue;Atlantide;rien\n".encode("cp1252")
    answer = client.post("/v1/imports/suppliers/file", files={"file": ("exposants.csv", content)}).json()
    assert (answer["created"], answer["faults"]) == (1, 1)
    assert answer["refused"][0] | {"expected": ""} == {
        "row": 3, "column": "country", "value": "Atlantide", "expected": "",
    }  # fmt: skip


def test_a_file_that_is_none_is_a_problem(client: TestClient) -> None:
    answer = client.post("/v1/imports/suppliers/file", files={"file": ("x.xlsx", b"PK\x03\x04broken")})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_what_was_exported_as_ndjson_is_the_same_when_imported(client: TestClient) -> None:
    exported = client.get("/v1/exports/suppliers")
    assert exported.headers["content-type"] == "application/x-ndjson"
    assert client.post("/v1/imports/suppliers", content=exported.content, headers=NDJSON).json()["unchanged"] == 4


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_an_exported_table_is_the_same_when_imported(client: TestClient, format: str) -> None:
    dated = {"scheme": "Ecocert", "scope": "oils", "issuer": "Ecocert SA", "number": "FR-1", "expires": "2027-03-31"}
    client.put("/v1/suppliers/S5", json={"name": "Doum", "certifications": [dated, "HACCP"]})
    exported = client.get("/v1/exports/suppliers", params={"format": format}).content
    answer = client.post("/v1/imports/suppliers/file", files={"file": (f"s.{format}", exported)}).json()
    assert (answer["unchanged"], answer["refused"]) == (5, [])


def test_a_cell_that_a_spreadsheet_would_run_is_exported_as_text(client: TestClient) -> None:
    client.put("/v1/requests/R1", json={"text": "=cmd|' /C calc'!A0"})
    book = openpyxl.load_workbook(io.BytesIO(client.get("/v1/exports/requests", params={"format": "xlsx"}).content))
    cells = [cell for row in book.active.iter_rows() for cell in row]
    assert [cell.value for cell in cells if "calc" in str(cell.value)] == ["'=cmd|' /C calc'!A0"]
    assert "f" not in {cell.data_type for cell in cells}


def test_an_export_of_nothing_is_empty(client: TestClient) -> None:
    assert client.get("/v1/exports/requests").content == b""


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_what_a_request_does_not_ask_survives_a_table(client: TestClient, format: str) -> None:
    request = {"text": "500 l argan oil to Germany", "not_asked": ["delivery_country", "quantity"]}
    client.put("/v1/requests/R1", json=request)
    exported = client.get("/v1/exports/requests", params={"format": format}).content
    answer = client.post("/v1/imports/requests/file", files={"file": (f"r.{format}", exported)}).json()
    assert (answer["unchanged"], answer["refused"]) == (1, [])
