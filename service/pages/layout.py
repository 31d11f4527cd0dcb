"""What all pages share: their frame, their addresses, and the language that each reader gets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from matching.messages import Messages, available_languages, messages_in
from service.browsers import key_of

_templates = Jinja2Templates(Path(__file__).parent / "templates")


def reader_messages(request: Request, language: Annotated[str, Query()] = "") -> Messages:
    """Those of the chosen language, else of the first that the browser accepts, else English."""
    accepted = request.headers.get("accept-language", "")
    wanted = [language, *(part.split(";")[0].strip()[:2].lower() for part in accepted.split(","))]
    return messages_in(next((code for code in wanted if code in available_languages()), "en"))


ReaderMessages = Annotated[Messages, Depends(reader_messages)]


def address(*segments: str, **query: str | int) -> str:
    """The address of a page, from the parts of its path and its query."""
    path = "/" + "/".join(quote(one, safe="") for one in segments)
    return f"{path}?{urlencode(query)}" if query else path


def page(
    request: Request,
    template: str,
    messages: Messages,
    content: Mapping[str, Any],
    *,
    query: Mapping[str, str] | None = None,
    here: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> HTMLResponse:
    """A page in the reader's language.

    query : what a link to the same page in another language takes along
    here  : the path of the same page, where that is not what was asked for
    """
    language = str(messages.locale.language)
    frame = {
        "text": messages.text,
        "messages": messages,
        "plural": messages.plural,
        "language": language,
        "languages": {code: _own_name(messages_in(code)) for code in available_languages()},
        "query": query or {},
        "here": here,
        "address": partial(address, language=language),
        "signed_in": key_of(request) is not None,
    }
    return _templates.TemplateResponse(request, template, {**frame, **content}, status_code=status)


def _own_name(messages: Messages) -> str:
    return messages.language(str(messages.locale.language)).capitalize()
