from __future__ import annotations

import numpy as np
import pytest

from matching.listings import SKETCH_BYTES, Listings
from matching.profiles import Supplier


def _listings(*names: str) -> Listings:
    return Listings.of([Supplier(id=str(number), name=name) for number, name in enumerate(names)])


@pytest.mark.parametrize(
    ("name", "again"),
    [
        ("Coopérative Tamounte", "COOPERATIVE TAMOUNTE S.A.R.L."),
        ("Arganor GmbH & Co. KG", "Arganor"),
        ("Yıldız Halı A.Ş.", "Yildiz Hali"),
        ("شركة أركان", "اركان"),
        ("徐州晶瑞玻璃制品有限公司", "徐州晶瑞玻璃制品"),
    ],
)
def test_a_name_is_the_same_in_any_case_with_and_without_legal_form(name: str, again: str) -> None:
    one, other = _listings(name, again).names
    assert one == other


def test_a_name_of_legal_forms_alone_is_told_from_another() -> None:
    one, other = _listings("Co", "SA").names
    assert one != other


def test_bytes_in_common_estimate_the_words_in_common() -> None:
    said = [" ".join(f"word{letter}" for letter in letters) for letters in ("abcdefghij", "abcdefghkl")]
    said = [text.replace("word", "wörd") for text in said]
    listings = Listings.of([Supplier(id=text, name="A", description=text) for text in said])
    in_common = (listings.sketches[0] == listings.sketches[1]).mean()
    share = 8 / 12
    assert abs(in_common - share) < 3 * np.sqrt(share * (1 - share) / SKETCH_BYTES)
    assert listings.sizes.tolist() == [10, 10]


def test_a_row_is_the_same_whatever_stands_around_it() -> None:
    firms = [Supplier(id=str(n), name=f"Firm {n}", description="argan oil " * n, city="Fès") for n in range(4)]
    whole = Listings.of(firms)
    parts = Listings.of(firms[:1]).followed_by(Listings.of(firms[1:])).take(np.array([2, 0]))
    for field in ("names", "cities", "sketches", "sizes"):
        np.testing.assert_array_equal(getattr(parts, field), getattr(whole, field)[[2, 0]])
