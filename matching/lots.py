"""What a fair draw states of itself: all that is needed to carry it out again."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

MOST_DRAWN = 20
LARGEST_SEED = 2**53 - 1
"""Beyond it a reader of JSON may round."""


class Lot(BaseModel):
    """A supplier that qualified: what gave its weight, and how likely it was to be drawn."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    supplier_id: str
    probability: float = Field(gt=0, le=1, description="Calibrated probability of relevance")
    debt: float = Field(description="Attention earned less attention received so far, in first places")
    weight: float = Field(description="Probability plus debt, the debt held between -0.9 times the probability and 1")
    propensity: float = Field(description="Probability to be among the drawn")
    place: int | None = Field(description="From 1, in the order of the draw; null where it was not drawn")
    place_propensity: float | None = Field(description="Probability to be drawn at this very place")


class Draw(BaseModel):
    """A draw among all that qualified, the most relevant first; their propensities add up to the number drawn."""

    model_config = ConfigDict(frozen=True)

    text: str = Field(description="The request's text, which goes into the ticket of each supplier")
    seed: int = Field(ge=0, le=LARGEST_SEED)
    k: int = Field(ge=1, le=MOST_DRAWN, description="How many were to be drawn")
    threshold: float = Field(description="Probability of relevance from which on a supplier qualifies")
    lots: tuple[Lot, ...]

    @property
    def drawn(self) -> tuple[Lot, ...]:
        """Whoever was drawn, in the order of the draw."""
        return tuple(sorted((lot for lot in self.lots if lot.place is not None), key=lambda lot: lot.place or 0))
