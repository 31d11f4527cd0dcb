"""Headings of the Harmonized System that a text may be about."""

from __future__ import annotations

from fastapi import APIRouter, Request

from matching.errors import ModelMissing
from matching.language import detect_language
from matching.matcher import Matcher
from service.problems import Problem
from service.schemas import HeadingAnswer, HeadingsAnswer, HeadingsBody

router = APIRouter(prefix="/v1/hs", tags=["headings"], responses={422: {"model": Problem}, 503: {"model": Problem}})


@router.post("")
def headings(body: HeadingsBody, request: Request) -> HeadingsAnswer:
    """Infer the headings of a text, with probabilities and names."""
    matcher: Matcher = request.app.state.live.matcher
    if matcher.headings is None:
        raise ModelMissing("no model of headings fits the encoder in service; `souk train headings` makes one")
    found = matcher.headings.infer(body.text, matcher.encoder, body.top)
    reader = body.language or detect_language(body.text) or "en"
    answers = [HeadingAnswer.of(chance, reader) for chance in found]
    return HeadingsAnswer(headings=answers, encoder=matcher.encoder.fingerprint)
