"""Two sets of models side by side as rows of tables: measures with intervals, slices, what moved most."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.collection import Collection
from training.evaluation import MEASURES, slices_of
from training.metrics import randomisation_p
from training.model_measures import SideBySide, judged_requests

_DRAWS = 2_000
_LEAST_REQUESTS = 4


def measure_rows(side: SideBySide, *, seed: int = 0) -> list[dict[str, Any]]:
    """A row per measure: old, new, and the difference with its 95 % interval; of nDCG and the like also a p.

    The interval is a paired bootstrap over requests, p of the paired randomisation test.
    """
    old, new = side.old_measures, side.new_measures
    rows = []
    for place, name in enumerate(MEASURES):
        differences = new.values[:, place] - old.values[:, place]
        low, high = bootstrap_interval(differences, seed=seed)
        rows.append(
            {
                "measure": name,
                "in use": float(old.values[:, place].mean()),
                "new": float(new.values[:, place].mean()),
                "difference": float(differences.mean()),
                "low": low,
                "high": high,
                "p": randomisation_p(differences, seed=seed),
            }
        )
    for name, first, second in (
        ("calibration error", old.calibration_error, new.calibration_error),
        ("shortfall of small firms", old.gap, new.gap),
        ("ms per answer", old.latency_ms, new.latency_ms),
    ):
        rows.append(
            {"measure": name, "in use": first, "new": second, "difference": second - first}
            | dict.fromkeys(("low", "high", "p"))
        )
    return rows


def bootstrap_interval(values: NDArray[np.float64], *, seed: int = 0) -> tuple[float, float]:
    """95 % interval of the mean of values (n,), one per request, by the percentiles of resampled means."""
    drawn = np.random.default_rng(seed).multinomial(len(values), np.full(len(values), 1 / len(values)), size=_DRAWS)
    low, high = np.percentile(drawn @ values / len(values), (2.5, 97.5))
    return float(low), float(high)


def slice_rows(side: SideBySide, *, seed: int = 0) -> list[dict[str, Any]]:
    """nDCG@10 by language and by sector, the slice that got worse the most first; small slices are left out."""
    old, new, rows = side.old_measures.ndcg, side.new_measures.ndcg, []
    judged = judged_requests(side.collection)
    for name, of_slice in {**slices_of(side.collection), **sectors_of(side.collection)}.items():
        members = of_slice[judged]
        if members.sum() < _LEAST_REQUESTS:
            continue
        low, high = bootstrap_interval((new - old)[members], seed=seed)
        rows.append(
            {
                "slice": name,
                "requests": int(members.sum()),
                "in use": float(old[members].mean()),
                "new": float(new[members].mean()),
                "difference": float((new - old)[members].mean()),
                "low": low,
                "high": high,
            }
        )
    return sorted(rows, key=lambda row: row["difference"])


def sectors_of(collection: Collection) -> dict[str, NDArray[np.bool_]]:
    """Requests by sector: the HS chapter that most lines of their best suppliers are in."""
    suppliers = {supplier.id: supplier for supplier in collection.suppliers}
    chapters = []
    for request in collection.requests:
        grades = collection.grades.get(str(request.id), {})
        best = [suppliers[one] for one, grade in grades.items() if grade == max(grades.values()) and one in suppliers]
        codes = Counter(line.hs[:2] for supplier in best for line in supplier.products if line.hs)
        chapters.append(codes.most_common(1)[0][0] if codes else "")
    found = np.array(chapters, np.str_)
    return {f"HS chapter {chapter}": found == chapter for chapter in sorted(set(chapters) - {""})}


def movements(side: SideBySide, *, count: int = 10) -> list[dict[str, Any]]:
    """The matches that changed most: suppliers that came into or left the first ten, the longest moves first.

    reason : the feature whose contribution changed the most, against what changed for the request's other candidates
    """
    moves = []
    for number, (old, new) in enumerate(zip(side.old_measures.rankings, side.new_measures.rankings, strict=True)):
        ranks = [{int(row): rank for rank, row in enumerate(rows.tolist(), start=1)} for rows in (old, new)]
        for row in {*old[:10].tolist(), *new[:10].tolist()}:
            before, after = (places.get(row, len(places) + 1) for places in ranks)
            if min(before, after) <= 10 and before != after:
                moves.append((abs(np.log2(after / before)), number, row, before, after))
    moves.sort(key=lambda move: (-move[0], move[1], move[2]))
    return [_movement(side, *move[1:]) for move in moves[:count]]


def _movement(side: SideBySide, number: int, row: int, before: int, after: int) -> dict[str, Any]:
    request, catalogue = side.collection.requests[number], side.new.catalogue
    grade = side.collection.grades.get(str(request.id), {}).get(catalogue.ids[row], 0)
    return {
        "request": request.text,
        "supplier": catalogue.suppliers[row].name,
        "grade": grade,
        "before": before,
        "after": after,
        "reason": _reason(side, number, row),
    }


def _reason(side: SideBySide, number: int, row: int) -> str:
    """The terms that changed most in favour or disfavour of a candidate, against the mean change of all."""
    request, terms = side.collection.requests[number], []
    for matcher in (side.old, side.new):
        rows, features = matcher.compare(matcher.query(request))
        found = matcher.ranker.terms(features)
        place = np.flatnonzero(rows == row)
        if not len(place):
            return "it was not among the candidates of both"
        terms.append(found[place[0]] - found.mean(axis=0))
    change = terms[1] - terms[0]
    names = [curve.feature for curve in side.new.ranker.curves]
    most = np.argsort(-np.abs(change), kind="stable")[:2]
    return ", ".join(f"{names[place].replace('_', ' ')} {change[place]:+.2f}" for place in most)
