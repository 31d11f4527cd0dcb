"""Measuring how attention is shared on a judged collection, and what sharing it otherwise costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from data.collection import Collection
from matching.catalogue import Catalogue, Floats, Rows
from matching.exposure import Column, ExposurePolicy, Flags, group_exposure, position_exposure
from matching.matcher import Matcher
from matching.profiles import Size
from matching.ranker import logistic
from training.evaluation import MEASURES, held_out_rankings, measured

_COLUMNS = (Column.SIZE, Column.COUNTRY)
_SMALL = (Size.MICRO, Size.SMALL)
_SHOWN_GROUPS = 6
_WINDOWS = (1, 5, 10, 20, 50)
_ORDERS = 10
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class ExposureEvaluation:
    """Rows of three tables: exposure of each group with and without the policy; gap and cost of each way of ranking;
    in how many windows of requests the group has its share.
    """

    groups: list[dict[str, Any]]
    ways: list[dict[str, Any]]
    windows: list[dict[str, Any]]


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
    windows = windows_met(policy, catalogue, ranked, seed=seed)
    return ExposureEvaluation(_groups(catalogue, collection, ways, policy.top), costs, windows)


def windows_met(
    policy: ExposurePolicy, catalogue: Catalogue, ranked: Sequence[tuple[Rows, Floats]], *, seed: int = 0
) -> list[dict[str, Any]]:
    """In how many windows, so many requests one after another, the group has its share of their exposure summed up.

    The requests come in ten random orders, each cut into windows; the debt is passed on within a window and begins anew
    with the next. A window is feasible where the group would have its share, were it put in front in every ranking.

    ranked : rows and scores (k,) of each request's candidates, best first
    """
    generator = np.random.default_rng(seed)
    requests = [_Shown(logistic(scores), policy.protects(catalogue, rows)) for rows, scores in ranked]
    orders = [generator.permutation(len(requests)).tolist() for _ in range(_ORDERS)]
    return [_windows_row(policy, requests, orders, size) for size in _WINDOWS if size <= len(requests)]


@dataclass(frozen=True)
class _Shown:
    """A request's candidates (k,), best first: expected relevance, and whether each is of the group."""

    relevance: Floats
    protected: Flags

    def had(self, top: int) -> float:
        """Exposure of the group by relevance alone."""
        shown = self.protected[:top]
        return float(position_exposure(len(shown)) @ shown)

    def most(self, top: int) -> float:
        """Exposure of the group, were it put in front."""
        return float(position_exposure(min(top, int(self.protected.sum()))).sum())


def _windows_row(
    policy: ExposurePolicy, requests: Sequence[_Shown], orders: Sequence[Sequence[int]], size: int
) -> dict[str, Any]:
    windows = [order[start : start + size] for order in orders for start in range(0, len(order) - size + 1, size)]
    found = np.array([_window(policy, [requests[number] for number in window]) for window in windows])
    feasible = found[:, 0] > 0
    return {
        "requests in a window": size,
        "windows": len(windows),
        "feasible": int(feasible.sum()),
        "relevance alone": int(found[feasible, 1].sum()),
        "policy": int(found[feasible, 2].sum()),
        "policy, of feasible": float(found[feasible, 2].mean()) if feasible.any() else None,
    }


def _window(policy: ExposurePolicy, window: Sequence[_Shown]) -> tuple[bool, bool, bool]:
    """Whether a window is feasible, has its share by relevance alone, and by the policy."""
    debt, had = 0.0, 0.0
    for one in window:
        fair = policy.order(one.relevance, one.protected, debt)
        debt = fair.debt
        had += _Shown(one.relevance, one.protected[fair.order]).had(policy.top)
    owed = debt + had
    by_relevance = sum(one.had(policy.top) for one in window)
    most = sum(one.most(policy.top) for one in window)
    return most >= owed - _TOLERANCE, by_relevance >= owed - _TOLERANCE, had >= owed - _TOLERANCE


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
