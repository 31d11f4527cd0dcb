"""The start page: type a request, see explained matches; works without JavaScript."""

from __future__ import annotations

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
from service.access import Caller, Matching
from service.pages.layout import ReaderMessages, page
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
    request: Request, caller: Matching, messages: ReaderMessages, q: Annotated[str, Query()] = ""
) -> HTMLResponse:
    """The page, with matches where a request was typed; the page's language is also that of the reasons."""
    reader = str(messages.locale.language)
    ranking, fault = _matches(caller, q, reader)
    content = {
        "q": q,
        "ranking": ranking,
        "heading_names": heading_names(reader),
        "fault": fault,
        "examples": EXAMPLES,
        "feature_titles": FEATURE_TITLES,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
    return page(request, "start.html", messages, content, query={"q": q}, status=status)


def _matches(caller: Caller, q: str, language: str) -> tuple[Ranking | None, str | None]:
    if not q.strip():
        return None, None
    try:
        return caller.workspace.matcher.match(BuyerRequest(text=q), top=_SHOWN_MATCHES, language=language), None
    except ValidationError as error:
        return None, faults_of(error)[0].expected
    except SoukError as error:
        return None, str(error)
