"""Train the multilingual static encoder: concepts -> tokenizer -> token vectors -> the shipped folder."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Features, IterableDataset, Value
from numpy.typing import NDArray
from safetensors.numpy import save_file
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.base.modules import Normalize
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer

from matching.encoder import ENCODER_FILES, MANIFEST, TOKENIZER, WEIGHTS, file_checksum
from training.corpora import Concept
from training.phrases import PairSource

DIMENSIONS = 256
NAME = "souk-encoder"
VERSION = "1.0.0"
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


@dataclass(frozen=True)
class Recipe:
    """How the token vectors are trained; `steps` batches of `batch` pairs."""

    steps: int = 8_000
    batch: int = 2_048
    learning_rate: float = 0.1
    scale: float = 20.0
    initial_spread: float = 0.1
    seed: int = 17


def train_vectors(tokenizer: Tokenizer, concepts: Sequence[Concept], recipe: Recipe) -> NDArray[np.float32]:
    """Token vectors, float32 (pieces, DIMENSIONS), by contrast of each pair with the others of its batch."""
    model = _untrained_model(tokenizer, recipe)
    source = PairSource(concepts)
    with tempfile.TemporaryDirectory() as folder:
        trainer = SentenceTransformerTrainer(
            model=model,
            args=_arguments(recipe, folder),
            train_dataset=_dataset(source, recipe),
            loss=_loss(model, recipe),
        )
        trainer.train()
    return model[0].embedding.weight.detach().numpy()


def _untrained_model(tokenizer: Tokenizer, recipe: Recipe) -> SentenceTransformer:
    random = np.random.default_rng(recipe.seed)
    weights = random.normal(0.0, recipe.initial_spread, (tokenizer.get_vocab_size(), DIMENSIONS))
    module = StaticEmbedding(tokenizer, embedding_weights=weights.astype(np.float32))
    return SentenceTransformer(modules=[module, Normalize()], device="cpu")


def _loss(model: SentenceTransformer, recipe: Recipe) -> MultipleNegativesRankingLoss:
    return MultipleNegativesRankingLoss(
        model,
        scale=recipe.scale,
        directions=("query_to_doc", "doc_to_query"),
        partition_mode="per_direction",
    )


class _Rows:
    """The rows of a recipe; pickled without their source, because datasets take a generator's pickle for its name."""

    def __init__(self, source: PairSource, recipe: Recipe) -> None:
        self.source, self.recipe = source, recipe

    def __getstate__(self) -> Recipe:
        return self.recipe

    def __iter__(self) -> Iterator[dict[str, str]]:
        recipe = self.recipe
        return self.source.pairs(recipe.steps * recipe.batch, batch=recipe.batch, seed=recipe.seed)


def _dataset(source: PairSource, recipe: Recipe) -> IterableDataset:
    rows = _Rows(source, recipe)
    features = Features({"anchor": Value("string"), "positive": Value("string")})
    return IterableDataset.from_generator(lambda: iter(rows), features=features)


def _arguments(recipe: Recipe, folder: str) -> SentenceTransformerTrainingArguments:
    return SentenceTransformerTrainingArguments(
        output_dir=folder,
        max_steps=recipe.steps,
        per_device_train_batch_size=recipe.batch,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=recipe.steps // 20,
        max_grad_norm=0.0,
        weight_decay=0.0,
        optim="adamw_torch_fused",
        use_cpu=True,
        seed=recipe.seed,
        save_strategy="no",
        report_to="none",
        logging_steps=max(1, recipe.steps // 20),
        dataloader_num_workers=0,
        accelerator_config={"dispatch_batches": False},
    )


def quantized(vectors: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """The tensors of a static encoder's file: `embeddings` int8 (n, d) and `weights` float32 (n,), one scale a row.

    embeddings * weights[:, None] is within half a step of each row; a zero row stays zero.
    """
    largest = np.abs(vectors).max(axis=1)
    scales = (largest / 127.0).astype(np.float32)
    divisors = np.where(scales > 0, scales, 1.0)[:, None]
    return {"embeddings": np.rint(vectors / divisors).astype(np.int8), "weights": scales}


def write_encoder(out: Path, tokenizer: Tokenizer, vectors: NDArray[np.float32], details: dict[str, Any]) -> None:
    """Write the folder that `load_encoder` and sentence-transformers read; whatever was there goes only at the end.

    details : written into the manifest beside the checksums, for example the recipe and the measures.
    """
    new = out.with_name(out.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    (new / "1_Normalize").mkdir(parents=True)
    tokenizer.save(str(new / TOKENIZER), pretty=False)
    save_file(quantized(vectors), new / WEIGHTS)
    _write_json(new / "modules.json", _MODULES)
    _write_json(new / "config_sentence_transformers.json", _CONFIGURATION)
    _write_json(new / "1_Normalize/config.json", _NORMALIZE)
    checksums = {name: file_checksum(new / name) for name in ENCODER_FILES}
    _write_json(new / MANIFEST, {"name": NAME, "version": VERSION, **details, "sha256": checksums})
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
