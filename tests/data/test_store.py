from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.database import Database
from data.schema import Kind
from data.store import Outcome, Precondition, Store, Written
from matching.errors import PreconditionFailed, StoreUnavailable, UnknownRecord, UnknownSupplier
from matching.profiles import BuyerRequest, Supplier


@pytest.fixture
def store(database_url: str) -> Store:
    return Store(database_url)


def _firm(supplier_id: str, name: str = "X") -> Supplier:
    return Supplier(id=supplier_id, name=name)


def test_what_was_put_is_there_after_opening_again(database_url: str, suppliers: tuple[Supplier, ...]) -> None:
    Store(database_url).put_suppliers(reversed(suppliers))
    assert Store(database_url).suppliers() == suppliers
    assert Store(database_url).supplier("S3") == suppliers[2]


def test_a_supplier_put_again_replaces_the_old_one(store: Store, suppliers: tuple[Supplier, ...]) -> None:
    store.put_suppliers(suppliers)
    store.put_suppliers([_firm("S2", "Renamed")])
    assert store.count_suppliers() == 4
    assert store.supplier("S2") == _firm("S2", "Renamed")


def test_putting_tells_what_it_did_and_the_same_again_is_no_change(store: Store) -> None:
    assert store.put(Kind.SUPPLIERS, [_firm("S1"), _firm("S2")]) == (
        Written("S1", Outcome.CREATED, 1),
        Written("S2", Outcome.CREATED, 2),
    )
    assert store.put(Kind.SUPPLIERS, [_firm("S2"), _firm("S1", "Y")]) == (
        Written("S2", Outcome.UNCHANGED, 2),
        Written("S1", Outcome.REPLACED, 3),
    )
    assert store.last_change() == 3


def test_of_several_with_one_id_the_last_stays(store: Store) -> None:
    store.put_suppliers([_firm("S1", "first"), _firm("S1", "last")])
    assert store.supplier("S1").name == "last"


def test_many_suppliers_are_put_in_one_call(store: Store) -> None:
    store.put_suppliers(_firm(f"S{number:05}") for number in range(1_234))
    assert store.count_suppliers() == 1_234
    assert store.last_change() == 1_234


def test_a_deleted_supplier_is_gone(store: Store, suppliers: tuple[Supplier, ...]) -> None:
    store.put_suppliers(suppliers)
    assert store.delete(Kind.SUPPLIERS, "S1") is True
    assert store.delete(Kind.SUPPLIERS, "S1") is False
    with pytest.raises(UnknownSupplier, match="no supplier has the id 'S1'"):
        store.supplier("S1")


def test_requests_are_kept_beside_suppliers(store: Store) -> None:
    requests = (BuyerRequest(id="R1", text="kilim", country="Maroc"), BuyerRequest(id="R2", text="argan"))
    store.put_requests(requests)
    assert store.requests() == requests
    assert store.suppliers() == ()
    with pytest.raises(UnknownRecord, match="no request has the id 'R3'"):
        store.get(Kind.REQUESTS, "R3")


def test_pages_follow_one_another_by_id(store: Store) -> None:
    store.put_suppliers(map(_firm, ("b", "B", "a", "é", "10", "9")))
    first = store.page(Kind.SUPPLIERS, limit=4)
    assert [stored.id for stored in first] == ["10", "9", "B", "a"]
    assert [stored.id for stored in store.page(Kind.SUPPLIERS, after="a", limit=4)] == ["b", "é"]


def test_changes_are_followed_in_their_order_each_record_once(store: Store) -> None:
    store.put_suppliers([_firm("S1"), _firm("S2"), _firm("S3")])
    store.put_requests([BuyerRequest(id="R1", text="kilim")])
    store.put_suppliers([_firm("S1", "Y")])
    store.delete_supplier("S2")
    changes = store.changes_after(0, Kind.SUPPLIERS)
    assert [(change.number, change.id, change.document) for change in changes] == [
        (3, "S3", {"id": "S3", "name": "X"}),
        (5, "S1", {"id": "S1", "name": "Y"}),
        (6, "S2", None),
    ]
    assert store.changes_after(5, Kind.SUPPLIERS) == changes[2:]
    assert store.changes_after(0, Kind.SUPPLIERS, limit=1) == changes[:1]


