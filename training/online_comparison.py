"""What a trial shows so far: what users did with the matches of the ranker tried, beside those of the one in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from data.feedback_log import FeedbackLog, Floats, Numbers
from matching.teams import Teams
from training.bots import find_bots, without_bots
from training.judgment_rules import JudgmentRules
from training.judgments import gains_of, without_double_clicks

_DRAWS = 2_000
_PERCENTILES = (2.5, 97.5)


def online_rows(
    log: FeedbackLog, versions: Mapping[str, str], in_use: str, tried: str, rules: JudgmentRules, *, seed: int = 0
) -> list[dict[str, Any]]:
    """Of requests divided between two rankers, a row per ranker, then their difference: gain per match and share of
    matches with a choice, each with a 95 % interval.

    versions : of the ranker by match id; matches of other rankers count for neither
    Matches of programs and double clicks are left out. The division is by request, so whole requests are resampled.
    """
    log = of_people(log, rules)
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
    drawn = {name: Redrawn.of(log.match_requests[places], generator) for name, places in members.items()}
    rows = []
    for outcome, values in outcomes.items():
        means = {name: drawn[name].means(values[places]) for name, places in members.items()}
        for name, places in members.items():
            low, high = percentiles(means[name])
            found = {"mean": _mean(values[places]), "low": low, "high": high}
            rows.append({"outcome": outcome, "of": name, "matches": len(places), **found})
        difference = _mean(values[members[tried]]) - _mean(values[members[in_use]])
        low, high = percentiles(means[tried] - means[in_use])
        rows.append(
            {"outcome": outcome, "of": "difference", "matches": None, "mean": difference, "low": low, "high": high}
        )
    return rows


def drafted_rows(
    log: FeedbackLog, drafts: Mapping[str, Teams], in_use: str, tried: str, rules: JudgmentRules, *, seed: int = 0
) -> list[dict[str, Any]]:
    """Of answers that two rankers drafted, who won how many: by choices, then by what the choices gained.

    drafts : who placed whom by match id; drafts of other rankers do not count

    A match is won by the ranker whose suppliers were chosen more often, or gained more. `share won` is of the matches
    that either won, with a 95 % interval over requests drawn anew; `p` is that of a two-sided sign test in which each
    request has one vote, whoever won more of its matches. Matches of programs and double clicks are left out.
    Source: Radlinski, Kurup & Joachims, CIKM 2008, doi:10.1145/1458082.1458092.
    """
    log = of_people(log, rules)
    gains, chosen = gains_of(log, rules)
    shown, count = log.impressions, len(log.match_ids)
    known = [drafts.get(one) for one in log.match_ids]
    ours = np.array([one is not None and (one.in_use, one.tried) == (in_use, tried) for one in known], np.bool_)
    matches = np.flatnonzero(ours & (np.bincount(shown.matches, minlength=count) > 0))
    sides = _sides(log, known)
    redrawn = Redrawn.of(log.match_requests[matches], np.random.default_rng(seed))
    rows = []
    for outcome, values in (("choices", chosen.astype(np.float64)), ("gain", gains)):
        credit = np.bincount(shown.matches, values * sides, count)[matches]
        # Equal gains of both, added up in another order, are no win.
        winners = np.sign(np.where(np.abs(credit) < 1e-9, 0.0, credit))
        rows.append({"won by": outcome, "matches": len(matches), **_won(winners, log.match_requests[matches], redrawn)})
    return rows


def of_people(log: FeedbackLog, rules: JudgmentRules) -> FeedbackLog:
    """The log without double clicks and without the matches of programs."""
    log = log.with_events(without_double_clicks(log.events, rules.events.double_click_seconds))
    return without_bots(log, find_bots(log, rules.bots))


class Redrawn:
    """Requests drawn anew, some thousand times: counts (b, r), and the request of each match."""

    def __init__(self, counts: Floats, numbers: Numbers) -> None:
        self._counts = counts
        self._numbers = numbers

    @classmethod
    def of(cls, requests: Numbers, generator: np.random.Generator) -> Redrawn:
        """Of the requests of some matches (k,)."""
        names, numbers = np.unique(requests, return_inverse=True)
        size = max(len(names), 1)
        return cls(generator.multinomial(size, np.full(size, 1.0 / size), size=_DRAWS).astype(np.float64), numbers)

    def means(self, values: Floats, weights: Floats | None = None) -> Floats:
        """Mean of values, one per match, in each drawing (b,); nan where no weight was drawn."""
        width, weights = self._counts.shape[1], np.ones(len(values)) if weights is None else weights
        sums, sizes = (np.bincount(self._numbers, one, width) for one in (values * weights, weights))
        drawn = self._counts @ sizes
        means = np.divide(self._counts @ sums, drawn, out=np.full(len(drawn), np.nan), where=drawn > 0)
        return np.asarray(means, np.float64)


def percentiles(values: Floats) -> tuple[float, float]:
    """95 % interval of drawn values; nan where there are none."""
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.percentile(known, _PERCENTILES)
    return float(low), float(high)


def _sides(log: FeedbackLog, drafts: list[Teams | None]) -> Floats:
    """Of each impression (n,), 1 where the ranker tried placed it, -1 where the one in use did, 0 outside of drafts."""
    sides = np.zeros(len(log.impressions))
    starts = np.searchsorted(log.impressions.matches, np.arange(len(drafts) + 1))
    for match, teams in enumerate(drafts):
        if teams is not None:
            rows = slice(starts[match], starts[match + 1])
            by_tried: NDArray[np.bool_] = np.array(teams.by_tried, np.bool_)[log.impressions.positions[rows] - 1]
            sides[rows] = np.where(by_tried, 1.0, -1.0)
    return sides


def _won(winners: Floats, requests: Numbers, redrawn: Redrawn) -> dict[str, Any]:
    decided = (winners != 0).astype(np.float64)
    wins = (winners > 0).astype(np.float64)
    low, high = percentiles(redrawn.means(wins, decided))
    _, numbers = np.unique(requests, return_inverse=True)
    votes = np.sign(np.bincount(numbers, winners)) if len(winners) else np.empty(0)
    cast = int((votes != 0).sum())
    return {
        "tried won": int(wins.sum()),
        "in use won": int((winners < 0).sum()),
        "neither": int((winners == 0).sum()),
        "share won": float(wins.sum() / decided.sum()) if decided.any() else float("nan"),
        "low": low,
        "high": high,
        "p": float(binomtest(int((votes > 0).sum()), cast).pvalue) if cast else float("nan"),
    }


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")
