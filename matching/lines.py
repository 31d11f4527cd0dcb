"""Parallel arrays that follow a changing catalogue: profiles, memberships, measures, product lines, growing vectors.

Each is immutable to its reader. What is added goes behind what is there, so that a reader of an older state goes on
seeing exactly that state.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from matching.headings import HeadingModel, LineHeadings
from matching.profiles import Product, Quantity, Supplier
from matching.units import in_base_units

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
# Vectors of a catalogue in half the memory: a cosine is off by less than 0.0002.
Halves = NDArray[np.float16]
V = TypeVar("V", bound=Hashable)
_ROOM = 1.25
_LEAST_SQUARE = 1e-3


class CompactSuppliers:
    """Suppliers kept as JSON, in a tenth of the memory that they take as objects, and read when they are asked for."""

    def __init__(self, documents: tuple[bytes, ...]) -> None:
        self.documents = documents

    @classmethod
    def of(cls, suppliers: Iterable[Supplier]) -> Self:
        """The suppliers as `document_of` writes them."""
        return cls(tuple(map(document_of, suppliers)))

    def __len__(self) -> int:
        return len(self.documents)

    def __getitem__(self, row: int) -> Supplier:
        return Supplier.model_validate_json(self.documents[row])

    def followed_by(self, more: CompactSuppliers) -> CompactSuppliers:
        """These suppliers with others behind them."""
        return CompactSuppliers(self.documents + more.documents)

    def take(self, rows: Rows) -> CompactSuppliers:
        """Some of the suppliers alone."""
        return CompactSuppliers(tuple(self.documents[row] for row in rows))


def document_of(supplier: Supplier) -> bytes:
    """A supplier as JSON, always the same for the same."""
    return supplier.model_dump_json(exclude_defaults=True).encode()


class GrowingVectors:
    """Vectors (n, d) to which more are added without copying those that are there, as long as there is room.

    view : float16 (n, d), the vectors of this state; one writer at a time may derive the next state
    """

    def __init__(self, vectors: Halves, *, _buffer: _Buffer | None = None) -> None:
        self.view = vectors
        self._buffer = _buffer or _Buffer(vectors, len(vectors))

    def followed_by(self, more: Halves) -> GrowingVectors:
        """The vectors with more behind them; the state it is derived from stays as it is."""
        size = len(self.view)
        buffer = self._buffer
        if buffer.used != size or len(buffer.array) < size + len(more):
            array = np.empty((int((size + len(more)) * _ROOM) + 8, self.view.shape[1]), np.float16)
            array[:size] = self.view
            buffer = _Buffer(array, size)
        buffer.array[size : size + len(more)] = more
        buffer.used = size + len(more)
        return GrowingVectors(buffer.array[: buffer.used], _buffer=buffer)


@dataclass
class _Buffer:
    """Memory that states share; what lies beyond `used` belongs to nobody yet."""

    array: Halves
    used: int


@dataclass(frozen=True)
class Membership(Generic[V]):
    """Which rows hold which of many values (certificates, markets, languages), kept by value."""

    rows_by_value: Mapping[V, Rows]
    stated: NDArray[np.bool_]

    @classmethod
    def of(cls, values_by_row: Sequence[Collection[V]]) -> Self:
        """Membership of each row's values; a row without any has stated nothing."""
        rows: dict[V, list[int]] = defaultdict(list)
        for row, values in enumerate(values_by_row):
            for value in set(values):
                rows[value].append(row)
        arrays = {value: np.array(found, np.int64) for value, found in rows.items()}
        return cls(arrays, np.array([bool(values) for values in values_by_row], np.bool_))

    def holds_any(self, rows: Rows, values: Iterable[V]) -> NDArray[np.bool_]:
        """Whether each of `rows` holds at least one of `values`."""
        held = np.zeros(len(self.stated), np.bool_)
        for value in values:
            held[self.rows_by_value.get(value, [])] = True
        return held[rows]

    def followed_by(self, more: Membership[V]) -> Membership[V]:
        """This membership with the rows of another behind its own."""
        size = len(self.stated)
        none = np.empty(0, np.int64)
        added = {
            value: np.concatenate([self.rows_by_value.get(value, none), rows + size])
            for value, rows in more.rows_by_value.items()
        }
        return Membership({**self.rows_by_value, **added}, np.concatenate([self.stated, more.stated]))

    def take(self, rows: Rows) -> Membership[V]:
        """Membership of some rows alone, numbered by their place in `rows`."""
        places = np.full(len(self.stated), -1, np.int64)
        places[rows] = np.arange(len(rows))
        kept = {value: places[held][places[held] >= 0] for value, held in self.rows_by_value.items()}
        return Membership({value: held for value, held in kept.items() if len(held)}, self.stated[rows])


@dataclass(frozen=True)
class Measures:
    """One quantity per product line in base units, beside the dimension it is of; NaN and "" where not stated."""

    values: Floats
    dimensions: NDArray[np.str_]

    @classmethod
    def of(cls, quantities: Sequence[Quantity | None]) -> Self:
        """Measures of quantities as written; an unknown unit counts as not stated."""
        converted = [in_base_units(q.value, q.unit) if q else None for q in quantities]
        values = [value[0] if value else np.nan for value in converted]
        return cls(np.array(values, np.float64), np.array([value[1] if value else "" for value in converted], np.str_))

    def followed_by(self, more: Measures) -> Measures:
        """These measures with others behind them."""
        return Measures(np.concatenate([self.values, more.values]), np.concatenate([self.dimensions, more.dimensions]))

    def take(self, lines: Rows) -> Measures:
        """Measures of some lines alone."""
        return Measures(self.values[lines], self.dimensions[lines])


