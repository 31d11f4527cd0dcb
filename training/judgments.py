"""From the feedback log to judgments: what users' choices say of each request and supplier, freed of position bias."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.events import Action
from data.feedback_log import ACTIONS, Events, FeedbackLog, Floats, Numbers, sums_by
from training.bots import Bots, find_bots, without_bots
from training.judgment_rules import JudgmentRules
from training.propensities import Propensities, estimate_propensities
from training.ranker import HIGHEST_GRADE

_HOUR_SECONDS, _DAY_SECONDS = 3_600.0, 86_400.0
_STANDARD_ERRORS = 2.0


@dataclass(frozen=True)
class Judgments:
    """One row per request, supplier and feature row that was shown (n,), with the evidence on it.

    features    : float64 (n, f), as logged
    requests    : number of the request
    suppliers   : number of the supplier
    impressions : how often it was shown and may have been seen, each faded by its age
    looked_at   : how often it was looked at, by the clipped propensities of its positions
    gains       : sum of the gains, each -1 to 1
    weights     : what each look counts; the less, the more looks the request and supplier have had
    """

    features: Floats
    requests: Numbers
    suppliers: Numbers
    impressions: Floats
    looked_at: Floats
    gains: Floats
    weights: Floats

    def __len__(self) -> int:
        return len(self.requests)

    def take(self, rows: Numbers) -> Judgments:
        """Some rows only."""
        return Judgments(*(column[rows] for column in vars(self).values()))

    @property
    def evidence(self) -> Floats:
        """How much each row says (n,), in looks: n looks at one request and supplier say as much as n / (1 + n / m).

        Looks at the same pair do not tell more of the features than the pair does (m is a rule: `pair_looks`).
        Source: Williams, Extra-Binomial Variation in Logistic Linear Models, Applied Statistics 31(2), 1982,
        doi:10.2307/2347977.
        """
        return self.weights * self.looked_at

    @property
    def positive(self) -> Floats:
        """Evidence for relevance (n,): gains over propensities, each impression weighed by how likely it was seen.

        What was gained beyond the looks, by more than two standard errors, is no choice of people and left out.
        Source: Joachims, Swaminathan & Schnabel, Unbiased Learning-to-Rank with Biased Feedback, WSDM 2017,
        doi:10.1145/3018661.3018699, here with a pointwise loss; the weights leave it unbiased and spare it the
        variance of inverse propensities.
        """
        most = self.looked_at + _STANDARD_ERRORS * np.sqrt(self.looked_at)
        return self.weights * np.clip(self.gains, -most, most)

    @property
    def negative(self) -> Floats:
        """Evidence against (n,): the looks less what speaks for it; below 0 where a few looks gained more than that."""
        return self.evidence - self.positive

    def grades(self, rules: JudgmentRules) -> Floats:
        """Expected grade of each row (n,), 0 to 3: few looks leave it near the supplier's, few of those near the mean.

        Gains over looks, each level with the level above as so many looks (a gamma-Poisson prior).
        """
        prior = rules.prior
        mean = float(self.gains.sum() / max(self.looked_at.sum(), 1e-9))
        of_supplier = _shrunk(
            sums_by(self.suppliers, self.gains), sums_by(self.suppliers, self.looked_at), mean, prior.supplier
        )
        found = _shrunk(self.gains, self.looked_at, of_supplier[self.suppliers], prior.pair)
        return np.asarray(HIGHEST_GRADE * np.clip(found, 0.0, 1.0), np.float64)


@dataclass(frozen=True)
class Judged:
    """Judgments, the propensities that they are corrected by, and what was left out on the way.

    counts : number of events, impressions and matches by what became of them
    """

    judgments: Judgments
    propensities: Propensities
    counts: Mapping[str, int]
    bots: Bots


def judge(
    log: FeedbackLog,
    rules: JudgmentRules,
    *,
    propensities: Propensities | None = None,
    now: float | None = None,
    seed: int = 0,
) -> Judged:
    """Judgments of a log.

    propensities : of the positions; by default estimated from the log, `Propensities.none()` corrects nothing
    now          : seconds since 1970 in UTC that ages count from; by default the last event or match of the log
    """
    single = without_double_clicks(log.events, rules.events.double_click_seconds)
    log = log.with_events(single) if (doubled := len(log.events) - len(single)) else log
    bots = find_bots(log, rules.bots)
    human = without_bots(log, bots)
    gains, chosen = gains_of(human, rules)
    seen = _seen(human, chosen)
    if propensities is None:
        position = rules.position
        propensities = estimate_propensities(human, chosen, smoothness=position.smoothness, seed=seed)
    moment = _last_moment(log) if now is None else now
    fading = 0.5 ** (np.maximum(moment - _moments(human), 0.0) / (rules.events.half_life_days * _DAY_SECONDS))
    attention = propensities(human.impressions.positions)
    least = rules.position.least_propensity
    counted = np.where(seen, fading, 0.0)
    judgments = _grouped(human, {
        "impressions": counted,
        "looked_at": counted * np.maximum(attention, least),
        "gains": counted * gains,
    }, rules.evidence.pair_looks)  # fmt: skip
    counts = _counts(log, human, bots) | {
        "double clicks": doubled,
        "impressions reported as not seen": int((~seen).sum()),
        "gains clipped": int(((gains != 0) & (attention < least)).sum()),
    }
    return Judged(judgments, propensities, counts, bots)


def without_double_clicks(events: Events, within_seconds: float) -> Events:
    """The events without those that repeat an action on an impression within a time of the one before."""
    order = np.lexsort((events.happened_at, events.actions, events.impressions))
    same = (np.diff(events.impressions[order]) == 0) & (np.diff(events.actions[order]) == 0)
    soon = np.diff(events.happened_at[order]) <= within_seconds
    return events.take(np.sort(order[np.concatenate([[True], ~(same & soon)])[: len(order)]]))


def gains_of(log: FeedbackLog, rules: JudgmentRules) -> tuple[Floats, NDArray[np.bool_]]:
    """Gain of each impression (n,), -1 to 1, and whether anything was done with it (n,).

    The gain is a third of its highest grade, plus of its lowest where that is below 0.
    """
    grades = _grades_of_events(log, rules)
    best, worst = np.zeros(len(log.impressions)), np.zeros(len(log.impressions))
    np.maximum.at(best, log.events.impressions, grades)
    np.minimum.at(worst, log.events.impressions, grades)
    chosen = np.zeros(len(log.impressions), np.bool_)
    chosen[log.events.impressions[~log.events.are(Action.IMPRESSION)]] = True
    return np.clip((best + worst) / HIGHEST_GRADE, -1.0, 1.0), chosen


def report(judged: Judged, rules: JudgmentRules) -> dict[str, Any]:
    """Plain values for the file beside a model: rules, counts, propensities with their intervals."""
    return {
        "rules": rules.model_dump(),
        "counts": dict(judged.counts),
        "judged rows": len(judged.judgments),
        "requests": len(np.unique(judged.judgments.requests)),
        "propensities": {
            "method": judged.propensities.method.value,
            "events": judged.propensities.events,
            "positions": judged.propensities.table(),
        },
    }


def _grades_of_events(log: FeedbackLog, rules: JudgmentRules) -> Floats:
    table = rules.grades.model_dump()
    by_action = np.array([0.0 if action is Action.RATING else table[action.value] for action in ACTIONS])
    by_rating = np.array([0.0, *(table[f"rating_{stars}"] for stars in range(1, 6))])
    events = log.events
    grades = np.where(events.are(Action.RATING), by_rating[events.ratings], by_action[events.actions])
    return np.where(_second_meetings(log, rules), rules.grades.second_meeting, grades)


def _second_meetings(log: FeedbackLog, rules: JudgmentRules) -> NDArray[np.bool_]:
    """Whether an event is a meeting held some time after another of the same request and supplier."""
    events = log.events
    held = np.flatnonzero(events.are(Action.MEETING_HELD))
    places = events.impressions[held]
    pairs = log.request_of_impressions[places] * max(len(log.suppliers), 1) + log.impressions.suppliers[places]
    _, numbers = np.unique(pairs, return_inverse=True)
    first = np.full(len(held), np.inf)
    np.minimum.at(first, numbers, events.happened_at[held])
    second = np.zeros(len(events), np.bool_)
    second[held] = events.happened_at[held] - first[numbers] >= rules.events.second_meeting_hours * _HOUR_SECONDS
    return second


def _seen(log: FeedbackLog, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether an impression may have been seen: where a client reports what was, only that and what was chosen."""
    reported = np.zeros(len(log.impressions), np.bool_)
    reported[log.events.impressions[log.events.are(Action.IMPRESSION)]] = True
    reporting = np.zeros(len(log.match_ids), np.bool_)
    reporting[log.impressions.matches[reported]] = True
    return reported | chosen | ~reporting[log.impressions.matches]


