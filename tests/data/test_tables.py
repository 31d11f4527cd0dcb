import io
import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import rows, tables
from data.tables import Loaded, RefusedRow, read_requests, read_suppliers
from matching.errors import InvalidInput, UnreadableFile
from matching.profiles import (
    BuyerRequest,
    Constraints,
    Money,
    PriceRange,
    Product,
    Quantity,
    Size,
    Supplier,
)

FRENCH = "Raison sociale;Pays;Description\nCoopérative Tamounte;Maroc;Huile d'argan pressée à froid, vérifiée\n"
ARABIC = "اسم الشركة,البلد,الوصف\nتعاونية أركان الخير,المغرب,تعاونية نسائية تبيع زيت أركان وأملو\n"


def suppliers(text: str, name: str = "suppliers.csv", mapping: Mapping[str, str] | None = None) -> Loaded[Supplier]:
    return read_suppliers((name, text.encode()), mapping=mapping)


def requests(text: str, name: str = "requests.csv", mapping: Mapping[str, str] | None = None) -> Loaded[BuyerRequest]:
    return read_requests((name, text.encode()), mapping=mapping)


def one(loaded: Loaded[Supplier]) -> Supplier:
    assert loaded.refused == ()
    (supplier,) = loaded.profiles
    return supplier


def names(loaded: Loaded[Supplier]) -> list[str]:
    return [supplier.name for supplier in loaded.profiles]


def faults(loaded: Loaded[Supplier] | Loaded[BuyerRequest]) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.column, fault.value) for fault in loaded.refused]


def workbook(*sheets: Sequence[Sequence[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for lines in sheets:
        sheet = book.create_sheet()
        for row in lines:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def parquet(columns: dict[str, list[object]]) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content)
    return content.getvalue()


# What a refusal says


def test_refused_row_names_file_row_column_value_and_what_was_expected() -> None:
    loaded = suppliers("name,product,lead_time_days\nAtlas,oil,15\nRif,soap,soon\n")
    assert [str(fault) for fault in loaded.refused] == [
        "suppliers.csv row 3: lead_time_days is 'soon', expected a whole number of days, 0 or more"
    ]


def test_row_with_several_faults_gives_one_refusal_for_each() -> None:
    loaded = suppliers("name,country,product,hs,founded\nAtlas,Atlantis,oil,12,never\n")
    assert sorted(faults(loaded)) == [(2, "country", "Atlantis"), (2, "founded", "never"), (2, "hs", "12")]


def test_good_rows_are_kept_beside_refused_ones() -> None:
    loaded = suppliers("name,country\nAtlas,MA\nRif,Atlantis\nSouss,FR\n")
    assert (names(loaded), faults(loaded), loaded.rows_read) == (["Atlas", "Souss"], [(3, "country", "Atlantis")], 3)


def test_long_value_is_cut_in_a_refusal() -> None:
    loaded = suppliers(f"name,country\nAtlas,{'x' * 500}\n")
    assert loaded.refused[0].value == "x" * 79 + "…"


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("Atlas,MA,extra", (2, "row", "3 cells")),
        ("At\0las,MA", (2, "name", "At\0las")),
        (",MA", (2, "name", "")),
        (f"{'x' * 301},MA", (2, "name", "x" * 79 + "…")),
    ],
)
def test_row_that_does_not_fit_is_refused_alone(row: str, fault: tuple[int, str, str]) -> None:
    loaded = suppliers(f"name,country\n{row}\nRif,FR\n")
    assert (names(loaded), faults(loaded)) == (["Rif"], [fault])


def test_fault_found_by_the_profile_names_its_column_and_bound() -> None:
    loaded = suppliers("name,product,lead time\nAtlas,oil,9999\n")
    assert loaded.refused == (RefusedRow(2, "lead_time_days", "9999", "3650 or less", "suppliers.csv"),)


def test_headings_that_stand_for_nothing_are_reported() -> None:
    loaded = suppliers("name,Shoe colour,country\nAtlas,red,MA\n")
    assert loaded.unknown_columns == ("Shoe colour",)


def test_mapping_reads_a_heading_that_is_not_known() -> None:
    loaded = suppliers("Brand,Shoe colour\nAtlas,Fes\n", mapping={"Brand": "name", "shoe colour": "city"})
    assert (one(loaded).name, one(loaded).city, loaded.unknown_columns) == ("Atlas", "Fes", ())


