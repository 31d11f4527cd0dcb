from __future__ import annotations

import numpy as np
import pytest

from data.collection import Collection
from matching.profiles import BuyerRequest, Supplier
from tests.conftest import HashingEncoder
from training.evaluation import evaluate, ranked_by_scores, slices_of
from training.ranker import judged_candidates, unranked_matcher


@pytest.fixture
def collection(suppliers: tuple[Supplier, ...]) -> Collection:
    texts = ["argan oil", "organic argan", "kilim", "wool rugs", "hand knotted", "zellij"]
    requests = tuple(BuyerRequest(id=f"R{n}", text=text, language="en") for n, text in enumerate(texts))
    best = ["S1", "S1", "S3", "S3", "S3", "S4"]
    return Collection(suppliers, requests, {f"R{n}": {supplier: 3} for n, supplier in enumerate(best)})


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


def test_each_request_ranks_its_own_candidates_by_score(collection: Collection, encoder: HashingEncoder) -> None:
    matcher = unranked_matcher(encoder, collection.suppliers)
    judged = judged_candidates(matcher, collection)
    ranked = ranked_by_scores(matcher, judged, judged.grades.astype(np.float64))
    assert [ids[0] for ids in ranked] == ["S1", "S1", "S3", "S3", "S3", "S4"]
    assert all(len(ids) == len(set(ids)) for ids in ranked)


def test_probabilities_are_measured_calibrated_and_in_logistic_form(
    collection: Collection, encoder: HashingEncoder
) -> None:
    rows = evaluate(unranked_matcher(encoder, collection.suppliers), collection).calibration
    assert [(row["probability"], row["of"]) for row in rows] == [
        ("calibrated", "all candidates"), ("calibrated", "the first 10 of each request"),
        ("logistic", "all candidates"), ("logistic", "the first 10 of each request"),
    ]  # fmt: skip
    assert all(row["candidates"] == 6 * len(collection.suppliers) for row in rows)
    assert all(row["relevant"] == pytest.approx(1 / len(collection.suppliers)) for row in rows)
