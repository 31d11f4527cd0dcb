from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.cells import read_cell
from data.certificate_cells import written
from data.columns import Kind
from matching.profiles import Certificate

UNTIL = date(2027, 3, 31)


def _read(text: str) -> object:
    return read_cell(Kind.CERTIFICATES, text)


@pytest.mark.parametrize(
    "text",
    [
        "Ecocert (valid until 2027-03-31)",
        "Ecocert; exp. 31/03/2027",
        "Ecocert exp: 31.03.2027",
        "Ecocert, exp 3/31/2027",
        "Ecocert expires March 31, 2027",
        "Ecocert (valable jusqu'au 31 mars 2027)",
        "Ecocert (gültig bis 31. März 2027)",
        "Ecocert válido hasta el 31 de marzo de 2027",
        "Ecocert valido fino al 31/03/2027",
        "Ecocert geldig tot en met 31-03-2027",
        "Ecocert válido até 31/03/2027",
        "Ecocert، صالحة حتى ٣١/٠٣/٢٠٢٧",
        "Ecocert（有效期至2027年3月31日）",
        "Ecocert valid to 03/2027",
        "Ecocert expiry date: 2027/03/31",
        "Ecocert exp 31/03/27",
    ],
)
def test_an_expiry_date_is_read_in_the_ways_that_it_is_written(text: str) -> None:
    assert _read(text) == [Certificate(scheme="Ecocert", expires=UNTIL)]


def test_a_year_stands_for_its_last_day() -> None:
    assert _read("HACCP valid until 2027") == [Certificate(scheme="HACCP", expires=date(2027, 12, 31))]


def test_details_after_a_separator_belong_to_the_certificate_before() -> None:
    assert _read("Ecocert; no. FR-BIO-01; exp. 31/03/2027; HACCP") == [
        Certificate(scheme="Ecocert", number="FR-BIO-01", expires=UNTIL), "HACCP",
    ]  # fmt: skip


def test_a_number_keeps_its_slashes_and_blanks() -> None:
    assert _read("GOTS n° CU 1234/07, ISO 9001:2015") == [
        Certificate(scheme="GOTS", number="CU 1234/07"), "ISO 9001:2015",
    ]  # fmt: skip


def test_names_without_details_stay_names() -> None:
    assert _read("Ecocert, BRC (Food); Expo label / ISO 9001") == ["Ecocert", "BRC (Food)", "Expo label", "ISO 9001"]


@pytest.mark.parametrize("text", ["Ecocert exp 31/02/2027", "Ecocert (issued 2027-01-01; valid until 2026-01-01)"])
def test_of_dates_that_cannot_be_the_name_is_kept_alone(text: str) -> None:
    assert _read(text) == ["Ecocert"]


WORDS = st.from_regex("[a-zÄé0-9]+([ ,./-][a-zÄé0-9]+){0,3}", fullmatch=True)


@given(
    st.builds(
        Certificate,
        scheme=st.sampled_from(["Ecocert", "ISO 9001:2015", "BRC (Food)", "حلال", "有机认证"]),
        scope=st.none() | WORDS,
        issuer=st.none() | WORDS,
        number=st.none() | WORDS,
        issued=st.none() | st.dates(date(1990, 1, 1), date(2020, 1, 1)),
        expires=st.none() | st.dates(date(2020, 1, 2), date(2100, 1, 1)),
    )
)
def test_a_certificate_that_was_written_is_read_back(certificate: Certificate) -> None:
    read = _read(written(certificate))
    assert read in ([certificate], [certificate.scheme])
    assert (read == [certificate.scheme]) == (certificate == Certificate(scheme=certificate.scheme))


PIECES = ("exp. ", "no. ", "31/03/2027", "(", ")", ";", "issuer:", "\ue000", "A")


@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_text_is_read_or_refused_as_a_value(text: str) -> None:
    try:
        _read(text)
    except ValueError as error:
        assert "expected" in str(error)
