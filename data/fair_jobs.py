"""Plans that somebody waits for: one row each, which tells any process how far the plan is.

Whoever makes a plan says every few seconds that it still does. Where nobody has said so for a minute, the process has
died, and the job is told as failed. A job ends once: its plan is kept in the transaction that ends it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from data.fair_plans import Plan
from data.fair_store import FairStore, PlanHead
from data.schema import FAIR_PLAN_JOBS
from matching.errors import NotReady, SoukError, UnknownRecord

ENDED = "its process ended before the plan was made; ask again"
_ALIVE_WITHIN = timedelta(minutes=1)
_KEPT_FOR = timedelta(days=30)


class JobState(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_OPEN = (JobState.WAITING, JobState.RUNNING)


@dataclass(frozen=True)
class PlanOrder:
    """How a plan is to be made: from nothing, or from a plan of which all meetings stay, or the locked ones alone."""

    name: str = "plan"
    seed: int = 0
    based_on: str | None = None
    keep_all: bool = True


@dataclass(frozen=True)
class PlanJob:
    """A plan that is being made.

    plan_id    : the plan, once it is done
    fault_kind : name of the exception that ended it, fault what it says
    """

    id: str
    order: PlanOrder
    state: JobState
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    plan_id: str | None = None
    fault_kind: str | None = None
    fault: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in _OPEN


class PlanJobs:
    """The jobs of an organisation's fairs."""

    def __init__(self, fairs: FairStore) -> None:
        self._fairs = fairs
        self._database = fairs.database

    def open(self, fair_id: str, order: PlanOrder) -> PlanJob:
        """A new job that waits; UnknownRecord where there is no such fair, or no plan to copy."""
        now = self._database.clock()
        with self._database.writing() as connection:
            self._fairs.require(connection, fair_id)
            if order.based_on is not None:
                self._fairs.head_within(connection, fair_id, order.based_on)
            self._forget(connection, fair_id, now - _KEPT_FOR)
            job = PlanJob(secrets.token_hex(16), order, JobState.WAITING, now)
            row = {"id": job.id, "document": vars(order), "state": job.state, "created_at": now, "alive_at": now}
            connection.execute(insert(FAIR_PLAN_JOBS).values({**row, **self._fairs.placed(fair_id)}))
        return job

    def get(self, fair_id: str, job_id: str) -> PlanJob:
        """A job; UnknownRecord where the fair has none of that id."""
        found = next((job for job in self.all(fair_id) if job.id == job_id), None)
        if found is None:
            raise UnknownRecord(f"fair {fair_id!r} has no planning job of the id {job_id!r}")
        return found

    def all(self, fair_id: str) -> tuple[PlanJob, ...]:
        """Every job of a fair, the oldest first; UnknownRecord where there is no such fair."""
        with self._database.reading() as connection:
            self._fairs.require(connection, fair_id)
            rows = connection.execute(self._query(fair_id)).all()
        if any(self._is_lost(row) for row in rows):
            with self._database.writing() as connection:
                rows = connection.execute(self._query(fair_id)).all()
                for row in rows:
                    if self._is_lost(row):
                        self._end(connection, fair_id, row.id, JobState.FAILED, fault=NotReady(ENDED))
                rows = connection.execute(self._query(fair_id)).all()
        return tuple(map(_told, rows))

    def cancel(self, fair_id: str, job_id: str) -> PlanJob:
        """End a job whose plan is not wanted any more; one that has ended stays as it is, as its state tells."""
        self.get(fair_id, job_id)
        with self._database.writing() as connection:
            self._end(connection, fair_id, job_id, JobState.CANCELLED)
        return self.get(fair_id, job_id)

    # For the process that carries it out

    def begin(self, fair_id: str, job_id: str) -> bool:
        """Note that the plan is being made; False where the job has ended meanwhile."""
        now = self._database.clock()
        values = {"state": JobState.RUNNING, "started_at": now, "alive_at": now}
        with self._database.writing() as connection:
            return self._changed(connection, fair_id, job_id, values)

    def beat(self, fair_id: str, job_id: str) -> bool:
        """Say that the job is alive; False where it has ended meanwhile."""
        with self._database.writing() as connection:
            return self._changed(connection, fair_id, job_id, {"alive_at": self._database.clock()})

    def finish(self, fair_id: str, job_id: str, plan: Plan) -> PlanHead | None:
        """Keep the plan and end the job; None, and nothing kept, where it has ended meanwhile."""
        with self._database.writing() as connection:
            if self._fairs.locked(connection, fair_id) is None:
                return None
            row = connection.execute(self._query(fair_id, job_id)).one_or_none()
            if row is None or row.state not in _OPEN:
                return None
            head = self._fairs.add_plan_within(connection, fair_id, _told(row).order.name, plan)
            self._end(connection, fair_id, job_id, JobState.DONE, plan_id=head.id)
            return head

    def fail(self, fair_id: str, job_id: str, error: SoukError) -> None:
        """End the job with what went wrong."""
        with self._database.writing() as connection:
            self._end(connection, fair_id, job_id, JobState.FAILED, fault=error)

    # Steps

    def _query(self, fair_id: str, job_id: str | None = None) -> Any:
        table = FAIR_PLAN_JOBS
        return select(table).where(*self._fairs.of(table, fair_id, job_id)).order_by(table.c.created_at, table.c.id)

    def _is_lost(self, row: Any) -> bool:
        return row.state in _OPEN and self._database.clock() - row.alive_at > _ALIVE_WITHIN

    def _end(
        self,
        connection: Connection,
        fair_id: str,
        job_id: str,
        state: JobState,
        *,
        plan_id: str | None = None,
        fault: SoukError | None = None,
    ) -> None:
        told = None if fault is None else {"kind": type(fault).__name__, "detail": str(fault)}
        values = {"state": state, "ended_at": self._database.clock(), "plan_id": plan_id, "fault": told}
        self._changed(connection, fair_id, job_id, values)

    def _changed(self, connection: Connection, fair_id: str, job_id: str, values: dict[str, Any]) -> bool:
        """Change a job that has not ended; whether there was one."""
        key = [*self._fairs.of(FAIR_PLAN_JOBS, fair_id, job_id), FAIR_PLAN_JOBS.c.state.in_(_OPEN)]
        return bool(connection.execute(update(FAIR_PLAN_JOBS).where(*key).values(values)).rowcount)

    def _forget(self, connection: Connection, fair_id: str, before: datetime) -> None:
        old = [*self._fairs.of(FAIR_PLAN_JOBS, fair_id), FAIR_PLAN_JOBS.c.ended_at < before]
        connection.execute(delete(FAIR_PLAN_JOBS).where(*old))


def _told(row: Any) -> PlanJob:
    fault = row.fault or {}
    return PlanJob(
        row.id, PlanOrder(**row.document), JobState(row.state), row.created_at, row.started_at, row.ended_at,
        row.plan_id, fault.get("kind"), fault.get("detail"),
    )  # fmt: skip
