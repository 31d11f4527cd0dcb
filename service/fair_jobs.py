"""Plans made beside the requests that asked for them, one after the other, and given up where nobody wants them."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from data.fair_desk import FairDesk
from data.fair_jobs import ENDED, PlanJob
from data.fair_planner import GivenUp
from data.fair_plans import Plan
from data.fair_store import PlanHead
from matching.errors import NotReady, SoukError

_log = logging.getLogger(__name__)
_BEAT_SECONDS = 5.0
_LEAVE_SECONDS = 5.0
UNFORESEEN = "an unforeseen failure; it has been logged"
Made = tuple[PlanHead, Plan]


@dataclass(frozen=True)
class _Open:
    """A job of this process that has not ended."""

    desk: FairDesk
    fair_id: str
    job_id: str
    given_up: threading.Event = field(default_factory=threading.Event)
    is_running: threading.Event = field(default_factory=threading.Event)


class PlanRunner:
    """Makes plans in a thread of its own, and says every few seconds which jobs are alive."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "plans")
        self._open: dict[str, _Open] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._heart: threading.Thread | None = None

    def start(self, desk: FairDesk, fair_id: str, job: PlanJob) -> Future[Made]:
        """Begin a job once those before it have ended; its future raises GivenUp where it was cancelled."""
        one = _Open(desk, fair_id, job.id)
        with self._lock:
            self._open[job.id] = one
            if self._heart is None:
                self._heart = threading.Thread(target=self._beat, name="plan-heartbeat", daemon=True)
                self._heart.start()
        return self._pool.submit(self._carry_out, one, job)

    def give_up(self, job_id: str) -> None:
        """Stop working at a job, where it is this process that does; another one hears of it by the next beat."""
        with self._lock:
            found = self._open.get(job_id)
        if found is not None:
            found.given_up.set()

    def stop(self) -> None:
        """Leave what waits, told as failed; what runs ends by itself, since the planner is stopped before."""
        self._stopping.set()
        with self._lock:
            waiting = [one for one in self._open.values() if not one.is_running.is_set()]
        self._pool.shutdown(wait=False, cancel_futures=True)
        for one in waiting:
            one.desk.jobs.fail(one.fair_id, one.job_id, NotReady(ENDED))
        if self._heart is not None:
            self._heart.join(_LEAVE_SECONDS)

    # Steps

    def _carry_out(self, one: _Open, job: PlanJob) -> Made:
        one.is_running.set()
        try:
            return self._made(one, job)
        except GivenUp:
            raise
        except SoukError as error:
            one.desk.jobs.fail(one.fair_id, one.job_id, error)
            raise
        except Exception as error:
            _log.error("unforeseen failure of planning job %s", one.job_id, exc_info=error)
            one.desk.jobs.fail(one.fair_id, one.job_id, SoukError(UNFORESEEN))
            raise
        finally:
            with self._lock:
                self._open.pop(one.job_id, None)

    def _made(self, one: _Open, job: PlanJob) -> Made:
        if not one.desk.jobs.begin(one.fair_id, one.job_id):
            raise GivenUp
        order, planner = job.order, one.desk.planner.until(one.given_up)
        plan = one.desk.drafted(
            one.fair_id, seed=order.seed, based_on=order.based_on, keep_all=order.keep_all, planner=planner
        )
        head = one.desk.jobs.finish(one.fair_id, one.job_id, plan)
        if head is None:
            raise GivenUp
        return head, plan

    def _beat(self) -> None:
        while not self._stopping.wait(_BEAT_SECONDS):
            with self._lock:
                alive = list(self._open.values())
            for one in alive:
                try:
                    if not one.desk.jobs.beat(one.fair_id, one.job_id):
                        one.given_up.set()
                except SoukError as error:
                    _log.warning("planning job %s cannot be noted as alive: %s", one.job_id, error)
