"""Health: whether the process lives, and whether it can match."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from matching.errors import SoukError
from service.live import Live
from service.schemas import Health

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> Health:
    """The process answers."""
    return Health(status="alive")


@router.get("/readyz", responses={503: {"model": Health}})
def readyz(request: Request, response: Response) -> Health:
    """A matcher is in service; 503 with the reason where there is none."""
    live: Live = request.app.state.live
    try:
        return Health(status="ready", suppliers=len(live.matcher.catalogue))
    except SoukError as error:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return Health(status="not ready", detail=str(error))