def test_mapping_to_an_unknown_column_is_invalid_input() -> None:
    with pytest.raises(InvalidInput, match="expected one of id, name"):
        suppliers("Brand\nAtlas\n", mapping={"Brand": "nmae"})


# Delimited text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found(delimiter: str) -> None:
    loaded = suppliers(f"name{delimiter}country\nAtlas{delimiter}MA\n")
    assert [(supplier.name, supplier.country) for supplier in loaded.profiles] == [("Atlas", "MA")]


def test_single_column_keeps_the_commas_of_its_cells() -> None:
    assert names(suppliers("name\nAtlas, Fils & Cie\n")) == ["Atlas, Fils & Cie"]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "cp1256"]
)
def test_french_text_is_read_in_any_common_encoding(encoding: str) -> None:
    supplier = one(read_suppliers(("exposants.csv", FRENCH.encode(encoding))))
    assert (supplier.name, supplier.description) == ("Coopérative Tamounte", "Huile d'argan pressée à froid, vérifiée")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1256"])
def test_arabic_text_is_read_in_any_common_encoding(encoding: str) -> None:
    supplier = one(read_suppliers(("عارضون.csv", ARABIC.encode(encoding))))
    assert (supplier.name, supplier.country) == ("تعاونية أركان الخير", "MA")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("name\nÇorlu Kauçuk İğne Şirketi\n", "cp1254"), ("公司名称,城市\n佛山瓷砖有限公司,佛山\n", "gb18030")],
)
def test_turkish_and_chinese_encodings_are_told_apart(text: str, encoding: str) -> None:
    expected = text.splitlines()[1].split(",")[0]
    assert names(read_suppliers(("list.csv", text.encode(encoding)))) == [expected]


def test_one_broken_byte_does_not_change_the_encoding_of_the_file() -> None:
    content = (FRENCH + "Société Élan;France;Épices et thé\n" * 3 + "Brok").encode() + b"\xc3;MA;x\n"
    assert names(read_suppliers(("list.csv", content)))[:2] == ["Coopérative Tamounte", "Société Élan"]


def test_cell_of_several_lines_is_one_row() -> None:
    loaded = suppliers('name,description,country\nAtlas,"line one\nline two",MA\nRif,x,Atlantis\n')
    assert (names(loaded), faults(loaded)) == (["Atlas"], [(3, "country", "Atlantis")])


def test_quote_that_is_never_closed_costs_its_line_alone() -> None:
    loaded = suppliers('name,country\nAtlas,MA\n"Rif,FR\nSouss,DE\n')
    assert (names(loaded), faults(loaded)) == (["Atlas", "Souss"], [(3, "row", '"Rif,FR')])


def test_title_rows_above_the_headings_are_skipped_and_counted() -> None:
    loaded = suppliers("Salon de Casablanca;;\n;;\nNom;Pays;Produits\nAtlas;Atlantis;huile\n")
    assert faults(loaded) == [(4, "country", "Atlantis")]


def test_blank_rows_are_not_rows() -> None:
    loaded = suppliers("name,country\n\nAtlas,MA\n,\n")
    assert (names(loaded), loaded.rows_read) == (["Atlas"], 1)


@pytest.mark.parametrize("blank", ["-", "n/a", "NC", "", "N/A"])
def test_blank_words_are_unknown(blank: str) -> None:
    supplier = one(suppliers(f"name,country,city,employees,product,moq\nAtlas,{blank},{blank},{blank},oil,{blank}\n"))
    expected = (None, None, None, (Product(name="oil"),))
    assert (supplier.country, supplier.city, supplier.employees, supplier.products) == expected


def test_namibia_and_new_caledonia_stay_countries_in_a_column_of_codes() -> None:
    loaded = suppliers("name,country\nA,MA\nB,FR\nC,NA\nD,NC\n")
    assert [supplier.country for supplier in loaded.profiles] == ["MA", "FR", "NA", "NC"]


def test_codes_like_blanks_are_unknown_in_a_column_of_names() -> None:
    loaded = suppliers("name,country\nA,Maroc\nB,France\nC,NA\nD,NC\n")
    assert [supplier.country for supplier in loaded.profiles] == ["MA", "FR", None, None]


# A supplier in one row and in several


