"""Plans of a fair in a browser: side by side, made, copied, published, and what each version changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from data.fair_desk import FairDesk
from data.fair_exports import plan_document, quality_words
from data.fair_grid import Grid, grid_of
from data.fair_jobs import PlanOrder
from data.fair_planner import GivenUp
from data.fair_plans import Plan, PlanState
from data.fair_store import FairContent, PlanHead
from data.fair_workbook import plan_workbook
from data.record_exports import MEDIA_TYPES, Format
from matching.errors import SoukError
from matching.messages import Messages
from service.access import Caller, Reading, Writing
from service.fair_answers import plan_head
from service.fair_schemas import PlanBody, PlanFormat, PlanHeadAnswer
from service.pages.downloads import download
from service.pages.fair_frame import fair_page
from service.pages.forms import PageRoute, Refusal, Typed, require_confirmation, stated, submitted
from service.pages.layout import ReaderMessages, address

router = APIRouter(include_in_schema=False, route_class=PageRoute)
_SIDE_BY_SIDE = 2
_BEST_SHOWN = 99.99
_WAIT_SECONDS = 5


@dataclass(frozen=True)
class ShownPlan:
    """A plan as a page shows it, how good it is known to be, and all its meetings or those of one participant."""

    head: PlanHeadAnswer
    plan: Plan
    quality: list[str]
    grid: Grid


@router.get("/fairs/{fair_id}", response_class=HTMLResponse)
def plans(
    request: Request,
    fair_id: str,
    caller: Reading,
    messages: ReaderMessages,
    plan: Annotated[list[str] | None, Query(max_length=_SIDE_BY_SIDE)] = None,
    check: bool = False,
) -> HTMLResponse:
    """The plans of a fair, up to two of them as grids, and, where asked for, what stands in the way."""
    findings = _findings(caller.desk, fair_id, str(messages.locale.language)) if check else None
    return _plans_page(request, fair_id, caller, messages, chosen=plan, findings=findings)


@router.post("/fairs/{fair_id}/plans")
def make_plan(request: Request, fair_id: str, form: Typed, caller: Writing, messages: ReaderMessages) -> Response:
    """Make a draft, from nothing or from another plan."""

    def make() -> str:
        body = PlanBody.model_validate(stated(form))
        return _planned(caller, fair_id, body, messages)

    def again(refusal: Refusal) -> HTMLResponse:
        return _plans_page(request, fair_id, caller, messages, refusal=refusal, typed=stated(form))

    return submitted(make, again)


@router.get("/fairs/{fair_id}/plans/{plan_id}", response_class=HTMLResponse)
def plan(
    request: Request,
    fair_id: str,
    plan_id: str,
    caller: Reading,
    messages: ReaderMessages,
    participant: Annotated[str, Query()] = "",
) -> HTMLResponse:
    """A plan as a grid of slots and places, all of it or what one participant has in it."""
    return _plan_page(request, fair_id, plan_id, caller, messages, participant=participant)


@router.post("/fairs/{fair_id}/plans/{plan_id}/publication")
def publish_plan(
    request: Request, fair_id: str, plan_id: str, form: Typed, caller: Writing, messages: ReaderMessages
) -> Response:
    """Make a plan the one that holds, and show whom that affects."""

    def publish() -> str:
        require_confirmation(form)
        head, _ = caller.desk.publish(fair_id, plan_id)
        return changes_address(fair_id, head, messages)

    def again(refusal: Refusal) -> HTMLResponse:
        return _plan_page(request, fair_id, plan_id, caller, messages, refusal=refusal)

    return submitted(publish, again)


@router.get("/fairs/{fair_id}/plans/{plan_id}/changes", response_class=HTMLResponse)
def changes(
    request: Request,
    fair_id: str,
    plan_id: str,
    caller: Reading,
    messages: ReaderMessages,
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> HTMLResponse:
    """What a version of a plan changed, and everyone affected."""
    store = caller.desk.fairs
    head, found = store.plan(fair_id, plan_id, version)
    number = version or head.version
    values = {"head": head, "version": number, "plan": found}
    return fair_page(
        request, "fair_changes.html", messages, store.content(fair_id), values,
        here=address("fairs", fair_id, "plans", plan_id, "changes"), query={"version": str(number)},
    )  # fmt: skip


@router.get("/fairs/{fair_id}/plans/{plan_id}/file", response_class=Response)
def plan_file(
    fair_id: str,
    plan_id: str,
    caller: Reading,
    messages: ReaderMessages,
    format: Annotated[PlanFormat, Query()] = PlanFormat.XLSX,
) -> Response:
    """The whole plan as a workbook or as JSON."""
    store, language = caller.desk.fairs, str(messages.locale.language)
    content, (head, found) = store.content(fair_id), store.plan(fair_id, plan_id)
    if format is PlanFormat.JSON:
        return download(plan_document(content, head, found, language), "application/json", f"{fair_id}-{plan_id}.json")
    return download(
        plan_workbook(content, head, found, language), MEDIA_TYPES[Format.XLSX], f"{fair_id}-{plan_id}.xlsx"
    )


def changes_address(fair_id: str, head: PlanHead, messages: Messages) -> str:
    """Where the last version of a plan tells what it changed."""
    language = str(messages.locale.language)
    return address("fairs", fair_id, "plans", head.id, "changes", version=head.version, language=language)


def _planned(caller: Caller, fair_id: str, body: PlanBody, messages: Messages) -> str:
    """Plan, and the address of what was made, or of the job that makes it where that takes longer."""
    desk, language = caller.desk, str(messages.locale.language)
    job = desk.jobs.open(fair_id, PlanOrder(body.name, body.seed, body.based_on, body.keep == "all"))
    made = caller.live.plans.start(desk, fair_id, job)
    try:
        head, _ = made.result(timeout=_WAIT_SECONDS)
    except (TimeoutError, GivenUp):
        return address("fairs", fair_id, "plan-jobs", job.id, language=language)
    return address("fairs", fair_id, "plans", head.id, done="made", language=language)


def _plans_page(
    request: Request,
    fair_id: str,
    caller: Caller,
    messages: Messages,
    *,
    chosen: list[str] | None = None,
    findings: list[str] | None = None,
    refusal: Refusal | None = None,
    typed: Mapping[str, str] | None = None,
) -> HTMLResponse:
    store = caller.desk.fairs
    content = store.content(fair_id)
    heads = [store.plan(fair_id, head.id) for head in store.plans(fair_id)]
    picked = [store.plan(fair_id, one) for one in chosen or _default(heads)]
    values = {
        "plans": [plan_head(*one) for one in heads],
        "nearness": {head.id: _nearness(found, messages) for head, found in heads},
        "shown": [_shown(content, *one, messages) for one in picked],
        "findings": findings,
        "open_jobs": [one for one in caller.desk.jobs.all(fair_id) if one.is_open],
    }
    return fair_page(
        request, "fair.html", messages, content, values, here=address("fairs", fair_id), refusal=refusal, typed=typed
    )  # fmt: skip


def _plan_page(
    request: Request,
    fair_id: str,
    plan_id: str,
    caller: Caller,
    messages: Messages,
    *,
    participant: str = "",
    refusal: Refusal | None = None,
) -> HTMLResponse:
    store = caller.desk.fairs
    content, (head, found) = store.content(fair_id), store.plan(fair_id, plan_id)
    chosen = content.participant(participant) if participant else None
    values = {
        "one": _shown(content, head, found, messages, of=participant),
        "nearness": _nearness(found, messages),
        "chosen": chosen,
        "others_published": [one for one in store.plans(fair_id) if one.state is PlanState.PUBLISHED],
    }
    return fair_page(
        request, "fair_plan.html", messages, content, values, here=address("fairs", fair_id, "plans", plan_id),
        query={"participant": participant} if participant else None, refusal=refusal,
    )  # fmt: skip


def _shown(content: FairContent, head: PlanHead, plan: Plan, messages: Messages, *, of: str = "") -> ShownPlan:
    meetings = [one for one in plan.meetings if not of or one.of(of)]
    grid = grid_of(content, meetings, messages)
    return ShownPlan(plan_head(head, plan), plan, quality_words(plan, messages), grid)


def _nearness(plan: Plan, messages: Messages) -> str:
    """The score as a share of what no plan exceeds; a share that is not all of it is never shown as all."""
    if not plan.bound:
        return ""
    percent = 100.0 if plan.is_best else min(_BEST_SHOWN, floor(10_000 * plan.score / plan.bound) / 100)
    return f"{messages.number(percent)} %"


def _default(heads: list[tuple[PlanHead, Plan]]) -> list[str]:
    """The published plan, else the last one."""
    published = [head.id for head, _ in heads if head.state is PlanState.PUBLISHED]
    return published or [head.id for head, _ in heads[-1:]]


def _findings(desk: FairDesk, fair_id: str, language: str) -> list[str]:
    try:
        return desk.check(fair_id, language)
    except SoukError as error:
        return [str(error)]
