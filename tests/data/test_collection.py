from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from data import shipped
from data.collection import Collection
from matching.certificates import satisfies
from matching.errors import UnreadableFile
from matching.profiles import BuyerRequest, Supplier


@pytest.fixture(scope="module")
def sample() -> Collection:
    return Collection.read(shipped.SAMPLE)


def test_the_sample_is_whole(sample: Collection) -> None:
    suppliers, requests = ({row.id for row in rows} for rows in (sample.suppliers, sample.requests))
    assert (len(suppliers), len(requests)) == (324, 140)
    assert set(sample.grades) == requests
    assert {supplier for grades in sample.grades.values() for supplier in grades} <= suppliers


def test_the_sample_asks_in_ten_languages(sample: Collection) -> None:
    asked = Counter(request.language for request in sample.requests)
    assert asked == {"en": 35, "fr": 25, "es": 15, "de": 15, "ar": 15, "zh": 10, "it": 10, "pt": 5, "tr": 5, "nl": 5}


def _broken(request: BuyerRequest, supplier: Supplier) -> bool:
    """Whether the supplier states something against the form: a certificate, market, language or country."""
    asked = request.constraints
    at_home = supplier.country == asked.delivery_country
    return (
        any(not satisfies([held.scheme for held in supplier.certifications], wanted) for wanted in asked.certifications)
        or (
            bool(asked.delivery_country and supplier.markets)
            and asked.delivery_country not in supplier.markets
            and not at_home
        )
        or (bool(asked.languages and supplier.languages) and not set(asked.languages) & set(supplier.languages))
        or bool(asked.supplier_countries and supplier.country not in asked.supplier_countries)
    )


def test_no_best_grade_goes_to_a_supplier_that_states_something_against_the_form(sample: Collection) -> None:
    suppliers = {supplier.id: supplier for supplier in sample.suppliers}
    faults = [
        (request.id, supplier_id)
        for request in sample.requests
        for supplier_id, grade in sample.grades[str(request.id)].items()
        if grade == 3 and _broken(request, suppliers[supplier_id])
    ]
    assert faults == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("qrels.tsv", "R0001\tS0001\t4\n", r"qrels\.tsv row 1: .*, expected request<TAB>supplier<TAB>grade of 1 to 3"),
        ("qrels.tsv", "R0001 S0001 3\n", r"qrels\.tsv row 1"),
        ("suppliers.jsonl", '{"id": "S1", "name": "X", "country": "Atlantis"}\n', r"must be whole, but suppliers"),
    ],
)
def test_a_collection_with_a_bad_row_is_refused(tmp_path: Path, name: str, content: str, message: str) -> None:
    files = {
        "suppliers.jsonl": '{"id": "S0001", "name": "X"}\n',
        "requests.jsonl": '{"id": "R0001", "text": "argan"}\n',
        "qrels.tsv": "R0001\tS0001\t3\n",
    }
    for file, written in (files | {name: content}).items():
        (tmp_path / file).write_text(written)
    with pytest.raises(UnreadableFile, match=message):
        Collection.read(tmp_path)


def test_a_folder_without_grades_is_refused(tmp_path: Path) -> None:
    (tmp_path / "suppliers.jsonl").write_text('{"id": "S0001", "name": "X"}\n')
    (tmp_path / "requests.jsonl").write_text('{"id": "R0001", "text": "argan"}\n')
    with pytest.raises(UnreadableFile, match=r"qrels\.tsv: not there, expected the grades"):
        Collection.read(tmp_path)
