"""A judged collection: suppliers, requests, and the grades of their pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from data.tables import read_requests, read_suppliers
from matching.errors import UnreadableFile
from matching.profiles import BuyerRequest, Supplier

Grades = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Collection:
    """Suppliers, requests and grades; grades[request id][supplier id] is 1 to 3, an absent pair is 0."""

    suppliers: tuple[Supplier, ...]
    requests: tuple[BuyerRequest, ...]
    grades: Grades

    @classmethod
    def read(cls, folder: Path) -> Collection:
        """Read suppliers.jsonl, requests.jsonl and qrels.tsv; UnreadableFile where one is missing or has a bad row."""
        suppliers = read_suppliers(folder / "suppliers.jsonl")
        requests = read_requests(folder / "requests.jsonl")
        for refused in (*suppliers.refused, *requests.refused):
            raise UnreadableFile(f"{folder}: a judged collection must be whole, but {refused}")
        return cls(suppliers.profiles, requests.profiles, _read_grades(folder / "qrels.tsv"))


def _read_grades(path: Path) -> Grades:
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise UnreadableFile(f"{path}: not there, expected the grades of the collection") from error
    for number, line in enumerate(lines, start=1):
        request_id, supplier_id, grade = _cells(path, number, line)
        grades[request_id][supplier_id] = grade
    return dict(grades)


def _cells(path: Path, number: int, line: str) -> tuple[str, str, int]:
    cells = line.split("\t")
    if len(cells) != 3 or cells[2] not in {"1", "2", "3"}:
        raise UnreadableFile(f"{path} row {number}: {line!r}, expected request<TAB>supplier<TAB>grade of 1 to 3")
    return cells[0], cells[1], int(cells[2])
