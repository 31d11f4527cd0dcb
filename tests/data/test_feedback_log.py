from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from data.database import Database
from data.events import Action, Event, EventLog, Impression, ShownMatch
from data.feedback_log import ACTIONS, FeedbackLog, read_log
from data.log_files import read_log_file, write_log_file
from matching.errors import InvalidInput, UnreadableFile
from matching.features import FEATURE_NAMES, NOT_ASKED
from matching.profiles import BuyerRequest

MOMENT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def log(database_url: str) -> FeedbackLog:
    """Two matches of one wording; of the second nobody chose anything."""
    database = Database.open(database_url, clock=lambda: MOMENT)
    database.ensure_organisation("acme")
    events = EventLog(database, "acme")
    for match_id, text in (("m1", "Argan oil"), ("m2", "argan OIL!")):
        shown = [
            Impression(match_id, "S2", 2, {"hs_agreement": None}, -1.0, 0.25, "r1"),
            Impression(match_id, "S1", 1, {"word_overlap": 0.5}, 1.5, 0.75, "r1"),
        ]
        events.note_match(ShownMatch(match_id, BuyerRequest(text=text), ("S1", "S2", "S3"), "e1", "r1"), shown)
    at = MOMENT + timedelta(seconds=5)
    rating = {"user_id": "u", "event_attributes": {"rating": 4}}
    events.note_events(
        [
            Event("e1", "m1", "S2", "rating", rating, at),
            Event("e2", "m1", "S1", "click", {}, at),
            Event("e3", "m1", "S3", "click", {}, at),
        ]
    )
    return read_log(database, "acme")


def test_what_was_shown_is_read_with_the_states_of_its_features(log: FeedbackLog) -> None:
    assert [log.suppliers[number] for number in log.impressions.suppliers] == ["S1", "S2", "S1", "S2"]
    assert log.impressions.positions.tolist() == [1, 2, 1, 2]
    assert log.impressions.propensities.tolist() == [0.75, 0.25, 0.75, 0.25]
    row = log.impressions.features[1]
    assert np.isnan(row[FEATURE_NAMES.index("hs_agreement")])
    assert (np.delete(row, FEATURE_NAMES.index("hs_agreement")) == NOT_ASKED).all()


def test_requests_of_equal_words_are_one_and_their_text_is_not_kept(log: FeedbackLog) -> None:
    assert log.match_requests.tolist() == [0, 0]
    assert "argan" not in log.requests[0].lower()


def test_events_point_at_what_was_shown_and_others_are_counted(log: FeedbackLog) -> None:
    assert [ACTIONS[number] for number in log.events.actions] == [Action.CLICK, Action.RATING]
    assert log.events.impressions.tolist() == [0, 1]
    assert log.events.ratings.tolist() == [0, 4]
    assert log.events.happened_at.tolist() == [MOMENT.timestamp() + 5] * 2
    assert log.unplaced == 1


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_a_log_file_says_what_the_store_says(log: FeedbackLog, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"log{suffix}"
    assert write_log_file(log, path) == 2 + 4 + 2
    read = read_log_file(path)
    assert (read.match_ids, read.requests, read.suppliers) == (log.match_ids, log.requests, log.suppliers)
    for name, column in vars(log.impressions).items():
        np.testing.assert_array_equal(getattr(read.impressions, name), column)
    for name in ("impressions", "actions", "happened_at", "ratings"):
        np.testing.assert_array_equal(getattr(read.events, name), getattr(log.events, name))


def test_a_file_that_is_no_log_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"kind": "impression", "match_id": "m9"}\n', encoding="utf-8")
    with pytest.raises(UnreadableFile, match=r"log\.jsonl, rows 1 and on"):
        read_log_file(path)
    with pytest.raises(InvalidInput, match=r"not \.csv"):
        read_log_file(tmp_path / "log.csv")
    with pytest.raises(UnreadableFile, match="cannot be read"):
        read_log_file(tmp_path / "none.parquet")
