"""Four ways to make both sides' lists of a market, on synthetic markets of two sizes: matches, envy, shares, seconds.

.venv/bin/python -m benchmarks.markets
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import product

import numpy as np
from threadpoolctl import threadpool_limits

from matching.market_lists import Way, lists_for
from matching.markets import Attention, Examination, Market, Price
from matching.nash_welfare import nash_attention

SIZES = ((30, 50), (100, 200))
CROWDING = (0.0, 0.5, 0.8, 0.95)
SEEDS = range(5)
Row = dict[str, float]


def synthetic_market(buyers: int, suppliers: int, crowding: float, examination: Examination, seed: int) -> Market:
    """Liking by chance, uniform in 0..1, mixed with one popularity for all, from 1 down to 0 in even steps.

    crowding : weight of popularity, 0 to 1
    Source   : Tomita & Yokoyama, RecSys 2024 (there called lambda), arXiv:2409.00720.
    """
    generator = np.random.default_rng(seed)
    own = generator.random((2, buyers, suppliers))
    of_suppliers, of_buyers = np.linspace(1.0, 0.0, suppliers), np.linspace(1.0, 0.0, buyers)
    return Market(
        (1.0 - crowding) * own[0] + crowding * of_suppliers,
        (1.0 - crowding) * own[1] + crowding * of_buyers[:, None],
        examination=examination,
    )


def _attention(way: Way) -> Callable[[Market], Attention]:
    return lambda market: Attention.under(market, lists_for(market, way))


MADE: dict[str, Callable[[Market], Attention]] = {str(way): _attention(way) for way in Way} | {
    "nash before rounding": nash_attention
}


def measured(markets: list[Market], make: Callable[[Market], Attention]) -> list[Row]:
    """Price and seconds of each market's lists."""
    rows = []
    for market in markets:
        start = time.process_time()
        attention = make(market)
        seconds = time.process_time() - start
        rows.append(Price.of(market, attention).row() | {"seconds": seconds})
    return rows


def spread(rows: list[Row], name: str) -> str:
    """Mean and standard deviation over the seeds; of seconds the most."""
    values = np.array([row[name] for row in rows])
    if name == "seconds":
        return f"{values.max():.2f}"
    digits = 3 if name.endswith(("half", "gini")) else 1
    return f"{values.mean():.{digits}f} ± {values.std(ddof=1):.{digits}f}"


def main() -> None:
    """Print a table for each size and way of reading lists."""
    threadpool_limits(limits=1)
    for examination, (buyers, suppliers) in product(Examination, SIZES):
        print(f"\n{buyers} buyers, {suppliers} suppliers, a place is examined with {examination}\n")
        for crowding in CROWDING:
            markets = [synthetic_market(buyers, suppliers, crowding, examination, seed) for seed in SEEDS]
            for made, make in MADE.items():
                rows = measured(markets, make)
                if (crowding, made) == (CROWDING[0], Way.ONE_SIDED):
                    print("| crowding | way | " + " | ".join(rows[0]) + " |")
                    print("| --- " * (2 + len(rows[0])) + "|")
                print(f"| {crowding} | {made} | " + " | ".join(spread(rows, name) for name in rows[0]) + " |")


if __name__ == "__main__":
    main()
