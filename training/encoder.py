"""Train the multilingual static encoder: corpora and glossary -> tokenizer -> token vectors -> the shipped folder.

Training can be broken off: with a folder to work in, the same call takes it up at its last checkpoint.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from datasets import Features, IterableDataset, Value
from numpy.typing import NDArray
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

from data import shipped
from data.trade_glossary import TradeSentence, read_glossary, read_sentences
from matching.encoder import TOKENIZER, StaticEncoder
from training.corpora import Concept, glossary_concepts, load_concepts
from training.encoder_evaluation import (
    CANDIDATES,
    FEWEST_LANGUAGES,
    Split,
    Vectorizer,
    evaluate_encoder,
    shared_letters,
)
from training.encoder_folder import quantized, write_encoder
from training.phrases import PairSource
from training.split import held_out_glossary, held_out_sentences, held_out_synsets
from training.tokenizer import PIECES, UNKNOWN, simplified_characters, train_tokenizer
from training.trade_evaluation import HeldOutTrade, evaluate_trade

DIMENSIONS = 256
TOKENIZER_SEED = 3
NUMBER_NORM = 0.1
STEPS_BETWEEN_CHECKPOINTS = 400

# Called with the number of steps done and of all steps.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Recipe:
    """How an encoder is trained: `steps` batches of `batch` pairs.

    scale           : what cosines are multiplied by before the softmax over a batch.
    initial_spread  : standard deviation of the untrained vectors' values.
    tokenizer_pairs : how many pairs, drawn as those of training are, the tokenizer learns its pieces from.
    """

    steps: int = 4_000
    batch: int = 2_048
    learning_rate: float = 0.05
    scale: float = 20.0
    initial_spread: float = 0.1
    pieces: int = PIECES
    tokenizer_pairs: int = 800_000
    seed: int = 17


@dataclass(frozen=True)
class Material:
    """What an encoder is trained on and measured with.

    sentences  : parallel sentences to train on, none of them held out.
    simplified : traditional Chinese character -> simplified.
    """

    split: Split
    sentences: Sequence[TradeSentence]
    trade: HeldOutTrade
    simplified: Mapping[str, str]


def train_encoder(
    corpora: Path,
    out: Path,
    *,
    recipe: Recipe = Recipe(),
    glossary: Path = shipped.GLOSSARY,
    probe: Path | None = None,
    work: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train an encoder and write it to the folder `out`; the returned measures stand in its manifest.

    corpora  : the folder that `training.corpora` describes; UnreadableFile where a source is missing.
    glossary : the folder that `data.trade_glossary` describes.
    probe    : folder of parallel sentences to measure with; none is measured without it.
    work     : folder for the tokenizer and checkpoints; the same call, after an interruption, goes on from there. What
               another recipe left there is removed.
    progress : called after each step of the vectors' training.
    """
    material = gather(corpora, glossary, seed=recipe.seed)
    if work is not None:
        _claim(work, recipe)
    tokenizer = _learned_once(material, recipe, work)
    source = PairSource(material.split.training, material.sentences)
    vectors = train_vectors(tokenizer, source, recipe, work=work, progress=progress)
    return finish_encoder(out, tokenizer, vectors, material, recipe=recipe, probe=probe)


def gather(corpora: Path, glossary: Path, *, seed: int) -> Material:
    """Everything of the corpora and the glossary, what is held out apart from what is trained on."""
    concepts = load_concepts(corpora)
    every = read_glossary(glossary)
    entries, held_entries = held_out_glossary(every)
    sentences, held_sentences = held_out_sentences(read_sentences(glossary))
    training, held = held_out_synsets([*concepts, *glossary_concepts(entries, concepts)])
    split = Split(training, held, _trained_synsets(training, len(held), seed))
    trade = HeldOutTrade(held_entries, every, held_sentences)
    return Material(split, sentences, trade, simplified_characters(concepts))


def _trained_synsets(training: Sequence[Concept], n: int, seed: int) -> list[Concept]:
    synsets = [concept for concept in training if ":" not in concept.key and len(concept.terms) >= FEWEST_LANGUAGES]
    return Random(seed).sample(synsets, min(n, len(synsets)))


def _claim(work: Path, recipe: Recipe) -> None:
    path = work / "recipe.json"
    wanted = json.dumps(asdict(recipe))
    if not path.is_file() or path.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        path.write_text(wanted, encoding="utf-8")


def _learned_once(material: Material, recipe: Recipe, work: Path | None) -> Tokenizer:
    # Two runs of the tokenizer's training differ in a few pieces, so vectors go with the one they began with.
    path = work / TOKENIZER if work else None
    if path and path.is_file():
        return Tokenizer.from_file(str(path))
    source = PairSource(material.split.training, material.sentences)
    tokenizer = learn_tokenizer(source, material.simplified, recipe)
    if path:
        tokenizer.save(str(path), pretty=False)
    return tokenizer


def learn_tokenizer(source: PairSource, simplified: Mapping[str, str], recipe: Recipe) -> Tokenizer:
    """A tokenizer from texts drawn as the training pairs are, with random numbers of their own."""
    rows = source.pairs(recipe.tokenizer_pairs, batch=recipe.batch, seed=TOKENIZER_SEED)
    return train_tokenizer((text for row in rows for text in row.values()), simplified, pieces=recipe.pieces)


