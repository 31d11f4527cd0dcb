"""What a ranker in the shadow would have changed: its answers beside those of the ranker in use, as rows of tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from data.feedback_log import FeedbackLog, Floats
from data.shadows import NotedScore
from matching.ranker import GlassBoxRanker
from training.counterfactual import estimate_order
from training.judgment_rules import JudgmentRules
from training.judgments import gains_of
from training.online_comparison import Redrawn, of_people, percentiles
from training.propensities import Method, Propensities, estimate_propensities

_DIFFERING = 10
_MILLISECONDS = 1e3


def shadow_rows(scores: Sequence[NotedScore], *, seed: int = 0) -> list[dict[str, Any]]:
    """A row per measure: in use, in the shadow, and their difference with a 95 % interval over requests drawn anew.

    Of what is a measure of both at once, how alike the lists are, the value stands under `shadow`. There must be one
    score at least.
    """
    _, numbers = np.unique([score.request for score in scores], return_inverse=True)
    redrawn = Redrawn.of(numbers, np.random.default_rng(seed))
    in_use, shadow = (_column(scores, f"{name}_seconds") * _MILLISECONDS for name in ("in_use", "shadow"))
    rows = [
        _row(f"ms to rank, {name}", float(np.percentile(in_use, rank)), float(np.percentile(shadow, rank)))
        for name, rank in (("median", 50), ("99th of 100", 99))
    ]
    for name, column in (("share of the first ten that stay", "stayed"), ("rank-biased overlap of them", "overlap")):
        values = _column(scores, column)
        low, high = percentiles(redrawn.means(values))
        rows.append(_row(name, None, float(values.mean())) | {"difference": None, "low": low, "high": high})
    before, after = _column(scores, "in_use_small"), _column(scores, "shadow_small")
    low, high = percentiles(redrawn.means(after - before))
    small = _row("exposure of micro and small firms", float(before.mean()), float(after.mean()))
    return [*rows, small | {"low": low, "high": high}]


def differing_rows(scores: Sequence[NotedScore]) -> list[dict[str, Any]]:
    """The requests whose lists differ most, those of equal words once."""
    found: dict[str, NotedScore] = {}
    for score in sorted(scores, key=lambda one: (one.overlap, one.match_id)):
        found.setdefault(score.request, score)
    return [
        {"match": one.match_id, "request": one.request_id, "stay": one.stayed, "overlap": one.overlap}
        for one in list(found.values())[:_DIFFERING]
    ]


@dataclass(frozen=True)
class ShadowedLog:
    """What people did with the matches that the shadow scored, and the propensities of positions, of the whole log."""

    log: FeedbackLog
    gains: Floats
    propensities: Propensities

    @classmethod
    def of(cls, log: FeedbackLog, matches: Collection[str], rules: JudgmentRules, *, seed: int = 0) -> ShadowedLog:
        """Of an organisation's log, and the ids of the matches that the shadow scored."""
        log = of_people(log, rules)
        _, chosen = gains_of(log, rules)
        propensities = estimate_propensities(log, chosen, smoothness=rules.position.smoothness, seed=seed)
        scored = log.of_matches(np.isin(np.array(log.match_ids, np.str_), sorted(matches)))
        return cls(scored, gains_of(scored, rules)[0], propensities)

    @property
    def lacks(self) -> str | None:
        """Why it cannot tell what the shadow would have brought; None where it can."""
        if not len(self.log.events):
            return "no feedback on these requests yet"
        if self.propensities.method is not Method.INTERVENTION:
            # Regression-EM takes the good choices of a good ranker for a steep bias, and then any other order gains.
            return "suppliers hardly changed places for the same request, so that place and relevance look alike"
        return None


def estimate_rows(
    shadowed: ShadowedLog, in_use: GlassBoxRanker, shadow: GlassBoxRanker, *, seed: int = 0
) -> list[dict[str, Any]]:
    """Gain per match of what was shown, in the order of each ranker, with a 95 % interval of the difference.

    Held against the ranker in use, whoever answered: scores of a trial's matches are not of one scale.
    """
    log = shadowed.log
    before, after = (ranker.scores(ranker.terms(log.impressions.features)) for ranker in (in_use, shadow))
    log = replace(log, impressions=replace(log.impressions, scores=before))
    return [
        {
            "estimate": one.estimator,
            "in use": one.value - one.gained,
            "shadow": one.value,
            "difference": one.gained,
            "low": one.gained_low,
            "high": one.gained_high,
        }
        for one in estimate_order(log, shadowed.gains, after, shadowed.propensities, seed=seed)
    ]


def _column(scores: Sequence[NotedScore], name: str) -> Floats:
    return np.array([getattr(score, name) for score in scores], np.float64)


def _row(measure: str, in_use: float | None, shadow: float) -> dict[str, Any]:
    difference = None if in_use is None else shadow - in_use
    return {"measure": measure, "in use": in_use, "shadow": shadow, "difference": difference, "low": None, "high": None}
