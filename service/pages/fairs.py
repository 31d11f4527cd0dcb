"""The organiser's pages: fairs, and the plans of one as grids by slot and place; they work without JavaScript."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from data.fair_desk import FairDesk
from data.fair_exports import reason_words
from data.fair_findings import findings_of
from data.fair_grid import grid_of
from data.fair_plans import Plan, PlanState
from data.fair_store import PlanHead
from matching.errors import SoukError, UnknownRecord
from service.access import Reading
from service.fair_answers import plan_head
from service.pages.layout import ReaderMessages, page

router = APIRouter(include_in_schema=False)
_SIDE_BY_SIDE = 2


@router.get("/fairs", response_class=HTMLResponse)
def fairs(request: Request, caller: Reading, messages: ReaderMessages) -> HTMLResponse:
    """Every fair of the caller."""
    return page(request, "fairs.html", messages, {"fairs": caller.desk.fairs.fairs()})


@router.get("/fairs/{fair_id}", response_class=HTMLResponse)
def fair(
    request: Request,
    fair_id: str,
    caller: Reading,
    messages: ReaderMessages,
    plan: Annotated[list[str] | None, Query(max_length=_SIDE_BY_SIDE)] = None,
    check: bool = False,
) -> HTMLResponse:
    """One fair: its plans, up to two of them side by side, and, where asked for, what stands in the way."""
    store = caller.desk.fairs
    try:
        content = store.content(fair_id)
        heads = [store.plan(fair_id, head.id) for head in store.plans(fair_id)]
        shown = [store.plan(fair_id, one) for one in plan or _default(heads)]
    except UnknownRecord as error:
        return page(request, "fairs.html", messages, {"fairs": (), "fault": error}, status=HTTPStatus.NOT_FOUND)
    values = {
        "title": content.fair.name,
        "plural": messages.plural,
        "fair": content.fair,
        "participants": content.participants,
        "names": {one.id: one.name for one in content.participants},
        "plans": [plan_head(*one) for one in heads],
        "shown": [(plan_head(*one), one[1], grid_of(content, one[1].meetings, messages)) for one in shown],
        "states": {
            PlanState.DRAFT: messages.text("draft"),
            PlanState.PUBLISHED: messages.text("published"),
            PlanState.SUPERSEDED: messages.text("superseded"),
        },
        "reason_words": reason_words,
        "findings": _findings(caller.desk, fair_id, str(messages.locale.language)) if check else None,
    }
    return page(request, "fair.html", messages, values)


def _default(heads: list[tuple[PlanHead, Plan]]) -> list[str]:
    """The published plan, else the last one."""
    published = [head.id for head, _ in heads if head.state is PlanState.PUBLISHED]
    return published or [head.id for head, _ in heads[-1:]]


def _findings(desk: FairDesk, fair_id: str, language: str) -> list[str]:
    try:
        return findings_of(desk.setting(fair_id), language)
    except SoukError as error:
        return [str(error)]
