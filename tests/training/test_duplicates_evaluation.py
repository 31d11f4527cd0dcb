from __future__ import annotations

from matching.profiles import Product, Supplier
from tests.conftest import HashingEncoder
from training.duplicates_evaluation import COPIES, evaluate_duplicates

FIRMS = tuple(
    Supplier(
        id=f"S{number}",
        name=name,
        country="MA",
        description=f"{name} makes and ships {goods} of good quality from its own workshop to shops and hotels abroad",
        products=(Product(name=goods), Product(name=f"{goods} in bulk")),
    )
    for number, (name, goods) in enumerate([("Tamounte", "argan oil"), ("Atlas Rugs", "wool rug"), ("Fassi", "zellij")])
)


def test_each_kind_of_copy_has_its_row_and_a_copy_abroad_is_left_apart() -> None:
    rows = {row["copy"]: row for row in evaluate_duplicates(HashingEncoder(), FIRMS)}
    assert rows.keys() == {"no copies", *COPIES}
    assert rows["no copies"] | {"found": None, "false folds": 0, "of pairs": 3} == rows["no copies"]
    assert [rows[name]["found"] for name in ("exact", "renamed", "renamed, in another country")] == [1.0, 1.0, 0.0]
    assert rows["exact"]["of pairs"] == 6 * 5 / 2 - 3


def test_two_firms_that_are_one_are_a_false_fold() -> None:
    twin = FIRMS[0].model_copy(update={"id": "S9"})
    rows = evaluate_duplicates(HashingEncoder(), (*FIRMS, twin))
    assert rows[0]["false folds"] == 1
