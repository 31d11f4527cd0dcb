"""Feedback: what users did with what they were shown."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from matching.errors import UnknownRecord
from service.access import Reporting
from service.feedback import FeedbackAnswer, FeedbackBatch, FeedbackEvent
from service.idempotency import IdempotencyKey, answered_once
from service.problems import described

router = APIRouter(prefix="/v1/feedback", tags=["feedback"])


@router.post("", response_model=FeedbackAnswer, responses=described(HTTPStatus.NOT_FOUND))
def feedback(
    body: FeedbackEvent, request: Request, caller: Reporting, idempotency_key: IdempotencyKey = None
) -> Response:
    """Store one event; 404 where it names a match that is not known, or a supplier that the match did not rank."""

    def work() -> FeedbackAnswer:
        noted = caller.events.note_events([body.event()])
        for _, detail in noted.refused.values():
            raise UnknownRecord(detail)
        return FeedbackAnswer.of(noted)

    return answered_once(caller, request, idempotency_key, body.model_dump_json().encode(), work)


@router.post("/batch", response_model=FeedbackAnswer, responses=described())
def feedback_batch(
    body: FeedbackBatch, request: Request, caller: Reporting, idempotency_key: IdempotencyKey = None
) -> Response:
    """Store events; each that names nothing known is told, the others are stored."""

    def work() -> FeedbackAnswer:
        return FeedbackAnswer.of(caller.events.note_events([event.event() for event in body.events]))

    return answered_once(caller, request, idempotency_key, body.model_dump_json().encode(), work)
