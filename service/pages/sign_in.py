"""Signing in: whoever has a key of the service lets the browser show it from page to page."""

from __future__ import annotations

import re
from http import HTTPStatus

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from matching.errors import AccessRefused
from service.access import checked_key
from service.browsers import forget_key, keep_key, sent_by_another_site
from service.pages.forms import PageRoute, Refusal, Typed, stated, submitted
from service.pages.layout import ReaderMessages, address, page

router = APIRouter(include_in_schema=False, route_class=PageRoute)
_OUR_PATH = re.compile(r"/(?![/\\])[\x20-\x7e]*")
_FIRST = "/fairs"


@router.get("/sign-in", response_class=HTMLResponse)
def ask_for_key(request: Request, messages: ReaderMessages, next: str = Query(default=_FIRST)) -> HTMLResponse:
    """The form that takes a key."""
    return page(request, "sign_in.html", messages, {"next": _ours(next)}, query={"next": _ours(next)})


@router.post("/sign-in")
def sign_in(request: Request, form: Typed, messages: ReaderMessages) -> Response:
    """Keep a key that is known, and go on to the page that was asked for."""
    fields = stated(form)
    wanted, token = _ours(fields.get("next", _FIRST)), fields.get("key")

    def known() -> str:
        _require_own_page(request)
        checked_key(request, request.app.state.live, token)
        return wanted

    def again(refusal: Refusal) -> HTMLResponse:
        shown = {"next": wanted, "refusal": refusal}
        return page(request, "sign_in.html", messages, shown, query={"next": wanted}, status=refusal.status)

    answer = submitted(known, again)
    if token is not None and answer.status_code == HTTPStatus.SEE_OTHER:
        keep_key(request, answer, token)
    return answer


@router.post("/sign-out")
def sign_out(request: Request, messages: ReaderMessages) -> Response:
    """Forget the key."""
    _require_own_page(request)
    target = address("sign-in", language=str(messages.locale.language))
    answer = RedirectResponse(target, HTTPStatus.SEE_OTHER)
    forget_key(answer)
    return answer


def _require_own_page(request: Request) -> None:
    if sent_by_another_site(request, ()):
        raise AccessRefused("a page of another site sent this form; expected one of this service")


def _ours(wanted: str) -> str:
    """A path of this service; that of the fairs in place of any other address."""
    return wanted if _OUR_PATH.fullmatch(wanted) else _FIRST
