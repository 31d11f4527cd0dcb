from __future__ import annotations

import math

import numpy as np
import pytest

from matching.features import FEATURE_NAMES, Comparison, feature_matrix
from matching.matcher import Matcher
from matching.profiles import BuyerRequest, Supplier
from matching.track_records import NO_TRACK_RECORDS, TrackRecords

RECORDS = TrackRecords({"S2": 0, "S9": 1}, np.array([0.8, 0.1]), np.array([0.6, math.nan]), np.array([1.0, 0.0]))
UNKNOWN = pytest.approx(math.nan, nan_ok=True)


def _features(matcher: Matcher, *names: str) -> list[list[float]]:
    comparison = Comparison(matcher.query(BuyerRequest(text="argan oil")), matcher.catalogue, np.arange(2))
    rows: list[list[float]] = feature_matrix(comparison)[:, [FEATURE_NAMES.index(name) for name in names]].tolist()
    return rows


def test_the_features_of_dealings_are_those_of_the_track_record(matcher: Matcher) -> None:
    found = _features(matcher.with_track_records(RECORDS), "response_rate", "acceptance_rate", "newcomer")
    assert found == [[UNKNOWN] * 3, [0.8, 0.6, 1.0]]


def test_nothing_is_known_without_track_records(matcher: Matcher) -> None:
    assert _features(matcher, "response_rate", "acceptance_rate", "newcomer") == [[UNKNOWN] * 3] * 2


def test_track_records_stay_when_suppliers_change(matcher: Matcher, suppliers: tuple[Supplier, ...]) -> None:
    changed = matcher.with_track_records(RECORDS).with_changes(["S4"], [suppliers[0]])
    assert changed.settled().track_records is RECORDS


def test_records_are_taken_in_any_order_and_of_unknown_suppliers_too() -> None:
    taken = RECORDS.take(["S9", "S0", "S2"])
    assert taken.response_rates.tolist() == [0.1, UNKNOWN, 0.8]
    assert taken.take(["S2"]).newcomers.tolist() == [1.0]
    assert NO_TRACK_RECORDS.take(["S2"]).acceptance_rates.tolist() == [UNKNOWN]


def test_a_record_is_shared_with_other_ids() -> None:
    assert RECORDS.shared("S2", ["a", "b"]).take(["b", "S2"]).response_rates.tolist() == [0.8, UNKNOWN]
