"""What Prometheus reads: requests, stages of an answer, the catalogue in service, messages to webhooks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from matching.matcher import Stage

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24)
_WAITING = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)


class Attempt(StrEnum):
    """What became of a message to a webhook when it was tried to deliver it."""

    SENT = "sent"
    RETRIED = "retried"
    FAILED = "failed"


class Scored(StrEnum):
    """What became of a request that a ranker in the shadow was to score."""

    DONE = "done"
    DROPPED = "dropped"
    FAILED = "failed"


class Metrics:
    """Metrics of one process in a registry of its own; of all workers, where they share a folder for them.

    folder : PROMETHEUS_MULTIPROC_DIR, which must be set before prometheus_client is imported
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        counter = partial(Counter, registry=self.registry)
        histogram = partial(Histogram, registry=self.registry, buckets=_SECONDS)
        total = partial(Gauge, registry=self.registry, multiprocess_mode="livesum")
        most = partial(Gauge, registry=self.registry, multiprocess_mode="livemax")
        self.requests = counter("souk_requests", "Requests answered", ["method", "route", "status"])
        self.seconds = histogram("souk_request_seconds", "Time to answer", ["route"])
        self.stages = histogram("souk_stage_seconds", "Time of each stage of a match", ["stage"])
        self.open = total("souk_requests_open", "Requests being answered or waiting for a thread")
        self.queue = histogram("souk_queue_requests", "Requests waiting for a thread when one came", buckets=_WAITING)
        self.suppliers = most("souk_suppliers", "Suppliers in all catalogues")
        self.vectors = most("souk_vectors", "Vectors in all indexes")
        self.behind = most("souk_changes_behind", "Changes not in the catalogues yet")
        self.models = total(
            "souk_model", "The models in service, and how many processes serve them", ["kind", "version"]
        )
        self.models_refused = most("souk_models_refused", "Whether new models could not be put in service")
        latest = partial(Gauge, registry=self.registry, multiprocess_mode="livemostrecent")
        self.exposure = latest("souk_exposure", "Attention that groups were given and earned", ["by", "group", "kind"])
        self.refused = counter("souk_keys_refused", "Requests without a good key")
        self.deliveries = counter(
            "souk_webhook_deliveries", "Messages to webhooks sent, to be retried, failed", ["state"]
        )
        for state in Attempt:
            self.deliveries.labels(state)
        self.shadow = counter("souk_shadow_requests", "Requests that a ranker in the shadow was to score", ["state"])
        for outcome in Scored:
            self.shadow.labels(outcome)
        self.waiting = most("souk_webhook_deliveries_waiting", "Messages to webhooks that wait in the outbox")

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
        if self._folder is None:
            return generate_latest(self.registry)
        for pid in {int(file.stem.rpartition("_")[2]) for file in Path(self._folder).glob("gauge_live*.db")}:
            if not _is_alive(pid):
                mark_process_dead(pid, self._folder)  # type: ignore[no-untyped-call]
        registry = CollectorRegistry()
        MultiProcessCollector(registry, self._folder)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
