"""Programs among the users: who acts too fast, on everything, or on one supplier alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from data.events import Action
from data.feedback_log import FeedbackLog, Numbers
from training.judgment_rules import BotRules

_MINUTE_SECONDS = 60.0
_LEAST_REQUESTS = 3


@dataclass(frozen=True)
class Bots:
    """Actors taken for programs, by the rule that found them; one may be found by several."""

    by_rule: Mapping[str, Numbers]

    @property
    def actors(self) -> Numbers:
        """All of them, each once."""
        return np.unique(np.concatenate([np.empty(0, np.int64), *self.by_rule.values()]))


def find_bots(log: FeedbackLog, rules: BotRules) -> Bots:
    """Actors that break a rule; impressions that were only reported as seen count for no rule."""
    acts = log.with_events(log.events.take(np.flatnonzero(~log.events.are(Action.IMPRESSION))))
    return Bots(
        {
            "too fast": _too_fast(acts, rules),
            "on all that is shown": _on_everything(acts, rules),
            "on one supplier alone": _on_one_supplier(acts, rules),
        }
    )


def without_bots(log: FeedbackLog, bots: Bots) -> FeedbackLog:
    """The log without any match that a program acted in: what it was shown, no person may have seen."""
    touched = log.impressions.matches[log.events.impressions[np.isin(log.events.actors, bots.actors)]]
    kept = np.ones(len(log.match_ids), np.bool_)
    kept[touched] = False
    return log.of_matches(kept)


def _too_fast(log: FeedbackLog, rules: BotRules) -> Numbers:
    """More than so many events within any minute."""
    events, most = log.events, rules.most_events_per_minute
    order = np.lexsort((events.happened_at, events.actors))
    actors, moments = events.actors[order], events.happened_at[order]
    same = actors[most:] == actors[:-most]
    return np.unique(actors[most:][same & (moments[most:] - moments[:-most] < _MINUTE_SECONDS)])


def _on_everything(log: FeedbackLog, rules: BotRules) -> Numbers:
    events, shown = log.events, log.impressions
    count = _actors(log)
    acted = np.unique(np.column_stack([events.actors, events.impressions]), axis=0)
    met = np.unique(np.column_stack([events.actors, shown.matches[events.impressions]]), axis=0)
    sizes = np.bincount(shown.matches, minlength=len(log.match_ids))
    on, of = np.bincount(acted[:, 0], minlength=count), np.bincount(met[:, 0], sizes[met[:, 1]], count)
    return np.flatnonzero((on >= rules.least_events) & (on > rules.most_share_of_shown * of))


def _on_one_supplier(log: FeedbackLog, rules: BotRules) -> Numbers:
    events, shown = log.events, log.impressions
    count = _actors(log)
    pairs, on_pair = np.unique(
        np.column_stack([events.actors, shown.suppliers[events.impressions]]), axis=0, return_counts=True
    )
    most = np.zeros(count)
    np.maximum.at(most, pairs[:, 0], on_pair)
    asked = np.unique(np.column_stack([events.actors, log.request_of_impressions[events.impressions]]), axis=0)
    requests = np.bincount(asked[:, 0], minlength=count)
    total = np.bincount(events.actors, minlength=count)
    alone = (total >= rules.least_events) & (most > rules.most_share_on_one * total)
    return np.flatnonzero(alone & (requests >= _LEAST_REQUESTS))


def _actors(log: FeedbackLog) -> int:
    return int(log.events.actors.max(initial=-1)) + 1
