"""The suppliers in service as parallel arrays, a row each, with their product lines: features are array work."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from matching.certificates import Held, held_by
from matching.encoder import Encoder
from matching.errors import UnknownSupplier
from matching.headings import HeadingModel
from matching.lines import (
    CompactSuppliers,
    Floats,
    GrowingVectors,
    Halves,
    Lines,
    Measures,
    Membership,
    Rows,
    Vectors,
    line_texts,
)
from matching.listings import Listings
from matching.profiles import Supplier

__all__ = [
    "Catalogue", "Floats", "Halves", "Lines", "Measures", "Membership", "Rows", "Vectors", "completeness",
    "encode_suppliers", "line_texts", "unfilled_parts",
]  # fmt: skip


@dataclass(frozen=True)
class Catalogue:
    """Suppliers as parallel arrays; row i of each array is suppliers[i], and i is the supplier's key in the index.

    A state of the catalogue never changes; `with_changes` gives the next one. A supplier that was replaced or removed
    leaves its row behind, dead, until `take` lays the living out anew.

    alive        : bool (n,), whether the row still is a supplier
    tie_breakers : int64 (n,), made from the id, so that equals are put in one order whatever their rows are
    """

    suppliers: CompactSuppliers
    ids: tuple[str, ...]
    profiles: GrowingVectors
    lines: Lines
    certificates: Membership[Held]
    markets: Membership[str]
    languages: Membership[str]
    incoterms: Membership[str]
    listings: Listings
    countries: NDArray[np.str_]
    sizes: NDArray[np.str_]
    completeness: Floats
    tie_breakers: Rows
    alive: NDArray[np.bool_]
    row_by_id: Mapping[str, int]

    @classmethod
    def build(cls, suppliers: Sequence[Supplier], vectors: Halves, headings: HeadingModel | None = None) -> Catalogue:
        """Lay out suppliers, whose ids must differ, with their vectors as `encode_suppliers` gives them.

        headings : infers the heading of each line that states no code
        """
        return cls(
            suppliers=CompactSuppliers.of(suppliers),
            ids=tuple(supplier.id for supplier in suppliers),
            profiles=GrowingVectors(vectors[: len(suppliers)]),
            lines=Lines.of(suppliers, vectors[len(suppliers) :], headings),
            certificates=Membership.of([held_by(s) for s in suppliers]),
            markets=Membership.of([s.markets for s in suppliers]),
            languages=Membership.of([s.languages for s in suppliers]),
            incoterms=Membership.of([s.incoterms for s in suppliers]),
            listings=Listings.of(suppliers),
            countries=np.array([s.country or "" for s in suppliers], np.str_),
            sizes=np.array([s.size or "" for s in suppliers], np.str_),
            completeness=np.array([completeness(s) for s in suppliers], np.float64),
            tie_breakers=np.array([_tie_breaker(s.id) for s in suppliers], np.int64),
            alive=np.ones(len(suppliers), np.bool_),
            row_by_id={supplier.id: row for row, supplier in enumerate(suppliers)},
        )

    def __len__(self) -> int:
        return len(self.suppliers)

    @property
    def profile_vectors(self) -> Halves:
        """Vector of each whole profile, float16 (n, d)."""
        return self.profiles.view

    @cached_property
    def living(self) -> Rows | None:
        """Rows that still are suppliers, ascending; None where all are."""
        return None if self.alive.all() else np.flatnonzero(self.alive).astype(np.int64)

    @property
    def count(self) -> int:
        """Number of suppliers."""
        return len(self.row_by_id)

    def row(self, supplier_id: str) -> int:
        """Row of a supplier; UnknownSupplier where there is none of that id."""
        try:
            return self.row_by_id[supplier_id]
        except KeyError:
            raise UnknownSupplier(f"no supplier has the id {supplier_id!r}") from None

    @property
    def vector_rows(self) -> Rows:
        """Supplier row that owns each vector of `encode_suppliers`: the keys under which they are indexed."""
        counts = np.diff(self.lines.starts)
        return np.concatenate([np.arange(len(self)), np.repeat(np.arange(len(self)), counts)])

    def with_changes(self, removed: Collection[str], added: Catalogue) -> Catalogue:
        """The next state: ids removed, and suppliers added in place of those of the same ids."""
        dropped = set(removed) | set(added.row_by_id)
        # Copied and taken from, not filtered: what a change costs is to depend on the change.
        kept = dict(self.row_by_id)
        alive = self.alive.copy()
        alive[[kept.pop(supplier_id) for supplier_id in dropped if supplier_id in kept]] = False
        return Catalogue(
            suppliers=self.suppliers.followed_by(added.suppliers),
            ids=self.ids + added.ids,
            profiles=self.profiles.followed_by(added.profile_vectors),
            lines=self.lines.followed_by(added.lines),
            certificates=self.certificates.followed_by(added.certificates),
            markets=self.markets.followed_by(added.markets),
            languages=self.languages.followed_by(added.languages),
            incoterms=self.incoterms.followed_by(added.incoterms),
            listings=self.listings.followed_by(added.listings),
            countries=np.concatenate([self.countries, added.countries]),
            sizes=np.concatenate([self.sizes, added.sizes]),
            completeness=np.concatenate([self.completeness, added.completeness]),
            tie_breakers=np.concatenate([self.tie_breakers, added.tie_breakers]),
            alive=np.concatenate([alive, added.alive]),
            row_by_id=kept | {supplier_id: row + len(self) for supplier_id, row in added.row_by_id.items()},
        )

    def take(self, rows: Rows) -> Catalogue:
        """A catalogue of some living rows alone, numbered by their place in `rows`."""
        ids = tuple(self.ids[row] for row in rows)
        return Catalogue(
            suppliers=self.suppliers.take(rows),
            ids=ids,
            profiles=GrowingVectors(self.profile_vectors[rows]),
            lines=self.lines.take(rows),
            certificates=self.certificates.take(rows),
            markets=self.markets.take(rows),
            languages=self.languages.take(rows),
            incoterms=self.incoterms.take(rows),
            listings=self.listings.take(rows),
            countries=self.countries[rows],
            sizes=self.sizes[rows],
            completeness=self.completeness[rows],
            tie_breakers=self.tie_breakers[rows],
            alive=self.alive[rows],
            row_by_id={supplier_id: row for row, supplier_id in enumerate(ids)},
        )


def encode_suppliers(suppliers: Sequence[Supplier], encoder: Encoder) -> Halves:
    """Vectors of suppliers' profiles, then of all their product lines end to end: float16 (n + m, d)."""
    profiles = [supplier.text() for supplier in suppliers]
    vectors = encoder.encode(profiles + [text for supplier in suppliers for text in line_texts(supplier)])
    return vectors.astype(np.float16)


def completeness(supplier: Supplier) -> float:
    """Share of the profile's ten parts that are filled in, from 0 to 1."""
    return sum(map(bool, _parts(supplier).values())) / 10


def unfilled_parts(supplier: Supplier) -> tuple[str, ...]:
    """The names of those of the ten parts that are not filled in."""
    return tuple(name for name, value in _parts(supplier).items() if not value)


def _parts(supplier: Supplier) -> dict[str, object]:
    products = supplier.products
    return {
        "country": supplier.country,
        "size": supplier.size,
        "languages": supplier.languages,
        "description": len(supplier.description) >= 80,
        "hs": any(p.hs for p in products),
        "moq": any(p.moq for p in products),
        "price": any(p.price for p in products),
        "certifications": supplier.certifications,
        "incoterms": supplier.incoterms,
        "markets": supplier.markets,
    }


def _tie_breaker(supplier_id: str) -> int:
    return int.from_bytes(hashlib.blake2b(supplier_id.encode(), digest_size=8).digest(), "big", signed=True)
