"""Learning from feedback put to the test: simulated users of a poor ranker, and what training on their log recovers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from data.feedback_log import FeedbackLog, Floats, Numbers
from matching.features import FEATURE_NAMES
from matching.ranker import GlassBoxRanker
from training.calibration import wilson_interval
from training.counterfactual import Weighting, estimate_order
from training.judgment_rules import JudgmentRules
from training.judgments import gains_of, judge
from training.log_ranker import fit_from_judgments
from training.metrics import ndcg
from training.propensities import Propensities
from training.ranker import JudgedCandidates, fit_ranker
from training.regression_em import regression_em
from training.simulation import Firms, Shown, Users, simulate

HELD_OUT = 0.2
_T_95 = {10: 2.262}
_JUDGED_POSITIONS = 10
_POOR_FEATURES = ("word_overlap", "profile_completeness")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Trial:
    """How the figures are made: sessions of simulated users, each seed with requests of its own held out."""

    seeds: int = 10
    coverage_seeds: int = 100
    sessions: int = 10_000
    places: int = 20
    shuffled: float = 0.3
    users: Users = field(default_factory=Users)


def poor_scores(judged: JudgedCandidates) -> Floats:
    """A deliberately poor ranker: words in common plus how full the profile is (n,)."""
    columns = [FEATURE_NAMES.index(name) for name in _POOR_FEATURES]
    return np.asarray(np.nan_to_num(judged.features[:, columns]).sum(axis=1), np.float64)


def evaluate_learning(
    judged: JudgedCandidates, trial: Trial = Trial(), progress: Progress | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Tables by name: nDCG@10 on held-out requests, propensities, off-policy coverage, no-shows and second meetings."""
    rules, shown = JudgmentRules.read(), Shown.by(judged, poor_scores(judged), trial.places)
    total, done = 2 * trial.seeds + trial.coverage_seeds, 0
    recovered: list[dict[str, float]] = []
    found: list[Propensities] = []
    fixed: list[Floats] = []
    moved: list[dict[str, float]] = []

    def step() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    for seed in range(trial.seeds):
        values, propensities = _recovery(judged, shown, rules, trial, seed)
        recovered.append(values)
        found.append(propensities)
        fixed.append(_fixed_propensities(judged, shown, rules, trial, seed))
        step()
    for seed in range(trial.seeds):
        moved.append(_appointments(judged, shown, rules, trial, seed))
        step()
    covered: list[dict[str, Any]] = []
    for seed in range(trial.coverage_seeds):
        covered.extend(_coverage(judged, shown, rules, trial, seed))
        step()
    return {
        "nDCG@10 of training on feedback": _means(recovered, "trained on"),
        "propensities": _propensity_rows(found, fixed, trial),
        "off-policy intervals": _coverage_rows(covered),
        "no-shows and second meetings": _means(moved, "places of the first ten that go to"),
    }


def _recovery(
    judged: JudgedCandidates, shown: Shown, rules: JudgmentRules, trial: Trial, seed: int
) -> tuple[dict[str, float], Propensities]:
    training, held_out = _split(judged, seed)
    log = _log(judged, shown, trial, seed, training)
    corrected = judge(log, rules, seed=seed)
    without = judge(log, rules, propensities=Propensities.none(), seed=seed)
    rankers = {
        "true judgments": fit_ranker(judged.of_requests(training), version="true", seed=seed),
        "feedback, corrected": fit_from_judgments(corrected.judgments, version="corrected", seed=seed),
        "feedback, uncorrected": fit_from_judgments(without.judgments, version="uncorrected", seed=seed),
    }
    asked = judged.of_requests(held_out)
    values = {name: mean_ndcg(asked, scores_of(ranker, asked.features)) for name, ranker in rankers.items()}
    values["the poor ranker itself"] = mean_ndcg(asked, poor_scores(asked))
    best = values["true judgments"]
    values["share recovered, corrected"] = values["feedback, corrected"] / best
    values["share recovered, uncorrected"] = values["feedback, uncorrected"] / best
    return values, corrected.propensities


def _fixed_propensities(
    judged: JudgedCandidates, shown: Shown, rules: JudgmentRules, trial: Trial, seed: int
) -> Floats:
    """What regression-EM makes of as many sessions in which no list was shuffled."""
    log = _log(judged, shown, replace(trial, shuffled=0.0), seed, _split(judged, seed)[0])
    _, chosen = gains_of(log, rules)
    return regression_em(log, log.impressions.positions - 1, chosen, seed=seed)[0]


def _appointments(
    judged: JudgedCandidates, shown: Shown, rules: JudgmentRules, trial: Trial, seed: int
) -> dict[str, float]:
    """Firms with a language in common are met again, the others do not come; trained with and without knowing that."""
    training, held_out = _split(judged, seed)
    speaks = judged.features[:, FEATURE_NAMES.index("language_in_common")] == 1.0
    firms = Firms(np.where(speaks, 0.0, 0.9), np.where(speaks, 0.8, 0.0))
    log = _log(judged, shown, trial, seed, training, firms)
    silent = rules.grades.model_copy(update={"meeting_no_show": 0.0, "meeting_held": 2.0, "second_meeting": 2.0})
    asked = judged.of_requests(held_out)
    members = np.isin(judged.requests, held_out)
    values = {}
    for name, used in {"with": rules, "without": rules.model_copy(update={"grades": silent})}.items():
        ranker = fit_from_judgments(judge(log, used, seed=seed).judgments, version=name, seed=seed)
        first = Shown.by(asked, scores_of(ranker, asked.features), 10).rows
        values[f"firms met again, {name} these labels"] = 10 * float(speaks[members][first].mean())
        values[f"firms that do not come, {name} these labels"] = 10 * float((~speaks[members])[first].mean())
        values[f"nDCG@10, {name} these labels"] = mean_ndcg(asked, scores_of(ranker, asked.features))
    met_again = "firms met again, {} these labels"
    values["firms met again, more by these labels"] = (
        values[met_again.format("with")] - values[met_again.format("without")]
    )
    return values


