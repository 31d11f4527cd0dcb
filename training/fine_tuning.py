"""Fine-tune an encoder on requests and the suppliers that answered them, without losing what it knows in general.

What comes out is a folder beside the encoder in use, never in its place.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from datasets import Dataset, DatasetDict
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.base.modules import Normalize
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer
from torch.optim import AdamW, SparseAdam
from torch.optim.lr_scheduler import LambdaLR
from transformers import PrinterCallback, TrainerCallback

from data.collection import Grades
from data.trade_glossary import read_glossary, read_sentences
from matching.encoder import ENCODER_FILES, MANIFEST, TOKENIZER, WEIGHTS, file_checksum, load_encoder
from matching.errors import InvalidInput
from matching.lines import line_texts
from matching.matcher import Matcher
from matching.profiles import BuyerRequest, Supplier
from training.corpora import glossary_concepts
from training.encoder_folder import quantized
from training.phrases import PairSource
from training.ranker import unranked_matcher
from training.split import held_out_glossary, held_out_sentences

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FineTuning:
    """How an encoder is fine-tuned.

    epochs      : how often each accepted pair is seen
    base_share  : base pairs for each row of accepted pairs, so that general quality stays
    mined       : among how many of the nearest suppliers that were not accepted a hard negative is drawn
    least_grade : from which grade on a supplier counts as accepted
    """

    epochs: int = 4
    batch: int = 64
    learning_rate: float = 0.001
    scale: float = 20.0
    base_share: float = 4.0
    mined: int = 20
    least_grade: int = 2
    seed: int = 17
    checkpoint_steps: int = 100


@dataclass(frozen=True)
class Accepted:
    """Requests, suppliers, and the grades by which the one accepted the other."""

    requests: Sequence[BuyerRequest]
    suppliers: Sequence[Supplier]
    grades: Grades


def fine_tune(
    base: str,
    accepted: Accepted,
    out: Path,
    *,
    recipe: FineTuning = FineTuning(),
    work: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Fine-tune the model `base`, a folder or a name, and write the folder `out`; what it was made from.

    work : folder of checkpoints; the same call, after an interruption, goes on from there
    Raises InvalidInput where nothing was accepted, or `out` is the base itself.
    """
    if Path(base).exists() and out.resolve() == Path(base).resolve():
        raise InvalidInput(f"{out}: is the encoder that is to be fine-tuned; expected another folder")
    matcher = unranked_matcher(load_encoder(base), accepted.suppliers)
    pairs = training_rows(matcher, accepted, recipe)
    if not pairs:
        raise InvalidInput(f"no supplier was accepted with grade {recipe.least_grade} or above: nothing to learn from")
    model = _model(base)
    # Else examples are drawn from the profiles into the model's card, slowly.
    model.model_card_data.widget = [{"text": "argan oil"}]
    datasets = DatasetDict(
        {"accepted": Dataset.from_list(pairs), "base": Dataset.from_list(_base_rows(len(pairs), recipe))}
    )
    with tempfile.TemporaryDirectory() as folder:
        _train(model, datasets, recipe, work or Path(folder), resumable=work is not None, progress=progress)
    made_from = {"base": load_encoder(base).fingerprint, "pairs": len(pairs), "recipe": asdict(recipe)}
    _write(base, model, out, made_from)
    return made_from


def training_rows(matcher: Matcher, accepted: Accepted, recipe: FineTuning) -> list[dict[str, str]]:
    """Rows of a request, a profile or its nearest line, and a hard negative: a near supplier that was not accepted."""
    random, rows = Random(recipe.seed), []
    suppliers = {supplier.id: supplier for supplier in accepted.suppliers}
    for request in accepted.requests:
        grades = accepted.grades.get(str(request.id), {})
        good = [one for one, grade in grades.items() if grade >= recipe.least_grade and one in suppliers]
        if not good:
            continue
        near = _nearest(matcher, request.text, recipe.mined + len(grades))
        wrong = [suppliers[one] for one in near if one not in grades][: recipe.mined]
        for supplier in (suppliers[one] for one in good):
            other = random.choice(wrong) if wrong else random.choice(accepted.suppliers)
            rows.append({"anchor": request.text, "positive": supplier.text(), "negative": other.text()})
            lines = _nearest_line(matcher, request.text, supplier), _nearest_line(matcher, request.text, other)
            rows.append({"anchor": request.text, "positive": lines[0], "negative": lines[1]})
    return rows


