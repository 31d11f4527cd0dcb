from __future__ import annotations

from pathlib import Path

import pytest

from data.store import Store
from matching.errors import StoreUnavailable, UnknownSupplier
from matching.profiles import BuyerRequest, Supplier


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"sqlite:///{tmp_path}/new folder/souk.db")


def test_what_was_put_is_there_after_opening_again(tmp_path: Path, suppliers: tuple[Supplier, ...]) -> None:
    url = f"sqlite:///{tmp_path}/souk.db"
    Store(url).put_suppliers(reversed(suppliers))
    assert Store(url).suppliers() == suppliers
    assert Store(url).supplier("S3") == suppliers[2]


def test_a_supplier_put_again_replaces_the_old_one(store: Store, suppliers: tuple[Supplier, ...]) -> None:
    store.put_suppliers(suppliers)
    store.put_suppliers([Supplier(id="S2", name="Renamed")])
    assert store.count_suppliers() == 4
    assert store.supplier("S2") == Supplier(id="S2", name="Renamed")


def test_many_suppliers_are_put_in_one_call(store: Store) -> None:
    store.put_suppliers(Supplier(id=f"S{number:05}", name="X") for number in range(1_234))
    assert store.count_suppliers() == 1_234


def test_a_deleted_supplier_is_gone(store: Store, suppliers: tuple[Supplier, ...]) -> None:
    store.put_suppliers(suppliers)
    store.delete_supplier("S1")
    store.delete_supplier("S1")
    with pytest.raises(UnknownSupplier, match="'S1'"):
        store.supplier("S1")


def test_requests_are_kept_beside_suppliers(store: Store) -> None:
    requests = (BuyerRequest(id="R1", text="kilim", country="Maroc"), BuyerRequest(id="R2", text="argan"))
    store.put_requests(requests)
    assert store.requests() == requests
    assert store.suppliers() == ()


def test_a_call_that_fails_stores_nothing_of_it(store: Store) -> None:
    rows = [Supplier(id="S1", name="X"), Supplier.model_construct(id=None, name="broken")]
    with pytest.raises(Exception, match="NOT NULL"):
        store.put_suppliers(rows)
    assert store.count_suppliers() == 0


def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "souk.db").mkdir()
    with pytest.raises(StoreUnavailable, match=r"database sqlite:///.*souk\.db: unable to open"):
        Store(f"sqlite:///{tmp_path}/souk.db")
