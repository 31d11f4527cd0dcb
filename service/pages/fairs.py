"""The organiser's pages: fairs, and the plans of one as grids by slot and place; they work without JavaScript."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from data.fair_exports import reason_words
from data.fair_findings import findings_of
from data.fair_grid import grid_of
from data.fair_plans import PlanState
from matching.errors import SoukError, UnknownRecord
from matching.messages import available_languages, messages_in
from service.access import Reading
from service.fair_answers import plan_head
from service.pages.start import own_name, reader_language

router = APIRouter(include_in_schema=False)
_templates = Jinja2Templates(Path(__file__).parent / "templates")
_SIDE_BY_SIDE = 2
Chosen = Annotated[str, Query()]


@router.get("/fairs", response_class=HTMLResponse)
def fairs(request: Request, caller: Reading, language: Chosen = "") -> HTMLResponse:
    """Every fair of the caller."""
    values = {**_common(request, language), "fairs": caller.desk.fairs.fairs()}
    return _templates.TemplateResponse(request, "fairs.html", values)


@router.get("/fairs/{fair_id}", response_class=HTMLResponse)
def fair(
    request: Request,
    fair_id: str,
    caller: Reading,
    plan: Annotated[list[str] | None, Query(max_length=_SIDE_BY_SIDE)] = None,
    check: bool = False,
    language: Chosen = "",
) -> HTMLResponse:
    """One fair: its plans, up to two of them side by side, and, where asked for, what stands in the way."""
    common, store = _common(request, language), caller.desk.fairs
    try:
        content = store.content(fair_id)
        heads = [store.plan(fair_id, head.id) for head in store.plans(fair_id)]
        shown = [store.plan(fair_id, one) for one in plan or _default(heads)]
    except UnknownRecord as error:
        return _templates.TemplateResponse(request, "fairs.html", {**common, "fairs": (), "fault": error}, 404)
    messages = common["messages"]
    values = {
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
        "findings": _findings(caller, fair_id, common["language"]) if check else None,
    }
    return _templates.TemplateResponse(request, "fair.html", {**common, **values})


def _default(heads: list[Any]) -> list[str]:
    """The published plan, else the last one."""
    published = [head.id for head, _ in heads if head.state is PlanState.PUBLISHED]
    return published or [head.id for head, _ in heads[-1:]]


def _findings(caller: Reading, fair_id: str, language: str) -> list[str]:
    try:
        return findings_of(caller.desk.setting(fair_id), language)
    except SoukError as error:
        return [str(error)]


def _common(request: Request, language: str) -> dict[str, Any]:
    reader = reader_language(language, request.headers.get("accept-language", ""))
    messages = messages_in(reader)
    languages = {code: own_name(messages_in(code)) for code in available_languages()}
    return {
        "text": messages.text, "plural": messages.plural, "messages": messages, "language": reader,
        "languages": languages,
    }  # fmt: skip
