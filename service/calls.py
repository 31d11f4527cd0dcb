"""One call of the service over HTTP: sent again where that may help, and every failure as an exception.

ApiError                  any answer but a success, as the problem that it tells
├── NotFound              no record or match has the id
├── PreconditionFailed    the record is not in the state that the write was bound to
├── TooManyRequests       the key's allowance is used up
└── Unavailable           the service, its database or the way to it is away
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import count
from random import uniform
from typing import Any

import httpx
from pydantic import ValidationError

from service.schemas import Fault, Problem

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.25, 90.0
# With these nothing has reached the service yet.
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class ApiError(Exception):
    """An answer that is no success, as RFC 9457 lays it out; status is None where no answer came at all.

    faults     : each field that cannot be used, with what was given and what was expected
    request_id : names the call in the log of the service
    uncertain  : the call was sent and no answer came: it may have been done or not
    """

    uncertain = False

    def __init__(self, problem: Problem, *, answered: bool = True, request_id: str | None = None) -> None:
        super().__init__(f"{problem.title}: {problem.detail}")
        self.status = problem.status if answered else None
        self.title = problem.title
        self.detail = problem.detail
        self.faults: Sequence[Fault] = problem.faults
        self.request_id = request_id
        self.retry_after_seconds: float | None = None


class NotFound(ApiError):
    """No record or match has the id."""


class PreconditionFailed(ApiError):
    """The record is not in the state that the write was bound to; nothing was stored."""


class TooManyRequests(ApiError):
    """The key's allowance is used up; retry_after_seconds tells when there is more."""


class Unavailable(ApiError):
    """The service, its database or the way to it is away."""


_ERRORS: Mapping[int, type[ApiError]] = {
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.PRECONDITION_FAILED: PreconditionFailed,
    HTTPStatus.TOO_MANY_REQUESTS: TooManyRequests,
    HTTPStatus.SERVICE_UNAVAILABLE: Unavailable,
}


class Calls:
    """Calls of one service under one key; a call is sent again at most `retries` times."""

    def __init__(self, address: str, key: str | None, *, timeout: float, retries: int) -> None:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=address, headers=headers, timeout=timeout)
        self._retries = retries

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def send(
        self, method: str, path: str, *, twice: bool = True, stream: bool = False, also: int | None = None, **parts: Any
    ) -> httpx.Response:
        """The answer to a call, sent again where it may help; ApiError where there is none that is good.

        twice  : whether the call does no harm when it is done twice
        stream : leave the body of the answer to be read
        also   : a status that is good beside those of success
        parts  : what httpx makes the request of
        """
        lost = False
        for attempt in count():
            try:
                return self._answer(self._http.build_request(method, path, **parts), stream, also)
            except NotFound:
                # The answer that told of the deletion is the one that was lost.
                if not (lost and method == "DELETE"):
                    raise
                return httpx.Response(HTTPStatus.NO_CONTENT)
            except (TooManyRequests, Unavailable) as error:
                lost = lost or error.uncertain
                pause = error.retry_after_seconds or uniform(0.5, 1.0) * _FIRST_PAUSE_SECONDS * 2**attempt
                if attempt == self._retries or pause > _LONGEST_PAUSE_SECONDS or (lost and not twice):
                    raise
            time.sleep(pause)
        raise AssertionError

    def _answer(self, request: httpx.Request, stream: bool, also: int | None) -> httpx.Response:
        try:
            answer = self._http.send(request, stream=stream)
            if answer.is_success or answer.status_code == also:
                return answer
            answer.read()
        except httpx.TransportError as error:
            raise away(error) from error
        raise _told(answer)


def away(error: httpx.TransportError) -> Unavailable:
    """What a connection that failed is to the caller."""
    detail = str(error) or type(error).__name__
    unavailable = Unavailable(Problem(title="No answer", status=503, detail=detail), answered=False)
    unavailable.uncertain = not isinstance(error, _UNSENT)
    return unavailable


def error_of(problem: Problem, request_id: str | None = None) -> ApiError:
    """The exception that a problem is to the caller."""
    return _ERRORS.get(problem.status, ApiError)(problem, request_id=request_id)


def _told(answer: httpx.Response) -> ApiError:
    try:
        problem = Problem.model_validate_json(answer.content)
    except ValidationError:
        # A proxy before the service answers in its own way.
        problem = Problem(title=answer.reason_phrase, status=answer.status_code, detail=answer.text[:200])
    error = error_of(problem, answer.headers.get("x-request-id"))
    after = answer.headers.get("retry-after", "")
    error.retry_after_seconds = float(after) if after.isdecimal() else None
    return error
