"""What goes wrong with logs, put into one on purpose: programs, events twice, labels turned round."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

from data.events import Action
from data.feedback_log import ACTIONS, Events, FeedbackLog, Impressions, Numbers

_Columns = TypeVar("_Columns", Events, Impressions)
_CLICK = ACTIONS.index(Action.CLICK)
_CONTACT = ACTIONS.index(Action.CONTACT)


def with_bots(log: FeedbackLog, supplier: int, *, visits: int, seed: int, named: bool = True) -> FeedbackLog:
    """A program visits matches of differing requests in which a supplier was shown, and each time contacts it.

    named : whether it keeps one user id over its visits; without, each visit looks like another user's
    """
    generator = np.random.default_rng(seed)
    met = np.unique(log.impressions.matches[log.impressions.suppliers == supplier])
    visited = generator.choice(met, visits)
    size = np.bincount(log.impressions.matches, minlength=len(log.match_ids))
    starts = np.cumsum(size) - size
    blocks = [np.arange(starts[match], starts[match] + size[match]) for match in visited]
    copied = log.impressions.take(np.concatenate(blocks))
    numbers = len(log.match_ids) + np.arange(visits)
    copied = replace(copied, matches=np.repeat(numbers, size[visited]))
    moments = np.sort(log.matched_at[visited])
    places = np.repeat(len(log.impressions) + np.flatnonzero(copied.suppliers == supplier), 2)
    first = int(log.events.actors.max(initial=-1)) + 1
    actors = np.repeat(first + (np.zeros(visits, np.int64) if named else np.arange(visits)), 2)
    actions = np.tile([_CLICK, _CONTACT], visits)
    events = Events(places, actions, np.repeat(moments, 2), np.zeros(2 * visits, np.int64), actors)
    return replace(
        log,
        match_ids=(*log.match_ids, *(f"bot{number}" for number in range(visits))),
        match_requests=np.concatenate([log.match_requests, log.match_requests[visited]]),
        matched_at=np.concatenate([log.matched_at, moments]),
        impressions=_joined(log.impressions, copied),
        events=_joined(log.events, events),
    )


def with_events_twice(log: FeedbackLog, after_seconds: float = 1.0) -> FeedbackLog:
    """Every event once more, under another id, a moment later."""
    later = replace(log.events, happened_at=log.events.happened_at + after_seconds)
    return log.with_events(_joined(log.events, later))


def with_flipped_labels(log: FeedbackLog, share: float, *, seed: int) -> FeedbackLog:
    """In a share of the matches whatever was chosen is not, and everything else is clicked."""
    flipped = np.random.default_rng(seed).random(len(log.match_ids)) < share
    matches = log.impressions.matches
    chosen = np.zeros(len(log.impressions), np.bool_)
    chosen[log.events.impressions] = True
    kept = log.events.take(np.flatnonzero(~flipped[matches[log.events.impressions]]))
    clicked = np.flatnonzero(flipped[matches] & ~chosen)
    return log.with_events(_joined(kept, _clicks(log, clicked)))


def _clicks(log: FeedbackLog, places: Numbers) -> Events:
    matches = log.impressions.matches[places]
    count = len(places)
    # Users of their own, so that a match of many clicks is not taken for a program's.
    actors = int(log.events.actors.max(initial=-1)) + 1 + np.arange(count)
    return Events(places, np.full(count, _CLICK), log.matched_at[matches], np.zeros(count, np.int64), actors)


def _joined(first: _Columns, second: _Columns) -> _Columns:
    return type(first)(
        *(np.concatenate(pair) for pair in zip(vars(first).values(), vars(second).values(), strict=True))
    )
