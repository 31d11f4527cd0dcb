"""How long Souk takes: a whole `souk match`, and one request inside a running matcher, on the sample collection.

.venv/bin/python benchmarks/speed.py
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from data import shipped
from data.collection import Collection
from data.settings import Settings
from data.workspace import Models
from matching.matcher import Matcher

TEXT = "Wir suchen Bio-Arganöl, 500 Liter pro Monat, Ecocert, Lieferung nach Hamburg"


def whole_process() -> tuple[float, float]:
    """Seconds of `souk match` from its start to its end, and its largest resident memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "SOUK_DATABASE_URL": f"sqlite:///{folder}/souk.db",
            "SOUK_INDEX_PATH": f"{folder}/suppliers.index",
        }
        start = time.perf_counter()
        command = [str(Path(sys.executable).with_name("souk")), "match", TEXT]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        seconds = time.perf_counter() - start
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def per_request(rounds: int = 3) -> np.ndarray:
    """Milliseconds of each explained top 10 of the sample's requests, one after the other."""
    collection, models = Collection.read(shipped.SAMPLE), Models.load(Settings())
    matcher = Matcher.build(models.encoder, collection.suppliers, models.ranker, models.headings, rates=models.rates)
    taken = []
    threadpool_limits(limits=1)
    for request in collection.requests * rounds:
        start = time.perf_counter()
        matcher.match(request, top=10)
        taken.append(1000 * (time.perf_counter() - start))
    return np.array(taken[len(collection.requests) :])


def main() -> None:
    """Print the figures."""
    runs = [whole_process() for _ in range(5)]
    print(f"souk match, whole process: {np.median([seconds for seconds, _ in runs]):.2f} s (median of 5)")
    print(f"souk match, memory: {max(memory for _, memory in runs):.0f} MB")
    taken = per_request()
    print(f"one explained request: median {np.median(taken):.1f} ms, 99th percentile {np.quantile(taken, 0.99):.1f} ms")


if __name__ == "__main__":
    main()
