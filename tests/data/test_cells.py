import datetime
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.cells import is_blank, read_cell, split_names, tidy
from data.columns import Kind
from matching.profiles import Quantity, Size


@pytest.mark.parametrize(
    "value",
    ["", "  ", "-", "—", "n/a", "N/A", "NC", "n.c.", "NaN", "#N/A", "#REF!", "غير متوفر", "\u200f", None, math.nan],
)
def test_cell_that_says_nothing_is_blank(value: object) -> None:
    assert is_blank(value)


@pytest.mark.parametrize("value", ["0", 0, "no", "Nancy", False, [], {}])
def test_cell_that_says_something_is_not_blank(value: object) -> None:
    assert not is_blank(value)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.COUNTRY])
def test_blank_cell_of_any_kind_is_unknown(kind: Kind) -> None:
    assert read_cell(kind, "NC") is None


@pytest.mark.parametrize("kind", list(Kind))
def test_list_is_given_back_as_it_is(kind: Kind) -> None:
    assert read_cell(kind, ["fr", "ar"]) == ["fr", "ar"]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("500 kg", 500.0, "kg"),
        ("500kg", 500.0, "kg"),
        ("1 500,5 kg", 1500.5, "kg"),
        ("1\u202f500,5\u00a0kg", 1500.5, "kg"),
        ("1.500 kg", 1500.0, "kg"),
        ("1,500 kg", 1500.0, "kg"),
        ("1.500.000 pcs", 1_500_000.0, "pcs"),
        ("1'500.25 kg", 1500.25, "kg"),
        ("0.500 t", 0.5, "t"),
        ("1,5 t", 1.5, "t"),
        ("٥٠٠ كغ", 500.0, "كغ"),
        ("١٬٥٠٠٫٥ كغ", 1500.5, "كغ"),
        ("۵۰۰ kg", 500.0, "kg"),
        ("10k pcs", 10 * 1000.0, "pcs"),
        ("2 million pcs", 2 * 1e6, "pcs"),
        ("min. 500 kg", 500.0, "kg"),
        ("25 m²", 25.0, "m²"),
        ("1 500 H87", 1500.0, "H87"),
        ("20 KGM", 20.0, "KGM"),
        ("1 x 20' FCL", 1.0, "container"),
        ("2 conteneurs 40 pieds", 2.0, "container"),
    ],
)
def test_quantity_is_read_as_people_write_it(text: str, value: float, unit: str) -> None:
    assert read_cell(Kind.QUANTITY, text) == Quantity(value=value, unit=unit)


@pytest.mark.parametrize(
    "text",
    ["soon", "500", "-5 kg", "100-200 kg", "500 kg/mois", "500 kg par mois", "kg", "5 10 kg", "9" * 400, "1e5 kg"],
)
def test_quantity_that_cannot_be_told_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_cell(Kind.QUANTITY, text)


def test_unit_beside_the_cell_serves_a_bare_number() -> None:
    assert read_cell(Kind.QUANTITY, 500, unit="kg") == Quantity(value=500, unit="kg")


def test_unit_in_the_cell_wins_over_the_one_beside_it() -> None:
    assert read_cell(Kind.QUANTITY, "2 t", unit="kg") == Quantity(value=2, unit="t")


def test_number_of_excel_with_three_decimals_is_taken_as_it_is() -> None:
    assert read_cell(Kind.QUANTITY, 1.125, unit="t") == Quantity(value=1.125, unit="t")


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("5000 kg", 5000.0, "kg"),
        ("5000 kg/month", 5000.0, "kg"),
        ("5 tonnes par mois", 5.0, "tonnes"),
        ("500 كغ شهريا", 500.0, "كغ"),
        ("60 t/an", 60 / 12, "t"),
        ("120000 pcs per year", 120_000 / 12, "pcs"),
    ],
)
def test_capacity_is_brought_to_a_month(text: str, value: float, unit: str) -> None:
    assert read_cell(Kind.MONTHLY_QUANTITY, text) == Quantity(value=value, unit=unit)


def test_capacity_of_another_period_is_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        read_cell(Kind.MONTHLY_QUANTITY, "500 kg/day")


