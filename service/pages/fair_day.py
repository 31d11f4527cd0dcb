"""The day of a fair in a browser: who arrives, what becomes of each meeting, walk-ins, tables that close."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from data.fair_plans import MeetingState
from data.fairs import Fair
from data.keys import Scope
from service.access import Caller, Reading, Writing, caller_with
from service.fair_schemas import ClosureBody, OutcomeBody
from service.pages.fair_frame import fair_page, published_head
from service.pages.fair_participants import is_named
from service.pages.fair_plans import changes_address
from service.pages.forms import PageRoute, Refusal, Typed, chosen, require_confirmation, stated, submitted
from service.pages.layout import ReaderMessages, address

router = APIRouter(include_in_schema=False, route_class=PageRoute)
OnTheDay = Annotated[Caller, Depends(caller_with(Scope.WRITE, Scope.FEEDBACK))]
_SHOWN = 30


@router.get("/fairs/{fair_id}/day", response_class=HTMLResponse)
def day(
    request: Request,
    fair_id: str,
    caller: Reading,
    messages: ReaderMessages,
    slot: Annotated[int | None, Query(ge=0)] = None,
    q: Annotated[str, Query()] = "",
) -> HTMLResponse:
    """Who has not arrived, and the meetings of a slot, by default of the one that is on."""
    return _day_page(request, fair_id, caller, messages, slot=slot, q=q)


@router.post("/fairs/{fair_id}/day/arrivals")
def check_in(request: Request, fair_id: str, form: Typed, caller: OnTheDay, messages: ReaderMessages) -> Response:
    """Note that a participant arrived."""

    def arrive() -> str:
        (who,) = chosen(form, "participant")
        caller.desk.check_in(fair_id, who)
        return address("fairs", fair_id, "day", done="arrived", language=str(messages.locale.language))

    return submitted(arrive, lambda refusal: _day_page(request, fair_id, caller, messages, refusal=refusal))


@router.post("/fairs/{fair_id}/day/outcomes")
def outcome(request: Request, fair_id: str, form: Typed, caller: OnTheDay, messages: ReaderMessages) -> Response:
    """Note what became of a meeting."""
    fields = stated(form)
    slot = int(fields["slot"]) if fields.get("slot", "").isdecimal() else None

    def note() -> str:
        (meeting,) = chosen(form, "meeting")
        body = OutcomeBody.model_validate({name: fields[name] for name in OutcomeBody.model_fields if name in fields})
        caller.desk.outcome(fair_id, meeting, MeetingState(body.outcome), rating=body.rating)
        query = {} if slot is None else {"slot": slot}
        return address("fairs", fair_id, "day", **query, done=body.outcome, language=str(messages.locale.language))

    return submitted(note, lambda refusal: _day_page(request, fair_id, caller, messages, slot=slot, refusal=refusal))


@router.post("/fairs/{fair_id}/closures")
def close_table(request: Request, fair_id: str, form: Typed, caller: Writing, messages: ReaderMessages) -> Response:
    """Close a table, and show whom that affects."""

    def close() -> str:
        require_confirmation(form)
        fields = stated(form)
        body = ClosureBody.model_validate({name: fields[name] for name in ClosureBody.model_fields if name in fields})
        changed = caller.desk.close_table(fair_id, body.closure())
        head = published_head(caller.desk.fairs, fair_id) if changed else None
        if head is not None:
            return changes_address(fair_id, head, messages)
        return address("fairs", fair_id, "day", done="closed", language=str(messages.locale.language))

    def again(refusal: Refusal) -> HTMLResponse:
        return _day_page(request, fair_id, caller, messages, refusal=refusal, typed=stated(form))

    return submitted(close, again)


def _day_page(
    request: Request,
    fair_id: str,
    caller: Caller,
    messages: ReaderMessages,
    *,
    slot: int | None = None,
    q: str = "",
    refusal: Refusal | None = None,
    typed: Mapping[str, str] | None = None,
) -> HTMLResponse:
    desk = caller.desk
    content, arrived = desk.fairs.content(fair_id), desk.fairs.arrivals(fair_id)
    coming = [one for one in content.participants if not one.cancelled]
    missing = [one for one in coming if one.id not in arrived and is_named(one, q)]
    shown = _slot_on(content.fair, desk.fairs.database.clock()) if slot is None else slot
    held = [
        one
        for one in desk.publication.meetings(fair_id)
        if one.state is not MeetingState.CANCELLED and shown in one.meeting.covered()
    ]
    values = {
        "q": q,
        "coming": len(coming),
        "arrived": len(arrived.keys() & {one.id for one in coming}),
        "missing": missing[:_SHOWN],
        "further": len(missing[_SHOWN:]),
        "slot": shown,
        "held": held,
        "head": published_head(desk.fairs, fair_id),
    }
    query = {**({"q": q} if q else {}), **({} if slot is None else {"slot": str(slot)})}
    return fair_page(
        request, "fair_day.html", messages, content, values, here=address("fairs", fair_id, "day"), query=query,
        refusal=refusal, typed=typed,
    )  # fmt: skip


def _slot_on(fair: Fair, now: datetime.datetime) -> int:
    """The slot that is on by the fair's clock, else the next one, else the last."""
    local, slots = now.astimezone(fair.zone).replace(tzinfo=None), fair.slots
    return next((number for number, slot in enumerate(slots) if slot.ends > local), len(slots) - 1)
