"""A simulated log written into a store, as the service would have noted it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from data.database import Database
from data.events import Event, EventLog, Impression, ShownMatch
from data.feedback_log import ACTIONS, FeedbackLog
from data.workspace import Models
from matching.features import named_features
from matching.profiles import BuyerRequest

_EVENTS_AT_ONCE = 500


def store_simulated(
    database: Database, organisation: str, log: FeedbackLog, requests: Sequence[BuyerRequest], models: Models
) -> None:
    """Note each match with what it showed, then the events. Matches and impressions get the moment now.

    requests : by their numbers in the log
    """
    database.ensure_organisation(organisation)
    noted, shown = EventLog(database, organisation), log.impressions
    version = f"simulated {models.ranker.version}"
    for rows in np.split(np.arange(len(shown)), np.flatnonzero(np.diff(shown.matches)) + 1):
        match = int(shown.matches[rows[0]])
        ids = tuple(log.suppliers[number] for number in shown.suppliers[rows])
        request = requests[log.match_requests[match]]
        impressions = [_impression(log, int(row), log.match_ids[match], version) for row in rows]
        noted.note_match(
            ShownMatch(log.match_ids[match], request, ids, models.encoder.fingerprint, version), impressions
        )
    events = [_event(log, number) for number in range(len(log.events))]
    for start in range(0, len(events), _EVENTS_AT_ONCE):
        noted.note_events(events[start : start + _EVENTS_AT_ONCE])


def _impression(log: FeedbackLog, row: int, match_id: str, version: str) -> Impression:
    shown = log.impressions
    features = named_features(shown.features[row].tolist())
    return Impression(
        match_id, log.suppliers[shown.suppliers[row]], int(shown.positions[row]), features,
        float(shown.scores[row]), float(shown.propensities[row]), version,
    )  # fmt: skip


def _event(log: FeedbackLog, number: int) -> Event:
    events, shown = log.events, log.impressions
    place = int(events.impressions[number])
    match_id, supplier_id = log.match_ids[shown.matches[place]], log.suppliers[shown.suppliers[place]]
    action, happened_at = ACTIONS[events.actions[number]], datetime.fromtimestamp(events.happened_at[number], UTC)
    event_id = f"{match_id}-{number}"
    document = {
        "event_id": event_id, "action_name": action.value, "query_id": match_id,
        "timestamp": happened_at.isoformat(), "user_id": f"simulated-{events.actors[number]}",
        "event_attributes": {
            "object": {"object_id": supplier_id}, "position": {"ordinal": int(shown.positions[place])}
        },
    }  # fmt: skip
    return Event(event_id, match_id, supplier_id, action.value, document, happened_at)
