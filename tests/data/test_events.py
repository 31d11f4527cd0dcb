from __future__ import annotations

from datetime import UTC, datetime

import pytest

from data.database import Database
from data.events import Event, EventLog, Impression, ShownMatch
from matching.errors import UnknownRecord
from matching.profiles import BuyerRequest

MATCH = ShownMatch("m1", BuyerRequest(id="R1", text="argan oil"), ("S1", "S2"), "encoder-1", "ranker-1")
SHOWN = Impression("m1", "S1", 1, {"word_overlap": 0.5, "hs_agreement": None}, -1.25, 1.0, "ranker-1")


@pytest.fixture
def database(database_url: str) -> Database:
    return Database.open(database_url)


@pytest.fixture
def log(database: Database) -> EventLog:
    database.ensure_organisation("acme")
    made = EventLog(database, "acme")
    made.note_match(MATCH, [SHOWN])
    return made


def _event(event_id: str, query_id: str = "m1", object_id: str = "S1") -> Event:
    return Event(event_id, query_id, object_id, "click", {"message": "é"}, datetime(2026, 3, 1, tzinfo=UTC))


def test_a_match_is_read_back_with_its_ranking(log: EventLog) -> None:
    assert log.match("m1") == MATCH


def test_what_was_shown_first_stays_as_it_was_shown(log: EventLog) -> None:
    again = Impression("m1", "S1", 9, {}, 0.0, 1.0, "ranker-2")
    other = Impression("m1", "S2", 2, {}, -2.0, 1.0, "ranker-2")
    log.note_impressions([again, other])
    assert log.impressions("m1") == (SHOWN, other)


def test_events_are_stored_once_and_unknown_ones_refused_by_name(log: EventLog) -> None:
    noted = log.note_events([_event("e1"), _event("e2", "m2"), _event("e3", object_id="S9"), _event("e1")])
    assert (noted.stored, noted.known, noted.refused) == (
        ("e1",),
        (),
        {
            "e2": ("query_id", "no match has the id 'm2'"),
            "e3": ("object_id", "match 'm1' did not rank supplier 'S9'"),
        },
    )
    assert log.note_events([_event("e1")]).known == ("e1",)
    assert [event for event, _ in log.events("m1")] == [_event("e1")]


def test_another_organisation_finds_nothing_of_it(log: EventLog, database: Database) -> None:
    database.ensure_organisation("other")
    theirs = EventLog(database, "other")
    assert log.match("m1") == MATCH
    with pytest.raises(UnknownRecord, match="no match has the id 'm1'"):
        theirs.match("m1")
    assert theirs.impressions("m1") == ()
    assert theirs.note_events([_event("e1")]).refused["e1"] == ("query_id", "no match has the id 'm1'")