@dataclass(frozen=True)
class Lines:
    """Product lines of all suppliers end to end; supplier row i owns lines starts[i] to starts[i + 1].

    A supplier without products has one line without any figure, whose text is the description, so that no row
    is empty. grown holds vectors (m, d) float16; hs (m,) str, "" where unknown; lead_time_days (m,) float, NaN where
    unknown; price_min (m,) in price_currency per price_unit, NaN and "" where unknown; headings None without a model of
    them; breadth (n,) of each supplier, how many unlike subjects its lines amount to: 1 where all are of one, m where
    its m lines have nothing in common.
    """

    starts: Rows
    grown: GrowingVectors
    hs: NDArray[np.str_]
    moq: Measures
    lead_time_days: Floats
    price_min: Floats
    price_currency: NDArray[np.str_]
    price_unit: NDArray[np.str_]
    breadth: Floats
    headings: LineHeadings | None = None

    @classmethod
    def of(cls, suppliers: Sequence[Supplier], vectors: Halves, headings: HeadingModel | None = None) -> Self:
        """Lines of suppliers with the vectors of `line_texts`, end to end.

        headings : infers the heading of each line that states no code
        """
        counts = [max(1, len(supplier.products)) for supplier in suppliers]
        products: list[Product | None] = [product for s in suppliers for product in (s.products or (None,))]
        prices = [product.price if product else None for product in products]
        lead_times = [product.lead_time_days if product else None for product in products]
        codes = [(product and product.hs) or "" for product in products]
        texts = [text for supplier in suppliers for text in line_texts(supplier)]
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(
            starts=starts,
            grown=GrowingVectors(vectors),
            hs=np.array(codes, np.str_),
            moq=Measures.of([product.moq if product else None for product in products]),
            lead_time_days=np.array([np.nan if days is None else days for days in lead_times], np.float64),
            price_min=np.array([price.min if price else np.nan for price in prices], np.float64),
            price_currency=np.array([price.currency if price else "" for price in prices], np.str_),
            price_unit=np.array([(price and price.unit) or "" for price in prices], np.str_),
            breadth=_breadth(vectors, starts),
            headings=headings.of_lines(codes, texts, vectors.astype(np.float32)) if headings else None,
        )

    @property
    def vectors(self) -> Halves:
        """Vector of each line, float16 (m, d)."""
        return self.grown.view

    def of_rows(self, rows: Rows) -> tuple[Rows, Rows]:
        """Line numbers of supplier rows end to end, and for each the position in `rows` that owns it."""
        counts = self.starts[rows + 1] - self.starts[rows]
        owners = np.repeat(np.arange(len(rows)), counts)
        first = np.cumsum(counts) - counts
        return np.arange(counts.sum()) - np.repeat(first, counts) + np.repeat(self.starts[rows], counts), owners

    def followed_by(self, more: Lines) -> Lines:
        """These lines with those of more suppliers behind them."""
        return Lines(
            starts=np.concatenate([self.starts, more.starts[1:] + self.starts[-1]]),
            grown=self.grown.followed_by(more.vectors),
            hs=np.concatenate([self.hs, more.hs]),
            moq=self.moq.followed_by(more.moq),
            lead_time_days=np.concatenate([self.lead_time_days, more.lead_time_days]),
            price_min=np.concatenate([self.price_min, more.price_min]),
            price_currency=np.concatenate([self.price_currency, more.price_currency]),
            price_unit=np.concatenate([self.price_unit, more.price_unit]),
            breadth=np.concatenate([self.breadth, more.breadth]),
            headings=self.headings.followed_by(more.headings) if self.headings and more.headings else None,
        )

    def take(self, rows: Rows) -> Lines:
        """Lines of some supplier rows alone."""
        lines, _ = self.of_rows(rows)
        counts = self.starts[rows + 1] - self.starts[rows]
        return Lines(
            starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            grown=GrowingVectors(self.vectors[lines]),
            hs=self.hs[lines],
            moq=self.moq.take(lines),
            lead_time_days=self.lead_time_days[lines],
            price_min=self.price_min[lines],
            price_currency=self.price_currency[lines],
            price_unit=self.price_unit[lines],
            breadth=self.breadth[rows],
            headings=self.headings.take(lines) if self.headings else None,
        )


def line_texts(supplier: Supplier) -> list[str]:
    """The text of each product line; the whole profile where no product is named."""
    return [product.name for product in supplier.products] or [supplier.text()]


def _breadth(vectors: Halves, starts: Rows) -> Floats:
    """Of each supplier, one over the squared length of the mean of its lines' unit vectors, (n,)."""
    if len(starts) == 1:
        return np.empty(0)
    means = np.add.reduceat(vectors.astype(np.float32), starts[:-1], axis=0) / np.diff(starts)[:, None]
    return np.asarray(1.0 / np.maximum((means.astype(np.float64) ** 2).sum(axis=1), _LEAST_SQUARE), np.float64)
