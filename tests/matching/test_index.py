from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.errors import IndexDamaged
from matching.index import FaissIndex, Keys, Vectors


def _random(count: int, seed: int, keys: int = 12) -> tuple[Keys, Vectors]:
    generator = np.random.default_rng(seed)
    vectors = generator.normal(size=(count, 8)).astype(np.float32)
    return generator.integers(0, keys, count), vectors


def _index(keys: Keys, vectors: Vectors) -> FaissIndex:
    index = FaissIndex(8, "test")
    index.add(keys, vectors)
    return index


def _best_keys(keys: Keys, vectors: Vectors, query: Vectors, top: int) -> list[int]:
    """The obvious twin: every product, then the first mention of each key."""
    order = np.argsort(-(vectors @ query))
    return list(dict.fromkeys(keys[order].tolist()))[:top]


@settings(deadline=None, max_examples=50)
@given(count=st.integers(1, 60), top=st.integers(1, 15), seed=st.integers(0, 10_000))
def test_search_gives_the_keys_of_the_best_vectors_each_once(count: int, top: int, seed: int) -> None:
    keys, vectors = _random(count, seed)
    query = _random(1, seed + 1)[1]
    found = _index(keys, vectors).search(query, top).keys[0]
    assert found[found >= 0].tolist() == _best_keys(keys, vectors, query[0], top)


def test_a_filter_leaves_only_allowed_keys_and_finds_them_all() -> None:
    keys, vectors = _random(60, seed=3)
    allowed = np.array([2, 5, 7], np.int64)
    found = _index(keys, vectors).search(vectors[:1], 10, allowed=allowed).keys[0]
    assert sorted(found[found >= 0].tolist()) == [2, 5, 7]


def test_a_removed_key_is_gone_with_all_its_vectors() -> None:
    keys, vectors = _random(60, seed=4)
    index = _index(keys, vectors)
    index.remove(np.array([int(keys[0]), 999], np.int64))
    assert len(index) == 60 - (keys == keys[0]).sum()
    assert int(keys[0]) not in index.search(vectors[:1], 12).keys


def test_an_empty_index_finds_nothing() -> None:
    assert FaissIndex(8, "test").search(np.ones((1, 8), np.float32), 3).keys.tolist() == [[-1, -1, -1]]


def test_a_saved_index_is_read_back_the_same(tmp_path: Path) -> None:
    keys, vectors = _random(30, seed=5)
    _index(keys, vectors).save(tmp_path / "index")
    loaded = FaissIndex.load(tmp_path / "index", fingerprint="test")
    np.testing.assert_array_equal(loaded.vectors(), vectors)
    np.testing.assert_array_equal(loaded.search(vectors, 5).keys, _index(keys, vectors).search(vectors, 5).keys)


@settings(deadline=None, max_examples=30)
@given(cut=st.floats(0, 0.999), flip=st.booleans())
def test_a_torn_or_altered_file_is_noticed(tmp_path_factory: pytest.TempPathFactory, cut: float, flip: bool) -> None:
    path = tmp_path_factory.mktemp("torn") / "index"
    _index(*_random(30, seed=6)).save(path)
    content = bytearray(path.read_bytes())
    place = int(cut * len(content))
    if flip:
        content[place] ^= 0xFF
    else:
        del content[place:]
    path.write_bytes(content)
    with pytest.raises(IndexDamaged):
        FaissIndex.load(path, fingerprint="test")


def test_vectors_of_another_encoder_are_refused_by_name(tmp_path: Path) -> None:
    _index(*_random(3, seed=7)).save(tmp_path / "index")
    with pytest.raises(IndexDamaged, match="made from 'test', but 'other' is in use"):
        FaissIndex.load(tmp_path / "index", fingerprint="other")


def test_a_missing_index_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged, match="no index file there; run `souk index`"):
        FaissIndex.load(tmp_path / "none", fingerprint="test")
