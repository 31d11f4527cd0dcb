from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import shipped
from matching.encoder import load_encoder
from matching.errors import InvalidRequest, ModelDamaged, ModelMissing
from matching.headings import ARRAYS, MANIFEST, PIECES, HeadingChance, HeadingModel, hashed_texts, pooled
from tests.conftest import HashingEncoder, simple_headings


def chances(model: HeadingModel, *texts: str) -> np.ndarray:
    return model.probabilities(texts, HashingEncoder().encode(texts))


def with_known_word(word: str, heading: int) -> HeadingModel:
    """The simple model with a network that knows the pieces of one word, and no likeness."""
    model = simple_headings()
    pieces = model.pieces.copy()
    pieces[hashed_texts([word])[0], 0] = 100
    outputs = np.zeros((2, 3), np.float32)
    outputs[0, heading] = 5.0
    scales = np.full(PIECES, 0.01, np.float32)
    return replace(model, pieces=pieces, piece_scales=scales, outputs=outputs, weights=(1.0, 0.0))


def test_the_heading_of_the_named_goods_is_the_likeliest(headings: HeadingModel) -> None:
    assert chances(headings, "kilim", "argan oil").argmax(axis=1).tolist() == [2, 0]


@given(st.lists(st.text(max_size=40), max_size=8))
def test_probabilities_sum_to_one_or_nothing_is_said(texts: list[str]) -> None:
    sums = chances(simple_headings(), *texts).sum(axis=1)
    assert all(total == pytest.approx(1.0, abs=1e-5) or total == 0.0 for total in sums)


def test_a_text_without_a_word_has_no_heading(headings: HeadingModel) -> None:
    assert chances(headings, "!!!").tolist() == [[0.0, 0.0, 0.0]]


def test_a_batch_gives_what_each_text_gives(headings: HeadingModel) -> None:
    texts = [f"kilim number {number}" for number in range(600)]
    single = np.concatenate([chances(headings, text) for text in texts])
    np.testing.assert_allclose(chances(headings, *texts), single, atol=1e-6)


def test_the_network_follows_the_pieces_of_words() -> None:
    model = with_known_word("palmwood", heading=1)
    odds, _ = model.judgements(["palmwood", "steel"], np.zeros((2, 64), np.float32))
    np.testing.assert_allclose(odds, [[0.0, 5.0, 0.0], [0.0, 0.0, 0.0]], atol=1e-5)


def test_a_compound_shares_pieces_with_its_parts() -> None:
    model = with_known_word("palmwood", heading=1)
    assert chances(model, "palmwoodbox")[0].argmax() == 1


def test_pieces_do_not_depend_on_spelling_variants() -> None:
    assert hashed_texts(["Arganöl"])[0].tolist() == hashed_texts(["ARGANOL"])[0].tolist()


def test_pieces_of_each_text_lie_between_its_bounds() -> None:
    ids, bounds = hashed_texts(["kilim", "", "wool rug"])
    alone = [hashed_texts([text])[0].tolist() for text in ("kilim", "", "wool rug")]
    assert [ids[start:end].tolist() for start, end in zip(bounds, bounds[1:], strict=False)] == alone
    assert bounds[0] == 0 and ids.max() < PIECES


def test_likeliest_headings_come_first(headings: HeadingModel) -> None:
    found = headings.likeliest(np.array([0.2, 0.8, 0.0], np.float32), 3)
    assert [(chance.heading, chance.probability) for chance in found] == [
        ("5701", pytest.approx(0.8)),
        ("1515", pytest.approx(0.2)),
    ]


def test_a_request_for_several_goods_has_several_headings(headings: HeadingModel) -> None:
    found = headings.infer("kilim; argan oil", HashingEncoder(), 2)
    assert {chance.heading for chance in found} == {"1515", "5702"}
    assert min(chance.probability for chance in found) > 0.2


