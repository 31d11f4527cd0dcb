from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from data.database import Database
from data.events import EventLog, Impression, ShownMatch
from data.ledger import NEWCOMER_DAYS, Ledger
from data.store import Store
from matching.profiles import BuyerRequest, Supplier

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = 1 / np.log2(3)


@pytest.fixture
def database(database_url: str) -> Database:
    """A firm from the first, one from a year and a day later; they were shown together twice, and one alone once."""
    moment = NOON
    database = Database.open(database_url, clock=lambda: moment)
    store = Store(database)
    store.put_suppliers([Supplier(id="S1", name="A", size="small", country="MA")])
    moment = NOON + timedelta(days=NEWCOMER_DAYS + 1)
    store.put_suppliers([Supplier(id="S2", name="B", size="large", country="MA")])
    log = EventLog(database, store.organisation)
    for match_id, shown in {"m1": ("S2", "S1"), "m2": ("S2", "S1"), "m3": ("S9",)}.items():
        impressions = [
            # Probability 3/4 of S1, 1/4 of the others.
            Impression(match_id, supplier, place, {}, float(np.log(3.0 if supplier == "S1" else 1 / 3)), 1.0, "r")
            for place, supplier in enumerate(shown, start=1)
        ]
        log.note_match(ShownMatch(match_id, BuyerRequest(text="argan"), shown, "e", "r"), impressions)
    return database


def test_attention_is_discounted_by_position_and_earned_by_relevance(database: Database) -> None:
    found = {one.name: (one.received, one.earned) for one in Ledger(database, "default").suppliers(10)}
    assert found == {
        "S1": pytest.approx((2 * SECOND, 2 * (1 + SECOND) * 0.75)),
        "S2": pytest.approx((2.0, 2 * (1 + SECOND) * 0.25)),
        "S9": pytest.approx((1.0, 1.0)),
    }


def test_who_was_given_least_of_what_was_earned_comes_first(database: Database) -> None:
    assert [one.name for one in Ledger(database, "default").suppliers(2)] == ["S1", "S9"]


def test_groups_add_up_their_suppliers(database: Database) -> None:
    groups = Ledger(database, "default").groups()
    assert {one.name: one.received for one in groups["size"]} == pytest.approx(
        {"large": 2.0, "small": 2 * SECOND, None: 1.0}
    )
    assert {one.name: one.received for one in groups["country"]} == pytest.approx({"MA": 2 + 2 * SECOND, None: 1.0})
    assert [one.name for one in groups["newness"]] == ["established", "newcomer", None]
    assert next(one for one in groups["newness"] if one.name == "newcomer").received == pytest.approx(2.0)
    for attentions in groups.values():
        assert sum(one.received for one in attentions) == pytest.approx(sum(one.earned for one in attentions))


def test_another_organisation_has_a_ledger_of_its_own(database: Database) -> None:
    ledger = Ledger(database, "acme")
    assert (ledger.suppliers(10), ledger.groups()) == ((), {"size": (), "country": (), "newness": ()})
