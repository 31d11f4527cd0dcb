"""What goes around every answer: its request id, size limits, headers, a log line and measurements."""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from time import perf_counter
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import problems
from service.access import Allowance
from service.metrics import Metrics
from service.settings import ServiceSettings

_log = logging.getLogger("souk.access")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_IMPORTS = "/v1/imports/"
_DOCUMENTATION = frozenset({"/docs", "/redoc", "/docs/oauth2-redirect"})
_PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
SECURITY_HEADERS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # With no-referrer a browser hides the origin of a form from the service itself too.
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "content-security-policy": _PAGE_POLICY,
}


class Envelope:
    """Middleware around the whole application."""

    def __init__(self, app: ASGIApp, settings: ServiceSettings, metrics: Metrics) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, sent = perf_counter(), _Sent(scope, send)
        state = scope.setdefault("state", {})
        state["request_id"] = _request_id(Headers(scope=scope))
        self._metrics.queue.observe(current_default_thread_limiter().statistics().tasks_waiting)
        with self._metrics.open.track_inprogress():
            try:
                await self._limited(scope, receive, sent)
            finally:
                self._note(scope, sent.status, perf_counter() - start)

    async def _limited(self, scope: Scope, receive: Receive, send: _Sent) -> None:
        limit = self._settings.max_body_bytes
        if scope["path"].startswith(_IMPORTS):
            limit = self._settings.max_import_bytes
        stated = Headers(scope=scope).get("content-length", "0")
        if stated.isdecimal() and int(stated) > limit:
            detail = f"the body has {int(stated)} bytes, expected at most {limit}"
            await problems.problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)(scope, receive, send)
            return
        await self._app(scope, _counted(receive, limit), send)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route, state = getattr(scope.get("route"), "path", "none"), scope["state"]
        self._metrics.requests.labels(scope["method"], route, status).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        line = {
            "request_id": state["request_id"],
            "method": scope["method"],
            "route": route,
            "status": status,
            "milliseconds": round(1000 * seconds, 2),
            "organisation": state.get("organisation"),
            "key_id": state.get("key_id"),
        }
        _log.info("answered", extra={"fields": line})


class _Sent:
    """Sends an answer with the headers that every answer has; keeps its status."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self.status = 500

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._headers().items():
                headers.setdefault(name, value)
        await self._send(message)

    def _headers(self) -> dict[str, str]:
        state: dict[str, Any] = self._scope["state"]
        headers = {"x-request-id": state["request_id"], **SECURITY_HEADERS}
        if self._scope["path"] in _DOCUMENTATION:
            # The interactive documentation loads its viewer from elsewhere.
            headers["content-security-policy"] = "frame-ancestors 'none'"
        allowance: Allowance | None = state.get("allowance")
        if allowance:
            headers["ratelimit-policy"] = f'"key";q={allowance.limit};w=60'
            headers["ratelimit"] = f'"key";r={allowance.remaining};t={allowance.reset_seconds}'
        return headers


class JsonLines(logging.Formatter):
    """Log records as one JSON object a line: time, level, process, logger, message and the record's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "process": record.process,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _counted(receive: Receive, limit: int) -> Receive:
    """Reading a body that states no length ends where it grows beyond the limit."""
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            detail = f"the body has more than {limit} bytes, expected at most {limit}"
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
        return message

    return counted