def _counts(log: FeedbackLog, human: FeedbackLog, bots: Bots) -> dict[str, int]:
    return {
        "matches": len(np.unique(log.impressions.matches)),
        "impressions": len(log.impressions),
        "events": len(log.events),
        "events under a known id, left out before": log.repeated,
        "events on what was not shown, left out before": log.unplaced,
        "events in matches of bots": len(log.events) - len(human.events),
        "impressions in matches of bots": len(log.impressions) - len(human.impressions),
        **{f"bots {rule}": len(actors) for rule, actors in bots.by_rule.items()},
    }


def _moments(log: FeedbackLog) -> Floats:
    return log.matched_at[log.impressions.matches]


def _last_moment(log: FeedbackLog) -> float:
    return float(max(log.events.happened_at.max(initial=0.0), log.matched_at.max(initial=0.0)))


def _grouped(log: FeedbackLog, sums: Mapping[str, Floats], pair_looks: float) -> Judgments:
    """Sums of impressions of equal request, supplier and features, in the order of requests and suppliers."""
    shown, requests = log.impressions, log.request_of_impressions
    rows = pd.util.hash_pandas_object(pd.DataFrame(shown.features), index=False).to_numpy()
    order = np.lexsort((rows, shown.suppliers, requests))
    columns = requests[order], shown.suppliers[order], rows[order]
    changes = [np.concatenate([[True], column[1:] != column[:-1]])[: len(order)] for column in columns]
    first = np.flatnonzero(np.any(changes, axis=0))
    heads = order[first]
    added = {name: np.add.reduceat(values[order], first) if len(first) else values for name, values in sums.items()}
    pairs = np.cumsum((changes[0] | changes[1])[first]) - 1
    weights = 1.0 / (1.0 + sums_by(pairs, added["looked_at"])[pairs] / pair_looks)
    kept = np.flatnonzero(added["impressions"] > 0)
    grouped = Judgments(shown.features[heads], requests[heads], shown.suppliers[heads], **added, weights=weights)
    return grouped.take(kept)


def _shrunk(sums: Floats, counts: Floats, prior: Floats | float, weight: float) -> Floats:
    return np.asarray((sums + weight * prior) / np.maximum(counts + weight, 1e-9), np.float64)
