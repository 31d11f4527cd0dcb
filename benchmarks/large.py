"""One matcher over very many suppliers: building it, its memory, explained answers by stage, and changes.

.venv/bin/python -m benchmarks.large [--suppliers 100000]
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.synthetic import synthetic_suppliers
from data import shipped
from data.collection import Collection
from data.settings import Settings
from data.workspace import Models
from matching.matcher import Matcher, Stage

_taken: dict[str, list[float]] = defaultdict(list)


@contextmanager
def observed(stage: Stage) -> Iterator[None]:
    """Note how long a stage took, in milliseconds."""
    start = time.perf_counter()
    yield
    _taken[stage].append(1000 * (time.perf_counter() - start))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--suppliers", type=int, default=100_000)
    options = parser.parse_args()
    threadpool_limits(limits=1)
    requests = Collection.read(shipped.SAMPLE).requests
    models = Models.load(Settings())
    start = time.perf_counter()
    suppliers = synthetic_suppliers(options.suppliers)
    matcher = Matcher.build(
        models.encoder, suppliers, models.ranker, models.headings, observe=observed, rates=models.rates
    )
    seconds = time.perf_counter() - start
    print(f"built over {len(matcher.catalogue)} suppliers, {len(matcher.index)} vectors, in {seconds:.0f} s")
    for request in requests:
        matcher.match(request)
    _taken.clear()
    for request in requests:
        start = time.perf_counter()
        matcher.match(request)
        _taken["explained top 10"].append(1000 * (time.perf_counter() - start))
    for stage, taken in _taken.items():
        print(f"{stage}: median {np.median(taken):.1f} ms, 99th percentile {np.quantile(taken, 0.99):.1f} ms")
    changes = []
    for batch in range(20):
        added = list(synthetic_suppliers(50, seed=1 + batch))
        start = time.perf_counter()
        matcher = matcher.with_changes([f"L{1000 + batch}"], added)
        changes.append(1000 * (time.perf_counter() - start))
    print(f"50 changes at once: median {np.median(changes):.0f} ms, most {max(changes):.0f} ms")
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
