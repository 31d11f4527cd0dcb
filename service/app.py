"""The FastAPI application, put together from settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send
from threadpoolctl import threadpool_limits

from data.workspace import open_matcher
from service import problems
from service.live import Live
from service.pages import start
from service.routes import headings, health, match, suppliers
from service.settings import ServiceSettings


def create_app(settings: ServiceSettings, live: Live | None = None) -> FastAPI:
    """The application; the matcher is loaded as it starts, and a failed load is told by /readyz.

    live : where its matcher comes from; by default what the settings' store and models give
    """
    live = live or Live(partial(open_matcher, settings))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(live.reload)
        # Requests run beside each other: a pool of threads inside each small matrix product only makes them wait.
        with threadpool_limits(limits=1):
            yield

    app = FastAPI(
        title="Souk",
        summary="Buyer–supplier matches across languages, with their reasons",
        version="1",
        lifespan=lifespan,
    )
    app.state.live = live
    problems.install(app)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    for router in (start.router, match.router, headings.router, suppliers.router, health.router):
        app.include_router(router)
    return app


class BodyLimit:
    """Refuses a request body above a size before it is read, by its Content-Length."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 413."""
        length = dict(scope.get("headers", [])).get(b"content-length", b"0")
        if scope["type"] == "http" and int(length) > self._max_bytes:
            detail = f"the body has {int(length)} bytes, expected at most {self._max_bytes}"
            await problems.problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)(scope, receive, send)
            return
        await self._app(scope, receive, send)
