"""What tells that a log cannot be trusted: programs, events twice, one supplier chosen always, labels turned round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from data.feedback_log import FeedbackLog, Floats
from matching.ranker import GlassBoxRanker
from training.bots import without_bots
from training.counterfactual import estimate_order
from training.judgment_rules import JudgmentRules
from training.judgments import Judged, gains_of, without_double_clicks
from training.place_checks import most_unexplained
from training.propensities import Propensities


@dataclass(frozen=True)
class LogMeasures:
    """Shares, each 0 to 1, as they go into a candidate's manifest.

    of_bots      : of the events, in matches that a program acted in
    twice        : of the events, the same action once more within moments or under a known id
    one_supplier : of all choices, those of the supplier that was chosen most
    unexplained  : see most_unexplained
    chosen       : of what was shown in matches with any choice
    agreement    : how often a chosen supplier scores higher, by the model in use, than another one shown with it, each
                   choice over the propensity of its position; 0.5 is chance
    """

    of_bots: float
    twice: float
    one_supplier: float
    unexplained: float
    chosen: float
    agreement: float

    @classmethod
    def of(cls, log: FeedbackLog, judged: Judged, rules: JudgmentRules, parent: GlassBoxRanker) -> LogMeasures:
        """Of a log, as `judge` has read it."""
        single = log.with_events(without_double_clicks(log.events, rules.events.double_click_seconds))
        human = without_bots(single, judged.bots)
        _, chosen = gains_of(human, rules)
        shown = human.impressions
        places = np.flatnonzero(chosen)
        choosing = np.isin(shown.matches, shown.matches[places])
        of_supplier = np.bincount(shown.suppliers[places], minlength=1)
        return cls(
            of_bots=_share(len(single.events) - len(human.events), len(single.events)),
            twice=_share(len(log.events) - len(single.events) + log.repeated, len(log.events) + log.repeated),
            one_supplier=_share(of_supplier.max(), len(places)),
            unexplained=most_unexplained(human, chosen, judged.propensities, rules.position.least_propensity),
            chosen=_share(len(places), choosing.sum()),
            agreement=_agreement(human, places, judged.propensities, rules, parent),
        )


def held_out_gain(
    log: FeedbackLog, rules: JudgmentRules, propensities: Propensities, candidate: GlassBoxRanker, *, seed: int
) -> dict[str, Any] | None:
    """What a candidate would have gained over the logged order, doubly robust; None where nothing was shown.

    Of the outcome per match, the gain of what users did, with the propensities of the training part.
    """
    if not len(log.impressions):
        return None
    gains, _ = gains_of(log, rules)
    features = log.impressions.features
    scores = candidate.scores(candidate.terms(features))
    estimates = estimate_order(log, gains, scores, propensities, seed=seed)
    found = next(one for one in estimates if one.estimator == "doubly robust")
    return {"matches": len(np.unique(log.impressions.matches)), **found.row()}


def _agreement(
    log: FeedbackLog, places: Any, propensities: Propensities, rules: JudgmentRules, parent: GlassBoxRanker
) -> float:
    if not len(places):
        return 0.5
    shown = log.impressions
    ranks = _ranks(shown.matches, parent.scores(parent.terms(shown.features)))
    weights = 1.0 / np.maximum(propensities(shown.positions[places]), rules.position.least_propensity)
    return float(np.average(ranks[places], weights=weights))


def _ranks(matches: Any, scores: Floats) -> Floats:
    """Of each of what was shown (n,), the share of the others of its match that score lower; ties count half."""
    keys = np.lexsort((scores, matches))
    sizes = np.bincount(matches)
    starts = (np.cumsum(sizes) - sizes)[matches[keys]]
    new = np.concatenate([[True], (np.diff(scores[keys]) != 0) | (np.diff(matches[keys]) != 0)])[: len(keys)]
    group = np.cumsum(new) - 1
    first = np.flatnonzero(new)
    lengths = np.diff(np.append(first, len(keys)))
    lower = (first - starts[first])[group] + (lengths[group] - 1) / 2
    ranks = np.empty(len(keys))
    ranks[keys] = lower / np.maximum(sizes[matches[keys]] - 1, 1)
    return ranks


def _share(part: float, whole: float) -> float:
    return float(part) / float(whole) if whole else 0.0
