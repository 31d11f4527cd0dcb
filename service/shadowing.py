"""Scoring by a ranker in the shadow, beside the answers: in one thread, of what a short queue holds, and no more."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from dataclasses import dataclass
from queue import Empty, Full, Queue
from time import monotonic

from sqlalchemy.exc import SQLAlchemyError

from data.database import Database
from data.shadows import Misses, RunningShadow, ShadowLog, ShadowScore, shadow_score
from matching.errors import SoukError
from matching.exposure import ExposurePolicy
from matching.matcher import Matcher, Scoring
from service.metrics import Metrics, Scored

_log = logging.getLogger(__name__)
_WAITING = 200
_NOTE_SECONDS = 1.0
_LEAVE_SECONDS = 5.0


@dataclass(frozen=True)
class AnsweredMatch:
    """A match that was answered and noted: its candidates, and the matcher in use over the catalogue they are of."""

    organisation: str
    id: str
    scoring: Scoring
    in_use: Matcher
    exposure: ExposurePolicy | None


@dataclass(frozen=True)
class _Key:
    organisation: str
    version: str


class Shadowing:
    """The thread that scores, and what waits for it. Whatever goes wrong here is counted and told, and harms no answer.

    waiting : how many matches may wait to be scored; those beyond are dropped and counted
    """

    def __init__(self, database: Database, metrics: Metrics, *, waiting: int = _WAITING) -> None:
        self._database = database
        self._metrics = metrics
        self._queue: Queue[tuple[RunningShadow, AnsweredMatch]] = Queue(waiting)
        self._lock = threading.Lock()
        self._scores: defaultdict[_Key, list[ShadowScore]] = defaultdict(list)
        self._misses: defaultdict[_Key, Misses] = defaultdict(Misses)
        self._told: set[tuple[str, str]] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)

    def offer(self, shadow: RunningShadow | None, match: AnsweredMatch) -> None:
        """Let the shadow score a match where it is of its share and there is room; returns at once."""
        if shadow is None or not shadow.takes(match.scoring.query.request.text):
            return
        try:
            self._queue.put_nowait((shadow, match))
        except Full:
            self._miss(_Key(match.organisation, shadow.version), Misses(dropped=1))

    def start(self) -> None:
        """Begin to score."""
        self._thread.start()

    def stop(self) -> None:
        """End, having noted what was scored; what still waits is dropped."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_LEAVE_SECONDS)

    def _run(self) -> None:
        noted_at = monotonic()
        while not self._stopping.is_set():
            try:
                shadow, match = self._queue.get(timeout=_NOTE_SECONDS)
            except Empty:
                pass
            else:
                self._score(shadow, match)
            if monotonic() - noted_at >= _NOTE_SECONDS:
                self._note()
                noted_at = monotonic()
        while not self._queue.empty():
            shadow, match = self._queue.get_nowait()
            self._miss(_Key(match.organisation, shadow.version), Misses(dropped=1))
        self._note()

    def _score(self, shadow: RunningShadow, match: AnsweredMatch) -> None:
        key = _Key(match.organisation, shadow.version)
        if shadow.ranker is None:
            self._fail(key, shadow.fault or "it cannot be loaded")
            return
        try:
            score = shadow_score(match.id, match.scoring, match.in_use, shadow.ranker, match.exposure)
        except Exception as fault:  # whatever a ranker from elsewhere fails by
            self._fail(key, f"{type(fault).__name__}: {fault}")
        else:
            self._scores[key].append(score)
            self._metrics.shadow.labels(Scored.DONE).inc()

    def _fail(self, key: _Key, fault: str) -> None:
        if (key.version, fault) not in self._told:
            self._told.add((key.version, fault))
            _log.warning("ranker %s in the shadow fails: %s", key.version, fault)
        self._miss(key, Misses(failed=1, fault=fault))

    def _miss(self, key: _Key, missed: Misses) -> None:
        self._metrics.shadow.labels(Scored.DROPPED).inc(missed.dropped)
        self._metrics.shadow.labels(Scored.FAILED).inc(missed.failed)
        with self._lock:
            self._misses[key] += missed

    def _note(self) -> None:
        with self._lock:
            misses = dict(self._misses)
            self._misses.clear()
        scores = dict(self._scores)
        self._scores.clear()
        for key in scores.keys() | misses.keys():
            found, missed = scores.get(key, []), misses.get(key, Misses())
            try:
                ShadowLog(self._database, key.organisation).note(key.version, found, missed)
            except (SoukError, SQLAlchemyError) as error:
                _log.warning("what the shadow found cannot be stored: %s", error)
                with self._lock:
                    self._misses[key] += missed + Misses(dropped=len(found))
