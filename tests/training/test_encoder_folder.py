from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from tokenizers import Tokenizer, models

from matching.encoder import load_encoder
from training.encoder_folder import quantized, write_encoder

ROWS = np.array([[0, 0], [3, 4], [0, 2]], dtype=np.float32)


def tokenizer() -> Tokenizer:
    return Tokenizer(models.WordLevel({"[UNK]": 0, "oil": 1, "soap": 2}, unk_token="[UNK]"))


def details() -> dict[str, object]:
    trade = {"rows": 0, "sentence_count": 0, "terms": {}, "headings": {}, "sentences": {}}
    trade["sentences_between_all_languages"] = 0.0
    measures = {"held_out_words": {}, "trained_words": {}, "sentences": {}, "trade": trade}
    recipe = {"steps": 1, "batch": 2, "scale": 20.0, "learning_rate": 0.05, "seed": 1}
    return {
        "dimensions": 2,
        "pieces": 3,
        "concepts": 5,
        "glossary_concepts": 1,
        "trade_sentences": 2,
        "held_out": 0,
        "candidates": 0,
        "recipe": recipe,
        "measures": {"encoder": measures, "shared_letters": measures},
    }


@given(arrays(np.float32, (4, 8), elements=st.floats(-50, 50, width=32)))
def test_eight_bits_are_within_half_a_step(rows: NDArray[np.float32]) -> None:
    tensors = quantized(rows)
    restored = tensors["embeddings"] * tensors["weights"][:, None]
    assert (np.abs(restored - rows) <= 0.501 * tensors["weights"][:, None] + 1e-30).all()


def test_zero_row_stays_zero() -> None:
    tensors = quantized(np.zeros((2, 5), dtype=np.float32))
    assert not tensors["embeddings"].any()
    assert not tensors["weights"].any()


def test_written_folder_loads_as_an_encoder(tmp_path: Path) -> None:
    write_encoder(tmp_path / "encoder", tokenizer(), quantized(ROWS), details())
    encoder = load_encoder(tmp_path / "encoder")
    np.testing.assert_allclose(encoder.encode(["oil", "soap"]), np.array([[0.6, 0.8], [0, 1]]), atol=0.01)


def test_card_states_the_material(tmp_path: Path) -> None:
    write_encoder(tmp_path / "encoder", tokenizer(), quantized(ROWS), details())
    assert "5 concepts, 1 of them of the trade glossary" in (tmp_path / "encoder/README.md").read_text()


def test_writing_replaces_a_folder_whole(tmp_path: Path) -> None:
    out = tmp_path / "encoder"
    out.mkdir()
    (out / "left.over").write_text("old")
    write_encoder(out, tokenizer(), quantized(ROWS), details())
    assert {path.name for path in out.iterdir()} == {
        "1_Normalize",
        "README.md",
        "config_sentence_transformers.json",
        "manifest.json",
        "model.safetensors",
        "modules.json",
        "tokenizer.json",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["encoder"]