def _nearest(matcher: Matcher, text: str, count: int) -> list[str]:
    keys = matcher.index.search(matcher.encoder.encode([text]), min(count, len(matcher.catalogue))).keys[0]
    return [matcher.catalogue.ids[row] for row in keys[keys >= 0]]


def _nearest_line(matcher: Matcher, text: str, supplier: Supplier) -> str:
    lines = line_texts(supplier)
    likeness = matcher.encoder.encode(lines) @ matcher.encoder.encode([text])[0]
    return lines[int(np.argmax(likeness))]


def _base_rows(count: int, recipe: FineTuning) -> list[dict[str, str]]:
    """Pairs of the glossary and the trade sentences, nothing that is held out among them."""
    entries, _ = held_out_glossary(read_glossary())
    sentences, _ = held_out_sentences(read_sentences())
    source = PairSource(glossary_concepts(entries, ()), sentences)
    return list(source.pairs(max(1, round(recipe.base_share * count)), batch=recipe.batch, seed=recipe.seed))


def _is_static(base: str) -> bool:
    return all((Path(base) / name).is_file() for name in (*ENCODER_FILES, MANIFEST))


def _model(base: str) -> SentenceTransformer:
    if not _is_static(base):
        return SentenceTransformer(base)
    module = StaticEmbedding(Tokenizer.from_file(str(Path(base) / TOKENIZER)), embedding_weights=_vectors(Path(base)))
    module.embedding.sparse = True
    return SentenceTransformer(modules=[module, Normalize()], device="cpu")


def _vectors(folder: Path) -> NDArray[np.float32]:
    tensors = load_file(folder / WEIGHTS)
    vectors: NDArray[np.float32] = tensors["embeddings"].astype(np.float32) * tensors["weights"][:, None]
    return vectors


def _train(
    model: SentenceTransformer,
    datasets: Mapping[str, Dataset],
    recipe: FineTuning,
    folder: Path,
    *,
    resumable: bool,
    progress: Progress | None,
) -> None:
    steps = recipe.epochs * sum(-(-len(one) // recipe.batch) for one in datasets.values())
    static = isinstance(model[0], StaticEmbedding)
    optimizer = (SparseAdam if static else AdamW)(list(model.parameters()), lr=recipe.learning_rate)
    schedule = LambdaLR(optimizer, lambda step: max(0.0, (steps - step) / steps))
    trainer = _Trainer(
        model=model,
        args=SentenceTransformerTrainingArguments(
            output_dir=str(folder),
            max_steps=steps,
            per_device_train_batch_size=recipe.batch,
            batch_sampler="no_duplicates",
            multi_dataset_batch_sampler="proportional",
            max_grad_norm=0.0,
            use_cpu=static,
            seed=recipe.seed,
            data_seed=recipe.seed,
            save_strategy="steps" if resumable else "no",
            save_steps=recipe.checkpoint_steps,
            save_total_limit=1,
            report_to="none",
            logging_strategy="no",
            disable_tqdm=True,
        ),
        train_dataset=datasets,
        loss=MultipleNegativesRankingLoss(model, scale=recipe.scale),
        optimizers=(optimizer, schedule),
        callbacks=[_Reporter(progress)] if progress else [],
    )
    trainer.remove_callback(PrinterCallback)
    begun = resumable and any(folder.glob("checkpoint-*/trainer_state.json"))
    trainer.train(resume_from_checkpoint=True if begun else None)


class _Trainer(SentenceTransformerTrainer):
    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> float:  # noqa: ARG002
        return 0.0  # only logged, and not defined for sparse gradients


class _Reporter(TrainerCallback):
    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        self.progress(state.global_step, state.max_steps)


def _write(base: str, model: SentenceTransformer, out: Path, made_from: Mapping[str, Any]) -> None:
    """Write the folder that `load_encoder` reads: of a static encoder the base's with other weights."""
    if not _is_static(base):
        model.save_pretrained(str(out))
        return
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(base, out, ignore=shutil.ignore_patterns("README.md", WEIGHTS, MANIFEST))
    save_file(quantized(model.state_dict()["0.embedding.weight"].numpy()), out / WEIGHTS)
    parent = json.loads((Path(base) / MANIFEST).read_text(encoding="utf-8"))
    manifest = {
        "name": parent["name"],
        "version": f"{parent['version']}+tuned",
        "dimensions": parent["dimensions"],
        "fine_tuned": dict(made_from),
        "sha256": {name: file_checksum(out / name) for name in ENCODER_FILES},
    }
    (out / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
