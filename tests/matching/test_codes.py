from __future__ import annotations

from collections.abc import Callable

import pytest

from matching.codes import Incoterm, country_code, currency_code, hs_code, incoterm, language_code


@pytest.mark.parametrize(
    "written", ["MA", "ma", "MAR", "Maroc", "المغرب", "Marokko", "Marruecos", "摩洛哥", "Fas", "Марокко"]
)
def test_morocco_is_recognised_in_any_language(written: str) -> None:
    assert country_code(written) == "MA"


@pytest.mark.parametrize(
    ("written", "code"),
    [("Côte d'Ivoire", "CI"), ("USA", "US"), ("U.K.", "GB"), ("Holland", "NL"), ("الإمارات العربية المتحدة", "AE")],
)
def test_common_names_of_countries_are_recognised(written: str, code: str) -> None:
    assert country_code(written) == code


@pytest.mark.parametrize(
    ("written", "code"),
    [("fr", "fr"), ("FR-MA", "fr"), ("français", "fr"), ("العربية", "ar"), ("Deutsch", "de"), ("German", "de"),
     ("deu", "de"), ("中文", "zh"), ("Darija", "ar")],
)  # fmt: skip
def test_languages_are_recognised_by_code_or_name(written: str, code: str) -> None:
    assert language_code(written) == code


@pytest.mark.parametrize(
    ("written", "code"), [("eur", "EUR"), ("€", "EUR"), ("DH", "MAD"), ("درهم", "MAD"), ("US$", "USD")]
)
def test_currencies_are_recognised_by_code_sign_or_name(written: str, code: str) -> None:
    assert currency_code(written) == code


@pytest.mark.parametrize("written", ["1515.90", "151590", "15 15 90", "1515.90.00.10", "15159000"])
def test_hs_codes_are_normalised_to_six_dotted_digits(written: str) -> None:
    assert hs_code(written) == "1515.90"


def test_an_incoterm_may_be_followed_by_its_place() -> None:
    assert incoterm("fob Casablanca") is Incoterm.FOB


@pytest.mark.parametrize(
    ("parse", "written", "expected"),
    [
        (
            country_code,
            "Atlantis",
            "'Atlantis' is not a country; expected an ISO 3166 code such as MA, or a country's name",
        ),
        (
            language_code,
            "Elvish",
            "'Elvish' is not a language; expected an ISO 639 code such as fr, or a language's name",
        ),
        (
            currency_code,
            "doubloons",
            "'doubloons' is not a currency; expected an ISO 4217 code such as MAD, EUR or USD",
        ),
        (hs_code, "15.15", "'15.15' is not an HS code; expected six digits such as 1515.90 or 151590"),
        (
            incoterm,
            "DAF",
            "'DAF' is not an Incoterm; expected one of EXW, FCA, CPT, CIP, DAP, DPU, DDP, FAS, FOB, CFR, CIF",
        ),
    ],
)
def test_what_is_no_code_is_refused_with_what_was_expected(
    parse: Callable[[str], str], written: str, expected: str
) -> None:
    with pytest.raises(ValueError) as refusal:
        parse(written)
    assert str(refusal.value) == expected
