"""What a fair draw changes and takes: the sample's requests, many times over, to the first three or to three drawn.

.venv/bin/python benchmarks/draws.py
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert

from data import shipped
from data.collection import Collection
from data.database import DEFAULT_ORGANISATION, Database
from data.ledger import Ledger
from data.schema import IMPRESSIONS, MATCHES
from data.settings import Settings
from data.store import Store
from data.workspace import Models
from matching.draw import draw_suppliers, place_propensities
from matching.exposure import position_exposure
from matching.matcher import Matcher
from matching.profiles import Supplier

K, THRESHOLD, ROUNDS = 3, 0.1, 20
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Candidates:
    """Whoever qualifies for a request, best first: ids and calibrated probabilities (n,)."""

    text: str
    ids: list[str]
    probabilities: Floats


@dataclass
class Outcome:
    """What suppliers got over many requests; `earned` counts all that qualified, shown or not."""

    received: Counter[str] = field(default_factory=Counter)
    earned: Counter[str] = field(default_factory=Counter)
    probabilities: list[float] = field(default_factory=list)

    def gap(self) -> float:
        """Attention that went to others than those who earned it, as a share of all."""
        return sum(abs(self.received[one] - self.earned[one]) for one in self.earned) / 2 / self.earned.total()


def qualified(matcher: Matcher, collection: Collection) -> list[Candidates]:
    """Candidates of each request that more than K suppliers qualify for."""
    found = []
    for request in collection.requests:
        scoring = matcher.score(request)
        chances = matcher.ranker.probabilities(scoring.scores)
        fits = np.flatnonzero(chances >= THRESHOLD)
        ids = [matcher.catalogue.ids[row] for row in scoring.rows[fits]]
        found.append(Candidates(request.text, ids, chances[fits]))
    return [one for one in found if len(one.ids) > K]


def served(requests: list[Candidates], *, by_draw: bool, with_debts: bool) -> Outcome:
    """Each request ROUNDS times, to its first K or to K drawn; all that qualified earn, as in the ledger."""
    outcome = Outcome()
    exposure = position_exposure(K)
    for number in range(ROUNDS):
        for one in requests:
            chosen = list(range(K))
            if by_draw:
                owed = np.array([outcome.earned[name] - outcome.received[name] for name in one.ids]) * with_debts
                made = draw_suppliers(one.text, one.ids, one.probabilities, owed, k=K, seed=number, threshold=THRESHOLD)
                chosen = [one.ids.index(lot.supplier_id) for lot in made.drawn]
            for place, row in enumerate(chosen):
                outcome.received[one.ids[row]] += exposure[place]
            for supplier, part in zip(one.ids, one.probabilities / one.probabilities.sum(), strict=True):
                outcome.earned[supplier] += exposure.sum() * part
            outcome.probabilities += one.probabilities[chosen].tolist()
    return outcome


def draw_milliseconds(number: int, k: int) -> float:
    """Median time of the propensities of a draw of k among a number of suppliers."""
    weights, taken = np.random.default_rng(0).uniform(0.05, 1.5, number), []
    for _ in range(20):
        start = time.perf_counter()
        place_propensities(weights, k)
        taken.append(1000 * (time.perf_counter() - start))
    return float(np.median(taken))


def debt_seconds(matches: int) -> float:
    """Time to add up the debts of a log of matches of ten suppliers each, in SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(f"sqlite:///{folder}/souk.db")
        Store(database, DEFAULT_ORGANISATION).put_suppliers([Supplier(id="S1", name="Firm")])
        _fill(database, matches)
        start = time.perf_counter()
        Ledger(database, DEFAULT_ORGANISATION).debts()
        seconds = time.perf_counter() - start
        database.close()
    return seconds


def _fill(database: Database, matches: int) -> None:
    generator, now = np.random.default_rng(0), database.clock()
    versions = {"organisation_id": DEFAULT_ORGANISATION, "ranker_version": "r"}
    for first in range(0, matches, 1_000):
        numbers = range(first, min(matches, first + 1_000))
        match = {**versions, "request": {}, "ranking": [], "encoder_version": "e", "matched_at": now}
        shown = {**versions, "features": {}, "score": 0.1, "propensity": 1.0, "shown_at": now}
        with database.writing() as connection:
            connection.execute(insert(MATCHES), [{**match, "id": str(number)} for number in numbers])
            rows = [
                {**shown, "match_id": str(number), "object_id": f"S{supplier}", "position": place}
                for number in numbers
                for place, supplier in enumerate(generator.choice(2_000, 10, replace=False).tolist(), start=1)
            ]
            connection.execute(insert(IMPRESSIONS), rows)


def main() -> None:
    """Print the figures."""
    collection, models = Collection.read(shipped.SAMPLE), Models.load(Settings())
    matcher = Matcher.build(models.encoder, collection.suppliers, models.ranker, models.headings, rates=models.rates)
    requests = qualified(matcher, collection)
    print(f"{len(requests)} of {len(collection.requests)} requests have more than {K} suppliers of {THRESHOLD} or more")
    ways = {"the first three": (False, False), "drawn, no debts": (True, False), "drawn with debts": (True, True)}
    for name, (by_draw, with_debts) in ways.items():
        outcome = served(requests, by_draw=by_draw, with_debts=with_debts)
        print(
            f"| {name} | {len(outcome.received)} of {len(outcome.earned)} | {outcome.gap():.3f} "
            f"| {np.mean(outcome.probabilities):.3f} |"
        )
    for number, k in ((10, 3), (50, 5), (200, 5), (200, 20)):
        print(f"propensities of {k} among {number}: {draw_milliseconds(number, k):.1f} ms")
    for matches in (10_000, 100_000):
        print(f"debts from {10 * matches:,} impressions: {debt_seconds(matches):.2f} s")


if __name__ == "__main__":
    main()
