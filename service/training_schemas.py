"""What the HTTP API takes and gives for training runs."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from data.training_runs import LARGEST_SEED, RunState


class TrainingRunBody(BaseModel):
    """How to learn a ranker from the organisation's own log."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"seed": 1}]})

    seed: int = Field(default=0, ge=0, le=LARGEST_SEED, strict=True, description="Seed of the fitting")
    with_prior: bool = Field(default=True, strict=True, description="Begin from the ranker in use")


class TrainingRunAnswer(BaseModel):
    """A training run; `version` names the candidate once it is done, `error` says why it failed."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    state: RunState
    seed: int
    with_prior: bool
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    version: str | None
    error: str | None