def test_every_column_of_a_flat_row_reaches_the_profile() -> None:
    text = (
        "id;Raison sociale;Pays;Ville;Effectif;Année de création;Langues;Description;Produits;Code SH;MOQ;Prix;"
        "Capacité mensuelle;Délai;Certifications;Incoterms;Marchés;Langue du profil\n"
        "E1;Atlas;Maroc;Fès;38;1999;Français, arabe;Huiles;huile d'argan, vrac;151590;1 500,5 kg;12,50 €/kg;"
        "2 t;3 semaines;HACCP / Halal;FOB, EXW;France|DE;français\n"
    )
    assert one(suppliers(text)) == Supplier(
        id="E1",
        name="Atlas",
        country="MA",
        city="Fès",
        size=Size.SMALL,
        employees=38,
        founded=1999,
        languages=("fr", "ar"),
        profile_language="fr",
        description="Huiles",
        products=(
            Product(
                name="huile d'argan, vrac",
                hs="1515.90",
                moq=Quantity(value=1500.5, unit="kg"),
                price=PriceRange(min=12.5, max=12.5, currency="EUR", unit="kg"),
                capacity_month=Quantity(value=2, unit="t"),
                lead_time_days=21,
            ),
        ),
        certifications=("HACCP", "Halal"),
        incoterms=("FOB", "EXW"),
        markets=("FR", "DE"),
    )


def test_one_cell_may_list_several_products() -> None:
    supplier = one(suppliers('name,products\nAtlas,"argan oil; black soap | ghassoul\nrose water"\n'))
    assert [product.name for product in supplier.products] == ["argan oil", "black soap", "ghassoul", "rose water"]


def test_one_detail_serves_all_products_of_a_cell_and_a_list_goes_one_for_one() -> None:
    supplier = one(suppliers("name,products,hs,lead time\nAtlas,oil; soap,1515.90; 3401.11,15\n"))
    assert supplier.products == (
        Product(name="oil", hs="1515.90", lead_time_days=15),
        Product(name="soap", hs="3401.11", lead_time_days=15),
    )


def test_details_that_do_not_go_with_the_products_of_a_cell_are_refused() -> None:
    loaded = suppliers("name,products,hs\nAtlas,oil; soap; tea,1515.90; 3401.11\n")
    assert faults(loaded) == [(2, "hs", "1515.90; 3401.11")]


def test_numbered_columns_are_products_with_details_of_their_own() -> None:
    supplier = one(suppliers("name,product 1,hs 1,product 2,hs 2,lead time\nAtlas,oil,1515.90,soap,,15\n"))
    assert supplier.products == (
        Product(name="oil", hs="1515.90", lead_time_days=15),
        Product(name="soap", lead_time_days=15),
    )


def test_repeated_columns_do_not_lend_their_details_to_one_another() -> None:
    supplier = one(suppliers("name,product,hs,product,hs\nAtlas,oil,1515.90,soap,\n"))
    assert supplier.products == (Product(name="oil", hs="1515.90"), Product(name="soap"))


def test_detail_without_a_product_is_refused() -> None:
    loaded = suppliers("name,product,hs\nAtlas,,1515.90\n")
    assert [str(fault) for fault in loaded.refused] == [
        "suppliers.csv row 2: products is '', expected a product's name, as hs is given"
    ]


def test_rows_with_one_id_are_one_supplier() -> None:
    supplier = one(suppliers("id,name,city,product,markets\n7,Atlas,,oil,FR\n7,ATLAS,Fes,soap,FR;DE\n7,,,tea,\n"))
    expected = ("Atlas", "Fes", ("oil", "soap", "tea"), ("FR", "DE"))
    assert (supplier.name, supplier.city, tuple(one.name for one in supplier.products), supplier.markets) == expected


def test_rows_without_id_are_one_supplier_by_name_and_country() -> None:
    loaded = suppliers("name,country,product\nAtlas,MA,oil\nAtlas,FR,tea\natlas.,Maroc,soap\n")
    assert [tuple(one.name for one in supplier.products) for supplier in loaded.profiles] == [("oil", "soap"), ("tea",)]


def test_fault_in_one_product_row_leaves_the_supplier_its_others() -> None:
    loaded = suppliers("id,name,product,hs\n7,Atlas,oil,1515.90\n7,Atlas,soap,bad\n")
    assert (loaded.profiles[0].products, faults(loaded)) == ((Product(name="oil", hs="1515.90"),), [(3, "hs", "bad")])


