"""Headings of the Harmonized System that a text may be about."""

from __future__ import annotations

from fastapi import APIRouter

from matching.errors import ModelMissing
from matching.language import detect_language
from service.access import Matching
from service.problems import described
from service.schemas import HeadingAnswer, HeadingsAnswer, HeadingsBody

router = APIRouter(prefix="/v1/hs", tags=["headings"])


@router.post("", responses=described())
def headings(body: HeadingsBody, caller: Matching) -> HeadingsAnswer:
    """Infer the headings of a text, with probabilities and names."""
    models = caller.live.models
    if models.headings is None:
        raise ModelMissing("no model of headings fits the encoder in service; `souk train headings` makes one")
    found = models.headings.infer(body.text, models.encoder, body.top)
    reader = body.language or detect_language(body.text) or "en"
    answers = [HeadingAnswer.of(chance, reader) for chance in found]
    return HeadingsAnswer(headings=answers, encoder=models.encoder.fingerprint)
