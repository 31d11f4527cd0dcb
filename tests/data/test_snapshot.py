from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.snapshot import Snapshot, forget_supplier, save_snapshot, vectors_of
from matching.catalogue import Catalogue, encode_suppliers
from matching.errors import IndexDamaged
from matching.matcher import Matcher
from matching.profiles import Supplier
from tests.conftest import HashingEncoder, simple_ranker


class _OtherEncoder(HashingEncoder):
    fingerprint = "other"


@pytest.fixture
def path(tmp_path: Path, matcher: Matcher) -> Path:
    save_snapshot(tmp_path / "index", matcher.catalogue, matcher.encoder)
    return tmp_path / "index"


def test_vectors_are_read_back_as_they_were(
    path: Path, suppliers: tuple[Supplier, ...], encoder: HashingEncoder
) -> None:
    vectors, encoded = vectors_of(suppliers, Snapshot.load(path, encoder), encoder)
    np.testing.assert_array_equal(vectors, encode_suppliers(suppliers, encoder))
    assert encoded == 0


def test_what_changed_is_encoded_and_what_went_is_left_out(
    path: Path, suppliers: tuple[Supplier, ...], encoder: HashingEncoder
) -> None:
    now = (Supplier(id="S0", name="New"), *suppliers[1:3], suppliers[3].model_copy(update={"name": "Renamed"}))
    vectors, encoded = vectors_of(now, Snapshot.load(path, encoder), encoder)
    np.testing.assert_array_equal(vectors, encode_suppliers(now, encoder))
    assert encoded == 2


def test_a_deleted_supplier_is_not_in_the_next_snapshot(path: Path, matcher: Matcher) -> None:
    save_snapshot(path, matcher.with_changes(["S3"], []).catalogue, matcher.encoder)
    assert [supplier_id for supplier_id, _ in Snapshot.load(path, matcher.encoder).places] == ["S1", "S2", "S4"]
    assert b"S3" not in path.read_bytes()


@settings(max_examples=30)
@given(cut=st.floats(0, 0.999), flip=st.booleans())
def test_a_torn_or_altered_file_is_noticed(tmp_path_factory: pytest.TempPathFactory, cut: float, flip: bool) -> None:
    path, encoder = tmp_path_factory.mktemp("torn") / "index", HashingEncoder()
    matcher = Matcher.build(encoder, [Supplier(id="S1", name="Zellij")], simple_ranker())
    save_snapshot(path, matcher.catalogue, encoder)
    content = bytearray(path.read_bytes())
    place = int(cut * len(content))
    if flip:
        content[place] ^= 0xFF
    else:
        del content[place:]
    path.write_bytes(content)
    with pytest.raises(IndexDamaged):
        Snapshot.load(path, encoder)


def test_vectors_of_another_encoder_are_refused_by_name(path: Path) -> None:
    with pytest.raises(IndexDamaged, match="made by 'hashing-64', but 'other' is in use"):
        Snapshot.load(path, _OtherEncoder())


def test_a_missing_snapshot_says_how_to_make_one(tmp_path: Path, encoder: HashingEncoder) -> None:
    with pytest.raises(IndexDamaged, match="no snapshot there yet; `souk index` makes one"):
        Snapshot.load(tmp_path / "none", encoder)


def test_an_empty_catalogue_has_a_snapshot_too(tmp_path: Path, encoder: HashingEncoder) -> None:
    save_snapshot(tmp_path / "index", Catalogue.build([], encode_suppliers([], encoder)), encoder)
    assert Snapshot.load(tmp_path / "index", encoder).places == {}


def test_a_supplier_is_taken_out_of_a_snapshot_without_a_model(
    path: Path, suppliers: tuple[Supplier, ...], encoder: HashingEncoder
) -> None:
    forget_supplier(path, "S3")
    left = Snapshot.load(path, encoder)
    rest = tuple(supplier for supplier in suppliers if supplier.id != "S3")
    vectors, encoded = vectors_of(rest, left, encoder)
    np.testing.assert_array_equal(vectors, encode_suppliers(rest, encoder))
    assert encoded == 0
    assert len(left.vectors) == len(vectors)


def test_what_a_killed_process_left_half_written_goes_with_a_supplier_and_no_other_file(path: Path) -> None:
    left, others = path.with_name(".index.a1b2c3d4"), path.with_name(".index.acme.a1b2c3d4")
    left.touch()
    others.touch()
    forget_supplier(path, "S3")
    assert (left.exists(), others.exists(), path.exists()) == (False, True, True)


def test_a_torn_snapshot_goes_as_a_whole_when_a_supplier_has_to(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])
    forget_supplier(path, "S3")
    assert not path.exists()
