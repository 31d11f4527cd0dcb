"""Measuring which copies of suppliers are found and which distinct firms are taken for one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from matching.catalogue import Catalogue, Floats, Rows, encode_suppliers
from matching.duplicates import near_duplicates
from matching.encoder import Encoder
from matching.profiles import Supplier

_BORROWED_CHARACTERS = 30
Copier = Callable[[Supplier, Supplier], Supplier]


def evaluate_duplicates(encoder: Encoder, suppliers: Sequence[Supplier]) -> list[dict[str, Any]]:
    """One row per kind of copy: each supplier gets one, and all pairs among suppliers and copies are looked at.

    suppliers : distinct firms, at least two; a pair of two of them, or of one and another's copy, is a false fold
    """
    rows = [_row("no copies", encoder, suppliers, ())]
    for name, copy in COPIES.items():
        others = (*suppliers[1:], suppliers[0])
        copies = [
            copy(supplier, other).model_copy(update={"id": f"copy of {supplier.id}"})
            for supplier, other in zip(suppliers, others, strict=True)
        ]
        rows.append(_row(name, encoder, suppliers, copies))
    return rows


def _row(name: str, encoder: Encoder, suppliers: Sequence[Supplier], copies: Sequence[Supplier]) -> dict[str, Any]:
    everyone = [*suppliers, *copies]
    catalogue = Catalogue.build(everyone, encode_suppliers(everyone, encoder))
    number, originals = len(suppliers), np.arange(len(copies))
    pairs = near_duplicates(catalogue, np.arange(len(everyone)))
    found = int((pairs[:, 1] - pairs[:, 0] == number).sum())
    similarities = _similarities(catalogue, originals, originals + number)
    words = _words_in_common(catalogue, originals, originals + number)
    return {
        "copy": name,
        "copies": len(copies),
        "found": found / len(copies) if copies else None,
        "false folds": len(pairs) - found,
        "of pairs": len(everyone) * (len(everyone) - 1) // 2 - len(copies),
        "similarity, 5th percentile": float(np.percentile(similarities, 5)) if copies else None,
        "words in common, 5th percentile": float(np.percentile(words, 5)) if copies else None,
    }


def _similarities(catalogue: Catalogue, left: Rows, right: Rows) -> Floats:
    vectors = catalogue.profile_vectors.astype(np.float64)
    return np.asarray((vectors[left] * vectors[right]).sum(axis=1))


def _words_in_common(catalogue: Catalogue, left: Rows, right: Rows) -> Floats:
    sketches = catalogue.listings.sketches
    return np.asarray((sketches[left] == sketches[right]).mean(axis=1))


def _exact(supplier: Supplier, _other: Supplier) -> Supplier:
    return supplier


def _renamed(supplier: Supplier, other: Supplier) -> Supplier:
    return supplier.model_copy(update={"name": f"{other.name} Trading"})


def _shortened(supplier: Supplier, _other: Supplier) -> Supplier:
    """A word in ten left out, the last product and the certificates too, another legal form."""
    words = supplier.description.split()
    kept = " ".join(word for place, word in enumerate(words, start=1) if place % 10)
    changed = {"name": f"{supplier.name} SARL", "description": kept, "certifications": ()}
    return supplier.model_copy(update={**changed, "products": supplier.products[: max(1, len(supplier.products) - 1)]})


def _extended(supplier: Supplier, other: Supplier) -> Supplier:
    """Renamed, with the beginning of another firm's description before its own."""
    description = f"{other.description[:_BORROWED_CHARACTERS]} {supplier.description}"
    return _renamed(supplier, other).model_copy(update={"description": description})


def _anew(supplier: Supplier, _other: Supplier) -> Supplier:
    """The name and the products alone."""
    return Supplier(id=supplier.id, name=supplier.name, country=supplier.country, products=supplier.products)


def _elsewhere(supplier: Supplier, other: Supplier) -> Supplier:
    """Renamed, of another country: not to be told from a sister firm with the same text, and left apart."""
    country = "FR" if supplier.country != "FR" else "DE"
    return _renamed(supplier, other).model_copy(update={"country": country})


COPIES: dict[str, Copier] = {
    "exact": _exact,
    "renamed": _renamed,
    "shortened, legal form added": _shortened,
    "renamed, 30 characters added": _extended,
    "listed anew, no description": _anew,
    "renamed, in another country": _elsewhere,
}
