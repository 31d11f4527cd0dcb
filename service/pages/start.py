"""The start page: type a request, see explained matches; works without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from data.trade_glossary import heading_names
from matching.errors import SoukError
from matching.explanation import FEATURE_TITLES
from matching.matcher import Ranking
from matching.profiles import BuyerRequest
from matching.stated_needs import STANDING_TITLES, stated_needs
from service.access import Caller, Matching
from service.pages.layout import ReaderMessages, page
from service.pages.needs import NAMES, corrected_request, faulty_fields, form_fields, form_values
from service.problems import faults_of

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
    typed = {name: request.query_params.get(name, "") for name in NAMES} if corrected else None
    found = _found(caller, q, typed, reader)
    ranking = found.ranking
    values = typed if typed is not None else form_values(ranking.needs, messages) if ranking else {}
    content = {
        "q": q,
        "ranking": ranking,
        "needs": stated_needs(ranking.needs, q, messages) if ranking else [],
        "standing_titles": STANDING_TITLES,
        "form": form_fields(values, found.faulty_fields, messages) if q.strip() and (ranking or values) else [],
        "heading_names": heading_names(reader),
        "fault": found.fault,
        "faulty_fields": found.faulty_fields,
        "examples": EXAMPLES,
        "feature_titles": FEATURE_TITLES,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if found.fault or found.faulty_fields else HTTPStatus.OK
    query = {"q": q} | ({"corrected": "1", **typed} if typed else {})
    return page(request, "start.html", messages, content, query=query, status=status)


@dataclass(frozen=True)
class _Found:
    """Matches, or why there are none: a fault of the request, or fields of the form that cannot be used."""

    ranking: Ranking | None = None
    fault: str = ""
    faulty_fields: frozenset[str] = frozenset()


def _found(caller: Caller, q: str, typed: Mapping[str, str] | None, language: str) -> _Found:
    if not q.strip():
        return _Found()
    try:
        asked = BuyerRequest(text=q) if typed is None else corrected_request(q, typed)
        return _Found(caller.workspace.matcher.match(asked, top=_SHOWN_MATCHES, language=language))
    except ValidationError as error:
        faulty = faulty_fields(error)
        return _Found(faulty_fields=faulty) if faulty else _Found(fault=faults_of(error)[0].expected)
    except SoukError as error:
        return _Found(fault=str(error))
