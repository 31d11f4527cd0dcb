"""What the HTTP API gives about plans that are being made, and about what promises cost."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from data.fair_jobs import JobState
from service.schemas import Problem


class PlanJobAnswer(BaseModel):
    """A plan that is being made: plan_id names it once the job is done, problem tells why it failed."""

    id: str
    state: JobState
    name: str
    seed: int
    based_on: str | None
    keep: Literal["all", "locked"]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    plan_id: str | None
    problem: Problem | None


class PlanJobsAnswer(BaseModel):
    """Planning jobs of a fair, the oldest first; ended ones for a month."""

    jobs: list[PlanJobAnswer]


class FairnessAnswer(BaseModel):
    """What further promises would cost, with slots left aside.

    promised_participants : those who are promised any meeting
    extra_meetings        : that each of them would be promised more
    score                 : of the best selection as the promises are
    score_lost            : what the best selection with the further promises lacks to it, also in percent of it
    lacking               : promised meetings that no selection can give, now and with the further promises
    """

    promised_participants: int
    extra_meetings: int
    score: float
    score_lost: float
    lost_percent: float
    lacking: int
    lacking_then: int
