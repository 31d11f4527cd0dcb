"""Health: whether the process lives, whether it can match, and its measurements."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from service.access import Administering
from service.live import Live
from service.metrics import Metrics
from service.problems import described
from service.schemas import Health

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> Health:
    """The process answers."""
    return Health(status="alive")


@router.get("/readyz", responses={503: {"model": Health}})
def readyz(request: Request, response: Response) -> Health:
    """Every catalogue is loaded and the store can be followed; 503 with the reason or the progress where not."""
    live: Live = request.app.state.live
    done, total, loaded = live.progress()
    if loaded and live.failure is None:
        return Health(status="ready", suppliers=done, detail=live.notice)
    response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return Health(status="not ready", suppliers=done, of=total, detail=live.failure or "loading the catalogues")


@router.get(
    "/metrics",
    response_class=Response,
    responses={**described(), 200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request, caller: Administering) -> Response:
    """Measurements of this process in Prometheus' text format."""
    caller.live.measure()
    caller.live.measure_exposure()
    measured: Metrics = request.app.state.metrics
    return Response(measured.text(), media_type="text/plain; version=0.0.4")
