"""Probabilities of rankers learnt from a log, held against grades: with the prior's calibration and fitted anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.stats import t

from data.feedback_log import Floats
from matching.ranker import GlassBoxRanker
from training.calibration import RELEVANT_GRADE, calibrated
from training.judgment_rules import JudgmentRules
from training.judgments import judge
from training.learning_evaluation import scores_of
from training.log_calibration import recalibrated
from training.log_ranker import PriorModel, fit_from_judgments
from training.log_split import split_by_time_and_request
from training.metrics import expected_calibration_error
from training.ranker import JudgedCandidates, fit_ranker
from training.simulation import Shown, simulate

_SHARES = (0.3, 0.3)
_SHUFFLED, _PLACES, _FIRST = 0.3, 20, 10
_LATE = 0.85
"""Share of the time after which a quarter of the log's requests is asked first, so that some can be held out."""


def evaluate_log_calibration(
    judged: JudgedCandidates,
    *,
    seeds: int,
    sessions: int,
    first_seed: int = 0,
    progress: Callable[[], None] = lambda: None,
) -> list[dict[str, Any]]:
    """Expected calibration error against the grades of requests nobody asked, mean and interval over the seeds."""
    found: list[Mapping[tuple[str, str], float]] = []
    for seed in range(first_seed, first_seed + seeds):
        found.append(_of_seed(judged, sessions, seed))
        progress()
    rows = []
    for of, name in found[0]:
        values = np.array([one[of, name] for one in found])
        error = t.ppf(0.975, seeds - 1) * values.std(ddof=1) / np.sqrt(seeds) if seeds > 1 else np.nan
        mean = float(values.mean())
        rows.append({"of": of, "ranker": name, "ECE": mean, "low": mean - error, "high": mean + error, "seeds": seeds})
    return rows


def _of_seed(judged: JudgedCandidates, sessions: int, seed: int) -> dict[tuple[str, str], float]:
    numbers, rules = np.unique(judged.requests), JudgmentRules.read()
    cuts = np.cumsum([round(share * len(numbers)) for share in _SHARES])
    fitted, asked, left = np.split(np.random.default_rng(seed).permutation(numbers), cuts)
    known = judged.of_requests(fitted)
    ranker = calibrated(fit_ranker(known, version="in-use", seed=seed), known, seed=seed)
    shown = Shown.by(judged, scores_of(ranker, judged.features), _PLACES)
    log = simulate(judged, shown, sessions=sessions, seed=seed, shuffled=_SHUFFLED, asked=asked.tolist())
    early = log.matched_at < np.quantile(log.matched_at, _LATE)
    seen, later = split_by_time_and_request(log.of_matches(~(early & np.isin(log.match_requests, asked[::4]))))
    learnt = judge(seen, rules, seed=seed)
    prior = PriorModel(ranker, rules.prior.step)
    candidate = fit_from_judgments(learnt.judgments, version="log", seed=seed, prior=prior)
    held_out = judge(later, rules, propensities=learnt.propensities, seed=seed).judgments
    anew = recalibrated(candidate, ranker, held_out, seed=seed).calibration
    other = GlassBoxRanker("anew", candidate.base, candidate.curves, {}, anew)
    measured = judged.of_requests(left)
    named = {"in use": ranker, "candidate, the prior's": candidate, "candidate, as `learn` gives it": other}
    return {
        (of, name): _error(one, measured, of_first=of_first)
        for of, of_first in (("all candidates", False), (f"the first {_FIRST}", True))
        for name, one in named.items()
    }


def _error(ranker: GlassBoxRanker, judged: JudgedCandidates, *, of_first: bool) -> float:
    scores = scores_of(ranker, judged.features)
    members = Shown.by(judged, scores, _FIRST).rows.ravel() if of_first else np.arange(len(scores))
    probabilities: Floats = ranker.probabilities(scores)
    return expected_calibration_error(probabilities[members], judged.grades[members] >= RELEVANT_GRADE)
