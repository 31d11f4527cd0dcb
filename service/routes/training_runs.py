"""Training runs: learn a ranker from the caller's log, beside the service."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from matching.profiles import Identifier
from service.access import Analysing
from service.idempotency import IdempotencyKey, answered_once
from service.problems import described
from service.training_runs import runs_of, started
from service.training_schemas import TrainingRunAnswer, TrainingRunBody

router = APIRouter(prefix="/v1/training-runs", tags=["training"])


@router.post("", response_model=TrainingRunAnswer, responses=described())
def start(
    body: TrainingRunBody, request: Request, caller: Analysing, idempotency_key: IdempotencyKey = None
) -> Response:
    """Start learning a ranker from the organisation's log; one that has not ended is given instead of a second.

    It enters the model registry as a candidate; nothing is put in service by it.
    """
    settings = request.app.state.settings

    def work() -> TrainingRunAnswer:
        run = started(settings, caller.organisation, seed=body.seed, with_prior=body.with_prior)
        return TrainingRunAnswer.model_validate(run)

    return answered_once(caller, request, idempotency_key, body.model_dump_json().encode(), work)


@router.get("/{run_id}", responses=described(HTTPStatus.NOT_FOUND))
def training_run(run_id: Identifier, request: Request, caller: Analysing) -> TrainingRunAnswer:
    """How far a training run is."""
    run = runs_of(request.app.state.settings).get(caller.organisation, run_id)
    return TrainingRunAnswer.model_validate(run)
