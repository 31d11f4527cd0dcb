"""A plan that is being made, in a browser: the page looks again until it is there."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from service.access import Caller, Reading, Writing
from service.pages.fair_frame import fair_page
from service.pages.forms import PageRoute, Refusal, submitted
from service.pages.layout import ReaderMessages, address

router = APIRouter(include_in_schema=False, route_class=PageRoute)
_AGAIN_SECONDS = 3


@router.get("/fairs/{fair_id}/plan-jobs/{job_id}", response_class=HTMLResponse)
def plan_job(request: Request, fair_id: str, job_id: str, caller: Reading, messages: ReaderMessages) -> Response:
    """How far a plan is; the plan itself once it is made."""
    plan_id = caller.desk.jobs.get(fair_id, job_id).plan_id
    if plan_id is not None:
        target = address("fairs", fair_id, "plans", plan_id, done="made", language=str(messages.locale.language))
        return RedirectResponse(target, HTTPStatus.SEE_OTHER)
    return _job_page(request, fair_id, job_id, caller, messages)


@router.post("/fairs/{fair_id}/plan-jobs/{job_id}/cancellation")
def give_up(request: Request, fair_id: str, job_id: str, caller: Writing, messages: ReaderMessages) -> Response:
    """Give up a plan that is being made."""

    def cancel() -> str:
        caller.desk.jobs.cancel(fair_id, job_id)
        caller.live.plans.give_up(job_id)
        return address("fairs", fair_id, "plan-jobs", job_id, language=str(messages.locale.language))

    return submitted(cancel, lambda refusal: _job_page(request, fair_id, job_id, caller, messages, refusal))


def _job_page(
    request: Request,
    fair_id: str,
    job_id: str,
    caller: Caller,
    messages: ReaderMessages,
    refusal: Refusal | None = None,
) -> HTMLResponse:
    job = caller.desk.jobs.get(fair_id, job_id)
    values = {"job": job, **({"again_seconds": _AGAIN_SECONDS} if job.is_open and refusal is None else {})}
    return fair_page(
        request, "fair_job.html", messages, caller.desk.fairs.content(fair_id), values,
        here=address("fairs", fair_id, "plan-jobs", job_id), refusal=refusal,
    )  # fmt: skip
