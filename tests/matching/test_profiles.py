from __future__ import annotations

import json
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from matching.profiles import (
    MAX_TEXT_CHARACTERS,
    BuyerRequest,
    Certificate,
    Constraints,
    PriceRange,
    Product,
    Quantity,
    Size,
    Supplier,
)
from matching.words import words


def test_a_name_is_all_that_a_profile_needs_and_the_rest_is_unknown() -> None:
    supplier = Supplier(id="S1", name="Argan Haha")
    assert supplier.country is None and supplier.employees is None and supplier.size is None
    assert supplier.markets == () and supplier.text() == "Argan Haha"


def test_codes_and_names_are_normalised_on_the_way_in() -> None:
    supplier = Supplier.model_validate(
        {"id": "S1", "name": "X", "country": "Maroc", "languages": ["français", "AR"], "markets": ["Deutschland"],
         "incoterms": ["fob"], "products": [{"name": "huile", "hs": "151590"}]}
    )  # fmt: skip
    assert (supplier.country, supplier.languages, supplier.markets) == ("MA", ("fr", "ar"), ("DE",))
    assert (supplier.incoterms, supplier.products[0].hs) == (("FOB",), "1515.90")


@pytest.mark.parametrize(
    ("employees", "size"), [(9, Size.MICRO), (10, Size.SMALL), (49, Size.SMALL), (50, Size.MEDIUM), (250, Size.LARGE)]
)
def test_size_follows_from_the_staff_where_it_is_not_stated(employees: int, size: Size) -> None:
    assert Supplier(id="S1", name="X", employees=employees).size is size


def test_control_characters_are_taken_out_of_texts() -> None:
    assert BuyerRequest(text="huile\x00d'argan\x07").text == "huile d'argan"


def test_the_text_of_a_profile_is_name_products_and_description() -> None:
    supplier = Supplier(
        id="S1", name="Tamount", description="pressée à froid", products=(Product(name="huile"), Product(name="savon"))
    )
    assert supplier.text() == "Tamount\nhuile, savon\npressée à froid"


@pytest.mark.parametrize("text", ["", "   ", "\x00", "a" * (MAX_TEXT_CHARACTERS + 1)])
def test_an_empty_or_endless_request_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="text"):
        BuyerRequest(text=text)


def test_a_price_range_upside_down_is_refused() -> None:
    with pytest.raises(ValidationError, match="min 5 is above max 3"):
        PriceRange(min=5, max=3, currency="EUR")


def test_an_unknown_country_is_refused_with_the_value_given() -> None:
    with pytest.raises(ValidationError, match="'Atlantis' is not a country"):
        Constraints(delivery_country="Atlantis")


def test_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValidationError, match="wished"):
        Constraints.model_validate({"wished": 1})


def test_the_schema_tells_the_bounds_of_whole_numbers() -> None:
    schema = Supplier.model_json_schema()
    whole, _ = schema["properties"]["founded"]["anyOf"]
    assert whole == {"type": "integer", "minimum": 1000, "maximum": 2100}
    assert not re.search(r'"(ge|gt|le|lt)":', json.dumps(schema))


def test_a_certificate_may_be_a_name_alone_and_is_stored_as_one() -> None:
    stored = {"id": "S1", "name": "X", "certifications": ["Ecocert", "HACCP"]}
    supplier = Supplier.model_validate(stored)
    assert supplier.certifications == (Certificate(scheme="Ecocert"), Certificate(scheme="HACCP"))
    assert supplier.model_dump(mode="json", exclude_defaults=True) == stored


def test_a_certificate_with_details_keeps_them() -> None:
    details = {
        "scheme": "Ecocert", "scope": "cosmetics", "issuer": "Ecocert Greenlife", "number": "FR-BIO-01",
        "issued": "2024-04-01", "expires": "2027-03-31",
    }  # fmt: skip
    stored = {"id": "S1", "name": "X", "certifications": [details]}
    supplier = Supplier.model_validate(stored)
    assert supplier.certifications[0].expires == date(2027, 3, 31)
    assert supplier.model_dump(mode="json", exclude_defaults=True) == stored


@pytest.mark.parametrize(
    ("details", "fault"),
    [
        ({"expires": "soon"}, "'soon' is not a day; expected one such as 2027-03-31"),
        ({"expires": 20270331}, "20270331 is not a day"),
        ({"issued": "2027-01-02", "expires": "2027-01-01"}, "expires 2027-01-01 is before issued 2027-01-02"),
        ({"valid": "2027-01-01"}, "Extra inputs"),
    ],
)
def test_a_certificate_that_cannot_be_is_refused(details: dict[str, object], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        Supplier.model_validate({"id": "S1", "name": "X", "certifications": [{"scheme": "Ecocert", **details}]})


def test_a_quantity_tells_the_code_of_its_unit() -> None:
    written = ("Liter", "KGM", "paires", "bottles")
    assert [Quantity(value=1, unit=unit).code for unit in written] == ["LTR", "KGM", "PR", None]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("\ufeffar\u00adgan oil", "argan oil"),
        ("argan\u200boil", "argan oil"),
        ("a\u2060r\u200dgan", "a r gan"),
        ("\u202elio nagra\u202c", "lio nagra"),
        ("می\u200cخواهیم", "می\u200cخواهیم"),
        ("\U000e0061rgan", "rgan"),
    ],
    ids=["order mark and soft hyphen", "no width", "parted letters", "turned round", "Persian", "tags"],
)
def test_characters_that_nobody_sees_count_for_nothing_in_a_profile(written: str, read: str) -> None:
    supplier = Supplier(id="S1", name=written, description=written, products=(Product(name=written),))
    assert (supplier.name, supplier.description, supplier.products[0].name) == (read, read, read)


HIDING = "\u00ad\u200b\u200c\u200d\u200e\u202e\u2060\ufeff\x00 aبक"


@given(st.text(st.sampled_from(HIDING), max_size=12))
def test_what_was_read_of_a_profile_is_read_as_the_same_again(written: str) -> None:
    read = Supplier(id="S1", name="A", description=written).description
    assert Supplier(id="S1", name="A", description=read).description == read


def test_a_name_that_nobody_sees_is_none() -> None:
    with pytest.raises(ValidationError, match="at least 1 character"):
        Supplier(id="S1", name="\u200b\u200e")


def test_a_request_keeps_its_places_whatever_it_holds() -> None:
    assert BuyerRequest(text="ar\u200bgan 500 l").text == "ar\u200bgan 500 l"


def test_what_a_description_repeats_is_read_once_and_kept_as_written() -> None:
    sentence = "Huile d'argan bio pressée à froid près de Tiznit, pour la cosmétique. "
    supplier = Supplier(id="S1", name="Tamounte", description=sentence * 50)
    assert words(supplier.text()) == words(f"Tamounte {sentence}")
    assert supplier.description == (sentence * 50).strip()
