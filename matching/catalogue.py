"""The suppliers in service as parallel arrays, a row each, with their product lines: features are array work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from matching.certificates import certificate_name
from matching.encoder import Encoder
from matching.errors import UnknownSupplier
from matching.headings import HeadingModel, LineHeadings
from matching.profiles import Product, Quantity, Supplier
from matching.units import in_base_units

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Membership:
    """Which rows hold which of many values (certificates, markets, languages), kept by value."""

    rows_by_value: Mapping[str, Rows]
    stated: NDArray[np.bool_]

    @classmethod
    def of(cls, values_by_row: Sequence[Collection[str]]) -> Membership:
        """Membership of each row's values; a row without any has stated nothing."""
        rows: dict[str, list[int]] = defaultdict(list)
        for row, values in enumerate(values_by_row):
            for value in set(values):
                rows[value].append(row)
        arrays = {value: np.array(found, np.int64) for value, found in rows.items()}
        return cls(arrays, np.array([bool(values) for values in values_by_row], np.bool_))

    def holds_any(self, rows: Rows, values: Iterable[str]) -> NDArray[np.bool_]:
        """Whether each of `rows` holds at least one of `values`."""
        held = [self.rows_by_value[value] for value in values if value in self.rows_by_value]
        return np.isin(rows, np.concatenate(held)) if held else np.zeros(len(rows), np.bool_)


@dataclass(frozen=True)
class Measures:
    """One quantity per product line in base units, beside the dimension it is of; NaN and "" where not stated."""

    values: Floats
    dimensions: NDArray[np.str_]

    @classmethod
    def of(cls, quantities: Sequence[Quantity | None]) -> Measures:
        """Measures of quantities as written; an unknown unit counts as not stated."""
        converted = [in_base_units(q.value, q.unit) if q else None for q in quantities]
        values = [value[0] if value else np.nan for value in converted]
        return cls(np.array(values, np.float64), np.array([value[1] if value else "" for value in converted], np.str_))


@dataclass(frozen=True)
class Lines:
    """Product lines of all suppliers end to end; supplier row i owns lines starts[i] to starts[i + 1].

    A supplier without products has one line without any figure, whose text is the description, so that no row
    is empty. vectors (m, d) float32; hs (m,) str, "" where unknown; lead_time_days (m,) float, NaN where unknown;
    price_min (m,) in price_currency per price_unit, NaN and "" where unknown; headings None without a model of them.
    """

    starts: Rows
    vectors: Vectors
    hs: NDArray[np.str_]
    moq: Measures
    lead_time_days: Floats
    price_min: Floats
    price_currency: NDArray[np.str_]
    price_unit: NDArray[np.str_]
    headings: LineHeadings | None = None

    def of_rows(self, rows: Rows) -> tuple[Rows, Rows]:
        """Line numbers of supplier rows end to end, and for each the position in `rows` that owns it."""
        counts = self.starts[rows + 1] - self.starts[rows]
        owners = np.repeat(np.arange(len(rows)), counts)
        first = np.cumsum(counts) - counts
        return np.arange(counts.sum()) - np.repeat(first, counts) + np.repeat(self.starts[rows], counts), owners


@dataclass(frozen=True)
class Catalogue:
    """Suppliers as parallel arrays; row i of each array is suppliers[i], and i is the supplier's key in the index."""

    suppliers: tuple[Supplier, ...]
    profile_vectors: Vectors
    lines: Lines
    certificates: Membership
    markets: Membership
    languages: Membership
    incoterms: Membership
    countries: NDArray[np.str_]
    sizes: NDArray[np.str_]
    completeness: Floats

    @classmethod
    def build(cls, suppliers: Sequence[Supplier], vectors: Vectors, headings: HeadingModel | None = None) -> Catalogue:
        """Lay out suppliers, whose ids must differ, with their vectors as `encode_suppliers` gives them.

        headings : infers the heading of each line that states no code
        """
        return cls(
            suppliers=tuple(suppliers),
            profile_vectors=vectors[: len(suppliers)],
            lines=_lines(suppliers, vectors[len(suppliers) :], headings),
            certificates=Membership.of([set(map(certificate_name, s.certifications)) for s in suppliers]),
            markets=Membership.of([s.markets for s in suppliers]),
            languages=Membership.of([s.languages for s in suppliers]),
            incoterms=Membership.of([s.incoterms for s in suppliers]),
            countries=np.array([s.country or "" for s in suppliers], np.str_),
            sizes=np.array([s.size or "" for s in suppliers], np.str_),
            completeness=np.array([completeness(s) for s in suppliers], np.float64),
        )

    def __len__(self) -> int:
        return len(self.suppliers)

    @cached_property
    def row_by_id(self) -> Mapping[str, int]:
        """Row of each supplier id."""
        return {supplier.id: row for row, supplier in enumerate(self.suppliers)}

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


def encode_suppliers(suppliers: Sequence[Supplier], encoder: Encoder) -> Vectors:
    """Vectors of suppliers' profiles, then of all their product lines end to end: float32 (n + m, d)."""
    profiles = [supplier.text() for supplier in suppliers]
    return encoder.encode(profiles + [text for supplier in suppliers for text in line_texts(supplier)])


def completeness(supplier: Supplier) -> float:
    """Share of the profile's ten parts that are filled in, from 0 to 1."""
    products = supplier.products
    parts = (
        supplier.country, supplier.size, supplier.languages, len(supplier.description) >= 80,
        any(p.hs for p in products), any(p.moq for p in products), any(p.price for p in products),
        supplier.certifications, supplier.incoterms, supplier.markets,
    )  # fmt: skip
    return sum(map(bool, parts)) / len(parts)


def line_texts(supplier: Supplier) -> list[str]:
    """The text of each product line; the whole profile where no product is named."""
    return [product.name for product in supplier.products] or [supplier.text()]


def _lines(suppliers: Sequence[Supplier], vectors: Vectors, headings: HeadingModel | None) -> Lines:
    counts = [max(1, len(supplier.products)) for supplier in suppliers]
    products: list[Product | None] = [product for s in suppliers for product in (s.products or (None,))]
    prices = [product.price if product else None for product in products]
    codes = [(product and product.hs) or "" for product in products]
    texts = [text for supplier in suppliers for text in line_texts(supplier)]
    lead_times = [product.lead_time_days if product else None for product in products]
    return Lines(
        starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        vectors=vectors,
        hs=np.array(codes, np.str_),
        moq=Measures.of([product.moq if product else None for product in products]),
        lead_time_days=np.array([np.nan if days is None else days for days in lead_times], np.float64),
        price_min=np.array([price.min if price else np.nan for price in prices], np.float64),
        price_currency=np.array([price.currency if price else "" for price in prices], np.str_),
        price_unit=np.array([(price and price.unit) or "" for price in prices], np.str_),
        headings=headings.of_lines(codes, texts, vectors) if headings else None,
    )
