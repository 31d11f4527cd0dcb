from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from data.collection import Collection
from matching.catalogue import Catalogue, Floats, Rows
from matching.exposure import ExposurePolicy
from matching.profiles import BuyerRequest, Supplier
from tests.conftest import HashingEncoder
from training.exposure_evaluation import evaluate_exposure, windows_met
from training.ranker import unranked_matcher


@pytest.fixture
def collection(suppliers: tuple[Supplier, ...]) -> Collection:
    """Three requests for argan oil that the two Moroccan firms answer, three for rugs that the Turkish one does."""
    texts = ["argan oil", "organic argan", "argan", "wool rugs", "hand knotted", "kilim"]
    requests = tuple(BuyerRequest(id=f"R{n}", text=text, language="en") for n, text in enumerate(texts))
    best = ["S1", "S1", "S2", "S3", "S3", "S3"]
    return Collection(suppliers, requests, {f"R{n}": {supplier: 3} for n, supplier in enumerate(best)})


def test_a_policy_raises_the_exposure_of_its_group_and_tells_its_price(
    collection: Collection, encoder: HashingEncoder
) -> None:
    matcher = unranked_matcher(encoder, collection.suppliers)
    found = evaluate_exposure(matcher, collection, ExposurePolicy.parse("country:TR=0.4"))
    alone, each, over_all = found.ways
    assert [alone["lost"], each["exposure"] >= 0.39, over_all["exposure"] >= 0.39] == [0.0, True, True]
    assert alone["exposure"] < over_all["exposure"] <= each["exposure"]
    assert each["gap per firm"] < alone["gap per firm"]
    assert all(way["lost"] == pytest.approx(1 - way["nDCG@10"] / alone["nDCG@10"]) for way in found.ways)


def test_shares_of_all_groups_of_a_column_make_one(collection: Collection, encoder: HashingEncoder) -> None:
    found = evaluate_exposure(unranked_matcher(encoder, collection.suppliers), collection)
    countries = [row for row in found.groups if row["column"] == "country"]
    assert {row["group"]: row["suppliers"] for row in countries} == {"MA": 2 / 4, "TR": 1 / 4, "not stated": 1 / 4}
    for share in ("relevance", "relevance alone", "policy, each ranking", "policy, over all"):
        assert sum(row[share] for row in countries) == pytest.approx(1.0)


# Of three rankings the group is well placed in one, badly in one, and not among the candidates of one.
CANDIDATES = (np.array([2, 0, 1]), np.array([0, 1, 2]), np.array([0, 1]))
RANKED = [(rows, np.linspace(2.0, -2.0, len(rows))) for rows in CANDIDATES]


@pytest.fixture
def catalogue(suppliers: tuple[Supplier, ...], encoder: HashingEncoder) -> Catalogue:
    return unranked_matcher(encoder, suppliers).catalogue


def _windows(catalogue: Catalogue, policy: str, ranked: list[tuple[Rows, Floats]]) -> dict[int, dict[str, Any]]:
    rows = windows_met(ExposurePolicy.parse(policy), catalogue, ranked)
    return {row["requests in a window"]: row for row in rows}


def test_a_window_is_feasible_where_the_group_in_front_would_have_its_share(catalogue: Catalogue) -> None:
    alone = _windows(catalogue, "country:TR=0.4", RANKED)[1]
    assert (alone["windows"], alone["feasible"]) == (30, 20)
    assert (alone["relevance alone"], alone["policy"]) == (10, 20)


def test_a_floor_is_met_in_every_window_where_the_group_is_always_a_candidate(catalogue: Catalogue) -> None:
    five = _windows(catalogue, "country:TR=0.45", RANKED[1:2] * 9 + RANKED[:1])[5]
    assert (five["feasible"], five["relevance alone"], five["policy"]) == (20, 0, 20)


def test_what_nobody_can_reach_is_not_counted_against_the_policy(catalogue: Catalogue) -> None:
    assert _windows(catalogue, "country:TR=0.9", RANKED)[1]["feasible"] == 0