def test_pooling_takes_the_mean_of_the_whole_and_of_the_best_clauses() -> None:
    whole, clauses = [0.4, 0.6, 0.0], [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    expected = [(0.4 + 1 / 2) / 2, 0.6 / 2, (1 / 2) / 2]
    np.testing.assert_allclose(pooled(np.array([whole, *clauses], np.float32)), expected, rtol=1e-6)


def test_a_text_without_a_word_is_refused(headings: HeadingModel) -> None:
    with pytest.raises(InvalidRequest, match=r"text is '\?', expected at least one word"):
        headings.infer("?", HashingEncoder())


def test_a_stated_code_takes_all_probability(headings: HeadingModel) -> None:
    assert headings.stated("5701.10").tolist() == [0.0, 1.0, 0.0]
    assert headings.stated("9999.10").tolist() == [0.0, 0.0, 0.0]


def test_lines_have_their_stated_heading_or_the_three_likeliest(headings: HeadingModel) -> None:
    texts = ["whatever", "kilim", "argan oil"]
    found = headings.of_lines(["1515.90", "", "9999.00"], texts, HashingEncoder().encode(texts))
    assert found.places[:, 0].tolist() == [0, 2, 0]
    assert found.shares[0].tolist() == [1.0, 0.0, 0.0]
    np.testing.assert_allclose(found.shares[1:].sum(axis=1), 1.0, atol=1e-6)


def test_a_saved_model_gives_the_same_probabilities(headings: HeadingModel, tmp_path: Path) -> None:
    headings.save(tmp_path)
    loaded = HeadingModel.load(tmp_path, encoder=headings.encoder)
    np.testing.assert_allclose(chances(loaded, "wool kilim"), chances(headings, "wool kilim"), atol=2e-3)
    assert loaded.weights == headings.weights


def test_a_missing_model_is_named_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"manifest\.json: no model of headings there; `souk train headings`"):
        HeadingModel.load(tmp_path, encoder="any")


def test_a_model_of_another_encoder_is_refused(headings: HeadingModel, tmp_path: Path) -> None:
    headings.save(tmp_path)
    with pytest.raises(ModelDamaged, match="made with encoder hashing-64, but other is in use; `souk train headings`"):
        HeadingModel.load(tmp_path, encoder="other")


def test_altered_arrays_are_refused(headings: HeadingModel, tmp_path: Path) -> None:
    headings.save(tmp_path)
    content = bytearray((tmp_path / ARRAYS).read_bytes())
    content[-1] ^= 1
    (tmp_path / ARRAYS).write_bytes(content)
    with pytest.raises(ModelDamaged, match=r"SHA-256 is .* which its manifest does not say; `souk train headings`"):
        HeadingModel.load(tmp_path, encoder=headings.encoder)


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 99}'])
def test_a_broken_manifest_is_refused(headings: HeadingModel, tmp_path: Path, content: str) -> None:
    headings.save(tmp_path)
    (tmp_path / MANIFEST).write_text(content)
    with pytest.raises(ModelDamaged, match="`souk train headings`"):
        HeadingModel.load(tmp_path, encoder=headings.encoder)


def test_a_manifest_without_weights_is_refused(headings: HeadingModel, tmp_path: Path) -> None:
    headings.save(tmp_path)
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    del manifest["weights"]
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ModelDamaged, match="not a model of headings: 'weights'"):
        HeadingModel.load(tmp_path, encoder=headings.encoder)


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("huile d'argan", "1515"),
        ("Bio-Arganöl", "1515"),
        ("زيت الزيتون البكر", "1509"),
        ("特级初榨橄榄油", "1509"),
        ("hand-knotted wool rugs", "5701"),
        ("pamuklu tişört", "6109"),
    ],
)
def test_the_shipped_model_knows_common_goods_in_many_languages(text: str, heading: str) -> None:
    encoder = load_encoder(shipped.ENCODER)
    model = HeadingModel.load(shipped.HEADINGS, encoder=encoder.fingerprint)
    assert heading in {chance.heading for chance in model.infer(text, encoder, 3)}


def test_a_chance_is_inferred_unless_it_is_stated() -> None:
    assert HeadingChance("1515", 0.5).stated is False
