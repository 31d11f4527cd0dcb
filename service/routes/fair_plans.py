"""Plans of a fair: made beside the request that asks, changed by hand, published, written out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from data.fair_exports import plan_document
from data.fair_jobs import PlanOrder
from data.fair_planner import GivenUp
from data.fair_workbook import plan_workbook
from data.record_exports import MEDIA_TYPES, Format
from matching.profiles import Identifier
from service.access import Reading, Writing
from service.fair_answers import FairTold, plan_head, plan_job
from service.fair_plan_schemas import PlanJobAnswer, PlanJobsAnswer
from service.fair_schemas import EditsBody, PlanAnswer, PlanBody, PlanFormat, PlansAnswer
from service.preferences import Prefer, wait_seconds
from service.problems import described
from service.routes.fairs import Language

router = APIRouter(prefix="/v1/fairs/{fair_id}", tags=["fairs"])
_KNOWN = described(HTTPStatus.NOT_FOUND)
_BOUND = described(HTTPStatus.NOT_FOUND, HTTPStatus.PRECONDITION_FAILED)
_WAIT_SECONDS = 5
_RETRY_SECONDS = 2
_ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {"model": PlanJobAnswer, "description": "The plan takes longer; Location names the job that makes it"}
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The plan",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            MEDIA_TYPES[Format.XLSX]: {"schema": {"type": "string"}},
        },
    }
}


@router.post("/plans", status_code=HTTPStatus.CREATED, response_model=PlanAnswer, responses={**_KNOWN, **_ACCEPTED})
def make_plan(
    fair_id: Identifier,
    body: PlanBody,
    request: Request,
    caller: Writing,
    language: Language = "en",
    prefer: Prefer = None,
) -> Response:
    """Make a draft plan, from nothing or from another plan; a plan that takes longer is answered by its job."""
    desk, runner = caller.desk, caller.live.plans
    job = desk.jobs.open(fair_id, PlanOrder(body.name, body.seed, body.based_on, body.keep == "all"))
    made = runner.start(desk, fair_id, job)
    seconds = wait_seconds(prefer, _WAIT_SECONDS)
    applied = {"preference-applied": f"wait={seconds}"} if prefer else {}
    try:
        head, plan = made.result(timeout=seconds)
    except (TimeoutError, GivenUp):
        headers = {"location": f"{request.url.path.removesuffix('/plans')}/plan-jobs/{job.id}", **applied}
        answer: BaseModel = plan_job(desk.jobs.get(fair_id, job.id))
        return _json(answer, HTTPStatus.ACCEPTED, {**headers, "retry-after": str(_RETRY_SECONDS)})
    answer = FairTold(desk.fairs.content(fair_id), language).plan(head, plan)
    return _json(answer, HTTPStatus.CREATED, {"location": f"{request.url.path}/{head.id}", **applied})


@router.get("/plan-jobs", responses=_KNOWN)
def plan_jobs(fair_id: Identifier, caller: Reading) -> PlanJobsAnswer:
    """Every planning job, the oldest first."""
    return PlanJobsAnswer(jobs=[plan_job(one) for one in caller.desk.jobs.all(fair_id)])


@router.get("/plan-jobs/{job_id}", responses=_KNOWN)
def read_plan_job(fair_id: Identifier, job_id: Identifier, caller: Reading) -> PlanJobAnswer:
    """How far a plan is."""
    return plan_job(caller.desk.jobs.get(fair_id, job_id))


@router.delete("/plan-jobs/{job_id}", responses=_KNOWN)
def cancel_plan_job(fair_id: Identifier, job_id: Identifier, caller: Writing) -> PlanJobAnswer:
    """Give a plan up that is being made; a job that has ended stays as it is."""
    job = caller.desk.jobs.cancel(fair_id, job_id)
    caller.live.plans.give_up(job_id)
    return plan_job(job)


@router.get("/plans", responses=_KNOWN)
def plans(fair_id: Identifier, caller: Reading) -> PlansAnswer:
    """Every plan, side by side."""
    store = caller.desk.fairs
    return PlansAnswer(plans=[plan_head(*store.plan(fair_id, head.id)) for head in store.plans(fair_id)])


@router.get("/plans/{plan_id}", responses=_KNOWN)
def plan(
    fair_id: Identifier,
    plan_id: Identifier,
    caller: Reading,
    version: Annotated[int | None, Query(ge=1, le=1_000_000, description="By default the last one")] = None,
    language: Language = "en",
) -> PlanAnswer:
    """A plan as it is, or as it was at a version."""
    store = caller.desk.fairs
    return FairTold(store.content(fair_id), language).plan(*store.plan(fair_id, plan_id, version))


@router.post("/plans/{plan_id}/edits", responses=_BOUND)
def edit_plan(
    fair_id: Identifier, plan_id: Identifier, body: EditsBody, caller: Writing, language: Language = "en"
) -> PlanAnswer:
    """Lock, unlock, place or drop meetings; a published plan changes for everybody at once."""
    head, plan = caller.desk.edit(fair_id, plan_id, body.edits)
    return FairTold(caller.desk.fairs.content(fair_id), language).plan(head, plan)


@router.post("/plans/{plan_id}/publication", responses=_BOUND)
def publish_plan(fair_id: Identifier, plan_id: Identifier, caller: Writing, language: Language = "en") -> PlanAnswer:
    """Make a plan the one that holds."""
    head, plan = caller.desk.publish(fair_id, plan_id)
    return FairTold(caller.desk.fairs.content(fair_id), language).plan(head, plan)


@router.get("/plans/{plan_id}/export", response_class=Response, responses={**_KNOWN, **_FILE})
def export_plan(
    fair_id: Identifier,
    plan_id: Identifier,
    caller: Reading,
    format: Annotated[PlanFormat, Query()] = PlanFormat.XLSX,
    language: Language = "en",
) -> Response:
    """The whole plan as a workbook with sheets by slot, table and participant, or as JSON."""
    store = caller.desk.fairs
    content, (head, plan) = store.content(fair_id), store.plan(fair_id, plan_id)
    if format is PlanFormat.JSON:
        return JSONResponse(plan_document(content, head, plan, language))
    headers = {"content-disposition": 'attachment; filename="plan.xlsx"'}
    return Response(plan_workbook(content, head, plan, language), headers=headers, media_type=MEDIA_TYPES[Format.XLSX])


def _json(answer: BaseModel, status: HTTPStatus, headers: dict[str, str]) -> Response:
    return Response(answer.model_dump_json(), status, headers, media_type="application/json")
