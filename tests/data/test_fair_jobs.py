from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from data.database import Database
from data.fair_desk import FairDesk
from data.fair_jobs import ENDED, JobState, PlanOrder
from data.fair_plans import Plan
from data.store import Store
from matching.errors import InvalidInput, UnknownRecord
from tests.data.conftest import Clock
from tests.fairs import desk_of


@dataclass(frozen=True)
class Bench:
    """A desk in a database whose clock stands still, and the fair at it."""

    desk: FairDesk
    clock: Clock


@pytest.fixture
def bench(database_url: str, clock: Clock) -> Bench:
    return Bench(desk_of(Store(Database.open(database_url, clock=clock), "acme")), clock)


def test_a_job_waits_runs_and_ends_with_its_plan(bench: Bench) -> None:
    jobs = bench.desk.jobs
    job = jobs.open("F1", PlanOrder(name="first", seed=3))
    assert (jobs.get("F1", job.id).state, job.order.seed) == (JobState.WAITING, 3)
    assert jobs.begin("F1", job.id)
    assert jobs.get("F1", job.id).state is JobState.RUNNING
    head = jobs.finish("F1", job.id, Plan())
    assert head is not None
    found = jobs.get("F1", job.id)
    assert (found.state, found.plan_id, bench.desk.fairs.plans("F1")) == (JobState.DONE, head.id, (head,))


def test_a_job_of_which_nobody_speaks_for_a_minute_has_failed_and_stays_so(bench: Bench) -> None:
    jobs = bench.desk.jobs
    silent, alive = (jobs.open("F1", PlanOrder()) for _ in range(2))
    bench.clock.now += timedelta(seconds=50)
    assert jobs.beat("F1", alive.id)
    bench.clock.now += timedelta(seconds=50)
    states = {one.id: one.state for one in jobs.all("F1")}
    assert states == {silent.id: JobState.FAILED, alive.id: JobState.WAITING}
    found = jobs.get("F1", silent.id)
    assert (found.fault_kind, found.fault) == ("NotReady", ENDED)
    assert not jobs.beat("F1", silent.id)
    assert jobs.finish("F1", silent.id, Plan()) is None
    assert bench.desk.fairs.plans("F1") == ()


def test_a_cancelled_job_keeps_no_plan_and_one_that_has_ended_stays(bench: Bench) -> None:
    jobs = bench.desk.jobs
    job, done = (jobs.open("F1", PlanOrder()) for _ in range(2))
    assert jobs.cancel("F1", job.id).state is JobState.CANCELLED
    assert jobs.cancel("F1", job.id).state is JobState.CANCELLED
    assert not jobs.begin("F1", job.id)
    assert jobs.finish("F1", job.id, Plan()) is None
    jobs.finish("F1", done.id, Plan())
    assert jobs.cancel("F1", done.id).state is JobState.DONE


def test_a_failed_job_tells_what_went_wrong(bench: Bench) -> None:
    job = bench.desk.jobs.open("F1", PlanOrder())
    bench.desk.jobs.fail("F1", job.id, InvalidInput("no buyer"))
    found = bench.desk.jobs.get("F1", job.id)
    assert (found.state, found.fault_kind, found.fault) == (JobState.FAILED, "InvalidInput", "no buyer")


def test_ended_jobs_are_forgotten_after_a_month(bench: Bench) -> None:
    old = bench.desk.jobs.open("F1", PlanOrder())
    bench.desk.jobs.cancel("F1", old.id)
    bench.clock.now += timedelta(days=31)
    new = bench.desk.jobs.open("F1", PlanOrder())
    assert [one.id for one in bench.desk.jobs.all("F1")] == [new.id]


@pytest.mark.parametrize(("fair_id", "based_on"), [("F9", None), ("F1", "7")])
def test_no_job_is_opened_for_what_is_not_there(bench: Bench, fair_id: str, based_on: str | None) -> None:
    with pytest.raises(UnknownRecord):
        bench.desk.jobs.open(fair_id, PlanOrder(based_on=based_on))