def test_writers_side_by_side_never_share_a_number(database_url: str) -> None:
    database = Database.open(database_url)
    Store(database)

    def put(writer: int) -> list[int]:
        store = Store(database)
        return [store.put(Kind.SUPPLIERS, [_firm(f"S{writer}-{place}")])[0].change for place in range(10)]

    with ThreadPoolExecutor(4) as pool:
        numbers = [number for found in pool.map(put, range(4)) for number in found]
    assert sorted(numbers) == list(range(1, 41))


@pytest.mark.parametrize(
    ("precondition", "message"),
    [
        (Precondition(exists=False), "supplier 'S1' is there already"),
        (Precondition(changes=frozenset({7})), "supplier 'S1' was changed since it was read"),
    ],
)
def test_a_write_bound_to_another_state_is_refused_and_stores_nothing(
    store: Store, precondition: Precondition, message: str
) -> None:
    store.put_suppliers([_firm("S1")])
    with pytest.raises(PreconditionFailed, match=message):
        store.put(Kind.SUPPLIERS, [_firm("S1", "Y"), _firm("S0")], only_if=precondition)
    with pytest.raises(PreconditionFailed, match=message):
        store.delete(Kind.SUPPLIERS, "S1", only_if=precondition)
    assert store.suppliers() == (_firm("S1"),)


def test_a_write_bound_to_the_state_that_is_there_happens(store: Store) -> None:
    change = store.put(Kind.SUPPLIERS, [_firm("S1")])[0].change
    store.put(Kind.SUPPLIERS, [_firm("S1", "Y")], only_if=Precondition(exists=True, changes=frozenset({change})))
    assert store.supplier("S1").name == "Y"


def test_organisations_never_see_one_anothers_records(database_url: str) -> None:
    database = Database.open(database_url)
    ours, theirs = Store(database, "ours"), Store(database, "theirs")
    ours.put_suppliers([_firm("S1", "ours")])
    theirs.put_suppliers([_firm("S1", "theirs"), _firm("S2")])
    theirs.delete_supplier("S1")
    assert ours.suppliers() == (_firm("S1", "ours"),)
    assert [change.id for change in ours.changes_after(0, Kind.SUPPLIERS)] == ["S1"]
    assert database.organisations() == ("ours", "theirs")


_STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "delete"]), st.sampled_from("ABC"), st.sampled_from("xyz")), max_size=12
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS, seen=st.integers(0, 12))
def test_a_follower_that_applies_the_changes_holds_what_the_store_holds(
    fresh_store: Callable[[], Store], steps: list[tuple[str, str, str]], seen: int
) -> None:
    store = fresh_store()
    held: dict[str, Supplier] = {}
    number = 0

    def follow() -> int:
        for change in store.changes_after(number, Kind.SUPPLIERS):
            held.pop(change.id, None)
            if change.document is not None:
                held[change.id] = Supplier.model_validate(change.document)
        return store.last_change()

    for place, (step, supplier_id, name) in enumerate(steps):
        if place == seen:
            number = follow()
        if step == "put":
            store.put_suppliers([_firm(supplier_id, name)])
        else:
            store.delete_supplier(supplier_id)
    follow()
    assert sorted(held) == [supplier.id for supplier in store.suppliers()]
    assert tuple(held[supplier_id] for supplier_id in sorted(held)) == store.suppliers()


@pytest.fixture
def fresh_store(database_url: str) -> Callable[[], Store]:
    """A store without records, of another organisation at each call."""
    database = Database.open(database_url)
    made = iter(range(1_000))
    return lambda: Store(database, f"organisation-{next(made)}")


def test_a_call_that_fails_stores_nothing_of_it(store: Store) -> None:
    rows = [_firm("S1"), Supplier.model_construct(id=None, name="broken")]
    with pytest.raises(Exception, match=r"(?i)not.null"):
        store.put_suppliers(rows)
    assert store.count_suppliers() == 0


def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "souk.db").mkdir()
    with pytest.raises(StoreUnavailable, match=r"database sqlite.*souk\.db: unable to open"):
        Store(f"sqlite:///{tmp_path}/souk.db")