def test_id_given_to_two_companies_is_refused_for_the_later() -> None:
    loaded = suppliers("id,name\n7,Atlas\n7,Rif\n")
    assert (names(loaded), faults(loaded)) == (["Atlas"], [(3, "id", "7")])


def test_supplier_of_too_many_products_keeps_those_that_fit() -> None:
    rows = "".join(f"7,Atlas,p{number}\n" for number in range(201))
    loaded = suppliers(f"id,name,product\n{rows}")
    assert [product.name for product in loaded.profiles[0].products] == [f"p{number}" for number in range(200)]
    assert [(fault.row, fault.expected) for fault in loaded.refused] == [(202, "at most 200 of them")]


def test_made_ids_are_the_same_at_each_import() -> None:
    first = suppliers("name,country\nAtlas,MA\nRif,FR\n").profiles
    again = suppliers("Pays;Société\nFrance;RIF\nMaroc;Atlas\n").profiles
    assert {supplier.id for supplier in again} == {supplier.id for supplier in first}
    assert all(supplier.id.startswith("S-") for supplier in first)


def test_blank_id_is_made_where_others_are_given() -> None:
    loaded = suppliers("id,name\nE1,Atlas\n-,Rif\n")
    assert [supplier.id for supplier in loaded.profiles] == ["E1", suppliers("name\nRif\n").profiles[0].id]


def test_lowest_and_highest_price_have_columns_of_their_own() -> None:
    supplier = one(suppliers("name,product,price min,price max,currency,unit\nAtlas,oil,3.2,4.1,USD,kg\n"))
    assert supplier.products[0].price == PriceRange(min=3.2, max=4.1, currency="USD", unit="kg")


def test_lowest_price_above_the_highest_is_refused() -> None:
    loaded = suppliers("name,product,price min,price max,currency\nAtlas,oil,5,4,USD\n")
    assert faults(loaded) == [(2, "price_min", "5")]


def test_units_of_headings_serve_bare_numbers() -> None:
    supplier = one(suppliers("name;product;MOQ (kg);Prix (EUR/kg);Délai (semaines)\nAtlas;oil;500;12,50;2-3\n"))
    assert supplier.products[0] == Product(
        name="oil",
        moq=Quantity(value=500, unit="kg"),
        price=PriceRange(min=12.5, max=12.5, currency="EUR", unit="kg"),
        lead_time_days=21,
    )


def test_certificates_may_be_columns_answered_with_yes_or_no() -> None:
    supplier = one(suppliers("name,Certifications,Halal,ISO 9001\nAtlas,HACCP,oui,non\n"))
    assert [certificate.scheme for certificate in supplier.certifications] == ["HACCP", "Halal"]


# Excel


def test_workbook_keeps_its_row_numbers_below_a_title() -> None:
    content = workbook([["Salon 2026"], [], ["Name", "Country"], ["Atlas", "MA"], [], ["Rif", "Atlantis"]])
    loaded = read_suppliers(("list.xlsx", content))
    assert (names(loaded), faults(loaded), loaded.rows_read) == (["Atlas"], [(6, "country", "Atlantis")], 2)


def test_first_sheet_with_known_headings_is_read() -> None:
    content = workbook([["Notes"], ["call them"]], [["Name"], ["Atlas"]], [["Name"], ["Rif"]])
    assert names(read_suppliers(("list.xlsx", content))) == ["Atlas"]


def test_hidden_sheet_is_not_read() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook([["Name"], ["Atlas"]], [["Name"], ["Rif"]])))
    book.worksheets[0].sheet_state = "hidden"
    content = io.BytesIO()
    book.save(content)
    assert names(read_suppliers(("list.xlsx", content.getvalue()))) == ["Rif"]


def test_numbers_and_dates_of_excel_are_read() -> None:
    rows: list[list[object]] = [
        ["Name", "Founded", "Employees", "Product", "HS", "Lead time"],
        [7, datetime(1999, 5, 1), 38.0, "oil", 1515.9, 15.0],
    ]
    supplier = one(read_suppliers(("list.xlsx", workbook(rows))))
    expected = ("7", 1999, 38, Product(name="oil", hs="1515.90", lead_time_days=15))
    assert (supplier.name, supplier.founded, supplier.employees, supplier.products[0]) == expected


