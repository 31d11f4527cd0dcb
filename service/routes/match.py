"""Matching: one request, or a batch."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from service.access import Matching
from service.answering import answer, first_page
from service.idempotency import IdempotencyKey, answered_once
from service.problems import described
from service.schemas import BatchAnswer, BatchBody, MatchBody, RankingAnswer

router = APIRouter(prefix="/v1/match", tags=["match"])


@router.post("", response_model=RankingAnswer, responses=described(HTTPStatus.NOT_FOUND))
def match(body: MatchBody, request: Request, caller: Matching, idempotency_key: IdempotencyKey = None) -> Response:
    """Rank suppliers for a request, with the reasons of each match; what is shown is noted as impressions."""
    content = body.model_dump_json().encode()
    return answered_once(caller, request, idempotency_key, content, lambda: answer(caller, body))


@router.post("/batch", response_model=BatchAnswer, responses=described())
def match_batch(
    body: BatchBody, request: Request, caller: Matching, idempotency_key: IdempotencyKey = None
) -> Response:
    """Rank suppliers for several requests; the answer keeps their order."""

    def work() -> BatchAnswer:
        return BatchAnswer(rankings=[first_page(caller, one, body) for one in body.requests])

    return answered_once(caller, request, idempotency_key, body.model_dump_json().encode(), work)
