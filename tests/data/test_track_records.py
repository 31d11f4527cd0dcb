from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from data.database import Database
from data.events import Event, EventLog, ShownMatch
from data.ledger import NEWCOMER_DAYS
from data.store import Store
from data.track_records import ANSWER_DAYS, read_track_records
from matching.profiles import BuyerRequest, Supplier
from matching.track_records import TrackRecords

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=ANSWER_DAYS)
RANKED = ("S1", "S2", "S3")


@pytest.fixture
def database(database_url: str) -> Database:
    """Two requests, each of which ranked the same three suppliers."""
    database = Database.open(database_url, clock=lambda: NOON)
    database.ensure_organisation("default")
    log = EventLog(database, "default")
    for match_id in ("m1", "m2"):
        log.note_match(ShownMatch(match_id, BuyerRequest(text="argan"), RANKED, "e", "r"), [])
    return database


def _tell(database: Database, match_id: str, supplier_id: str, *actions: str) -> None:
    known = len(EventLog(database, "default").events(match_id))
    events = [
        Event(f"{match_id}-{known + place}", match_id, supplier_id, action, {}, NOON)
        for place, action in enumerate(actions)
    ]
    EventLog(database, "default").note_events(events)


def _records(database: Database, *, now: datetime = LATER, ids: Sequence[str] = RANKED) -> TrackRecords:
    return read_track_records(database, "default", now=now).take(ids)


def test_who_answers_stands_above_who_does_not_and_who_was_never_asked_is_unknown(database: Database) -> None:
    _tell(database, "m1", "S1", "contact", "meeting_declined")
    _tell(database, "m1", "S2", "contact", "contact", "click")
    answering, silent, unasked = _records(database).response_rates
    assert 0 < silent < answering < 1
    assert np.isnan(unasked)


def test_a_contact_is_not_counted_while_an_answer_may_still_come(database: Database) -> None:
    _tell(database, "m1", "S1", "contact")
    assert np.isnan(_records(database, now=LATER - timedelta(seconds=1)).response_rates[0])
    assert _records(database).response_rates[0] < 0.5


def test_a_dealing_counts_once_however_often_it_is_told(database: Database) -> None:
    _tell(database, "m1", "S1", "contact", "meeting_accepted")
    _tell(database, "m1", "S2", "contact")
    once = _records(database)
    _tell(database, "m1", "S1", "contact", "meeting_accepted", "meeting_held", "deal")
    np.testing.assert_array_equal(_records(database).response_rates, once.response_rates)
    np.testing.assert_array_equal(_records(database).acceptance_rates, once.acceptance_rates)


def test_a_meeting_declined_once_is_not_accepted_and_a_no_show_was(database: Database) -> None:
    _tell(database, "m1", "S1", "meeting_accepted", "meeting_declined")
    _tell(database, "m1", "S2", "meeting_no_show")
    _tell(database, "m1", "S3", "contact", "deal")
    declining, stood_up, undecided = _records(database).acceptance_rates
    assert declining < 0.5 < stood_up
    assert np.isnan(undecided)


def test_two_dealings_of_a_kind_weigh_more_than_one(database: Database) -> None:
    _tell(database, "m1", "S1", "meeting_accepted")
    _tell(database, "m2", "S1", "meeting_accepted")
    _tell(database, "m1", "S2", "meeting_accepted")
    _tell(database, "m1", "S3", "meeting_declined")
    twice, once, _ = _records(database).acceptance_rates
    assert once < twice


def test_a_newcomer_was_first_stored_within_a_year(database: Database) -> None:
    Store(database).put_suppliers([Supplier(id="S1", name="A")])
    last_day = NOON + timedelta(days=NEWCOMER_DAYS)
    assert _records(database, now=last_day, ids=["S1", "S2"]).newcomers.tolist() == [
        1.0,
        pytest.approx(np.nan, nan_ok=True),
    ]
    assert _records(database, now=last_day + timedelta(seconds=1), ids=["S1"]).newcomers.tolist() == [0.0]


def test_another_organisation_knows_nothing_of_it(database: Database) -> None:
    _tell(database, "m1", "S1", "contact", "meeting_accepted")
    assert read_track_records(database, "acme", now=LATER).row_by_id == {}
