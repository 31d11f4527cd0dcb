"""The start page: type a request, see explained matches; works without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from data.trade_glossary import heading_names
from matching.errors import SoukError
from matching.explanation import FEATURE_TITLES
from matching.matcher import Ranking
from matching.messages import Messages
from matching.profiles import BuyerRequest
from service.access import Caller, Matching
from service.pages.layout import ReaderMessages, page
from service.pages.needs import FORM_FIELDS, corrected_request, form_values, name_of, shown_needs
from service.problems import faults_of
from service.schemas import Fault

router = APIRouter(include_in_schema=False)
_SHOWN_MATCHES = 10

EXAMPLES = (
    "Wir suchen Bio-Arganöl, 500 Liter pro Monat, Ecocert, Lieferung nach Hamburg",
    "hand-knotted wool rugs from Morocco, natural dyes, 60 pieces",
    "采购特级初榨橄榄油，20吨，散装",
    "نبحث عن ملابس عمل قطنية 2500 قطعة",
)


@router.get("/", response_class=HTMLResponse)
def start(
    request: Request,
    caller: Matching,
    messages: ReaderMessages,
    q: Annotated[str, Query()] = "",
    corrected: Annotated[bool, Query()] = False,
) -> HTMLResponse:
    """The page, with matches where a request was typed; the page's language is also that of the reasons.

    corrected : whether the form came along by which the buyer corrects what was read
    """
    reader = str(messages.locale.language)
    typed = _typed(request) if corrected else None
    ranking, fault = _matches(caller, q, typed, reader)
    content = {
        "q": q,
        "ranking": ranking,
        "needs": shown_needs(ranking.needs, q, messages) if ranking else [],
        "form": _form(ranking, typed, messages),
        "heading_names": heading_names(reader),
        "fault": fault,
        "examples": EXAMPLES,
        "feature_titles": FEATURE_TITLES,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
    query = {"q": q} | ({"corrected": "1", **typed} if typed else {})
    return page(request, "start.html", messages, content, query=query, status=status)


def _typed(request: Request) -> dict[str, str]:
    names = (name_of(kind, part) for kind, part, _ in FORM_FIELDS)
    return {name: request.query_params.get(name, "") for name in names}


def _form(ranking: Ranking | None, typed: Mapping[str, str] | None, messages: Messages) -> list[tuple[str, str, str]]:
    """Name, title and value of each field; none before a request was read."""
    if ranking is None and typed is None:
        return []
    values = typed if typed is not None or ranking is None else form_values(ranking.needs, messages)
    named = ((name_of(kind, part), title) for kind, part, title in FORM_FIELDS)
    return [(name, messages.text(title), (values or {}).get(name, "")) for name, title in named]


def _matches(
    caller: Caller, q: str, typed: Mapping[str, str] | None, language: str
) -> tuple[Ranking | None, str | None]:
    if not q.strip():
        return None, None
    try:
        asked = BuyerRequest(text=q) if typed is None else corrected_request(q, typed)
        return caller.workspace.matcher.match(asked, top=_SHOWN_MATCHES, language=language), None
    except ValidationError as error:
        return None, _told(faults_of(error)[0])
    except SoukError as error:
        return None, str(error)


def _told(fault: Fault) -> str:
    field = fault.field.removeprefix("constraints.")
    return fault.expected if field == "text" else f"{field} = {fault.value!r}: {fault.expected}"
