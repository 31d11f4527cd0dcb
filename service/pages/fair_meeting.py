"""The meeting of two participants in a plan: where it is, where it could be, and its lock."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from data.fair_edits import free_slots_of, other_slots_of
from data.fair_plans import Action, Edit, PlanState, meeting_id
from service.access import Caller, Reading, Writing
from service.pages.fair_frame import fair_page
from service.pages.fair_plans import changes_address
from service.pages.forms import PageRoute, Refusal, Typed, chosen, require_confirmation, stated, submitted
from service.pages.layout import ReaderMessages, address

router = APIRouter(include_in_schema=False, route_class=PageRoute)
_MOVING = (Action.PLACE, Action.DROP)


@router.get("/fairs/{fair_id}/plans/{plan_id}/meeting", response_class=HTMLResponse)
def meeting(
    request: Request, fair_id: str, plan_id: str, first: str, second: str, caller: Reading, messages: ReaderMessages
) -> HTMLResponse:
    """The meeting of two, or the slots in which they could meet."""
    return _meeting_page(request, fair_id, plan_id, (first, second), caller, messages)


@router.post("/fairs/{fair_id}/plans/{plan_id}/meeting")
def change_meeting(
    request: Request, fair_id: str, plan_id: str, form: Typed, caller: Writing, messages: ReaderMessages
) -> Response:
    """Lock, unlock, place or drop it; what a published plan changes by it is shown with everyone affected."""
    first, second = chosen(form, "first", "second")
    language = str(messages.locale.language)

    def change() -> str:
        fields = stated(form)
        edit = Edit.model_validate({name: fields[name] for name in Edit.model_fields if name in fields})
        published = caller.desk.fairs.plan(fair_id, plan_id)[0].state is PlanState.PUBLISHED
        if published and edit.action in _MOVING:
            require_confirmation(form)
        head, _ = caller.desk.edit(fair_id, plan_id, [edit])
        if published and edit.action in _MOVING:
            return changes_address(fair_id, head, messages)
        if edit.action is Action.DROP:
            return address("fairs", fair_id, "plans", plan_id, done="dropped", language=language)
        return address(
            "fairs", fair_id, "plans", plan_id, "meeting",
            first=first, second=second, done=edit.action, language=language,
        )  # fmt: skip

    def again(refusal: Refusal) -> HTMLResponse:
        return _meeting_page(request, fair_id, plan_id, (first, second), caller, messages, refusal)

    return submitted(change, again)


def _meeting_page(
    request: Request,
    fair_id: str,
    plan_id: str,
    two: tuple[str, str],
    caller: Caller,
    messages: ReaderMessages,
    refusal: Refusal | None = None,
) -> HTMLResponse:
    store = caller.desk.fairs
    content, (head, plan) = store.content(fair_id), store.plan(fair_id, plan_id)
    people = [content.participant(one) for one in two]
    name = meeting_id(fair_id, *two)
    found = next((one for one in plan.meetings if one.id == name), None)
    free = other_slots_of(content, plan.meetings, found) if found else free_slots_of(content, plan.meetings, *two)
    return fair_page(
        request, "fair_meeting.html", messages, content,
        {"head": head, "one": found, "two": people, "free": free},
        here=address("fairs", fair_id, "plans", plan_id, "meeting"),
        query={"first": two[0], "second": two[1]}, refusal=refusal,
    )  # fmt: skip
