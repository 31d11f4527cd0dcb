"""Vectors under integer keys, searched by inner product: the VectorIndex protocol and its FAISS form."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from matching.errors import IndexDamaged
from matching.files import write_whole

Keys = NDArray[np.int64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Neighbours:
    """Nearest keys of each query, best first.

    keys         : int64 (q, top); -1 where fewer than `top` keys were to be had
    similarities : float32 (q, top), inner products; -inf beside a key of -1
    """

    keys: Keys
    similarities: Vectors


class VectorIndex(Protocol):
    """Where vectors are kept and searched; one key may have several vectors (a profile and its product lines)."""

    def add(self, keys: Keys, vectors: Vectors) -> None:
        """Add vectors (n, d) under keys (n,); a repeated key gets one more vector."""

    def remove(self, keys: Keys) -> None:
        """Drop every vector under each key; a key that is not there is no error."""

    def search(self, queries: Vectors, top: int, *, allowed: Keys | None = None) -> Neighbours:
        """The `top` keys whose best vector is most similar to each query (q, d), among `allowed` where given."""

    def __len__(self) -> int:
        """Number of vectors held."""


class FaissIndex:
    """Exact inner-product search in memory by FAISS (Douze et al. 2024, arXiv:2401.08281).

    dimensions  : length of every vector
    fingerprint : of what the vectors were made from and by; saved along, so that two encoders never mix
    """

    def __init__(self, dimensions: int, fingerprint: str) -> None:
        self.dimensions = dimensions
        self.fingerprint = fingerprint
        self._faiss: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimensions))

    def __len__(self) -> int:
        return int(self._faiss.ntotal)

    def add(self, keys: Keys, vectors: Vectors) -> None:
        """Add vectors (n, d) under keys (n,); a repeated key gets one more vector."""
        self._faiss.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.ascontiguousarray(keys, np.int64))

    def remove(self, keys: Keys) -> None:
        """Drop every vector under each key; a key that is not there is no error."""
        self._faiss.remove_ids(np.ascontiguousarray(keys, np.int64))

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
        selector = None if allowed is None else faiss.IDSelectorBatch(np.ascontiguousarray(allowed, np.int64))
        parameters = None if selector is None else faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        found: tuple[Vectors, Keys] = self._faiss.search(
            np.ascontiguousarray(queries, np.float32), breadth, params=parameters
        )
        return found

    def vectors(self) -> Vectors:
        """Every vector held, in the order in which they were added (n, d)."""
        held: Vectors = self._faiss.index.reconstruct_n(0, len(self))
        return held

    def save(self, path: Path) -> None:
        """Write the index whole or not at all, headed by its fingerprint and a SHA-256."""
        payload = faiss.serialize_index(self._faiss).tobytes()
        header = {"fingerprint": self.fingerprint, "sha256": hashlib.sha256(payload).hexdigest()}
        write_whole(path, json.dumps(header).encode() + b"\n" + payload)

    @classmethod
    def load(cls, path: Path, *, fingerprint: str) -> Self:
        """Read a saved index; IndexDamaged where the file is missing, torn, or made by another encoder."""
        header, payload = _read_checked(path)
        if header.get("fingerprint") != fingerprint:
            raise IndexDamaged(
                f"{path}: made from {header.get('fingerprint')!r}, but {fingerprint!r} is in use; run `souk index`"
            )
        stored = faiss.deserialize_index(np.frombuffer(payload, np.uint8))
        index = cls(stored.d, fingerprint)
        index._faiss = stored
        return index


def _read_checked(path: Path) -> tuple[dict[str, Any], bytes]:
    try:
        head, _, payload = path.read_bytes().partition(b"\n")
        header = json.loads(head)
        if hashlib.sha256(payload).hexdigest() == header["sha256"]:
            return header, payload
    except FileNotFoundError as error:
        raise IndexDamaged(f"{path}: no index file there; run `souk index`") from error
    except (ValueError, KeyError, TypeError):
        pass
    raise IndexDamaged(f"{path}: torn or altered (its SHA-256 does not agree); run `souk index`")


def _best_per_key(keys: Keys, similarities: Vectors, top: int) -> Neighbours:
    best = Neighbours(np.full((len(keys), top), -1, np.int64), np.full((len(keys), top), -np.inf, np.float32))
    for row in range(len(keys)):
        _, first = np.unique(keys[row], return_index=True)
        first = np.sort(first)
        first = first[keys[row][first] >= 0][:top]
        best.keys[row, : len(first)] = keys[row][first]
        best.similarities[row, : len(first)] = similarities[row][first]
    return best
