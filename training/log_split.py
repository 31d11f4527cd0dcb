"""A feedback log in two: what a model may learn from, and later matches of other requests to measure it on."""

from __future__ import annotations

import numpy as np

from data.feedback_log import FeedbackLog
from matching.errors import InvalidInput


def split_by_time_and_request(log: FeedbackLog, *, held_out: float = 0.2) -> tuple[FeedbackLog, FeedbackLog]:
    """(to train on, held out): the last share of the matches, of those only requests that were never asked before.

    Requests count as one where their words are equal, whoever asks and under whichever id. What users did after the
    cut is left out of the training part even where it is about an earlier match: at the cut nobody knew it.
    Raises InvalidInput where the share is not between 0 and 1.
    """
    if not 0.0 < held_out < 1.0:
        raise InvalidInput(f"held_out is {held_out}, expected a share between 0 and 1")
    shown = np.unique(log.impressions.matches)
    cut = float(np.quantile(log.matched_at[shown], 1.0 - held_out)) if len(shown) else 0.0
    early = log.matched_at < cut
    before = np.unique(log.match_requests[shown[early[shown]]])
    late = ~early & ~np.isin(log.match_requests, before)
    training = log.of_matches(early)
    known = np.flatnonzero(training.events.happened_at < cut)
    return training.with_events(training.events.take(known)), log.of_matches(late)
