"""Forms of pages: what was typed, where a form leads, and why one was not taken, told on the page itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from matching.errors import InvalidInput, KeyRefused, SoukError
from service.browsers import forget_key, key_of
from service.pages.layout import page, reader_messages
from service.problems import faults_of, headers_of, sayable, status_of
from service.schemas import Fault

_MOST_FIELDS = 1_000


async def _typed(request: Request) -> AsyncIterator[FormData]:
    async with request.form(max_files=0, max_fields=_MOST_FIELDS) as form:
        yield form


Typed = Annotated[FormData, Depends(_typed)]


def stated(form: FormData) -> dict[str, str]:
    """The fields of a form that somebody filled in."""
    return {name: value.strip() for name, value in form.items() if isinstance(value, str) and value.strip()}


def chosen(form: FormData, *names: str) -> list[str]:
    """What was chosen in fields of a form; InvalidInput where a field is empty."""
    fields = stated(form)
    if missing := [name for name in names if name not in fields]:
        raise InvalidInput(f"{missing[0]} is empty, expected a choice")
    return [fields[name] for name in names]


def require_confirmation(form: FormData) -> None:
    """InvalidInput where the box was not ticked that says that somebody means it."""
    if "confirmed" not in form:
        raise InvalidInput("confirmed is not ticked, expected so where agendas of others change")


@dataclass(frozen=True)
class Refusal:
    """Why a form was not taken: each reason, and the fields at fault."""

    reasons: tuple[str, ...]
    faults: tuple[Fault, ...]
    status: HTTPStatus

    def at(self, field: str) -> str:
        """What a field was expected to be; empty where nothing is wrong with it."""
        return next((one.expected for one in self.faults if f"{one.field}.".startswith(f"{field}.")), "")


def refusal_of(error: SoukError | ValidationError | RequestValidationError) -> Refusal:
    """The refusal that an error is, in the words of the HTTP answer."""
    if isinstance(error, SoukError):
        return Refusal((sayable(str(error)),), (), status_of(error))
    faults = tuple(faults_of(error))
    reasons = tuple(": ".join(filter(None, (one.field, one.expected))) for one in faults)
    return Refusal(reasons, faults, HTTPStatus.UNPROCESSABLE_ENTITY)


def submitted(act: Callable[[], str], again: Callable[[Refusal], HTMLResponse]) -> Response:
    """Do what a form asks and lead on to the address that this gives; where it is refused, show its page again."""
    try:
        return RedirectResponse(act(), HTTPStatus.SEE_OTHER)
    except (SoukError, ValidationError) as error:
        return again(refusal_of(error))


class PageRoute(APIRoute):
    """A route whose failures are pages too; whoever shows no key is asked to sign in."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with its failures told."""
        answer = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await answer(request)
            except (SoukError, RequestValidationError, ValidationError) as error:
                return await run_in_threadpool(_refused, request, error)

        return handled


def _refused(request: Request, error: SoukError | RequestValidationError | ValidationError) -> Response:
    messages = reader_messages(request, request.query_params.get("language", ""))
    refusal = refusal_of(error)
    if not isinstance(error, KeyRefused):
        answer = page(request, "refused.html", messages, {"refusal": refusal}, status=refusal.status)
    else:
        wanted = f"{request.url.path}?{request.url.query}" if request.method == "GET" else "/fairs"
        shown = {"next": wanted, "refusal": refusal if key_of(request) else None}
        again = {"next": wanted}
        answer = page(request, "sign_in.html", messages, shown, query=again, here="/sign-in", status=refusal.status)
        forget_key(answer)
    if isinstance(error, SoukError):
        answer.headers.update(headers_of(error))
    return answer
