"""How long a log must be to learn from it: what candidates are worth after few and many sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import t

from training.judgment_rules import JudgmentRules
from training.judgments import judge
from training.learning_evaluation import mean_ndcg, scores_of
from training.log_ranker import PriorModel, fit_from_judgments
from training.ranker import JudgedCandidates, fit_ranker
from training.simulation import Shown, simulate

SESSIONS = (100, 300, 1_000, 3_000, 10_000)
_SHARES = (0.3, 0.3)
_SHUFFLED, _PLACES = 0.3, 20


def evaluate_log_lengths(
    judged: JudgedCandidates, *, seeds: int, first_seed: int = 0, progress: Callable[[], None] = lambda: None
) -> list[dict[str, Any]]:
    """A row per number of sessions: nDCG@10 of the ranker in use, and what candidates gain on requests nobody asked.

    Three in ten requests fit the ranker in use, three in ten are asked, the others measure. Interval: of the mean over
    the seeds (Student's t).
    """
    gains: dict[tuple[int, bool], list[float]] = {(one, prior): [] for one in SESSIONS for prior in (True, False)}
    in_use: list[float] = []
    for seed in range(first_seed, first_seed + seeds):
        found, before = _of_seed(judged, seed)
        in_use.append(before)
        for key, value in found.items():
            gains[key].append(value - before)
        progress()
    return [
        {"sessions": one, "seeds": seeds, "ranker in use": float(np.mean(in_use))}
        | _mean("with it as prior", gains[one, True])
        | _mean("without a prior", gains[one, False])
        for one in SESSIONS
    ]


def _of_seed(judged: JudgedCandidates, seed: int) -> tuple[dict[tuple[int, bool], float], float]:
    numbers = np.unique(judged.requests)
    cuts = np.cumsum([round(share * len(numbers)) for share in _SHARES])
    fitted, asked, left = np.split(np.random.default_rng(seed).permutation(numbers), cuts)
    ranker = fit_ranker(judged.of_requests(fitted), version="in-use", seed=seed)
    shown = Shown.by(judged, scores_of(ranker, judged.features), _PLACES)
    measured, rules = judged.of_requests(left), JudgmentRules.read()
    prior = PriorModel(ranker, rules.prior.step)
    found = {}
    for sessions in SESSIONS:
        log = simulate(judged, shown, sessions=sessions, seed=seed, shuffled=_SHUFFLED, asked=asked.tolist())
        judgments = judge(log, rules, seed=seed).judgments
        for with_prior in (True, False):
            one = fit_from_judgments(judgments, version="log", seed=seed, prior=prior if with_prior else None)
            found[sessions, with_prior] = mean_ndcg(measured, scores_of(one, measured.features))
    return found, mean_ndcg(measured, scores_of(ranker, measured.features))


def _mean(name: str, values: list[float]) -> dict[str, float]:
    count = len(values)
    error = float(t.ppf(0.975, count - 1) * np.std(values, ddof=1) / np.sqrt(count)) if count > 1 else np.nan
    mean = float(np.mean(values))
    return {f"gained {name}": mean, f"low {name}": mean - error, f"high {name}": mean + error}