def _coverage(
    judged: JudgedCandidates, shown: Shown, rules: JudgmentRules, trial: Trial, seed: int
) -> Iterator[dict[str, Any]]:
    """Whether each interval holds the true number of choices per session of another order of what was shown."""
    better = np.nan_to_num(judged.features[:, FEATURE_NAMES.index("clause_similarity")])
    attention, chances = trial.users.attention(trial.places), trial.users.chance(judged.grades)
    target = shown.reordered(better)
    truth = float((chances[target.rows] @ attention).mean())
    gain = truth - float((chances[shown.rows] @ attention).mean())
    count = len(shown.rows)
    generator = np.random.default_rng(1_000 + seed)
    log = _log(judged, shown, trial, 1_000 + seed, generator.integers(count, size=count))
    _, chosen = gains_of(log, rules)
    outcomes = chosen.astype(np.float64)
    propensities = judge(log, rules, seed=seed).propensities
    scores = better[_rows_shown(log, judged)]
    for weighting in Weighting:
        for one in estimate_order(log, outcomes, scores, propensities, weighting=weighting, seed=seed):
            yield {
                "weights": weighting.value,
                "estimator": one.estimator,
                "truth": truth,
                "estimate": one.value,
                "width": one.high - one.low,
                "covers": one.low <= truth <= one.high,
                "covers the gain": one.gained_low <= gain <= one.gained_high,
            }


def _rows_shown(log: FeedbackLog, judged: JudgedCandidates) -> Numbers:
    """Candidate row of each impression."""
    width = int(judged.rows.max()) + 1
    keys = judged.requests * width + judged.rows
    order = np.argsort(keys)
    wanted = log.request_of_impressions * width + log.impressions.suppliers
    return order[np.searchsorted(keys[order], wanted)]


def _split(judged: JudgedCandidates, seed: int) -> tuple[Numbers, Numbers]:
    mixed = np.random.default_rng(seed).permutation(np.unique(judged.requests))
    held_out = round(HELD_OUT * len(mixed))
    return np.sort(mixed[held_out:]), np.sort(mixed[:held_out])


def _log(
    judged: JudgedCandidates, shown: Shown, trial: Trial, seed: int, asked: Numbers, firms: Firms | None = None
) -> FeedbackLog:
    return simulate(
        judged, shown, sessions=trial.sessions, seed=seed, users=trial.users, firms=firms, shuffled=trial.shuffled,
        asked=asked.tolist(),
    )  # fmt: skip


def scores_of(ranker: GlassBoxRanker, features: Floats) -> Floats:
    """Scores (k,) of feature rows (k, f)."""
    return ranker.scores(ranker.terms(features))


def mean_ndcg(judged: JudgedCandidates, scores: Floats) -> float:
    """Mean nDCG@10 over requests of candidates ranked by scores (n,); the ideal is that of the candidates."""
    values = []
    for number in np.unique(judged.requests):
        members = np.flatnonzero(judged.requests == number)
        order = members[np.lexsort((judged.rows[members], -scores[members]))]
        grades = {str(row): int(judged.grades[row]) for row in members if judged.grades[row]}
        values.append(ndcg([str(row) for row in order], grades))
    return float(np.mean(values))


def _means(rows: list[dict[str, float]], heading: str) -> list[dict[str, Any]]:
    """Mean of each value over the seeds, with the 95 % interval of that mean (Student's t)."""
    table = []
    for name in rows[0]:
        values = np.array([row[name] for row in rows])
        error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
        margin = _T_95.get(len(values), 2.0) * error
        mean = float(values.mean())
        table.append({heading: name, "mean": mean, "low": mean - margin, "high": mean + margin, "seeds": len(values)})
    return table


def _propensity_rows(found: list[Propensities], fixed: list[Floats], trial: Trial) -> list[dict[str, Any]]:
    truth = trial.users.attention(trial.places)
    rows = []
    for place in range(_JUDGED_POSITIONS):
        values = np.array([one.values[place] for one in found])
        bounds = [one.interval() for one in found]
        rows.append(
            {
                "position": place + 1,
                "truth": float(truth[place]),
                "mean estimate": float(values.mean()),
                "mean error": float(values.mean() / truth[place] - 1.0),
                "largest error": float(np.abs(values / truth[place] - 1.0).max()),
                "seeds within 10 %": int((np.abs(values / truth[place] - 1.0) <= 0.1).sum()),
                "intervals that hold it": sum(
                    bool(low[place] <= truth[place] + 1e-12 and truth[place] <= high[place] + 1e-12)
                    for low, high in bounds
                ),
                "regression-EM, nothing shuffled": float(np.mean([one[place] for one in fixed])),
            }
        )
    return rows


def _coverage_rows(covered: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for weights, estimator in dict.fromkeys((one["weights"], one["estimator"]) for one in covered):
        own = [one for one in covered if (one["weights"], one["estimator"]) == (weights, estimator)]
        held, gains = (sum(one[name] for one in own) for name in ("covers", "covers the gain"))
        low, high = wilson_interval(np.array([held / len(own)]), np.array([len(own)]))
        rows.append(
            {
                "weights": weights,
                "estimator": estimator,
                "truth": own[0]["truth"],
                "mean estimate": float(np.mean([one["estimate"] for one in own])),
                "mean width": float(np.mean([one["width"] for one in own])),
                "seeds": len(own),
                "covered": held,
                "low": float(low[0]),
                "high": float(high[0]),
                "gain covered": gains,
            }
        )
    return rows
