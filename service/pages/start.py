"""The start page: type a request, see explained matches; works without JavaScript."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from pydantic import ValidationError

from data.trade_glossary import heading_names
from matching.errors import SoukError
from matching.explanation import FEATURE_TITLES
from matching.matcher import Ranking
from matching.messages import Messages, available_languages, messages_in
from matching.profiles import BuyerRequest
from service.access import Caller, Matching
from service.problems import faults_of

router = APIRouter(include_in_schema=False)
_templates = Jinja2Templates(Path(__file__).parent / "templates")
_SHOWN_MATCHES = 10

EXAMPLES = (
    "Wir suchen Bio-Arganöl, 500 Liter pro Monat, Ecocert, Lieferung nach Hamburg",
    "hand-knotted wool rugs from Morocco, natural dyes, 60 pieces",
    "采购特级初榨橄榄油，20吨，散装",
    "نبحث عن ملابس عمل قطنية 2500 قطعة",
)


@router.get("/", response_class=HTMLResponse)
def start(
    request: Request, caller: Matching, q: Annotated[str, Query()] = "", language: Annotated[str, Query()] = ""
) -> HTMLResponse:
    """The page, with matches where a request was typed; the page's language is also that of the reasons."""
    reader = reader_language(language, request.headers.get("accept-language", ""))
    messages = messages_in(reader)
    ranking, fault = _matches(caller, q, reader)
    return _templates.TemplateResponse(
        request,
        "start.html",
        {
            "text": messages.text,
            "messages": messages,
            "language": reader,
            "languages": {code: own_name(messages_in(code)) for code in available_languages()},
            "q": q,
            "ranking": ranking,
            "heading_names": heading_names(reader),
            "fault": fault,
            "examples": EXAMPLES,
            "feature_titles": FEATURE_TITLES,
        },
        status_code=422 if fault else 200,
    )


def _matches(caller: Caller, q: str, language: str) -> tuple[Ranking | None, str | None]:
    if not q.strip():
        return None, None
    try:
        return caller.workspace.matcher.match(BuyerRequest(text=q), top=_SHOWN_MATCHES, language=language), None
    except ValidationError as error:
        return None, faults_of(error)[0].expected
    except SoukError as error:
        return None, str(error)


def reader_language(chosen: str, accepted: str) -> str:
    """The chosen language, else the first that the browser accepts, else English."""
    wanted = [chosen, *(part.split(";")[0].strip()[:2].lower() for part in accepted.split(","))]
    return next((code for code in wanted if code in available_languages()), "en")


def own_name(messages: Messages) -> str:
    """The name of a language in itself."""
    return messages.language(str(messages.locale.language)).capitalize()
