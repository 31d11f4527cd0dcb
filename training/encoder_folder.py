"""The folder of a static encoder, as `load_encoder` and sentence-transformers read it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from matching.encoder import ENCODER_FILES, MANIFEST, TOKENIZER, WEIGHTS, file_checksum
from training.encoder_card import encoder_card

NAME = "souk-encoder"
VERSION = "2.1.0"
# The layout of a sentence-transformers model, so that it loads the folder too.
_MODULES = [
    {
        "idx": 0,
        "name": "0",
        "path": "",
        "type": "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding",
    },
    {
        "idx": 1,
        "name": "1",
        "path": "1_Normalize",
        "type": "sentence_transformers.base.modules.normalize.Normalize",
    },
]
_NORMALIZE = {"module_input_name": "sentence_embedding", "module_output_name": "sentence_embedding"}
_CONFIGURATION = {"model_type": "SentenceTransformer", "similarity_fn_name": "cosine"}


def quantized(vectors: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """The tensors of a static encoder's file: `embeddings` int8 (n, d) and `weights` float32 (n,), one scale a row.

    embeddings * weights[:, None] is within half a step of each row; a zero row stays zero.
    """
    largest = np.abs(vectors).max(axis=1)
    scales = (largest / 127.0).astype(np.float32)
    divisors = np.where(scales > 0, scales, 1.0)[:, None]
    return {"embeddings": np.rint(vectors / divisors).astype(np.int8), "weights": scales}


def write_encoder(
    out: Path, tokenizer: Tokenizer, tensors: Mapping[str, NDArray[Any]], details: Mapping[str, Any]
) -> None:
    """Write the folder that `load_encoder` and sentence-transformers read; whatever was there goes only at the end.

    tensors : as `quantized` gives them.
    details : what the manifest states beside the checksums, as `encoder_card` wants it.
    """
    new = out.with_name(out.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    (new / "1_Normalize").mkdir(parents=True)
    tokenizer.save(str(new / TOKENIZER), pretty=False)
    save_file(dict(tensors), new / WEIGHTS)
    (new / WEIGHTS).chmod(0o644)
    _write_json(new / "modules.json", _MODULES)
    _write_json(new / "config_sentence_transformers.json", _CONFIGURATION)
    _write_json(new / "1_Normalize/config.json", _NORMALIZE)
    checksums = {name: file_checksum(new / name) for name in ENCODER_FILES}
    manifest = {"name": NAME, "version": VERSION, **details, "sha256": checksums}
    _write_json(new / MANIFEST, manifest)
    (new / "README.md").write_text(encoder_card(manifest), encoding="utf-8")
    _swap(new, out)


def _swap(new: Path, out: Path) -> None:
    old = out.with_name(out.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    new.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
