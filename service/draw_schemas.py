"""What the HTTP API takes and gives for a fair draw."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from matching.lots import LARGEST_SEED, MOST_DRAWN, Draw
from matching.profiles import BuyerRequest, Identifier
from service.schemas import AnswerOptions, RankingAnswer


class DrawBody(AnswerOptions):
    """One of: a request as plain `text`, structured as `request`, stored under `request_id`; and how to draw."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "Wir suchen Bio-Arganöl, 500 Liter pro Monat, Ecocert, Lieferung nach Hamburg", "k": 3},
                {"request_id": "R1", "k": 5, "threshold": 0.5, "explain": False},
            ]
        }
    )

    text: str | None = None
    request: BuyerRequest | None = None
    request_id: Identifier | None = None
    k: int = Field(default=5, ge=1, le=MOST_DRAWN, strict=True, description="How many suppliers to draw")
    threshold: float = Field(
        default=0.3, ge=0.01, le=1, strict=True, description="Probability of relevance from which on one qualifies"
    )
    seed: int | None = Field(
        default=None, ge=0, le=LARGEST_SEED, strict=True, description="By default one that nobody can foresee"
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if sum(value is not None for value in (self.text, self.request, self.request_id)) != 1:
            raise ValueError("expected one of text, request and request_id")
        return self


class DrawAnswer(RankingAnswer):
    """The drawn suppliers in the order of the draw, and the draw itself; a draw has no further page."""

    draw: Draw
