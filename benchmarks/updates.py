"""How long a change takes to become matchable in a catalogue of 100,000 suppliers, and what it does to requests.

.venv/bin/python benchmarks/updates.py [--suppliers 100000]
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
from threadpoolctl import threadpool_limits

from data import shipped
from data.collection import Collection
from data.snapshot import Snapshot, vectors_of
from matching.encoder import load_encoder
from matching.matcher import Matcher
from matching.profiles import Supplier
from matching.ranker import GlassBoxRanker


def many(sample: tuple[Supplier, ...], number: int) -> list[Supplier]:
    """The sample over and over, under ids and names of their own."""
    found = []
    for place in range(number):
        one = sample[place % len(sample)]
        found.append(one.model_copy(update={"id": f"L{place}", "name": f"{one.name} {place}"}))
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--suppliers", type=int, default=100_000)
    options = parser.parse_args()
    threadpool_limits(limits=1)
    collection = Collection.read(shipped.SAMPLE)
    suppliers = many(collection.suppliers, options.suppliers)
    start = time.perf_counter()
    encoder, ranker = load_encoder(shipped.ENCODER), GlassBoxRanker.load(shipped.RANKER)
    vectors, _ = vectors_of(suppliers, Snapshot.empty(encoder.dimensions), encoder, lambda _done: None)
    matcher = Matcher.build(encoder, suppliers, ranker, vectors=vectors)
    del vectors
    print(f"built over {len(suppliers)} suppliers, {len(matcher.index)} vectors in {time.perf_counter() - start:.0f} s")
    taken = []
    for batch in range(20):
        changed = many(collection.suppliers, 50)
        start = time.perf_counter()
        matcher = matcher.with_changes([f"L{1000 + batch}"], changed)
        taken.append(1000 * (time.perf_counter() - start))
    print(f"50 changes at once: median {np.median(taken):.0f} ms, most {max(taken):.0f} ms")
    answers = []
    for request in collection.requests:
        start = time.perf_counter()
        matcher.match(request, top=10)
        answers.append(1000 * (time.perf_counter() - start))
    print(f"explained top 10: median {np.median(answers):.1f} ms, 99th percentile {np.quantile(answers, 0.99):.1f} ms")
    start = time.perf_counter()
    matcher.settled()
    print(f"laying all out anew: {time.perf_counter() - start:.1f} s")
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
