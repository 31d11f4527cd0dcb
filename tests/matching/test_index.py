from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.index import ClusteredIndex, FaissIndex, Keys, LayeredIndex, Vectors, settled_index


def _random(count: int, seed: int, keys: int = 12) -> tuple[Keys, Vectors]:
    generator = np.random.default_rng(seed)
    vectors = generator.normal(size=(count, 8)).astype(np.float32)
    return generator.integers(0, keys, count), vectors


def _index(keys: Keys, vectors: Vectors) -> FaissIndex:
    index = FaissIndex(8)
    index.add(keys, vectors)
    return index


def _best_keys(keys: Keys, vectors: Vectors, query: Vectors, top: int) -> list[int]:
    """The obvious twin: every product, then the first mention of each key."""
    order = np.argsort(-(vectors @ query))
    return list(dict.fromkeys(keys[order].tolist()))[:top]


@settings(max_examples=50)
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
    assert FaissIndex(8).search(np.ones((1, 8), np.float32), 3).keys.tolist() == [[-1, -1, -1]]


@settings(max_examples=50)
@given(count=st.integers(0, 60), cut=st.integers(0, 60), top=st.integers(1, 15), seed=st.integers(0, 10_000))
def test_two_layers_find_what_one_index_finds(count: int, cut: int, top: int, seed: int) -> None:
    keys, vectors = _random(count, seed)
    early = keys < 6
    layered = LayeredIndex(_index(keys[early], vectors[early])).with_more(keys[~early], vectors[~early])
    query, allowed = _random(1, seed + 1)[1], np.arange(min(cut, 12))
    for some in (None, allowed):
        one, two = (index.search(query, top, allowed=some) for index in (_index(keys, vectors), layered))
        np.testing.assert_array_equal(one.keys, two.keys)
        np.testing.assert_array_equal(one.similarities, two.similarities)


def test_adding_leaves_the_earlier_state_as_it_was() -> None:
    keys, vectors = _random(30, seed=8, keys=5)
    before = LayeredIndex(_index(keys, vectors))
    before.with_more(np.array([7], np.int64), vectors[:1])
    assert len(before) == 30
    assert 7 not in before.search(vectors[:1], 12).keys


def _spread(count: int, seed: int) -> Vectors:
    """Unit vectors around 300 centres, as texts lie around subjects."""
    generator = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(300, 32))
    vectors = centres[generator.integers(0, 300, count)] + 0.7 * generator.normal(size=(count, 32))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def test_of_very_many_vectors_nearly_all_the_nearest_are_found_by_clusters() -> None:
    vectors, queries, keys = _spread(60_000, 1), _spread(50, 2), np.arange(60_000)
    index = settled_index([(keys, vectors)])
    assert isinstance(index, ClusteredIndex)
    exact = np.argsort(-(queries @ vectors.T), axis=1)[:, :100]
    found = index.search(queries, 100).keys
    shared = [len(set(one) & set(other)) / 100 for one, other in zip(found.tolist(), exact.tolist(), strict=True)]
    assert np.mean(shared) > 0.95


def test_few_allowed_keys_are_all_found_whatever_their_clusters() -> None:
    keys = np.arange(60_000)
    index = settled_index([(keys, _spread(60_000, 1))])
    allowed = keys[::6_000]
    found = index.search(_spread(3, 2), 20, allowed=allowed).keys
    for row in found:
        assert sorted(row[row >= 0].tolist()) == allowed.tolist()


def test_clusters_are_taken_over_by_the_next_layout() -> None:
    keys = np.arange(60_000)
    first = settled_index([(keys, _spread(60_000, 1))])
    again = settled_index([(keys, _spread(60_000, 1))], like=first)
    query = _spread(4, 2)
    np.testing.assert_array_equal(first.search(query, 10).keys, again.search(query, 10).keys)
    assert len(settled_index([(keys[:10], _spread(10, 1))], like=first)) == 10
