"""Does fine-tuning on accepted pairs help requests that it never saw, and what does it cost elsewhere?"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from data.collection import Collection
from data.trade_glossary import read_glossary, read_sentences
from matching.encoder import Encoder, load_encoder
from training.calibration import folds
from training.evaluation import MEASURES, measured, ranked_by_vectors, slices_of
from training.fine_tuning import Accepted, FineTuning, fine_tune
from training.metrics import randomisation_p
from training.ranker import unranked_matcher
from training.split import held_out_glossary, held_out_sentences
from training.trade_evaluation import recall_between_languages, recall_of_entries

Progress = Callable[[int, int], None]
_MEASURE = "recall@50"
_RECIPE = FineTuning()


def evaluate_fine_tuning(
    base: str, collection: Collection, *, recipe: FineTuning = _RECIPE, progress: Progress | None = None
) -> list[dict[str, Any]]:
    """Rows of each measure before and after, in five folds by request.

    Recall is that of the vectors alone on requests left out of the fine-tuning; general quality is the mean over the
    folds' encoders of what the shipped encoder is measured with: held-out sentences between all pairs of languages,
    held-out names of the glossary to and from English. p is of the paired randomisation test over requests.
    """
    before = load_encoder(base)
    values = {name: np.zeros(len(collection.requests)) for name in ("before", "after")}
    general: list[dict[str, float]] = []
    parts = list(folds(len(collection.requests), seed=recipe.seed))
    for number, (fitted_on, left_out) in enumerate(parts):
        seen = Accepted([collection.requests[place] for place in fitted_on], collection.suppliers, collection.grades)
        with tempfile.TemporaryDirectory() as folder:
            fine_tune(base, seen, Path(folder) / "encoder", recipe=recipe)
            after = load_encoder(str(Path(folder) / "encoder"))
        asked = Collection(
            collection.suppliers, tuple(collection.requests[place] for place in left_out), collection.grades
        )
        for name, encoder in (("before", before), ("after", after)):
            values[name][left_out] = _recall(encoder, asked)
        general.append(general_quality(after))
        if progress is not None:
            progress(number + 1, len(parts))
    rows = [
        _row(
            f"{_MEASURE}, {name} requests", int(members.sum()), *(float(values[way][members].mean()) for way in values)
        )
        | {"p": randomisation_p(values["after"][members] - values["before"][members])}
        for name, members in list(slices_of(collection).items())[:3]
        if members.any()
    ]
    whole = general_quality(before)
    return rows + [
        _row(name, None, whole[name], float(np.mean([one[name] for one in general]))) | {"p": None} for name in whole
    ]


def general_quality(encoder: Encoder) -> dict[str, float]:
    """What an encoder knows of translation that no training saw, each in 0..1."""
    every = read_glossary()
    entries, sentences = held_out_glossary(every)[1], held_out_sentences(read_sentences())[1]
    names = recall_of_entries(encoder.encode, entries, every)
    both = [np.mean([one["to_english"], one["from_english"]]) for one in names.values() if "from_english" in one]
    return {
        "held-out sentences, recall@1 between languages": recall_between_languages(encoder.encode, sentences),
        "held-out names, recall@1 to and from English": float(np.mean(both)),
    }


def _recall(encoder: Encoder, asked: Collection) -> Any:
    matcher = unranked_matcher(encoder, asked.suppliers)
    return measured(ranked_by_vectors(matcher, asked), asked)[:, list(MEASURES).index(_MEASURE)]


def _row(name: str, count: int | None, before: float, after: float) -> dict[str, Any]:
    return {
        "measure": name,
        "n": count,
        "before": before,
        "after": after,
        "change": after / before - 1.0,
    }