def finish_encoder(
    out: Path,
    tokenizer: Tokenizer,
    vectors: NDArray[np.float32],
    material: Material,
    *,
    recipe: Recipe,
    probe: Path | None = None,
) -> dict[str, Any]:
    """Quantise, measure and write; the measures are those of the 8-bit vectors, as they ship."""
    tensors = quantized(with_light_numbers(tokenizer, without_unknown(tokenizer, vectors)))
    encoder = StaticEncoder(tokenizer, tensors["embeddings"] * tensors["weights"][:, None], "")
    measures = {
        "encoder": _measure(encoder.encode, material, probe),
        "shared_letters": _measure(shared_letters, material, probe),
    }
    details = {
        "dimensions": DIMENSIONS,
        "pieces": tokenizer.get_vocab_size(),
        "concepts": len(material.split.training),
        "glossary_concepts": sum(concept.key.startswith("trade:") for concept in material.split.training),
        "trade_sentences": len(material.sentences),
        "held_out": len(material.split.held_out),
        "candidates": CANDIDATES,
        "recipe": asdict(recipe),
        "measures": measures,
    }
    write_encoder(out, tokenizer, tensors, details)
    return measures


def _measure(vectorize: Vectorizer, material: Material, probe: Path | None) -> dict[str, Any]:
    measures = evaluate_encoder(vectorize, material.split, probe)
    return {**measures, "trade": evaluate_trade(vectorize, material.trade)}


def without_unknown(tokenizer: Tokenizer, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors with the unknown piece at zero: letters that no language of the corpora uses carry no weight."""
    known = vectors.copy()
    known[tokenizer.token_to_id(UNKNOWN)] = 0.0
    return known


def with_light_numbers(tokenizer: Tokenizer, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors with each piece of a number at `NUMBER_NORM` of the median length.

    "25" and "500" answer each other no better than other words do, and two texts differ little by their quantities.
    """
    numbers = [place for piece, place in tokenizer.get_vocab().items() if piece.isnumeric()]
    lengths = np.linalg.norm(vectors, axis=1)
    scaled = vectors.copy()
    scaled[numbers] *= (NUMBER_NORM * np.median(lengths) / np.maximum(lengths[numbers], 1e-9))[:, None]
    return scaled


def train_vectors(
    tokenizer: Tokenizer,
    source: PairSource,
    recipe: Recipe,
    *,
    work: Path | None = None,
    save_every: int = STEPS_BETWEEN_CHECKPOINTS,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Piece vectors, float32 (pieces, DIMENSIONS), by contrast of each pair with the others of its batch.

    work       : as in `train_encoder`.
    save_every : how many steps lie between two checkpoints.
    """
    model = _untrained_model(tokenizer, recipe)
    with tempfile.TemporaryDirectory() as folder:
        done = _steps_done(work)
        trainer = SparseTrainer(
            model=model,
            args=_arguments(recipe, work or Path(folder), save_every=save_every if work else 0),
            train_dataset=_dataset(source, recipe, done),
            loss=_loss(model, recipe),
            optimizers=_optimizers(model, recipe),
            callbacks=[ProgressReporter(progress)] if progress else [],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train(resume_from_checkpoint=str(work / f"checkpoint-{done}") if work and done else None)
    state = model.state_dict()
    vectors: NDArray[np.float32] = state["0.embedding.weight"].numpy()
    return vectors


def _steps_done(work: Path | None) -> int:
    folders = work.glob("checkpoint-*/trainer_state.json") if work else ()
    return max((int(path.parent.name.removeprefix("checkpoint-")) for path in folders), default=0)


class SparseTrainer(SentenceTransformerTrainer):
    """A trainer of models whose gradients are sparse."""

    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> float:  # noqa: ARG002
        return 0.0  # only logged, and not defined for sparse gradients


class ProgressReporter(TrainerCallback):
    """Tells after each step how many of how many are done."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Tell how far it is."""
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
    """The rows of a recipe after some steps; pickled without their source, as datasets take a pickle for a name."""

    def __init__(self, source: PairSource, recipe: Recipe, done: int) -> None:
        self.source, self.recipe, self.done = source, recipe, done

    def __getstate__(self) -> tuple[Recipe, int]:
        return self.recipe, self.done

    def __iter__(self) -> Iterator[dict[str, str]]:
        recipe = self.recipe
        return self.source.pairs(recipe.steps * recipe.batch, batch=recipe.batch, seed=recipe.seed, start=self.done)


def _optimizers(model: SentenceTransformer, recipe: Recipe) -> tuple[SparseAdam, LambdaLR]:
    # A batch touches a tenth of the pieces; a dense optimiser would move the others too, and take longer.
    optimizer = SparseAdam(list(model.parameters()), lr=recipe.learning_rate)
    rise = max(1, recipe.steps // 20)
    fall = max(1, recipe.steps - rise)
    return optimizer, LambdaLR(optimizer, lambda step: min(step / rise, (recipe.steps - step) / fall))


def _dataset(source: PairSource, recipe: Recipe, done: int) -> IterableDataset:
    rows = _Rows(source, recipe, done)
    features = Features({"anchor": Value("string"), "positive": Value("string")})
    return IterableDataset.from_generator(lambda: iter(rows), features=features)


def _arguments(recipe: Recipe, folder: Path, *, save_every: int) -> SentenceTransformerTrainingArguments:
    return SentenceTransformerTrainingArguments(
        output_dir=str(folder),
        max_steps=recipe.steps,
        per_device_train_batch_size=recipe.batch,
        max_grad_norm=0.0,
        use_cpu=True,
        seed=recipe.seed,
        save_strategy="steps" if save_every else "no",
        save_steps=max(1, save_every),
        save_total_limit=1,
        ignore_data_skip=True,  # the dataset itself begins after the steps done
        report_to="none",
        logging_strategy="no",
        disable_tqdm=True,
        dataloader_num_workers=1,
        accelerator_config={"dispatch_batches": False},
    )
