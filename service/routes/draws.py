"""Fair draws: a request goes to a few of the suppliers that qualify."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from matching.lots import Draw
from matching.profiles import Identifier
from service.access import Matching, Reading
from service.draw_schemas import DrawAnswer, DrawBody
from service.drawing import drawn
from service.idempotency import IdempotencyKey, answered_once
from service.problems import described

router = APIRouter(prefix="/v1/draws", tags=["draws"])


@router.post("", response_model=DrawAnswer, responses=described(HTTPStatus.NOT_FOUND))
def draw(body: DrawBody, request: Request, caller: Matching, idempotency_key: IdempotencyKey = None) -> Response:
    """Draw suppliers by relevance plus the attention they are owed; the answer holds all to carry the draw out again.

    `souk replay` does so. What was drawn is noted as impressions, each with its own propensity.
    """
    content = body.model_dump_json().encode()
    return answered_once(caller, request, idempotency_key, content, lambda: drawn(caller, body))


@router.get("/{draw_id}", responses=described(HTTPStatus.NOT_FOUND))
def stored_draw(draw_id: Identifier, caller: Reading) -> Draw:
    """A draw as it was carried out, by its match_id, for whoever audits it; an erased supplier is no longer in it."""
    return caller.events.draw(draw_id)
