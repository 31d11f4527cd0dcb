"""Matching: one request, or a batch."""

from __future__ import annotations

from fastapi import APIRouter, Request

from matching.matcher import Matcher
from service.problems import Problem
from service.schemas import BatchAnswer, BatchBody, MatchBody, RankingAnswer

router = APIRouter(prefix="/v1/match", tags=["match"], responses={422: {"model": Problem}, 503: {"model": Problem}})


@router.post("")
def match(body: MatchBody, request: Request) -> RankingAnswer:
    """Rank suppliers for a request, with the reasons of each match."""
    matcher: Matcher = request.app.state.live.matcher
    ranking = matcher.match(
        body.buyer_request(), top=body.top, explain=body.explain, language=body.language, filters=body.filters
    )
    return RankingAnswer.of(ranking, matcher, body.language)


@router.post("/batch")
def match_batch(body: BatchBody, request: Request) -> BatchAnswer:
    """Rank suppliers for several requests; the answer keeps their order."""
    matcher: Matcher = request.app.state.live.matcher
    rankings = matcher.match_many(
        body.requests, top=body.top, explain=body.explain, language=body.language, filters=body.filters
    )
    return BatchAnswer(rankings=[RankingAnswer.of(ranking, matcher, body.language) for ranking in rankings])
