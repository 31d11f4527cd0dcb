import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.certificates import Held, certificate_name, find_certificates, held_by, satisfies
from matching.lexicon import word_list
from matching.profiles import Certificate, Supplier

TRADE_CERTIFICATES = (
    "ISO 9001", "ISO 14001", "ISO 22000", "ISO 22716", "ISO 13485", "ISO 27001", "ISO 45001", "FSSC 22000", "HACCP",
    "BRCGS", "IFS", "GlobalG.A.P.", "GRASP", "EU Organic", "USDA Organic", "COSMOS", "Ecocert", "Demeter", "Halal",
    "Kosher", "Fairtrade", "Rainforest Alliance", "UTZ", "GOTS", "GRS", "OCS", "OEKO-TEX 100", "BSCI", "SA8000",
    "SMETA", "WRAP", "REACH", "RoHS", "CE", "FDA", "IATF 16949", "EN 9100", "NADCAP", "FSC", "PEFC", "MSC",
    "ASC", "LWG",
    "MPS-A", "EN 71", "RJC", "GMP+", "QUALICOAT", "Solar Keymark", "IEC 61215", "ONSSA", "SASO", "PCI DSS",
    "KEBS", "GoodWeave",
    "NOM", "ISO 17100", "BIS", "FCC", "NM",
)  # fmt: skip


def names(text: str) -> list[str]:
    return [name for name, _, _ in find_certificates(text)]


@pytest.mark.parametrize("name", TRADE_CERTIFICATES)
def test_usual_name_is_its_own_canonical_name(name: str) -> None:
    assert certificate_name(name) == name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("BRC Food", "BRCGS"), ("brc", "BRCGS"), ("ISO9001:2015", "ISO 9001"),
        ("Oeko-Tex Standard 100", "OEKO-TEX 100"),
        ("agriculture biologique", "EU Organic"), ("bio-zertifiziert", "EU Organic"), ("有机认证", "EU Organic"),
        ("حلال", "Halal"), ("helal", "Halal"), ("清真", "Halal"), ("AS9100D", "EN 9100"), ("Sedex", "SMETA"),
        ("label rouge", "Label Rouge"), ("ce", "CE"), ("fsc", "FSC"), ("NOP", "USDA Organic"), ("casher", "Kosher"),
        ("ISO/IEC 27001", "ISO 27001"), ("comercio justo", "Fairtrade"), ("Global GAP", "GlobalG.A.P."),
    ],
)  # fmt: skip
def test_spellings_and_translations_have_one_name(written: str, name: str) -> None:
    assert certificate_name(written) == name


def test_unknown_certificate_comes_back_trimmed() -> None:
    assert certificate_name("  Seal of the Guild ") == "Seal of the Guild"


def test_name_within_other_words_is_not_taken_for_the_whole() -> None:
    assert certificate_name("Halal Control Germany") == "Halal Control Germany"


def test_certificates_are_found_in_reading_order_with_offsets_into_the_text() -> None:
    text = "Œufs: ISO 22000, certifiés Bio, شهادة حلال"
    assert [(name, text[start:end]) for name, start, end in find_certificates(text)] == [
        ("ISO 22000", "ISO 22000"), ("EU Organic", "certifiés Bio"), ("Halal", "شهادة حلال"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["ce produit", "reach us by mail", "grasp the wrap", "Preis bis 15 EUR", "nom de famille"]
)
def test_words_that_are_also_labels_are_none_in_small_letters(text: str) -> None:
    assert names(text) == []


def test_numbers_listed_after_an_iso_standard_are_standards_too() -> None:
    assert names("ISO 9001:2015, 14001 und 45001") == ["ISO 9001", "ISO 14001", "ISO 45001"]


def test_other_numbers_after_an_iso_standard_are_none() -> None:
    assert names("ISO 9001, 5000 pcs") == ["ISO 9001"]


def test_longer_name_wins_over_the_shorter_within_it() -> None:
    assert names("USDA Organic, GlobalG.A.P. GRASP") == ["USDA Organic", "GRASP"]


@pytest.mark.parametrize(
    ("held", "required"),
    [
        ("FSSC 22000", "ISO 22000"), ("FSSC 22000", "HACCP"), ("ISO 22000", "HACCP"), ("BRC", "HACCP"),
        ("IFS", "HACCP"),
        ("IATF 16949", "ISO 9001"), ("ISO 13485", "ISO 9001"), ("AS9100", "ISO 9001"), ("NOP", "USDA Organic"),
        ("Demeter", "EU Organic"), ("ISO 9001", "iso9001"), ("GOTS", "OCS"),
    ],
)  # fmt: skip
def test_certificate_includes_what_its_scheme_demands(held: str, required: str) -> None:
    assert satisfies([held], required)


@pytest.mark.parametrize(
    ("held", "required"),
    [
        ("HACCP", "ISO 22000"), ("BRCGS", "IFS"), ("ISO 9001", "IATF 16949"), ("USDA Organic", "EU Organic"),
        ("Ecocert", "COSMOS"), ("BSCI", "SA8000"), ("OEKO-TEX 100", "GOTS"),
    ],
)  # fmt: skip
def test_lesser_or_other_certificate_does_not_stand_in(held: str, required: str) -> None:
    assert not satisfies([held], required)


def test_nothing_held_satisfies_nothing() -> None:
    assert not satisfies([], "HACCP")


def test_every_canonical_name_is_found_under_its_own_name() -> None:
    assert [name for name in word_list("certificates") if certificate_name(name) != name] == []


def test_no_spelling_belongs_to_two_certificates() -> None:
    lists = json.loads((files("matching.lexicon") / "certificates.json").read_text(encoding="utf-8"))
    spellings = [spelling for own in lists.values() for spelling in dict.fromkeys(own)]
    assert sorted(spellings) == sorted(set(spellings))


@given(st.text() | st.lists(st.sampled_from([*TRADE_CERTIFICATES, ",", "½", "ß", "و"]), max_size=20).map(" ".join))
def test_any_text_is_read_and_spans_lie_within_it(text: str) -> None:
    for _, start, end in find_certificates(text):
        assert 0 <= start < end <= len(text)


def test_of_a_bulk_of_certificates_those_with_a_number_count() -> None:
    numbered = Certificate(scheme="Ecocert", number="E-1")
    bulk = tuple(Certificate(scheme=name) for name in TRADE_CERTIFICATES[:21])
    assert held_by(Supplier(id="S1", name="A", certifications=bulk)) == set()
    assert held_by(Supplier(id="S1", name="A", certifications=(*bulk, numbered))) == {Held("Ecocert")}
    assert len(held_by(Supplier(id="S1", name="A", certifications=(*bulk[:20], numbered)))) == 20
