"""Train the multilingual static encoder: concepts -> tokenizer -> token vectors -> the shipped folder."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
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
from torch.optim import SparseAdam
from torch.optim.lr_scheduler import LambdaLR
from transformers import PrinterCallback, TrainerCallback

from matching.encoder import ENCODER_FILES, MANIFEST, TOKENIZER, WEIGHTS, StaticEncoder, file_checksum
from training.corpora import Concept, load_concepts
from training.encoder_card import encoder_card
from training.encoder_evaluation import CANDIDATES, Split, evaluate_encoder, shared_letters, split_concepts
from training.phrases import PairSource
from training.tokenizer import PIECES, UNKNOWN, simplified_characters, train_tokenizer

DIMENSIONS = 256
TOKENIZER_SEED = 3
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


# Called with the number of steps done and of all steps.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Recipe:
    """How an encoder is trained: `steps` batches of `batch` pairs.

    scale           : what cosines are multiplied by before the softmax over a batch.
    initial_spread  : standard deviation of the untrained vectors' values.
    tokenizer_pairs : how many pairs, drawn as those of training are, the tokenizer learns its pieces from.
    """

    steps: int = 2_700
    batch: int = 2_048
    learning_rate: float = 0.05
    scale: float = 20.0
    initial_spread: float = 0.1
    pieces: int = PIECES
    tokenizer_pairs: int = 1_200_000
    seed: int = 17


def train_encoder(
    corpora: Path,
    out: Path,
    *,
    recipe: Recipe = Recipe(),
    probe: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train an encoder on the corpora and write it to the folder `out`; the returned measures stand in its manifest.

    corpora  : the folder that `training.corpora` describes; UnreadableFile where a source is missing.
    probe    : folder of parallel sentences to measure with; none is measured without it.
    progress : called after each step of the vectors' training.
    """
    concepts = load_concepts(corpora)
    split = split_concepts(concepts, seed=recipe.seed)
    tokenizer = learn_tokenizer(split.training, simplified_characters(concepts), recipe)
    vectors = train_vectors(tokenizer, split.training, recipe, progress=progress)
    return finish_encoder(out, tokenizer, vectors, split=split, recipe=recipe, probe=probe)


def learn_tokenizer(training: Sequence[Concept], simplified: Mapping[str, str], recipe: Recipe) -> Tokenizer:
    """A tokenizer from texts drawn as the training pairs are, with random numbers of their own."""
    rows = PairSource(training).pairs(recipe.tokenizer_pairs, batch=recipe.batch, seed=TOKENIZER_SEED)
    return train_tokenizer((text for row in rows for text in row.values()), simplified, pieces=recipe.pieces)


def finish_encoder(
    out: Path,
    tokenizer: Tokenizer,
    vectors: NDArray[np.float32],
    *,
    split: Split,
    recipe: Recipe,
    probe: Path | None = None,
) -> dict[str, Any]:
    """Quantise, measure and write; the measures are those of the 8-bit vectors, as they ship."""
    tensors = quantized(without_unknown(tokenizer, vectors))
    encoder = StaticEncoder(tokenizer, tensors["embeddings"] * tensors["weights"][:, None], "")
    measures = {
        "encoder": evaluate_encoder(encoder.encode, split, probe),
        "shared_letters": evaluate_encoder(shared_letters, split, probe),
    }
    details = {
        "dimensions": DIMENSIONS,
        "pieces": tokenizer.get_vocab_size(),
        "held_out": len(split.held_out),
        "candidates": CANDIDATES,
        "recipe": asdict(recipe),
        "measures": measures,
    }
    write_encoder(out, tokenizer, tensors, details)
    return measures


def without_unknown(tokenizer: Tokenizer, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors with the unknown piece at zero: letters that no language of the corpora uses carry no weight."""
    known = vectors.copy()
    known[tokenizer.token_to_id(UNKNOWN)] = 0.0
    return known


def train_vectors(
    tokenizer: Tokenizer, concepts: Sequence[Concept], recipe: Recipe, *, progress: Progress | None = None
) -> NDArray[np.float32]:
    """Piece vectors, float32 (pieces, DIMENSIONS), by contrast of each pair with the others of its batch."""
    model = _untrained_model(tokenizer, recipe)
    with tempfile.TemporaryDirectory() as folder:
        trainer = _Trainer(
            model=model,
            args=_arguments(recipe, folder),
            train_dataset=_dataset(PairSource(concepts), recipe),
            loss=_loss(model, recipe),
            optimizers=_optimizers(model, recipe),
            callbacks=[_Reporter(progress)] if progress else [],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    state = model.state_dict()
    vectors: NDArray[np.float32] = state["0.embedding.weight"].numpy()
    return vectors


class _Trainer(SentenceTransformerTrainer):
    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> float:  # noqa: ARG002
        return 0.0  # only logged, and not defined for sparse gradients


class _Reporter(TrainerCallback):
    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        self.progress(state.global_step, state.max_steps)


def _untrained_model(tokenizer: Tokenizer, recipe: Recipe) -> SentenceTransformer:
    random = np.random.default_rng(recipe.seed)
    weights = random.normal(0.0, recipe.initial_spread, (tokenizer.get_vocab_size(), DIMENSIONS))
    module = StaticEmbedding(tokenizer, embedding_weights=weights.astype(np.float32))
    module.embedding.sparse = True
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


def _optimizers(model: SentenceTransformer, recipe: Recipe) -> tuple[SparseAdam, LambdaLR]:
    # A batch touches a tenth of the pieces; a dense optimiser would move the others too, and take longer.
    optimizer = SparseAdam(list(model.parameters()), lr=recipe.learning_rate)
    rise = max(1, recipe.steps // 20)
    fall = max(1, recipe.steps - rise)
    return optimizer, LambdaLR(optimizer, lambda step: min(step / rise, (recipe.steps - step) / fall))


def _dataset(source: PairSource, recipe: Recipe) -> IterableDataset:
    rows = _Rows(source, recipe)
    features = Features({"anchor": Value("string"), "positive": Value("string")})
    return IterableDataset.from_generator(lambda: iter(rows), features=features)


def _arguments(recipe: Recipe, folder: str) -> SentenceTransformerTrainingArguments:
    return SentenceTransformerTrainingArguments(
        output_dir=folder,
        max_steps=recipe.steps,
        per_device_train_batch_size=recipe.batch,
        max_grad_norm=0.0,
        use_cpu=True,
        seed=recipe.seed,
        save_strategy="no",
        report_to="none",
        logging_strategy="no",
        disable_tqdm=True,
        dataloader_num_workers=1,
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