@pytest.mark.parametrize(
    ("text", "low", "high", "currency", "unit"),
    [
        ("12,50 €/kg", 12.5, 12.5, "EUR", "kg"),
        ("USD 3.2 - 4.1 per pcs", 3.2, 4.1, "USD", "pcs"),
        ("USD3.2-4.1/pcs", 3.2, 4.1, "USD", "pcs"),
        ("3,2 €–4,1 €/kg", 3.2, 4.1, "EUR", "kg"),
        ("12 à 15 dh le kg", 12.0, 15.0, "MAD", "kg"),
        ("€12.50", 12.5, 12.5, "EUR", None),
        ("12 500 €/t", 12_500.0, 12_500.0, "EUR", "t"),
        ("3.2 USD FOB / pc", 3.2, 3.2, "USD", "pc"),
        ("١٢ درهم", 12.0, 12.0, "MAD", None),
        ("MAD 120/m²", 120.0, 120.0, "MAD", "m²"),
    ],
)
def test_price_is_read_as_people_write_it(
    text: str, low: float, high: float, currency: str | None, unit: str | None
) -> None:
    assert read_cell(Kind.PRICE, text) == {"min": low, "max": high, "currency": currency, "unit": unit}


@pytest.mark.parametrize("text", ["12", "on request", "5-3 €", "1.5 USD - 2 EUR", "from", "-3 €", "12 per kg", "3 XXY"])
def test_price_that_cannot_be_told_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_cell(Kind.PRICE, text)


def test_currency_and_unit_beside_the_cell_serve_a_bare_price() -> None:
    expected = {"min": 3.5, "max": 3.5, "currency": "MAD", "unit": "kg"}
    assert read_cell(Kind.PRICE, 3.5, unit="kg", currency="MAD") == expected


@pytest.mark.parametrize(
    ("value", "days"),
    [
        ("15", 15),
        (15, 15),
        (15.0, 15),
        ("15 jours", 15),
        ("15j", 15),
        ("3 semaines", 3 * 7),
        ("3 semaine(s)", 3 * 7),
        ("2-3 weeks", 3 * 7),
        ("2 à 3 semaines", 3 * 7),
        ("2 weeks to 3 weeks", 3 * 7),
        ("1 mois", 30),
        ("1,5 mois", 45),
        ("10 jours ouvrés", 14),
        ("48h", 2),
        ("٢١ يوم", 21),
        ("30 天", 30),
        ("0", 0),
    ],
)
def test_lead_time_is_read_in_days_the_upper_of_a_range(value: object, days: int) -> None:
    assert read_cell(Kind.DAYS, value) == days


@pytest.mark.parametrize("value", ["soon", "-5", 15.5, "10/15 days", "3 moons", datetime.datetime(2024, 3, 2), True])
def test_lead_time_that_is_no_number_of_days_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_cell(Kind.DAYS, value)


def test_lead_time_takes_its_unit_from_the_heading() -> None:
    assert read_cell(Kind.DAYS, "2-3", unit="semaines") == 3 * 7


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("1515.90", "1515.90"),
        ("151590", "1515.90"),
        ("1515 90 00", "1515.90"),
        (151590, "1515.90"),
        (151590.0, "1515.90"),
        (1515.9, "1515.90"),
        ("1515.9", "1515.90"),
        (80410, "0804.10"),
        (804.1, "0804.10"),
    ],
)
def test_hs_code_gets_back_the_zeros_that_excel_drops(value: object, code: str) -> None:
    assert read_cell(Kind.HS, value) == code


@pytest.mark.parametrize("value", ["15159", "abc", "15", 1.5])
def test_hs_code_of_too_few_digits_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_cell(Kind.HS, value)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ISO 9001, HACCP; Halal/Kosher|BRC\nIFS", ["ISO 9001", "HACCP", "Halal", "Kosher", "BRC", "IFS"]),
        ("ISO/IEC 17025", ["ISO/IEC 17025"]),
        ("حلال، ايزو 9001", ["حلال", "ايزو 9001"]),
        ("HACCP, haccp", ["HACCP"]),
        ("non", []),
    ],
)
def test_names_are_split_at_any_common_separator(text: str, names: list[str]) -> None:
    assert read_cell(Kind.NAMES, text) == names


def test_yes_alone_names_no_certificate() -> None:
    with pytest.raises(ValueError, match="names nothing"):
        read_cell(Kind.NAMES, "oui")


