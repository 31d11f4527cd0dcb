from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.columns import (
    CERTIFICATES,
    EXPECTED,
    PRODUCT_COLUMNS,
    REQUEST_COLUMNS,
    SUPPLIER_COLUMNS,
    Column,
    Kind,
    heading_key,
    place_headings,
)
from matching.errors import InvalidInput
from matching.profiles import BuyerRequest, Constraints, Product, Supplier


def names_of(
    headings: list[str], columns: tuple[Column, ...] = SUPPLIER_COLUMNS, mapping: Mapping[str, str] | None = None
) -> list[str | None]:
    return [heading.column.name if heading else None for heading in place_headings(headings, columns, mapping)]


def test_every_field_of_a_supplier_has_a_column() -> None:
    assert set(Supplier.model_fields) <= {column.name for column in SUPPLIER_COLUMNS}


def test_every_field_of_a_product_but_its_name_has_a_column() -> None:
    assert set(Product.model_fields) - {"name"} <= {column.name for column in PRODUCT_COLUMNS}


def test_every_field_of_a_request_and_its_constraints_has_a_column() -> None:
    assert set(BuyerRequest.model_fields) | set(Constraints.model_fields) <= {column.name for column in REQUEST_COLUMNS}


@pytest.mark.parametrize("columns", [SUPPLIER_COLUMNS, REQUEST_COLUMNS])
def test_column_names_are_unique(columns: tuple[Column, ...]) -> None:
    names = [column.name for column in columns]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("columns", [SUPPLIER_COLUMNS, REQUEST_COLUMNS])
def test_every_column_is_known_by_its_own_name(columns: tuple[Column, ...]) -> None:
    names = [column.name for column in columns]
    assert [names_of([name], columns)[0] for name in names] == names


def test_no_heading_stands_for_two_columns_of_suppliers() -> None:
    keys = {column.name: {heading_key(name) for name in column.names} for column in SUPPLIER_COLUMNS}
    shared = {(one, two): keys[one] & keys[two] for one in keys for two in keys if one < two and keys[one] & keys[two]}
    assert shared == {}


def test_every_kind_says_what_it_expects() -> None:
    assert set(EXPECTED) == set(Kind)


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("Raison sociale", "name"),
        ("RAISON_SOCIALE :", "name"),
        ("اسم الشركة", "name"),
        ("إسم الشركة", "name"),
        ("Razón social", "name"),
        ("razon social", "name"),
        ("公司名称", "name"),
        ("Pays", "country"),
        ("البلد", "country"),
        ("País", "country"),
        ("Ülke", "country"),
        ("Produits", "products"),
        ("Certifications", "certifications"),
        ("الشهادات", "certifications"),
        ("Délai de livraison", "lead_time_days"),
        ("Mindestbestellmenge", "moq"),
        ("Code SH", "hs"),
        ("Prijs", "price"),
        ("Prix min.", "price_min"),
        ("leadTimeDays", "lead_time_days"),
    ],
)
def test_heading_is_known_in_many_languages_and_spellings(heading: str, column: str) -> None:
    assert names_of([heading]) == [column]


def test_unknown_heading_has_no_column() -> None:
    assert names_of(["Shoe colour", ""]) == [None, None]


def test_more_telling_heading_is_read_where_two_stand_for_one_column() -> None:
    assert names_of(["Nom", "Société"]) == [None, "name"]


def test_mapping_wins_over_known_headings() -> None:
    assert names_of(["Company", "Brand"], mapping={"brand": "name"}) == [None, "name"]


def test_mapping_to_an_unknown_column_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match=r"'Brand' the column 'nmae', expected one of id, name, country"):
        place_headings(["Brand"], SUPPLIER_COLUMNS, {"Brand": "nmae"})


@pytest.mark.parametrize(
    ("heading", "column", "slot"),
    [
        ("Product 1", "products", 1),
        ("product_12", "products", 12),
        ("Produit n°2", "products", 2),
        ("المنتج ٣", "products", 3),
        ("HS 2", "hs", 2),
        ("Product 2 price", "price", 2),
        ("Certification 1", "certifications", 1),
        ("HS6", "hs", 0),
    ],
)
def test_number_of_a_heading_is_its_slot(heading: str, column: str, slot: int) -> None:
    placed = place_headings([heading], SUPPLIER_COLUMNS)[0]
    assert placed is not None
    assert (placed.column.name, placed.slot) == (column, slot)


def test_repeated_product_headings_are_slots_of_one_column() -> None:
    placed = place_headings(["Product", "HS", "Product", "HS"], SUPPLIER_COLUMNS)
    assert [(one.column.name, one.slot) for one in placed if one] == [
        ("products", 0),
        ("hs", 0),
        ("products", 2),
        ("hs", 2),
    ]


def test_repeated_heading_of_a_firm_is_read_once() -> None:
    assert names_of(["City", "City"]) == ["city", None]


@pytest.mark.parametrize(
    ("heading", "column", "unit", "currency"),
    [
        ("MOQ (kg)", "moq", "kg", None),
        ("MOQ [kg]", "moq", "kg", None),
        ("MOQ kg", "moq", "kg", None),
        ("Prix (EUR/kg)", "price", "kg", "EUR"),
        ("Prix €/kg", "price", "kg", "EUR"),
        ("Price (USD)", "price", None, "USD"),
        ("Délai (semaines)", "lead_time_days", "semaines", None),
        ("MOQ (see note)", "moq", None, None),
    ],
)
def test_heading_names_the_unit_of_its_cells(heading: str, column: str, unit: str | None, currency: str | None) -> None:
    placed = place_headings([heading], SUPPLIER_COLUMNS)[0]
    assert placed is not None
    assert (placed.column.name, placed.unit, placed.currency) == (column, unit, currency)


@pytest.mark.parametrize("certificate", CERTIFICATES)
def test_certificate_may_have_a_column_of_its_own(certificate: str) -> None:
    placed = place_headings([certificate.lower()], SUPPLIER_COLUMNS)[0]
    assert placed is not None
    assert (placed.column.name, placed.column.kind) == (certificate, Kind.CERTIFICATE)


@given(st.lists(st.text(max_size=30), max_size=12))
def test_any_headings_are_placed_one_for_one(headings: list[str]) -> None:
    assert len(place_headings(headings, SUPPLIER_COLUMNS)) == len(headings)
