"""Whether a rollback restores the very same answers: asked before a promotion, during, and after it was taken back."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data.collection import Collection
from data.model_versions import ModelKind
from data.registry import Registry
from data.settings import Settings
from data.workspace import Models
from matching.profiles import BuyerRequest
from matching.ranker import GlassBoxRanker
from training.candidates import code_version
from training.ranker import unranked_matcher

_SLOPE = 0.5


def evaluate_rollback(settings: Settings, collection: Collection, requests: int) -> list[dict[str, Any]]:
    """One row: requests asked, answers that differ once another ranker is promoted, and once it is taken back.

    Models are loaded anew each time, as the service does. The requests are the collection's, then its clauses of them,
    so that no two are equal as long as there are enough.
    """
    asked = _requests(collection, requests)
    with tempfile.TemporaryDirectory() as folder:
        registry = Registry(Path(folder) / "models")
        settings = settings.model_copy(update={"models_path": registry.folder})
        before = _answers(settings, collection, asked)
        other = GlassBoxRanker.load(settings.ranker_path)
        flatter = tuple(
            curve.model_copy(update={"contributions": tuple(_SLOPE * value for value in curve.contributions)})
            for curve in other.curves
        )
        GlassBoxRanker("flatter", other.base, flatter, {}).save(Path(folder) / "made" / "ranker.json")
        model = registry.add(ModelKind.RANKER, "flatter", Path(folder) / "made", code=code_version())
        registry.promote(model, who="evaluation")
        during = _answers(settings, collection, asked)
        registry.rollback(who="evaluation")
        after = _answers(settings, collection, asked)
    pairs = list(zip(before, during, after, strict=True))
    return [
        {
            "requests": len(asked),
            "distinct requests": len({request.text for request in asked}),
            "other answers while promoted": sum(one != two for one, two, _ in pairs),
            "byte-equal after rollback": sum(one == three for one, _, three in pairs),
        }
    ]


def _answers(settings: Settings, collection: Collection, requests: Sequence[BuyerRequest]) -> list[bytes]:
    """Ids and the bytes of scores and terms of every candidate, for each request."""
    models = Models.load(settings)
    matcher = unranked_matcher(models.encoder, collection.suppliers, models.headings, models.rates)
    answers = []
    for request in requests:
        rows, features = matcher.compare(matcher.query(request))
        terms = models.ranker.terms(features)
        scores = models.ranker.scores(terms)
        order = np.lexsort((rows, -scores))
        ids = "\n".join(matcher.catalogue.ids[row] for row in rows[order])
        answers.append(ids.encode() + scores[order].tobytes() + terms[order].tobytes())
    return answers


def _requests(collection: Collection, count: int) -> list[BuyerRequest]:
    """The collection's requests, then parts of their texts, as many as are asked for."""
    texts = [request.text for request in collection.requests]
    for parts in (2, 3, 4):
        for request in collection.requests:
            words = request.text.split()
            pieces = np.array_split(np.array(words, np.str_), parts)
            texts += [" ".join(piece.tolist()) for piece in pieces if len(piece) > 1]
    distinct = list(dict.fromkeys(texts))
    return [BuyerRequest(text=distinct[number % len(distinct)]) for number in range(count)]
