"""The exposure ledger: who was given how much attention, beside what was earned."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from service.access import Analysing
from service.problems import described
from service.schemas import AttentionAnswer, ExposureAnswer

router = APIRouter(prefix="/v1/exposure", tags=["exposure"])


@router.get("", responses=described())
def exposure(caller: Analysing, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> ExposureAnswer:
    """Attention given and earned, by size, country and newness, and the suppliers that were given least of theirs."""
    ledger = caller.ledger
    groups = {
        column: [AttentionAnswer.model_validate(one) for one in found] for column, found in ledger.groups().items()
    }
    suppliers = [AttentionAnswer.model_validate(one) for one in ledger.suppliers(limit)]
    return ExposureAnswer(groups=groups, suppliers=suppliers)
