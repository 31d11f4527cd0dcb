from __future__ import annotations

import pytest

from matching.units import CODES, SPELLINGS, in_base_units, unit_code, unit_name


@pytest.mark.parametrize(
    ("value", "unit", "base"),
    [(2, "t", 2000), (500, "Kilos", 500), (3, "طن", 3000), (5, "吨", 5000), (250, "g", 0.25)],
)
def test_masses_are_comparable_in_kilograms(value: float, unit: str, base: float) -> None:
    assert in_base_units(value, unit) == (pytest.approx(base), "[mass]")


def test_things_counted_one_by_one_share_a_dimension_and_boxes_do_not() -> None:
    assert [in_base_units(1, unit) for unit in ("pcs", "pairs", "Stück", "قطعة", "bottles")] == [(1.0, "[piece]")] * 5
    assert in_base_units(1, "boxes") == (1.0, "[box]")


def test_areas_are_comparable_across_systems() -> None:
    square_feet, square_metres = in_base_units(10.7639, "sqft"), in_base_units(1, "m²")
    assert square_feet is not None and square_metres is not None
    assert square_feet[0] == pytest.approx(square_metres[0], rel=1e-4)
    assert square_feet[1] == square_metres[1]


def test_volumes_are_comparable_with_one_another_and_not_with_masses() -> None:
    assert in_base_units(5, "hl") == in_base_units(500, "Liter") == in_base_units(0.5, "m3") == (0.5, "[length] ** 3")


def test_a_dozen_is_twelve_pieces() -> None:
    assert in_base_units(2, "Dutzend") == in_base_units(24, "pcs")


@pytest.mark.parametrize(
    ("code", "written"),
    [("KGM", "kg"), ("TNE", "tonnes"), ("GRM", "g"), ("LBR", "lb"), ("ONZ", "oz"), ("LTR", "Liter"), ("MLT", "ml"),
     ("HLT", "hl"), ("MTR", "m"), ("MTK", "m²"), ("MTQ", "m3"), ("H87", "Stück"), ("PR", "paires"), ("SET", "套"),
     ("DZN", "dozen"), ("FTK", "sqft"), ("XRO", "rolls")],
)  # fmt: skip
def test_a_un_ece_code_is_the_unit_that_is_written_otherwise(code: str, written: str) -> None:
    assert in_base_units(3, code) == in_base_units(3, written)
    assert unit_code(written) == unit_code(code) == code


@pytest.mark.parametrize("code", CODES)
def test_every_code_can_be_converted(code: str) -> None:
    assert in_base_units(1, code) is not None


def test_a_code_counts_in_capitals_only() -> None:
    assert unit_name("MIL") is not None and unit_name("mil") is None


@pytest.mark.parametrize("unit", ["bottles", "boxes", "containers", "flexitank-ish"])
def test_a_unit_that_no_code_stands_for_has_none(unit: str) -> None:
    assert unit_code(unit) is None


def test_an_unknown_unit_is_not_guessed() -> None:
    assert unit_name("flexitank-ish") is None
    assert in_base_units(3, "flexitank-ish") is None


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_unit_of_the_table_can_be_converted(name: str) -> None:
    assert in_base_units(1, SPELLINGS[name][0]) is not None
