"""Plans that take longer than a request should: told as jobs, failed with their problem, given up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

from data.fair_planner import GivenUp, Planner
from matching.errors import InvalidInput
from matching.meetings.problem import MeetingPlan, MeetingProblem
from service.fair_solver import Solver
from service.live import Live
from service.preferences import wait_seconds
from tests.fairs import FAIR, FirstCome, participants
from tests.service.conftest import wait_until


class Held(FirstCome):
    """A planner that begins once it may."""

    def __init__(self) -> None:
        self.may_begin = threading.Event()
        self.given_up = threading.Event()

    def until(self, given_up: threading.Event) -> Planner:
        self.given_up = given_up
        return self

    def plan(self, problem: MeetingProblem, seed: int) -> MeetingPlan:
        while not self.may_begin.wait(0.01):
            if self.given_up.is_set():
                raise GivenUp
        if seed == 13:
            raise InvalidInput("the seed is 13, expected a lucky one")
        return super().plan(problem, seed)


@pytest.fixture
def planner(live: Live) -> Iterator[Held]:
    held = Held()
    live.solver = held  # type: ignore[assignment]
    yield held
    held.may_begin.set()


@pytest.fixture
def fair(client: TestClient, live: Live, planner: Held) -> TestClient:
    assert live.solver is planner
    document = FAIR.model_dump(mode="json", exclude_defaults=True)
    assert client.put("/v1/fairs/F1", json=document).status_code == 200
    for one in participants():
        body = one.model_dump(mode="json", exclude_defaults=True)
        assert client.put(f"/v1/fairs/F1/participants/{one.id}", json=body).status_code == 200
    return client


def begun(fair: TestClient, **body: object) -> str:
    """The place of the job of a plan that takes longer."""
    answer = fair.post("/v1/fairs/F1/plans", json=body, headers={"prefer": "respond-async"})
    assert (answer.status_code, answer.headers["preference-applied"]) == (202, "wait=0")
    assert answer.headers["location"] == f"/v1/fairs/F1/plan-jobs/{answer.json()['id']}"
    return answer.headers["location"]


def ended(fair: TestClient, place: str) -> Callable[[], bool]:
    return lambda: fair.get(place).json()["ended_at"] is not None


def test_a_plan_made_in_time_is_the_answer(fair: TestClient, planner: Held) -> None:
    planner.may_begin.set()
    answer = fair.post("/v1/fairs/F1/plans", json={"name": "first"}, headers={"prefer": "wait=50"})
    assert (answer.status_code, answer.headers["location"]) == (201, "/v1/fairs/F1/plans/1")
    assert answer.json()["meeting_count"] == 5


def test_a_plan_that_takes_longer_is_a_job_that_ends_with_it(fair: TestClient, planner: Held) -> None:
    place = begun(fair, name="large", seed=2)
    wait_until(lambda: fair.get(place).json()["state"] == "running")
    assert fair.get("/v1/fairs/F1/plans").json()["plans"] == []
    planner.may_begin.set()
    wait_until(ended(fair, place))
    job = fair.get(place).json()
    assert (job["state"], job["name"], job["seed"], job["plan_id"], job["problem"]) == ("done", "large", 2, "1", None)
    assert fair.get("/v1/fairs/F1/plans/1").json()["meeting_count"] == 5
    assert fair.get("/v1/fairs/F1/plan-jobs").json()["jobs"] == [job]


def test_a_job_that_fails_tells_the_problem_that_its_request_would_have_had(fair: TestClient, planner: Held) -> None:
    place = begun(fair, seed=13)
    planner.may_begin.set()
    wait_until(ended(fair, place))
    job = fair.get(place).json()
    assert (job["state"], job["problem"]["status"]) == ("failed", 422)
    assert "expected a lucky one" in job["problem"]["detail"]
    assert fair.post("/v1/fairs/F1/plans", json={"seed": 13}).status_code == 422


def test_a_cancelled_job_makes_way_for_the_next(fair: TestClient, planner: Held) -> None:
    first, second = begun(fair, name="one"), begun(fair, name="other")
    wait_until(lambda: fair.get(first).json()["state"] == "running")
    assert fair.get(second).json()["state"] == "waiting"
    assert fair.delete(first).json()["state"] == "cancelled"
    planner.may_begin.set()
    wait_until(ended(fair, second))
    assert [one["name"] for one in fair.get("/v1/fairs/F1/plans").json()["plans"]] == ["other"]
    assert fair.delete(second).json()["state"] == "done"


def test_the_price_of_fairness_is_told(fair: TestClient) -> None:
    found = fair.get("/v1/fairs/F1/fairness?extra=1").json()
    assert (found["promised_participants"], found["extra_meetings"]) == (1, 1)
    assert found["score_lost"] >= 0


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        (None, 5),
        ("wait=20", 20),
        ("respond-async", 0),
        ("respond-async, wait=3", 3),
        ("wait=900", 60),
        ("wait=soon", 5),
    ],
)
def test_what_a_caller_prefers_is_followed_as_far_as_it_goes(prefer: str | None, seconds: int) -> None:
    assert wait_seconds(prefer, 5) == seconds


def test_a_solver_whose_process_is_killed_works_on_and_one_given_up_is_free_for_others() -> None:
    solver, given_up = Solver(), threading.Event()
    assert solver.worked_out(sum, [1, 2]) == 3
    assert solver._process is not None
    solver._process.kill()
    assert solver.worked_out(sum, [3, 4]) == 7
    threading.Timer(0.2, given_up.set).start()
    with pytest.raises(GivenUp):
        solver.worked_out_until(given_up, time.sleep, 60)
    assert solver.worked_out(sum, [5, 6]) == 11
    with pytest.raises(TypeError):
        solver.worked_out(sum, 5)
    solver.stop()


def test_a_page_looks_again_until_the_plan_is_there(fair: TestClient, planner: Held) -> None:
    place = begun(fair, name="slow")
    page = place.removeprefix("/v1")
    waiting = fair.get(page, params={"language": "en"}).text
    assert '<meta http-equiv="refresh"' in waiting and "The plan is being made." in waiting
    assert f'href="{page}?' in fair.get("/fairs/F1").text
    planner.may_begin.set()
    wait_until(ended(fair, place))
    assert fair.get(page).url.path == "/fairs/F1/plans/1"


def test_a_page_tells_of_a_plan_that_failed_or_was_given_up(fair: TestClient, planner: Held) -> None:
    unlucky, unwanted = begun(fair, seed=13), begun(fair, name="unwanted")
    given_up = fair.post(f"{unwanted.removeprefix('/v1')}/cancellation", params={"language": "en"})
    assert "It was given up." in given_up.text
    planner.may_begin.set()
    wait_until(ended(fair, unlucky))
    failed = fair.get(unlucky.removeprefix("/v1"), params={"language": "en"}).text
    assert "expected a lucky one" in failed and "http-equiv" not in failed