@pytest.mark.parametrize(
    ("kind", "text", "codes"),
    [
        (Kind.LANGUAGES, "Anglais, français et arabe", ["en", "fr", "ar"]),
        (Kind.LANGUAGES, "العربية؛ الفرنسية", ["ar", "fr"]),
        (Kind.COUNTRIES, "FR;DE|Maroc", ["FR", "DE", "MA"]),
        (Kind.COUNTRIES, "France et Belgique", ["FR", "BE"]),
        (Kind.COUNTRIES, "Bosnia and Herzegovina", ["BA"]),
        (Kind.COUNTRIES, "FR, NC, NA", ["FR", "NC", "NA"]),
        (Kind.INCOTERMS, "FOB, CIF", ["FOB", "CIF"]),
        (Kind.INCOTERMS, "EXW FOB CIF", ["EXW", "FOB", "CIF"]),
        (Kind.INCOTERMS, "fob Casablanca; EXW", ["FOB", "EXW"]),
    ],
)
def test_list_of_codes_loses_none(kind: Kind, text: str, codes: list[str]) -> None:
    assert read_cell(kind, text) == codes


def test_list_with_one_unknown_country_is_refused_whole() -> None:
    with pytest.raises(ValueError, match="Atlantis"):
        read_cell(Kind.COUNTRIES, "France, Atlantis")


def test_single_incoterm_is_refused_where_two_are_named() -> None:
    with pytest.raises(ValueError, match="expected an Incoterm"):
        read_cell(Kind.INCOTERM, "FOB, CIF")


@pytest.mark.parametrize(
    ("value", "answer"), [("oui", True), ("نعم", True), ("x", True), (True, True), ("non", False), (0, False)]
)
def test_yes_and_no_are_read_in_many_languages(value: object, answer: bool) -> None:
    assert read_cell(Kind.CERTIFICATE, value) is answer


def test_answer_that_is_neither_yes_nor_no_is_refused() -> None:
    with pytest.raises(ValueError, match="expected yes or no"):
        read_cell(Kind.CERTIFICATE, "in progress")


@pytest.mark.parametrize(
    ("value", "number"), [("38", 38), (38.0, 38), ("1 200", 1200), ("env. 50", 50), ("38 salariés", 38), ("٣٨", 38)]
)
def test_whole_number_is_read_as_people_write_it(value: object, number: int) -> None:
    assert read_cell(Kind.WHOLE_NUMBER, value) == number


@pytest.mark.parametrize("value", ["3.5", "-4", True, "many", math.inf])
def test_number_that_is_not_whole_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_cell(Kind.WHOLE_NUMBER, value)


@pytest.mark.parametrize(
    "value", ["1999", 1999, "depuis 1999", "01/05/1999", "1999-05-01", datetime.datetime(1999, 5, 1)]
)
def test_year_is_found_in_a_date(value: object) -> None:
    assert read_cell(Kind.YEAR, value) == 1999


@pytest.mark.parametrize(
    ("text", "size"), [("Petite", Size.SMALL), ("LARGE", Size.LARGE), ("متوسطة", Size.MEDIUM), ("TPE", Size.MICRO)]
)
def test_size_is_read_in_many_languages(text: str, size: Size) -> None:
    assert read_cell(Kind.SIZE, text) == size


@pytest.mark.parametrize(
    ("value", "text"), [(12, "12"), (12.0, "12"), (datetime.datetime(2024, 5, 1), "2024-05-01"), ("a\nb", "a\nb")]
)
def test_text_keeps_what_a_number_or_a_date_shows(value: object, text: str) -> None:
    assert read_cell(Kind.TEXT, value) == text


def test_product_names_keep_their_commas() -> None:
    assert split_names("huile d'argan, vrac; savon noir |\nghassoul;") == [
        "huile d'argan, vrac",
        "savon noir",
        "ghassoul",
    ]


def test_tidy_text_has_plain_digits_spaces_and_hyphens() -> None:
    assert tidy("\u200f١٢\u00a0–\u202f۳٫۵ ") == "12 - 3.5"


@given(st.sampled_from(list(Kind)), st.text(max_size=200))
def test_any_text_in_any_kind_is_read_or_refused(kind: Kind, text: str) -> None:
    try:
        read_cell(kind, text)
    except ValueError:
        return


@given(
    st.sampled_from(list(Kind)),
    st.one_of(st.floats(), st.integers(), st.booleans(), st.datetimes(), st.binary(max_size=9)),
)
def test_any_value_of_excel_in_any_kind_is_read_or_refused(kind: Kind, value: object) -> None:
    try:
        read_cell(kind, value)
    except ValueError:
        return


@given(st.integers(0, 10**9), st.sampled_from(["kg", "t", "pcs"]))
def test_quantity_written_with_spaces_between_thousands_reads_back(value: int, unit: str) -> None:
    assert read_cell(Kind.QUANTITY, f"{value:,} {unit}".replace(",", " ")) == Quantity(value=value, unit=unit)
