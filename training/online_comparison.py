"""What a trial shows so far: the outcome of the matches of the ranker tried, beside that of the one in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from data.feedback_log import FeedbackLog, Floats, Numbers
from training.bots import find_bots, without_bots
from training.judgment_rules import JudgmentRules
from training.judgments import gains_of, without_double_clicks

_DRAWS = 2_000
_PERCENTILES = (2.5, 97.5)


def online_rows(
    log: FeedbackLog, versions: Mapping[str, str], in_use: str, tried: str, rules: JudgmentRules, *, seed: int = 0
) -> list[dict[str, Any]]:
    """A row per ranker, then their difference: gain per match and share of matches with a choice, each with a 95 %
    interval.

    versions : of the ranker by match id; matches of other rankers count for neither
    Matches of programs and double clicks are left out. The division is by request, so whole requests are resampled.
    """
    log = log.with_events(without_double_clicks(log.events, rules.events.double_click_seconds))
    log = without_bots(log, find_bots(log, rules.bots))
    gains, chosen = gains_of(log, rules)
    count = len(log.match_ids)
    shown = np.bincount(log.impressions.matches, minlength=count) > 0
    outcomes: dict[str, Floats] = {
        "gain per match": np.asarray(np.bincount(log.impressions.matches, gains, count), np.float64),
        "matches with a choice": (np.bincount(log.impressions.matches, chosen, count) > 0).astype(np.float64),
    }
    answered_by = np.array([versions.get(one, "") for one in log.match_ids], np.str_)
    members = {name: np.flatnonzero(shown & (answered_by == name)) for name in (in_use, tried)}
    generator = np.random.default_rng(seed)
    drawn = {name: _Drawn.of(log.match_requests[places], generator) for name, places in members.items()}
    rows = []
    for outcome, values in outcomes.items():
        means = {name: drawn[name].means(values[places]) for name, places in members.items()}
        for name, places in members.items():
            rows.append(
                {"outcome": outcome, "of": name, "matches": len(places), **_interval(values[places], means[name])}
            )
        difference = _mean(values[members[tried]]) - _mean(values[members[in_use]])
        low, high = _percentiles(means[tried] - means[in_use])
        rows.append(
            {"outcome": outcome, "of": "difference", "matches": None, "mean": difference, "low": low, "high": high}
        )
    return rows


class _Drawn:
    """Requests drawn anew, as often as DRAWS: counts (b, r), and the request of each match."""

    def __init__(self, counts: Floats, numbers: Numbers) -> None:
        self._counts = counts
        self._numbers = numbers

    @classmethod
    def of(cls, requests: Numbers, generator: np.random.Generator) -> _Drawn:
        names, numbers = np.unique(requests, return_inverse=True)
        size = max(len(names), 1)
        return cls(generator.multinomial(size, np.full(size, 1.0 / size), size=_DRAWS).astype(np.float64), numbers)

    def means(self, values: Floats) -> Floats:
        """Mean of values, one per match, in each drawing (b,)."""
        width = self._counts.shape[1]
        sums, sizes = np.bincount(self._numbers, values, width), np.bincount(self._numbers, minlength=width)
        return np.asarray((self._counts @ sums) / np.maximum(self._counts @ sizes, 1e-9), np.float64)


def _interval(values: Floats, means: Floats) -> dict[str, float | None]:
    low, high = _percentiles(means)
    return {"mean": _mean(values), "low": low, "high": high}


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _percentiles(values: Floats) -> tuple[float, float]:
    low, high = np.percentile(values, _PERCENTILES)
    return float(low), float(high)
