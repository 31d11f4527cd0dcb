"""Every failure as an application/problem+json answer (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from matching import errors
from service.schemas import Fault, Problem

_log = logging.getLogger(__name__)
_SHOWN_CHARACTERS = 80
_RETRY_SECONDS = 5
MEDIA_TYPE = "application/problem+json"

STATUS: Mapping[type[errors.SoukError], HTTPStatus] = {
    errors.InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidRequest: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnreadableFile: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.KeyUsedOtherwise: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.KeyRefused: HTTPStatus.UNAUTHORIZED,
    errors.AccessRefused: HTTPStatus.FORBIDDEN,
    errors.ScopeMissing: HTTPStatus.FORBIDDEN,
    errors.UnknownRecord: HTTPStatus.NOT_FOUND,
    errors.UnknownSupplier: HTTPStatus.NOT_FOUND,
    errors.PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    errors.TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    errors.OutputUnavailable: HTTPStatus.NOT_IMPLEMENTED,
    errors.NotReady: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.IndexDamaged: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ModelMissing: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ModelDamaged: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.PromotionRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.SoukError: HTTPStatus.INTERNAL_SERVER_ERROR,
}


def problem(
    status: HTTPStatus, detail: str, faults: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """A problem+json answer."""
    body = Problem(title=status.phrase, status=status, detail=sayable(detail), faults=list(faults))
    return JSONResponse(body.model_dump(), status, headers=headers, media_type=MEDIA_TYPE)


def problem_of(kind: str, detail: str) -> Problem:
    """The problem of a failure that was kept: the name of its exception, and what it said."""
    known = getattr(errors, kind, errors.SoukError)
    status = next(STATUS[one] for one in known.__mro__ if one in STATUS)
    return Problem(title=status.phrase, status=status, detail=sayable(detail))


def described(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of a route's failures: those given and those that any guarded route has."""
    return {int(status): {"model": Problem, "description": status.phrase} for status in (*statuses, *_GUARDED)}


_GUARDED = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


def install(app: FastAPI) -> None:
    """Answer every exception that can leave a route with a problem."""
    app.add_exception_handler(errors.SoukError, _souk_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(Exception, _unforeseen)


def faults_of(error: RequestValidationError | ValidationError) -> list[Fault]:
    """The fields that a validation error names, with what was given and what was expected."""
    return [
        Fault(
            field=sayable(".".join(str(part) for part in fault["loc"] if part != "body")),
            value=sayable(str(fault.get("input"))[:_SHOWN_CHARACTERS]),
            expected=sayable(str(fault["msg"]).removeprefix("Value error, ")),
        )
        for fault in error.errors()
    ]


def sayable(text: str) -> str:
    """A text that can be sent: half a surrogate pair, which JSON lets in, is written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


async def _souk_error(_request: Request, error: Any) -> JSONResponse:
    return problem(status_of(error), str(error), headers=headers_of(error))


def status_of(error: errors.SoukError) -> HTTPStatus:
    """The status of a failure."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def headers_of(error: errors.SoukError) -> dict[str, str]:
    """Headers that belong to a failure."""
    status = status_of(error)
    if isinstance(error, errors.TooManyRequests):
        return {"retry-after": str(error.retry_after_seconds)}
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        return {"retry-after": str(_RETRY_SECONDS)}
    return {"www-authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else {}


async def _invalid(_request: Request, error: Any) -> JSONResponse:
    faults = faults_of(error)
    detail = "; ".join(": ".join(filter(None, (fault.field, fault.expected))) for fault in faults[:3])
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, faults)


async def _http_exception(request: Request, error: Any) -> JSONResponse:
    headers = error.headers
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {"allow": ", ".join(_methods(request))}
    return problem(HTTPStatus(error.status_code), str(error.detail), headers=headers)


def _methods(request: Request) -> list[str]:
    """All methods of a path, of which each route knows but its own."""
    paths = request.app.openapi()["paths"]
    found = [set(operations) for path, operations in paths.items() if compile_path(path)[0].match(request.url.path)]
    return sorted(method.upper() for method in set().union(*found)) or ["GET"]


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    _log.error("unforeseen failure of %s %s", request.method, request.url.path, exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "an unforeseen failure; it has been logged")
