"""The FastAPI application, put together from settings."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.concurrency import run_in_threadpool
from threadpoolctl import threadpool_limits

from data.workspace import Models
from service import problems
from service.access import LOOPBACK, Allowances
from service.description import describe
from service.envelope import Envelope
from service.live import Live
from service.metrics import Metrics
from service.pages.every import ROUTERS as PAGES
from service.routes import (
    bulk,
    draws,
    erasures,
    exposure,
    fair_meetings,
    fair_plans,
    fairs,
    feedback,
    headings,
    health,
    match,
    requests,
    suppliers,
    training_runs,
    webhooks,
)
from service.settings import ServiceSettings
from service.webhooks import WebhookThread

_log = logging.getLogger(__name__)
_READABLE = ("ETag", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-Id", "Idempotent-Replayed")
_SENDABLE = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-Request-Id")


def create_app(settings: ServiceSettings, load_models: Callable[[], Models] | None = None) -> FastAPI:
    """The application; models and catalogues are loaded as it runs, and /readyz tells how far they are.

    load_models : where the models come from; by default what the settings name
    """
    metrics = Metrics()
    live = Live(settings, metrics, load_models)
    hooks = WebhookThread(live, settings, metrics)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        live.start()
        hooks.start()
        # Requests run beside each other: a pool of threads inside each small matrix product only makes them wait.
        with threadpool_limits(limits=1):
            yield
        await run_in_threadpool(hooks.stop)
        await run_in_threadpool(live.stop)

    app = FastAPI(
        title="Souk",
        summary="Buyer–supplier matches across languages, with their reasons",
        version="1",
        lifespan=lifespan,
    )
    app.state.live, app.state.metrics, app.state.settings = live, metrics, settings
    app.state.allowances, app.state.loopback = Allowances(), settings.host in LOOPBACK
    _assemble(app, settings, metrics)
    return app


def _assemble(app: FastAPI, settings: ServiceSettings, metrics: Metrics) -> None:
    problems.install(app)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=("GET", "PUT", "POST", "DELETE"),
            allow_headers=_SENDABLE,
            expose_headers=_READABLE,
            max_age=600,
        )
    app.add_middleware(Envelope, settings=settings, metrics=metrics)
    for pages in PAGES:
        app.include_router(pages)
    for routes in (
        match, draws, headings, suppliers, requests, bulk, feedback, exposure, fairs, fair_plans, fair_meetings,
        training_runs, erasures, webhooks, health,
    ):  # fmt: skip
        app.include_router(routes.router)
    app.openapi = describe(app)  # type: ignore[method-assign]
