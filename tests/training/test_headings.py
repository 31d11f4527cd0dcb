from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data.trade_glossary import LANGUAGES, Entry, TradeSentence
from matching.headings import HeadingModel
from matching.profiles import Supplier
from tests.conftest import HashingEncoder
from training.headings import (
    Names,
    Recipe,
    fit_headings,
    goods,
    in_context,
    measure_headings,
    names_of,
    names_of_products,
    prototypes,
    train_headings,
    weighted,
)

GOODS = {"1509": ("olive oil", "olives pressed"), "5701": ("wool rug", "carpet"), "6109": ("cotton shirt", "tee")}
SENTENCES = [TradeSentence("s", None, {"en": "we urgently need one two three four for spring", "zh": "我们需要春季货"})]
RECIPE = Recipe(inner=8, epochs=30, batch=16)


def heading(code: str, names: tuple[str, ...]) -> Entry:
    return Entry(code, code, dict.fromkeys(LANGUAGES, names), {})


HEADINGS = [heading(code, names) for code, names in GOODS.items()]
TERM = Entry("kilim", "5701", dict.fromkeys(LANGUAGES, ("kilim",)), {"ary": ("hanbel",)})
NO_GOODS = Entry("incoterm", None, dict.fromkeys(LANGUAGES, ("delivery term",)), {})


@pytest.fixture(scope="module")
def model() -> HeadingModel:
    return fit_headings(HashingEncoder(), [*HEADINGS, TERM], SENTENCES, RECIPE)


def test_what_is_no_goods_is_left_out() -> None:
    assert goods([*HEADINGS, TERM, NO_GOODS]) == [*HEADINGS, TERM]


def test_names_and_variants_carry_their_language_and_heading() -> None:
    assert ("hanbel", "ary", "5701") in set(names_of([TERM]))
    assert set(names_of([TERM])) >= {("kilim", language, "5701") for language in LANGUAGES}


def test_products_without_a_code_are_no_names() -> None:
    products = [{"name": "kilim", "hs": "570210"}, {"name": "unknown"}]
    supplier = Supplier.model_validate({"id": "S", "name": "S", "profile_language": "fr", "products": products})
    assert list(names_of_products([supplier])) == [("kilim", "fr", "5702")]


def test_fitted_model_tells_trained_names_apart(model: HeadingModel) -> None:
    names = Names.of(names_of([*HEADINGS, TERM]))
    measures = measure_headings(model, HashingEncoder(), names)
    assert (measures["n"], measures["top_1"], measures["top_3"]) == (len(names.texts), 1.0, 1.0)


def test_fitting_follows_its_seed(model: HeadingModel) -> None:
    again = fit_headings(HashingEncoder(), [*HEADINGS, TERM], SENTENCES, RECIPE)
    np.testing.assert_array_equal(again.pieces, model.pieces)
    np.testing.assert_array_equal(again.outputs, model.outputs)


def test_a_heading_has_one_prototype_for_each_place_and_a_term_one() -> None:
    vectors, headings = prototypes(HashingEncoder(), [HEADINGS[0], TERM])
    assert headings.tolist() == ["1509", "1509", "5701"]
    np.testing.assert_allclose(vectors[:2], HashingEncoder().encode(["olive oil", "olives pressed"]), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


def test_weights_make_unseen_names_likelier(model: HeadingModel) -> None:
    unseen = Names.of([("shirt of cotton", "en", "6109"), ("rug", "en", "5701"), ("oil of olive", "en", "1509")])
    before = measure_headings(model, HashingEncoder(), unseen)["log_loss"]
    after = measure_headings(weighted(model, HashingEncoder(), unseen), HashingEncoder(), unseen)["log_loss"]
    assert after < before


def test_equal_probabilities_count_as_half_before() -> None:
    model = fit_headings(HashingEncoder(), HEADINGS, [], Recipe(epochs=0))
    flat = weighted(model, HashingEncoder(), Names.of([("olive oil", "en", "1509")]))
    silent = Names.of([("?", "en", "5701")])
    measures = measure_headings(flat, HashingEncoder(), silent)
    assert (measures["top_1"], measures["top_3"]) == (0.0, 1.0)


def test_names_are_set_within_words_of_their_language() -> None:
    names = Names.of([("kilim", "en", "5701")] * 50)
    phrases = in_context(names, SENTENCES, Recipe(in_context=1.0))
    assert all("kilim" in phrase.split() for phrase in phrases)
    assert {len(phrase.split()) - 1 for phrase in phrases} == {1, 2, 3, 4, 5, 6}
    assert set(" ".join(phrases).split()) == {"kilim", *SENTENCES[0].texts["en"].split()}


def test_a_name_of_a_language_without_sentences_stays_alone() -> None:
    assert in_context(Names.of([("kilim", "tr", "5701")]), SENTENCES, Recipe(in_context=1.0)) == ["kilim"]


def test_training_writes_a_model_that_loads_with_its_measures(tmp_path: Path) -> None:
    folder = tmp_path / "glossary"
    write_glossary(folder)
    measures = train_headings(HashingEncoder(), tmp_path / "out", glossary=folder, recipe=Recipe(inner=4, epochs=1))
    loaded = HeadingModel.load(tmp_path / "out", encoder=HashingEncoder.fingerprint)
    assert loaded.made_from["measures"] == measures
    assert measures["held_out_terms"]["n"] > 0


def write_glossary(folder: Path) -> None:
    """Every heading that the sample's products state, and 40 terms, of which the split holds some out."""
    from data import shipped
    from data.tables import read_suppliers

    sample = read_suppliers(shipped.SAMPLE / "suppliers.jsonl").profiles
    codes = sorted({code for _, _, code in names_of_products(sample)})
    folder.mkdir()
    header = ",".join(LANGUAGES)
    rows = [f"{code},{','.join([f'goods {code}'] * 10)}," for code in codes]
    (folder / "headings.csv").write_text("\n".join([f"hs,{header},variants", *rows]), encoding="utf-8")
    terms = [f"t{n},x,{codes[n]},{','.join([f'term {n}'] * 10)}," for n in range(40)]
    (folder / "terms.csv").write_text("\n".join([f"term,sector,hs,{header},variants", *terms]), encoding="utf-8")
    (folder / "sentences.jsonl").write_text("", encoding="utf-8")