def test_price_of_excel_with_three_decimals_is_not_thousands() -> None:
    rows: list[list[object]] = [["Name", "Product", "Price (EUR/kg)"], ["Atlas", "oil", 1.125]]
    assert one(read_suppliers(("l.xlsx", workbook(rows)))).products[0].price == PriceRange(
        min=1.125, max=1.125, currency="EUR", unit="kg"
    )


def test_formula_without_a_stored_value_is_unknown() -> None:
    rows = [["Name", "City"], ["Atlas", '="F"&"es"']]
    assert one(read_suppliers(("list.xlsx", workbook(rows)))).city is None


def test_wrong_dimensions_of_a_sheet_are_not_believed() -> None:
    source, target = zipfile.ZipFile(io.BytesIO(workbook([["Name", "City"], ["Atlas", "Fes"]]))), io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for entry in source.namelist():
            archive.writestr(entry, source.read(entry).replace(b'ref="A1:B2"', b'ref="A1"'))
    assert one(read_suppliers(("list.xlsx", target.getvalue()))).city == "Fes"


def test_cell_outside_the_headings_of_a_sheet_is_reported_not_refused() -> None:
    loaded = read_suppliers(("list.xlsx", workbook([["Name"], ["Atlas", None, "call back"]])))
    assert (names(loaded), loaded.unknown_columns) == (["Atlas"], ("column 3",))


def test_content_wins_over_a_wrong_suffix() -> None:
    assert names(read_suppliers(("list.csv", workbook([["Name"], ["Atlas"]])))) == ["Atlas"]
    assert names(suppliers("name\nAtlas\n", "list.xlsx")) == ["Atlas"]
    assert names(suppliers('{"name": "Atlas"}\n', "list.csv")) == ["Atlas"]


def test_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = workbook([["Name"], ["Atlas"]])
    monkeypatch.setattr(rows, "MAX_UNPACKED_BYTES", 1_000)
    with pytest.raises(UnreadableFile, match="unpacks to over 1000 bytes"):
        read_suppliers(("list.xlsx", content))


def test_workbook_of_too_many_cells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_CELLS", 3)
    with pytest.raises(UnreadableFile, match=r"over \d+ rows or 3 cells"):
        read_suppliers(("list.xlsx", workbook([["Name", "City"], ["Atlas", "Fes"]])))


# JSON Lines and Parquet


def test_json_lines_are_nested_as_in_the_collection() -> None:
    record = {
        "id": "S0001",
        "name": "Atlas",
        "country": "MA",
        "products": [{"name": "oil", "moq": {"value": 5, "unit": "kg"}}],
    }
    assert one(suppliers(json.dumps(record), "s.jsonl")) == Supplier.model_validate(record)


def test_broken_line_is_refused_with_its_number() -> None:
    loaded = suppliers('{"name": "Atlas"}\n\n{"name": \n[1]\n{"name": "Rif"}\n', "s.jsonl")
    assert (names(loaded), faults(loaded), loaded.rows_read) == (
        ["Atlas", "Rif"],
        [(3, "line", '{"name":'), (4, "line", "[1]")],
        4,
    )


def test_wrong_types_in_a_json_line_are_refused_with_their_place() -> None:
    record = {"id": "1", "name": "Atlas", "employees": True, "products": [{"name": "oil", "lead_time_days": "soon"}]}
    loaded = suppliers(json.dumps(record), "s.jsonl")
    assert faults(loaded) == [(1, "employees", "True"), (1, "products.0.lead_time_days", "soon")]


def test_true_within_a_nested_record_is_not_read_as_one() -> None:
    record = {"id": "1", "name": "Atlas", "products": [{"name": "oil", "lead_time_days": True}]}
    assert [fault.column for fault in suppliers(json.dumps(record), "s.jsonl").refused] == ["products"]


def test_flat_json_line_is_read_as_a_flat_row() -> None:
    record = {"Raison sociale": "Atlas", "Pays": "Maroc", "Produits": ["huile", "savon"], "Taxe": 3}
    loaded = suppliers(json.dumps(record), "s.jsonl")
    supplier = loaded.profiles[0]
    assert (supplier.country, [product.name for product in supplier.products]) == ("MA", ["huile", "savon"])
    assert loaded.unknown_columns == ("Taxe",)


