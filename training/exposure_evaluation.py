"""Measuring how attention is shared on a judged collection, and what sharing it otherwise costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from data.collection import Collection
from matching.catalogue import Catalogue, Floats, Rows
from matching.exposure import Column, ExposurePolicy, Flags, group_exposure
from matching.matcher import Matcher
from matching.profiles import Size
from matching.ranker import logistic
from training.evaluation import MEASURES, held_out_rankings, measured

_COLUMNS = (Column.SIZE, Column.COUNTRY)
_SMALL = (Size.MICRO, Size.SMALL)
_SHOWN_GROUPS = 6


@dataclass(frozen=True)
class ExposureEvaluation:
    """Rows of two tables: exposure of each group with and without the policy; gap and cost of each way of ranking."""

    groups: list[dict[str, Any]]
    ways: list[dict[str, Any]]


def evaluate_exposure(
    matcher: Matcher, collection: Collection, policy: ExposurePolicy | None = None, *, seed: int = 0
) -> ExposureEvaluation:
    """Rank held-out requests by relevance alone, under a policy each for itself, and under it over all of them.

    policy : by default micro and small firms have the share of the exposure that they have of the suppliers
    """
    catalogue, ranked = matcher.catalogue, held_out_rankings(matcher, collection, seed=seed)
    if policy is None:
        policy = ExposurePolicy(Column.SIZE, _SMALL, float(np.isin(catalogue.sizes, _SMALL).mean()))
    ways = {
        "relevance alone": [rows for rows, _ in ranked],
        "policy, each ranking": _each_for_itself(policy, catalogue, ranked),
        "policy, over all": _over_all(policy, catalogue, ranked),
    }
    gains = {way: _ndcg(catalogue, collection, lists) for way, lists in ways.items()}
    best = gains["relevance alone"]
    costs = [
        {"ranking": way, **_gap(policy, catalogue, lists), "nDCG@10": gains[way], "lost": 1.0 - gains[way] / best}
        for way, lists in ways.items()
    ]
    return ExposureEvaluation(_groups(catalogue, collection, ways, policy.top), costs)


def _each_for_itself(policy: ExposurePolicy, catalogue: Catalogue, ranked: Sequence[tuple[Rows, Floats]]) -> list[Rows]:
    return [rows[policy.order(logistic(scores), policy.protects(catalogue, rows)).order] for rows, scores in ranked]


def _over_all(policy: ExposurePolicy, catalogue: Catalogue, ranked: Sequence[tuple[Rows, Floats]]) -> list[Rows]:
    debt, lists = 0.0, []
    for rows, scores in ranked:
        fair = policy.order(logistic(scores), policy.protects(catalogue, rows), debt)
        lists.append(rows[fair.order])
        debt = fair.debt
    return lists


def _gap(policy: ExposurePolicy, catalogue: Catalogue, lists: Sequence[Rows]) -> dict[str, float]:
    """The group's share of the exposure, and how far a firm of it falls short of any other firm on average."""
    members = policy.protects(catalogue, np.arange(len(catalogue)))
    share = group_exposure([_labels(members[rows]) for rows in lists], top=policy.top).get("group", 0.0)
    per_firm, of_others = share / members.sum(), (1.0 - share) / (~members).sum()
    return {"exposure": share, "gap per firm": 1.0 - float(per_firm / of_others)}


def _labels(members: Flags) -> Any:
    return np.where(members, "group", "others")


def _ndcg(catalogue: Catalogue, collection: Collection, lists: Sequence[Rows]) -> float:
    ids = [[catalogue.ids[row] for row in rows] for rows in lists]
    return float(measured(ids, collection)[:, list(MEASURES).index("nDCG@10")].mean())


def _groups(
    catalogue: Catalogue, collection: Collection, ways: dict[str, list[Rows]], top: int
) -> list[dict[str, Any]]:
    """Of each size and of the largest countries: its share of suppliers, of grades, of exposure by each way."""
    graded = np.zeros(len(catalogue))
    for grades in collection.grades.values():
        for supplier_id, grade in grades.items():
            graded[catalogue.row(supplier_id)] += grade
    table = []
    for column in _COLUMNS:
        labels = catalogue.sizes if column is Column.SIZE else catalogue.countries
        names, counts = np.unique(labels, return_counts=True)
        exposure = {way: group_exposure([labels[rows] for rows in lists], top=top) for way, lists in ways.items()}
        for name in names[np.argsort(-counts, kind="stable")][:_SHOWN_GROUPS].tolist():
            of_group = labels == name
            shares = {"suppliers": float(of_group.mean()), "relevance": float(graded[of_group].sum() / graded.sum())}
            row = {"column": column, "group": name or "not stated"} | shares
            table.append(row | {way: exposure[way].get(name, 0.0) for way in ways})
    return table
