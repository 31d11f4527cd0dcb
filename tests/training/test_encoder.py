from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from tokenizers import Tokenizer

from matching.encoder import load_encoder
from training.corpora import Concept
from training.encoder import (
    DIMENSIONS,
    Recipe,
    finish_encoder,
    learn_tokenizer,
    quantized,
    train_vectors,
    without_unknown,
    write_encoder,
)
from training.encoder_evaluation import Split
from training.tokenizer import UNKNOWN

WORDS = (
    ("oil", "huile", "زيت", "油"),
    ("olive", "olivier", "زيتون", "橄榄"),
    ("soap", "savon", "صابون", "肥皂"),
    ("wool", "laine", "صوف", "羊毛"),
    ("carpet", "tapis", "سجادة", "地毯"),
    ("fish", "poisson", "سمك", "鱼"),
    ("shoe", "chaussure", "حذاء", "鞋"),
    ("bottle", "bouteille", "قارورة", "瓶子"),
)
RECIPE = Recipe(steps=60, batch=6, learning_rate=0.05, pieces=300, tokenizer_pairs=600)


def concepts() -> list[Concept]:
    meanings = [
        Concept(
            f"{number:08}-n",
            dict(zip(("en", "fr", "ar", "zh"), [(word,) for word in words], strict=True)),
            {"en": (f"made of {words[0]}",)},
        )
        for number, words in enumerate(WORDS)
    ]
    tariffs = [Concept(f"hs:{n}", {"en": (f"{a[0]} {b[0]}",)}, {"en": (a[0],)}) for n, (a, b) in enumerate(PAIRS)]
    return [*meanings, *tariffs]


PAIRS = tuple(pairwise(WORDS))


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return learn_tokenizer(concepts(), {}, RECIPE)


@pytest.fixture(scope="module")
def vectors(tokenizer: Tokenizer) -> NDArray[np.float32]:
    return train_vectors(tokenizer, concepts(), RECIPE)


@pytest.fixture(scope="module")
def folder(tokenizer: Tokenizer, vectors: NDArray[np.float32], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained") / "encoder"
    split = Split(concepts(), concepts()[:1], concepts()[1:3])
    finish_encoder(out, tokenizer, vectors, split=split, recipe=RECIPE)
    return out


def test_trained_words_find_their_translations(folder: Path) -> None:
    encoder = load_encoder(folder)
    english, french = (encoder.encode([words[place] for words in WORDS]) for place in (0, 1))
    assert ((french @ english.T).argmax(axis=1) == np.arange(len(WORDS))).mean() >= 0.75


def test_training_follows_its_seed(tokenizer: Tokenizer, vectors: NDArray[np.float32]) -> None:
    np.testing.assert_allclose(train_vectors(tokenizer, concepts(), RECIPE), vectors, atol=1e-3)


def test_progress_counts_every_step(tokenizer: Tokenizer) -> None:
    seen: list[tuple[int, int]] = []
    recipe = Recipe(steps=3, batch=4, pieces=300)
    train_vectors(tokenizer, concepts(), recipe, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_manifest_states_recipe_and_measures(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["recipe"]["steps"] == 60
    assert manifest["measures"]["encoder"]["trained_words"]["fr"]["n"] == 2
    assert set(manifest["sha256"]) == {"tokenizer.json", "model.safetensors"}


def test_card_states_recipe_licence_and_measures(folder: Path) -> None:
    card = (folder / "README.md").read_text()
    assert "license: cc-by-sa-4.0" in card
    assert "60 batches of 6 pairs" in card
    assert "| fr | 2 |" in card


def test_unknown_piece_weighs_nothing(tokenizer: Tokenizer) -> None:
    ones = np.ones((tokenizer.get_vocab_size(), 2), dtype=np.float32)
    kept = without_unknown(tokenizer, ones)
    assert not kept[tokenizer.token_to_id(UNKNOWN)].any()
    assert kept.sum() == 2 * (tokenizer.get_vocab_size() - 1)
    assert ones.all()


@settings(deadline=None)
@given(arrays(np.float32, (4, 8), elements=st.floats(-50, 50, width=32)))
def test_eight_bits_are_within_half_a_step(rows: NDArray[np.float32]) -> None:
    tensors = quantized(rows)
    restored = tensors["embeddings"] * tensors["weights"][:, None]
    assert (np.abs(restored - rows) <= 0.501 * tensors["weights"][:, None] + 1e-30).all()


def test_zero_row_stays_zero() -> None:
    tensors = quantized(np.zeros((2, DIMENSIONS), dtype=np.float32))
    assert not tensors["embeddings"].any()
    assert not tensors["weights"].any()


def test_writing_replaces_a_folder_whole(folder: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    out = tmp_path / "encoder"
    out.mkdir()
    (out / "left.over").write_text("old")
    rows = np.ones((tokenizer.get_vocab_size(), DIMENSIONS), dtype=np.float32)
    manifest = json.loads((folder / "manifest.json").read_text())
    write_encoder(out, tokenizer, quantized(rows), manifest)
    assert {path.name for path in out.iterdir()} == {path.name for path in folder.iterdir()}
    assert [path.name for path in tmp_path.iterdir()] == ["encoder"]
