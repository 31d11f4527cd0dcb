"""What Prometheus reads: requests, stages of an answer, the catalogue in service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from matching.matcher import Stage

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24)


class Metrics:
    """Metrics of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "souk_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "souk_request_seconds", "Time to answer", ["route"], buckets=_SECONDS, registry=self.registry
        )
        self.stages = Histogram(
            "souk_stage_seconds", "Time of each stage of a match", ["stage"], buckets=_SECONDS, registry=self.registry
        )
        self.open = Gauge("souk_requests_open", "Requests being answered", registry=self.registry)
        self.suppliers = Gauge("souk_suppliers", "Suppliers in all catalogues", registry=self.registry)
        self.vectors = Gauge("souk_vectors", "Vectors in all indexes", registry=self.registry)
        self.behind = Gauge("souk_changes_behind", "Changes not in the catalogues yet", registry=self.registry)
        self.models = Gauge("souk_model", "The models in service", ["kind", "version"], registry=self.registry)
        self.refused = Counter("souk_keys_refused", "Requests without a good key", registry=self.registry)

    def observe(self, stage: Stage) -> AbstractContextManager[None]:
        """Measures a stage of an answer."""
        return self._timed(stage)

    @contextmanager
    def _timed(self, stage: Stage) -> Iterator[None]:
        start = perf_counter()
        try:
            yield
        finally:
            self.stages.labels(stage).observe(perf_counter() - start)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)
