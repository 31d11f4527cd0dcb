"""The vectors of an organisation's suppliers in a file, so that a start need not encode anew what has not changed.

A first line of JSON (format, encoder, and per supplier its id, a digest of its profile and its number of vectors)
and the vectors as they lie in memory. A snapshot is derived: without it, or where it is damaged, all is encoded anew.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from matching.catalogue import Catalogue, Halves, Rows, encode_suppliers, line_texts
from matching.encoder import Encoder
from matching.errors import IndexDamaged
from matching.files import write_whole
from matching.lines import document_of
from matching.profiles import Supplier

_FORMAT = 2


@dataclass(frozen=True)
class Snapshot:
    """Vectors (v, d) of suppliers, those of one supplier end to end: its profile's, then its lines'.

    places : for each (id, digest of the profile) the first of its vectors and their number
    """

    vectors: Halves
    places: dict[tuple[str, str], tuple[int, int]]

    @classmethod
    def empty(cls, dimensions: int) -> Snapshot:
        """A snapshot of nothing."""
        return cls(np.empty((0, dimensions), np.float16), {})

    @classmethod
    def load(cls, path: Path, encoder: Encoder) -> Snapshot:
        """Read a snapshot; IndexDamaged where the file is missing, torn, or made by another encoder."""
        header, content = _read_checked(path)
        if header["encoder"] != encoder.fingerprint:
            raise IndexDamaged(
                f"{path}: made by {header['encoder']!r}, but {encoder.fingerprint!r} is in use; run `souk index`"
            )
        counts = [count for _, _, count in header["suppliers"]]
        firsts = np.cumsum([0, *counts]).tolist()
        places = {
            (supplier_id, digest): (first, count)
            for (supplier_id, digest, count), first in zip(header["suppliers"], firsts, strict=False)
        }
        return cls(np.frombuffer(content, np.float16).reshape(-1, encoder.dimensions), places)


def save_snapshot(path: Path, catalogue: Catalogue, encoder: Encoder) -> None:
    """Write the living suppliers' vectors, whole or not at all."""
    rows = np.flatnonzero(catalogue.alive).astype(np.int64)
    lines = catalogue.lines
    counts = lines.starts[rows + 1] - lines.starts[rows] + 1
    vectors = np.empty((int(counts.sum()), encoder.dimensions), np.float16)
    firsts = np.cumsum(counts) - counts
    vectors[firsts] = catalogue.profile_vectors[rows]
    numbers, owners = lines.of_rows(rows)
    within = numbers - lines.starts[rows][owners]
    vectors[firsts[owners] + 1 + within] = lines.vectors[numbers]
    documents = catalogue.suppliers.documents
    header = {
        "format": _FORMAT,
        "encoder": encoder.fingerprint,
        "suppliers": [
            (catalogue.ids[row], _digest(documents[row]), count)
            for row, count in zip(rows.tolist(), counts.tolist(), strict=True)
        ],
    }
    _write(path, header, vectors)


def forget_supplier(path: Path, supplier_id: str) -> None:
    """Take a supplier's vectors out of a snapshot, without any model.

    What a process that was killed left half written goes; so does a snapshot that cannot be read, or not be rewritten.
    """
    for left in path.parent.glob(f".{path.name}.*"):
        if re.fullmatch(r"\.[a-z0-9_]{8}", left.name.removeprefix(f".{path.name}")):
            left.unlink(missing_ok=True)
    try:
        header, content = _read_checked(path)
        if all(known != supplier_id for known, _, _ in header["suppliers"]):
            return
        counts = [count for _, _, count in header["suppliers"]]
        kept = [known != supplier_id for known, _, _ in header["suppliers"]]
        vectors = np.frombuffer(content, np.float16).reshape(sum(counts), -1)[np.repeat(kept, counts)]
        suppliers = [one for one, stays in zip(header["suppliers"], kept, strict=True) if stays]
        _write(path, header | {"suppliers": suppliers}, vectors)
    except (IndexDamaged, OSError):
        path.unlink(missing_ok=True)


def vectors_of(suppliers: Sequence[Supplier], snapshot: Snapshot, encoder: Encoder) -> tuple[Halves, int]:
    """Vectors as `encode_suppliers` gives them, from the snapshot where it has them; and how many were encoded anew."""
    counts = np.array([1 + len(line_texts(supplier)) for supplier in suppliers], np.int64)
    starts = np.cumsum(counts) - counts
    vectors = np.empty((int(counts.sum()), encoder.dimensions), np.float16)
    missing: list[int] = []
    for number, supplier in enumerate(suppliers):
        first, count = snapshot.places.get((supplier.id, _digest(document_of(supplier))), (0, 0))
        if count == counts[number]:
            vectors[starts[number] : starts[number] + count] = snapshot.vectors[first : first + count]
        else:
            missing.append(number)
    if missing:
        encoded = encode_suppliers([suppliers[number] for number in missing], encoder)
        vectors[_blocks(starts[missing], counts[missing])] = encoded[_as_blocks(counts[missing])]
    return vectors[np.argsort(_as_blocks(counts), kind="stable")], len(missing)


def _blocks(starts: Rows, counts: Rows) -> Rows:
    """Numbers of the vectors of blocks end to end."""
    firsts = np.cumsum(counts) - counts
    return np.arange(counts.sum()) - np.repeat(firsts, counts) + np.repeat(starts, counts)


def _as_blocks(counts: Rows) -> Rows:
    """Where each vector of blocks (profile, lines) lies when all profiles come first, then all lines."""
    firsts = np.cumsum(counts) - counts
    is_profile = np.zeros(int(counts.sum()), np.bool_)
    is_profile[firsts] = True
    return np.where(is_profile, np.cumsum(is_profile) - 1, len(counts) + np.cumsum(~is_profile) - 1)


def _digest(document: bytes) -> str:
    return hashlib.blake2b(document, digest_size=12).hexdigest()


def _write(path: Path, header: dict[str, Any], vectors: Halves) -> None:
    head = json.dumps(header).encode()
    content = vectors.data.cast("B") if vectors.size else memoryview(b"")
    checksum = hashlib.sha256(head)
    checksum.update(content)
    write_whole(path, checksum.hexdigest().encode(), b"\n", head, b"\n", content)


def _read_checked(path: Path) -> tuple[dict[str, Any], bytes]:
    try:
        with path.open("rb") as file:
            checksum, head, content = file.readline().strip(), file.readline().rstrip(b"\n"), file.read()
    except FileNotFoundError as error:
        raise IndexDamaged(f"{path}: no snapshot there yet; `souk index` makes one") from error
    except OSError as error:
        raise IndexDamaged(f"{path}: cannot be read: {error}") from error
    digest = hashlib.sha256(head)
    digest.update(content)
    if digest.hexdigest().encode() != checksum:
        raise IndexDamaged(f"{path}: torn or altered (its SHA-256 does not agree); run `souk index`")
    header: dict[str, Any] = json.loads(head)
    if header.get("format") != _FORMAT:
        raise IndexDamaged(f"{path}: format {header.get('format')}, expected {_FORMAT}; run `souk index`")
    return header, content
