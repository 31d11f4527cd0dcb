"""What all pages share: their frame, and the language that each reader gets."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from matching.messages import Messages, available_languages, messages_in

_templates = Jinja2Templates(Path(__file__).parent / "templates")


def _reader_messages(request: Request, language: Annotated[str, Query()] = "") -> Messages:
    """Those of the chosen language, else of the first that the browser accepts, else English."""
    accepted = request.headers.get("accept-language", "")
    wanted = [language, *(part.split(";")[0].strip()[:2].lower() for part in accepted.split(","))]
    return messages_in(next((code for code in wanted if code in available_languages()), "en"))


ReaderMessages = Annotated[Messages, Depends(_reader_messages)]


def page(
    request: Request,
    template: str,
    messages: Messages,
    content: Mapping[str, Any],
    *,
    query: Mapping[str, str] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HTMLResponse:
    """A page in the reader's language.

    query : what a link to the same page in another language takes along
    """
    frame = {
        "text": messages.text,
        "messages": messages,
        "language": str(messages.locale.language),
        "languages": {code: _own_name(messages_in(code)) for code in available_languages()},
        "query": query or {},
    }
    return _templates.TemplateResponse(request, template, {**frame, **content}, status_code=status)


def _own_name(messages: Messages) -> str:
    return messages.language(str(messages.locale.language)).capitalize()