def test_parquet_is_read_flat_or_nested() -> None:
    content = parquet({"Name": ["Atlas", "Rif"], "Pays": ["Maroc", "Atlantis"], "products": [[{"name": "oil"}], []]})
    loaded = read_suppliers(("list.parquet", content))
    assert (loaded.profiles[0].products, faults(loaded)) == ((Product(name="oil"),), [(2, "country", "Atlantis")])


NAME = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf"]), min_size=1, max_size=20).filter(
    lambda text: text.strip() == text
)
QUANTITY = st.builds(Quantity, value=st.floats(0, 1e9), unit=st.sampled_from(["kg", "t", "pcs"]))
PRICE = st.builds(
    lambda low, more: PriceRange(min=low, max=low + more, currency="EUR", unit="kg"),
    st.floats(0, 1e6),
    st.floats(0, 1e6),
)
PRODUCT = st.builds(
    Product,
    name=NAME,
    hs=st.sampled_from([None, "1515.90", "0804.10"]),
    moq=st.none() | QUANTITY,
    price=st.none() | PRICE,
    capacity_month=st.none() | QUANTITY,
    lead_time_days=st.none() | st.integers(0, 3650),
)
SUPPLIER = st.builds(
    Supplier,
    id=NAME,
    name=NAME,
    country=st.sampled_from([None, "MA", "NA", "FR"]),
    city=st.none() | st.text(max_size=10) | st.just("-"),
    employees=st.none() | st.integers(0, 10**6),
    founded=st.none() | st.integers(1000, 2100),
    description=st.text(max_size=50),
    languages=st.sampled_from([(), ("fr", "ar")]),
    products=st.lists(PRODUCT, max_size=3).map(tuple),
    certifications=st.lists(NAME, max_size=3).map(tuple),
    incoterms=st.sampled_from([(), ("FOB", "EXW")]),
    markets=st.sampled_from([(), ("DE", "NC")]),
)


@given(st.lists(SUPPLIER, min_size=1, max_size=5, unique_by=lambda supplier: supplier.id))
def test_suppliers_written_as_json_lines_are_read_back_equal(profiles: list[Supplier]) -> None:
    text = "\n".join(profile.model_dump_json() for profile in profiles)
    assert suppliers(text, "s.jsonl") == Loaded(tuple(profiles), (), (), len(profiles))


# Requests


def test_request_of_a_flat_row_states_its_constraints() -> None:
    text = (
        "ID,Buyer,Country,Language,Request,Destination,HS code,Quantity,Certifications,Incoterm,Languages,Lead time,"
        "Max price,Supplier country\n"
        "R1,Bio GmbH,Germany,de,Suche Arganöl,DE,1515.90,500 kg,EU Organic,CIF,de;fr,3 weeks,25 EUR/kg,MA\n"
    )
    assert requests(text).profiles == (
        BuyerRequest(
            id="R1",
            buyer="Bio GmbH",
            country="DE",
            language="de",
            text="Suche Arganöl",
            constraints=Constraints(
                delivery_country="DE",
                hs="1515.90",
                quantity=Quantity(value=500, unit="kg"),
                certifications=("EU Organic",),
                incoterm="CIF",
                languages=("de", "fr"),
                max_lead_time_days=21,
                max_price=Money(value=25, currency="EUR", unit="kg"),
                supplier_countries=("MA",),
            ),
        ),
    )


def test_request_of_a_json_line_keeps_its_nested_constraints() -> None:
    record = {
        "id": "R1",
        "text": "argan oil",
        "constraints": {"quantity": {"value": 5, "unit": "kg"}, "incoterm": "FOB"},
    }
    assert requests(json.dumps(record), "r.jsonl").profiles == (BuyerRequest.model_validate(record),)


def test_constraints_that_are_no_object_are_refused() -> None:
    assert faults(requests('{"text": "oil", "constraints": [1]}', "r.jsonl")) == [(1, "constraints", "[1]")]


def test_fault_in_a_constraint_is_named_by_its_column() -> None:
    assert faults(requests("text,quantity,country\noil,lots,Atlantis\n")) == [
        (2, "country", "Atlantis"),
        (2, "quantity", "lots"),
    ]


def test_requests_without_ids_are_kept_apart() -> None:
    assert [request.text for request in requests("text\noil\noil\n").profiles] == ["oil", "oil"]


def test_later_request_with_a_used_id_is_refused() -> None:
    loaded = requests("id,text\n1,oil\n1,soap\n")
    assert ([request.text for request in loaded.profiles], faults(loaded)) == (["oil"], [(3, "id", "1")])


