"""The ranking statement, open to everyone: whoever is ranked must be able to read it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from data.statement import statement_in_service
from matching.statement_documents import html_body
from service.live import Live
from service.pages.layout import ReaderMessages, page

router = APIRouter(include_in_schema=False)


@router.get("/statement", response_class=HTMLResponse)
def statement(request: Request, messages: ReaderMessages) -> HTMLResponse:
    """The statement on the ranker in service, in the reader's language."""
    live: Live = request.app.state.live
    written = statement_in_service(
        live.database, live.models.ranker, exposure=live.exposure, language=str(messages.locale.language)
    )
    content = {"title": written.title, "statement": written, "body": Markup(html_body(written))}
    return page(request, "statement.html", messages, content)
