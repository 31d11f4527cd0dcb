"""The glass-box ranker beside rankers that may do more, or less, on the same features, candidates and folds."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from data.collection import Collection
from matching.catalogue import Floats
from matching.features import NOT_ASKED
from matching.matcher import Matcher
from training.calibration import Fit, Scores, glass_box, out_of_fold_scores
from training.evaluation import MEASURES, measured, ranked_by_scores
from training.metrics import randomisation_p
from training.ranker import HIGHEST_GRADE, BoostedModel, JudgedCandidates, edges_of, judged_candidates

_GLASS_BOX = "glass box (in use)"
_TREES: dict[str, Any] = {"learning_rate": 0.08, "max_iter": 250, "max_leaf_nodes": 6, "min_samples_leaf": 30}


def compare_rankers(matcher: Matcher, collection: Collection, *, seed: int = 0) -> list[dict[str, Any]]:
    """nDCG@10 of each ranker on requests left out of its fitting, and its difference from the glass box.

    p is that of the paired randomisation test of the difference, by request.
    """
    judged = judged_candidates(matcher, collection)
    place = list(MEASURES).index("nDCG@10")
    measures = {
        name: measured(ranked_by_scores(matcher, judged, out_of_fold_scores(judged, seed=seed, fit=fit)), collection)
        for name, fit in rankers().items()
    }
    values = {name: found[:, place] for name, found in measures.items()}
    return [_row(name, found, values[_GLASS_BOX], seed) for name, found in values.items()]


def rankers() -> dict[str, Fit]:
    """Each ranker by name; boosted trees stand in for LambdaMART where LightGBM is not installed."""
    unbound: dict[str, Fit] = {"LightGBM LambdaMART": lambdamart}
    if find_spec("lightgbm") is None:
        unbound = {"boosted trees, any shape": trees}
    return {_GLASS_BOX: glass_box, "glass box with pairs": glass_box_with_pairs} | unbound | {"logistic": linear}


def glass_box_with_pairs(judged: JudgedCandidates, seed: int) -> Scores:
    """The same, but any two features may act together; still monotone in each."""
    return BoostedModel.fit(judged, edges_of(judged), seed=seed, interactions="pairwise").scores


def lambdamart(judged: JudgedCandidates, seed: int) -> Scores:
    """LightGBM's LambdaMART with the grade as gain, free in shape and in interactions.

    Source: Burges, From RankNet to LambdaRank to LambdaMART, MSR-TR-2010-82.
    """
    import lightgbm

    options = {
        "objective": "lambdarank",
        "label_gain": list(range(HIGHEST_GRADE + 1)),
        "learning_rate": 0.05,
        "num_leaves": 15,
        "seed": seed,
        "deterministic": True,
        "num_threads": 1,
        "verbosity": -1,
    }
    of_request = np.unique(judged.requests, return_counts=True)[1]
    data = lightgbm.Dataset(_columns(judged.features), judged.grades, group=of_request)
    model = lightgbm.train(options, data, num_boost_round=200)
    return lambda features: np.asarray(model.predict(_columns(features)), np.float64)


def trees(judged: JudgedCandidates, seed: int) -> Scores:
    """Boosted trees with neither monotone curves nor a bound on interactions, to the glass box's own target."""
    model = HistGradientBoostingClassifier(**_TREES, early_stopping=False, random_state=seed)
    model.fit(*_graded(_columns(judged.features), judged))
    return lambda features: np.asarray(model.decision_function(_columns(features)), np.float64)


def linear(judged: JudgedCandidates, seed: int) -> Scores:
    """Logistic regression to the same target; what has no number counts as 0, beside a column that marks it."""
    scaler = StandardScaler().fit(_filled(judged.features))
    model = LogisticRegression(max_iter=1000, random_state=seed)
    model.fit(*_graded(scaler.transform(_filled(judged.features)), judged))
    return lambda features: np.asarray(model.decision_function(scaler.transform(_filled(features))), np.float64)


def _row(name: str, values: Floats, glass_box_values: Floats, seed: int) -> dict[str, Any]:
    differences = values - glass_box_values
    if name == _GLASS_BOX:
        return {"ranker": name, "nDCG@10": float(values.mean()), "difference": None, "p": None}
    return {
        "ranker": name,
        "nDCG@10": float(values.mean()),
        "difference": float(differences.mean()),
        "p": randomisation_p(differences, seed=seed),
    }


def _columns(features: Floats) -> Floats:
    """The numbers, NaN where there is none, beside columns that mark UNKNOWN: (k, f) -> (k, 2f)."""
    return np.hstack([np.where(np.isfinite(features), features, np.nan), np.isnan(features)])


def _filled(features: Floats) -> Floats:
    """The numbers, 0 where there is none, beside columns that mark UNKNOWN and NOT_ASKED: (k, f) -> (k, 3f)."""
    numbers = np.where(np.isfinite(features), features, 0.0)
    return np.hstack([numbers, np.isnan(features), features == NOT_ASKED])


def _graded(columns: Floats, judged: JudgedCandidates) -> tuple[Floats, Floats, Floats]:
    """Each candidate once as relevant, once as not, weighted by its grade."""
    share = judged.grades / HIGHEST_GRADE
    return np.concatenate([columns, columns]), np.repeat([1, 0], len(share)), np.concatenate([share, 1.0 - share])
