from __future__ import annotations

import numpy as np
import pytest

from data.collection import Collection
from matching.profiles import BuyerRequest, Supplier
from tests.conftest import HashingEncoder
from training.evaluation import evaluate, folds, slices_of
from training.ranker import unranked_matcher


@pytest.fixture
def collection(suppliers: tuple[Supplier, ...]) -> Collection:
    texts = ["argan oil", "organic argan", "kilim", "wool rugs", "hand knotted", "zellij"]
    requests = tuple(BuyerRequest(id=f"R{n}", text=text, language="en") for n, text in enumerate(texts))
    best = ["S1", "S1", "S3", "S3", "S3", "S4"]
    return Collection(suppliers, requests, {f"R{n}": {supplier: 3} for n, supplier in enumerate(best)})


def test_each_request_is_left_out_once_and_never_fitted_on_when_measured() -> None:
    parts = list(folds(23, seed=1))
    assert sorted(np.concatenate([left_out for _, left_out in parts]).tolist()) == list(range(23))
    assert all(not set(fitted_on) & set(left_out) for fitted_on, left_out in parts)


def test_requests_are_told_apart_by_the_language_of_their_best_suppliers(collection: Collection) -> None:
    slices = slices_of(collection)
    assert slices["cross-language"].tolist() == [True] * 6
    english = collection.suppliers[1]
    judged = Collection(collection.suppliers, collection.requests[:1], {"R0": {english.id: 3, "S1": 1}})
    assert slices_of(judged)["same-language"].tolist() == [True]


def test_words_vectors_and_the_pipeline_are_measured_on_every_slice(
    collection: Collection, encoder: HashingEncoder
) -> None:
    table = evaluate(unranked_matcher(encoder, collection.suppliers), collection).table()
    assert [(row["slice"], row["ranking"]) for row in table[:3]] == [
        ("all", "BM25"), ("all", "vectors"), ("all", "pipeline"),
    ]  # fmt: skip
    assert table[0]["recall@50"] == pytest.approx(1.0)
    assert all(0.0 <= row[measure] <= 1.0 for row in table for measure in ("nDCG@10", "recall@50", "MRR"))
