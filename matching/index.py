"""Vectors under integer keys, searched by inner product: the VectorIndex protocol and its FAISS form."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.int64]
Vectors = NDArray[np.float32]
_EXACT_UP_TO = 50_000
_ADDED_AT_ONCE = 16_384
_CLUSTERS = 2_048
_SEARCHED_CLUSTERS = 32
_SAMPLED_PER_CLUSTER = 20
_CLUSTERING_ROUNDS = 6


@dataclass(frozen=True)
class Neighbours:
    """Nearest keys of each query, best first.

    keys         : int64 (q, top); -1 where fewer than `top` keys were to be had
    similarities : float32 (q, top), inner products; -inf beside a key of -1
    """

    keys: Keys
    similarities: Vectors


class VectorIndex(Protocol):
    """Where vectors are searched; one key may have several vectors (a profile and its product lines)."""

    def search(self, queries: Vectors, top: int, *, allowed: Keys | None = None) -> Neighbours:
        """The `top` keys whose best vector is most similar to each query (q, d), among `allowed` where given."""

    def __len__(self) -> int:
        """Number of vectors held."""


class _SearchedByFaiss(ABC):
    """What the two forms have in common: from nearest vectors to nearest keys."""

    dimensions: int
    _faiss: Any

    def __len__(self) -> int:
        return int(self._faiss.ntotal)

    def add(self, keys: Keys, vectors: Vectors) -> None:
        """Add vectors (n, d) under keys (n,); a repeated key gets one more vector."""
        self._faiss.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.ascontiguousarray(keys, np.int64))

    def search(self, queries: Vectors, top: int, *, allowed: Keys | None = None) -> Neighbours:
        """The `top` keys whose best vector is most similar to each query; widens until they are found."""
        breadth = min(len(self), 4 * top)
        while True:
            similarities, keys = self._nearest_vectors(queries, breadth, allowed)
            found = _best_per_key(keys, similarities, top)
            exhausted = (keys < 0).any(axis=1)
            if breadth == len(self) or (exhausted | (found.keys[:, -1] >= 0)).all():
                return found
            breadth = min(len(self), 4 * breadth)

    def _nearest_vectors(self, queries: Vectors, breadth: int, allowed: Keys | None) -> tuple[Vectors, Keys]:
        if breadth == 0:
            return np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64)
        selector = None if allowed is None else faiss.IDSelectorBitmap(_bits(allowed))  # type: ignore[call-arg, arg-type]
        share = 1.0 if allowed is None else len(allowed) / len(self)
        found: tuple[Vectors, Keys] = self._faiss.search(
            np.ascontiguousarray(queries, np.float32), breadth, params=self._parameters(selector, share)
        )
        return found

    @abstractmethod
    def _parameters(self, selector: Any, share: float) -> Any:
        """How FAISS is to search; `share` is that of the keys that are allowed."""


class FaissIndex(_SearchedByFaiss):
    """Exact inner-product search in memory by FAISS (Douze et al. 2024, arXiv:2401.08281).

    dimensions : length of every vector
    """

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self._faiss = faiss.IndexIDMap2(faiss.IndexFlatIP(dimensions))

    def remove(self, keys: Keys) -> None:
        """Drop every vector under each key; a key that is not there is no error."""
        self._faiss.remove_ids(np.ascontiguousarray(keys, np.int64))

    def with_more(self, keys: Keys, vectors: Vectors) -> FaissIndex:
        """A copy with more vectors (n, d) added under keys (n,)."""
        copied = FaissIndex(self.dimensions)
        if len(self):
            copied.add(faiss.vector_to_array(self._faiss.id_map), self._faiss.index.reconstruct_n(0, len(self)))
        copied.add(keys, vectors)
        return copied

    def _parameters(self, selector: Any, share: float) -> Any:  # noqa: ARG002
        return None if selector is None else faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]


class ClusteredIndex(_SearchedByFaiss):
    """Search among very many vectors, each kept in 8 bits a value, in the clusters nearest to a query alone.

    FAISS's inverted file with a scalar quantizer (Jégou, Douze & Schmid 2011, doi:10.1109/TPAMI.2010.57). The fewer
    keys are allowed, the more clusters are searched.

    sample : float (n, d), vectors that the clusters are made of
    """

    def __init__(self, sample: NDArray[np.floating[Any]]) -> None:
        self.dimensions = sample.shape[1]
        clusters = max(1, min(_CLUSTERS, len(sample) // _SAMPLED_PER_CLUSTER))
        self._faiss = faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatIP(self.dimensions), self.dimensions, clusters,
            faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT, False,
        )  # fmt: skip
        self._faiss.cp.niter = _CLUSTERING_ROUNDS
        self._faiss.cp.max_points_per_centroid = _SAMPLED_PER_CLUSTER
        self._faiss.train(np.ascontiguousarray(sample, np.float32))
        self._trained = faiss.serialize_index(self._faiss)

    def emptied(self) -> ClusteredIndex:
        """An index without vectors that has the same clusters."""
        copied = object.__new__(ClusteredIndex)
        copied.dimensions, copied._trained = self.dimensions, self._trained
        copied._faiss = faiss.deserialize_index(self._trained)
        return copied

    def _parameters(self, selector: Any, share: float) -> Any:
        searched = min(self._faiss.nlist, int(_SEARCHED_CLUSTERS / max(share, 1e-9)))
        return faiss.SearchParametersIVF(sel=selector, nprobe=searched)  # type: ignore[call-arg]


Blocks = Sequence[tuple[Keys, NDArray[np.floating[Any]]]]


def settled_index(blocks: Blocks, like: FaissIndex | ClusteredIndex | None = None) -> FaissIndex | ClusteredIndex:
    """An index of blocks of keys (n,) and vectors (n, d): an exact one of up to 50,000 vectors, else one of clusters.

    like : an index whose clusters are taken over where it has some, as making them takes seconds
    """
    count = sum(len(keys) for keys, _ in blocks)
    index: FaissIndex | ClusteredIndex
    if count <= _EXACT_UP_TO:
        index = FaissIndex(blocks[0][1].shape[1])
    else:
        index = like.emptied() if isinstance(like, ClusteredIndex) else ClusteredIndex(_sample(blocks, count))
    for keys, vectors in blocks:
        for begin in range(0, len(keys), _ADDED_AT_ONCE):
            index.add(keys[begin : begin + _ADDED_AT_ONCE], vectors[begin : begin + _ADDED_AT_ONCE])
    return index


def _sample(blocks: Blocks, count: int) -> NDArray[np.floating[Any]]:
    share = min(1.0, _CLUSTERS * _SAMPLED_PER_CLUSTER / count)
    random = np.random.default_rng(0)
    return np.concatenate([vectors[random.random(len(vectors)) < share] for _, vectors in blocks])


class LayeredIndex:
    """A large index that stays as it is and a small one with what came since; a state never changes.

    Keys of the two differ. What was removed stays in and is left out by `allowed`.
    """

    def __init__(self, settled: FaissIndex | ClusteredIndex, recent: FaissIndex | None = None) -> None:
        self.settled = settled
        self._recent = recent or FaissIndex(settled.dimensions)

    def __len__(self) -> int:
        return len(self.settled) + len(self._recent)

    @property
    def recent_vectors(self) -> int:
        """Number of vectors in the small layer."""
        return len(self._recent)

    def with_more(self, keys: Keys, vectors: Vectors) -> LayeredIndex:
        """The next state, with vectors (n, d) added under keys (n,)."""
        return LayeredIndex(self.settled, self._recent.with_more(keys, vectors))

    def search(self, queries: Vectors, top: int, *, allowed: Keys | None = None) -> Neighbours:
        """The `top` keys whose best vector is most similar to each query, of both layers."""
        layers = [layer for layer in (self.settled, self._recent) if len(layer)] or [self.settled]
        found = [layer.search(queries, top, allowed=allowed) for layer in layers]
        similarities = np.concatenate([layer.similarities for layer in found], axis=1)
        order = np.argsort(-similarities, axis=1, kind="stable")[:, :top]
        keys = np.concatenate([layer.keys for layer in found], axis=1)
        return Neighbours(np.take_along_axis(keys, order, axis=1), np.take_along_axis(similarities, order, axis=1))


def _bits(keys: Keys) -> NDArray[np.uint8]:
    """Keys, none below 0, as the set bits of a map."""
    mask = np.zeros(int(keys.max(initial=-1)) + 1, np.bool_)
    mask[keys] = True
    return np.packbits(mask, bitorder="little")


def _best_per_key(keys: Keys, similarities: Vectors, top: int) -> Neighbours:
    best = Neighbours(np.full((len(keys), top), -1, np.int64), np.full((len(keys), top), -np.inf, np.float32))
    for row in range(len(keys)):
        _, first = np.unique(keys[row], return_index=True)
        first = np.sort(first)
        first = first[keys[row][first] >= 0][:top]
        best.keys[row, : len(first)] = keys[row][first]
        best.similarities[row, : len(first)] = similarities[row][first]
    return best
