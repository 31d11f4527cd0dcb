"""The planner in a process of its own, so that a plan of minutes holds up no request."""

from __future__ import annotations

import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from data.fair_planner import planner
from matching.meetings.problem import MeetingPlan, MeetingProblem


class Solver:
    """One process that plans, started at the first plan; plans wait for each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def __call__(self, problem: MeetingProblem, seed: int) -> MeetingPlan:
        """The plan of a problem; whatever the planner raises. A process that was killed is started anew, once."""
        try:
            return self._running().submit(planner, problem, seed).result()
        except BrokenProcessPool:
            self.stop()
            return self._running().submit(planner, problem, seed).result()

    def stop(self) -> None:
        """End the process, without waiting for what it plans."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _running(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                # A fork would take the locks of other threads with it.
                self._pool = ProcessPoolExecutor(1, get_context("spawn"))
            return self._pool
