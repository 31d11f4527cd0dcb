from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from data.database import Database
from data.events import EventLog, Impression, ShownMatch
from data.ledger import NEWCOMER_DAYS, Debts, Ledger
from data.store import Store
from matching.draw import draw_suppliers
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


def test_debts_are_what_was_earned_and_not_received(database: Database) -> None:
    ledger = Ledger(database, "default")
    assert ledger.debts() == pytest.approx({one.name: one.earned - one.received for one in ledger.suppliers(10)})


def test_debts_are_added_up_anew_once_they_are_a_minute_old(database: Database) -> None:
    seconds = 0.0
    debts = Debts(database, lambda: seconds)
    before = dict(debts.of("default"))
    shown = [Impression("m4", "S1", 1, {}, 0.0, 1.0, "r"), Impression("m4", "S2", 2, {}, 0.0, 1.0, "r")]
    EventLog(database, "default").note_match(
        ShownMatch("m4", BuyerRequest(text="argan"), ("S1", "S2"), "e", "r"), shown
    )
    seconds = 59.0
    assert debts.of("default") == before
    assert debts.of("acme") == {}
    seconds = 60.0
    assert debts.of("default")["S1"] == pytest.approx(before["S1"] + (1 + SECOND) / 2 - 1.0)


def test_whoever_qualified_for_a_draw_earns_of_it_drawn_or_not(database_url: str) -> None:
    database = Database.open(database_url)
    Store(database).put_suppliers([Supplier(id="S1", name="A")])
    chances = np.array([0.6, 0.3, 0.1])
    made = draw_suppliers("argan", ["S1", "S2", "S3"], chances, np.zeros(3), k=2, seed=1, threshold=0.05)
    ids = tuple(lot.supplier_id for lot in made.drawn)
    shown = [Impression("d1", one, place, {}, 0.0, 0.5, "r") for place, one in enumerate(ids, start=1)]
    EventLog(database, "default").note_match(
        ShownMatch("d1", BuyerRequest(text="argan"), ids, "e", "r", draw=made), shown
    )
    found = {one.name: (one.received, one.earned) for one in Ledger(database, "default").suppliers(10)}
    received = dict(zip(ids, (1.0, SECOND), strict=True))
    assert found == {
        name: pytest.approx((received.get(name, 0.0), (1.0 + SECOND) * chance))
        for name, chance in zip(("S1", "S2", "S3"), chances, strict=True)
    }
