"""The exposure ledger: the attention that suppliers were given, beside what their relevance earned them."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Float,
    Select,
    Subquery,
    Table,
    and_,
    case,
    cast,
    func,
    null,
    select,
    union_all,
)

from data.database import Database
from data.schema import IMPRESSIONS, LOTS, RECORDS, Kind

NEWCOMER_DAYS = 365
_DEBT_SECONDS = 60.0
_SUPPLIERS = RECORDS[Kind.SUPPLIERS]


@dataclass(frozen=True)
class Attention:
    """Attention of a supplier, or of a group: the exposure of the places it was shown at, and what it earned.

    name     : id of the supplier; size, country code or "newcomer" and "established"; None where nothing is stated
    received : sum of 1 / log2(1 + position)
    earned   : of the attention that each match gave to all it showed, the part of its expected relevance in
               theirs; of a draw the part of its probability in that of all who qualified, drawn or not.
               Source: Biega, Gummadi & Weikum, Equity of Attention, SIGIR 2018, doi:10.1145/3209978.3210063.
    """

    name: str | None
    received: float
    earned: float


class Debts:
    """Debts of all suppliers of each organisation, added up anew where they are a minute old: all impressions are read.

    clock : tells seconds
    """

    def __init__(self, database: Database, clock: Callable[[], float] = monotonic) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Mapping[str, float]]] = {}

    def of(self, organisation: str) -> Mapping[str, float]:
        """Attention earned less attention received, by supplier; whoever has none is not in it."""
        with self._lock:
            read_at, debts = self._known.get(organisation, (-math.inf, {}))
            if self._clock() - read_at >= _DEBT_SECONDS:
                read_at, debts = self._clock(), Ledger(self._database, organisation).debts()
                self._known[organisation] = read_at, debts
            return debts


class Ledger:
    """What the matches and draws of one organisation tell of attention; whoever was in none of them is not in it."""

    def __init__(self, database: Database, organisation: str) -> None:
        self._database = database
        self._organisation = organisation

    def suppliers(self, limit: int) -> tuple[Attention, ...]:
        """Suppliers that were given least of what they earned, the largest debt first."""
        shown = self._shown()
        received, earned = func.sum(shown.c.received), func.sum(shown.c.earned)
        query = select(shown.c.object_id, received, earned).group_by(shown.c.object_id)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(received - earned, shown.c.object_id).limit(limit)).all()
        return tuple(Attention(*row) for row in rows)

    def debts(self) -> Mapping[str, float]:
        """Attention earned less attention received, of each supplier that was ever shown or qualified for a draw."""
        shown = self._shown()
        query = select(shown.c.object_id, func.sum(shown.c.earned - shown.c.received)).group_by(shown.c.object_id)
        with self._database.reading() as connection:
            return {row[0]: float(row[1]) for row in connection.execute(query).all()}

    def groups(self) -> dict[str, tuple[Attention, ...]]:
        """Attention by size, country and newness; a newcomer was first stored within NEWCOMER_DAYS."""
        with self._database.reading() as connection:
            rows = connection.execute(self._by_groups()).all()
        columns: dict[str, dict[str | None, list[float]]] = {"size": {}, "country": {}, "newness": {}}
        for *names, received, earned in rows:
            for column, name in zip(columns.values(), names, strict=True):
                sums = column.setdefault(name, [0.0, 0.0])
                sums[0] += received
                sums[1] += earned
        return {
            column: tuple(Attention(name, *sums[name]) for name in sorted(sums, key=lambda name: (name is None, name)))
            for column, sums in columns.items()
        }

    def _by_groups(self) -> Select[Any]:
        shown, document = self._shown(), _SUPPLIERS.c.document
        recent = self._database.clock() - timedelta(days=NEWCOMER_DAYS)
        newness = case(
            (_SUPPLIERS.c.id.is_(None), null()), (_SUPPLIERS.c.created_at >= recent, "newcomer"), else_="established"
        )
        groups = document["size"].as_string(), document["country"].as_string(), newness
        joined = and_(_SUPPLIERS.c.organisation_id == self._organisation, _SUPPLIERS.c.id == shown.c.object_id)
        named = select(
            groups[0].label("size"), groups[1].label("country"), groups[2].label("newness"),
            shown.c.received, shown.c.earned,
        ).join_from(shown, _SUPPLIERS, joined, isouter=True).subquery()  # fmt: skip
        keys = named.c.size, named.c.country, named.c.newness
        return select(*keys, func.sum(named.c.received), func.sum(named.c.earned)).group_by(*keys)

    def _shown(self) -> Subquery:
        """One row per supplier and match: what it was given, and what it earned of all that the match gave."""
        shown, lots = IMPRESSIONS, LOTS
        drawn_matches = select(lots.c.match_id).where(lots.c.organisation_id == self._organisation, lots.c.place == 1)
        relevance = 1.0 / (1.0 + func.exp(-shown.c.score))
        drawn = case((lots.c.place.is_not(None), _attention(lots.c.place)), else_=0.0)
        return union_all(
            _given(shown, _attention(shown.c.position), relevance).where(
                shown.c.organisation_id == self._organisation, shown.c.match_id.not_in(drawn_matches)
            ),
            _given(lots, drawn, lots.c.probability).where(lots.c.organisation_id == self._organisation),
        ).subquery()


def _attention(place: Column[Any]) -> ColumnElement[Any]:
    return func.ln(2.0) / func.ln(cast(place + 1, Float))


def _given(table: Table, received: ColumnElement[Any], relevance: ColumnElement[Any]) -> Select[Any]:
    of_all = [func.sum(value).over(partition_by=table.c.match_id) for value in (received, relevance)]
    earned = of_all[0] * relevance / of_all[1]
    return select(table.c.object_id, received.label("received"), earned.label("earned"))