# Files as a whole


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        (b"colour,shape\nred,round\n", "no column for name; headings found: 'colour', 'shape'; expected one such as"),
        (b"[{}]", "no column for name"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "password-protected"),
        (b"PK\x03\x04broken", "damaged workbook"),
        (b"PAR1broken", "damaged Parquet"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "no column for name"),
    ],
)
def test_unreadable_content_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        read_suppliers(("file.csv", content))


def test_json_list_is_unreadable_and_says_what_would_do() -> None:
    with pytest.raises(UnreadableFile, match="one object on each line"):
        suppliers('[{"name": "Atlas"}]', "list.json")


def test_archive_that_is_no_workbook_is_unreadable() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(UnreadableFile, match="not an Excel workbook"):
        read_suppliers(("list.xlsx", content.getvalue()))


def test_workbook_with_locked_entries_is_unreadable() -> None:
    content = bytearray(workbook([["Name"], ["Atlas"]]))
    at = content.find(b"PK\x01\x02")
    content[at + 8 : at + 10] = struct.pack("<H", 1)
    with pytest.raises(UnreadableFile, match="password"):
        read_suppliers(("list.xlsx", bytes(content)))


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_torn_workbook_is_unreadable(part: float) -> None:
    content = workbook([["Name"], ["Atlas"]])
    with pytest.raises(UnreadableFile, match="damaged workbook"):
        read_suppliers(("list.xlsx", content[: int(len(content) * part)]))


def test_damaged_sheet_within_a_workbook_is_unreadable() -> None:
    source, target = zipfile.ZipFile(io.BytesIO(workbook([["Name"], ["Atlas"]]))), io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for entry in source.namelist():
            archive.writestr(entry, source.read(entry)[: 200 if "sheet1" in entry else None])
    with pytest.raises(UnreadableFile, match="damaged workbook"):
        read_suppliers(("list.xlsx", target.getvalue()))


def test_missing_file_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"list.csv: no such file"):
        read_suppliers(tmp_path / "list.csv")


def test_folder_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="a folder"):
        read_suppliers(tmp_path)


def test_too_large_file_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_FILE_BYTES", 10)
    (tmp_path / "list.csv").write_text("name\nAtlas\nRif\n")
    with pytest.raises(UnreadableFile, match="expected 10 at most"):
        read_suppliers(tmp_path / "list.csv")


def test_file_on_disk_and_upload_give_the_same(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(FRENCH, encoding="cp1252")
    assert read_suppliers(tmp_path / "list.csv") == read_suppliers(("list.csv", FRENCH.encode("cp1252")))


def test_overlong_cell_is_refused_alone() -> None:
    loaded = suppliers(f"name,city\nAtlas,{'x' * 140_000}\nRif,Fes\n")
    assert (names(loaded), faults(loaded)) == (["Rif"], [(2, "row", "Atlas," + "x" * 73 + "…")])


def test_file_whose_rows_cannot_be_told_apart_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_BROKEN_ROWS", 3)
    with pytest.raises(UnreadableFile, match="over 3 rows cannot be told apart"):
        suppliers("name,city\n" + f"Atlas,{'x' * 140_000}\n" * 4)


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_random_bytes_as_csv_raise_nothing_but_unreadable_file(content: bytes) -> None:
    try:
        read_suppliers(("list.csv", content))
    except UnreadableFile:
        return


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_random_bytes_below_headings_are_kept_or_refused(content: bytes) -> None:
    loaded = read_suppliers(("list.csv", b"name,country,product,moq,price\nAtlas,MA,oil,5 kg,3 EUR\n" + content))
    assert loaded.profiles[0].name == "Atlas" or loaded.refused


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_value_as_a_field_is_kept_or_refused(value: object) -> None:
    for name in ("id", "name", "products", "certifications", "country", "description", "moq"):
        record = {"id": "1", "name": "Atlas", "product": "oil", name: value}
        loaded = suppliers(json.dumps(record), "s.jsonl")
        assert len(loaded.profiles) + bool(loaded.refused) >= 1


def test_importing_the_module_loads_no_slow_library() -> None:
    slow = "{'pandas', 'pyarrow', 'openpyxl', 'charset_normalizer'}"
    probe = f"import sys, data.tables; print(sorted({slow} & set(sys.modules)))"
    root = Path(tables.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", probe], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
