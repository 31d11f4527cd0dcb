"""Invitations between participants in a browser, asked and answered on somebody's behalf."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from data.fair_edits import slot_at
from data.fair_plans import InvitationState
from service.access import Caller, Reading, Writing
from service.fair_schemas import InvitationBody, InvitationReply
from service.pages.fair_frame import fair_page, published_head
from service.pages.fair_plans import changes_address
from service.pages.forms import PageRoute, Refusal, Typed, stated, submitted
from service.pages.layout import ReaderMessages, address

router = APIRouter(include_in_schema=False, route_class=PageRoute)
_SHOWN = 200


@router.get("/fairs/{fair_id}/invitations", response_class=HTMLResponse)
def invitations(
    request: Request,
    fair_id: str,
    caller: Reading,
    messages: ReaderMessages,
    from_id: Annotated[str, Query()] = "",
    to_id: Annotated[str, Query()] = "",
) -> HTMLResponse:
    """Every invitation, and the slots for a new one of two."""
    return _invitations_page(request, fair_id, caller, messages, two=(from_id, to_id))


@router.post("/fairs/{fair_id}/invitations")
def invite(request: Request, fair_id: str, form: Typed, caller: Writing, messages: ReaderMessages) -> Response:
    """Ask on somebody's behalf."""
    fields = stated(form)
    two = fields.get("from_id", ""), fields.get("to_id", "")

    def ask() -> str:
        desk, body = caller.desk, InvitationBody.model_validate(fields)
        slot = slot_at(desk.fairs.fair(fair_id), body.starts_at)
        kept_open = timedelta(minutes=body.kept_open_minutes)
        desk.invitations.ask(fair_id, body.from_id, body.to_id, slot, kept_open=kept_open)
        return address("fairs", fair_id, "invitations", done="asked", language=str(messages.locale.language))

    return submitted(
        ask, lambda refusal: _invitations_page(request, fair_id, caller, messages, two=two, refusal=refusal)
    )


@router.post("/fairs/{fair_id}/invitations/{invitation_id}")
def reply(
    request: Request, fair_id: str, invitation_id: str, form: Typed, caller: Writing, messages: ReaderMessages
) -> Response:
    """Accept or decline on somebody's behalf; what an acceptance changes is shown with everyone affected."""

    def answer() -> str:
        body = InvitationReply.model_validate(stated(form))
        _, plan = caller.desk.answer(fair_id, invitation_id, accept=body.answer == "accept")
        head = published_head(caller.desk.fairs, fair_id) if plan else None
        if head is not None:
            return changes_address(fair_id, head, messages)
        return address("fairs", fair_id, "invitations", done=body.answer, language=str(messages.locale.language))

    return submitted(answer, lambda refusal: _invitations_page(request, fair_id, caller, messages, refusal=refusal))


def _invitations_page(
    request: Request,
    fair_id: str,
    caller: Caller,
    messages: ReaderMessages,
    *,
    two: tuple[str, str] = ("", ""),
    refusal: Refusal | None = None,
) -> HTMLResponse:
    desk = caller.desk
    content, newest_first = desk.fairs.content(fair_id), desk.invitations.all(fair_id)[::-1]
    ordered = sorted(newest_first, key=lambda one: one.state is not InvitationState.PENDING)
    values = {
        "invitations": ordered[:_SHOWN],
        "two": two,
        "free": desk.free_slots(fair_id, *two) if all(two) else None,
        "zone": content.fair.zone,
        "is_published": published_head(desk.fairs, fair_id) is not None,
    }
    return fair_page(
        request, "fair_invitations.html", messages, content, values, here=address("fairs", fair_id, "invitations"),
        query={"from_id": two[0], "to_id": two[1]} if all(two) else None, refusal=refusal,
    )  # fmt: skip
