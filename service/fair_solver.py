"""The planner in a process of its own, so that a plan of minutes holds up no request, and can be given up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, ParamSpec, TypeVar, cast

from data.fair_planner import GivenUp, Planner
from matching.errors import NotReady

P = ParamSpec("P")
R = TypeVar("R")
_LOOK_SECONDS = 0.1
_LEAVE_SECONDS = 2.0


class Solver(Planner):
    """One process that works, started at the first question; questions wait for each other."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._stopping = threading.Event()
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def worked_out(self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """What the work gives; whatever it raises. NotReady where the service stops meanwhile."""
        return self.worked_out_until(threading.Event(), work, *args, **kwargs)

    def worked_out_until(
        self, given_up: threading.Event, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """The same; GivenUp once nobody wants it any more. A process that was killed is started anew, once."""
        self._await_turn(given_up)
        try:
            try:
                return cast(R, self._asked(given_up, (work, args, kwargs)))
            except (EOFError, BrokenPipeError, ConnectionResetError):
                self._end()
                return cast(R, self._asked(given_up, (work, args, kwargs)))
        finally:
            self._turn.release()

    def until(self, given_up: threading.Event) -> Planner:
        """The same process for questions that end with GivenUp once the event is set."""
        return _Until(self, given_up)

    def stop(self) -> None:
        """End the process, whatever it works at."""
        self._stopping.set()
        if self._turn.acquire(timeout=_LEAVE_SECONDS):
            self._end()
            self._turn.release()

    # Steps of whoever has the turn

    def _await_turn(self, given_up: threading.Event) -> None:
        while not self._turn.acquire(timeout=_LOOK_SECONDS):
            self._raise_if_over(given_up)

    def _asked(self, given_up: threading.Event, question: tuple[Any, ...]) -> Any:
        self._raise_if_over(given_up)
        pipe = self._running()
        pipe.send(question)
        while not pipe.poll(_LOOK_SECONDS):
            if given_up.is_set() or self._stopping.is_set():
                self._end()
            self._raise_if_over(given_up)
        succeeded, answer = pipe.recv()
        if not succeeded:
            raise answer
        return answer

    def _raise_if_over(self, given_up: threading.Event) -> None:
        if self._stopping.is_set():
            raise NotReady("the service stops; ask again when it is back")
        if given_up.is_set():
            raise GivenUp

    def _running(self) -> Connection:
        if self._pipe is None:
            # A fork would take the locks of other threads with it.
            context = get_context("spawn")
            self._pipe, end = context.Pipe()
            self._process = context.Process(target=_work, args=(end,), name="planner", daemon=True)
            self._process.start()
            end.close()
        return self._pipe

    def _end(self) -> None:
        if self._process is not None and self._pipe is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
        self._process = self._pipe = None


class _Until(Planner):
    """A planner whose questions may be given up."""

    def __init__(self, solver: Solver, given_up: threading.Event) -> None:
        self._solver = solver
        self._given_up = given_up

    def worked_out(self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """What the work gives; GivenUp once nobody wants it."""
        return self._solver.worked_out_until(self._given_up, work, *args, **kwargs)


def _work(pipe: Connection) -> None:
    """Answer question after question, until nobody is there to ask."""
    while True:
        try:
            work, args, kwargs = pipe.recv()
        except EOFError:
            return
        try:
            answer = True, work(*args, **kwargs)
        except Exception as error:  # whatever it is, it is for whoever asked
            answer = False, error
        pipe.send(answer)
