"""The organiser's fairs: their list, and the form that states one; they work without JavaScript."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from service.access import Reading, Writing
from service.pages.fair_form import FairFields, fair_stated, fields_of, fields_typed, time_zones
from service.pages.fair_frame import fair_page
from service.pages.forms import PageRoute, Refusal, Typed, submitted
from service.pages.layout import ReaderMessages, address, page

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/fairs", response_class=HTMLResponse)
def fairs(request: Request, caller: Reading, messages: ReaderMessages) -> HTMLResponse:
    """Every fair of the caller, and the form of a new one."""
    values = {"fairs": caller.desk.fairs.fairs(), "fields": FairFields(), "zones": time_zones()}
    return page(request, "fairs.html", messages, values)


@router.post("/fairs")
def create_fair(request: Request, form: Typed, caller: Writing, messages: ReaderMessages) -> Response:
    """Create a fair as the form states it."""
    fields = fields_typed(form)

    def create() -> str:
        fair = fair_stated(fields)
        caller.desk.fairs.create(fair)
        return address("fairs", fair.id, "participants", language=str(messages.locale.language))

    def again(refusal: Refusal) -> HTMLResponse:
        values = {"fairs": caller.desk.fairs.fairs(), "fields": fields, "zones": time_zones(), "refusal": refusal}
        return page(request, "fairs.html", messages, values, status=refusal.status)

    return submitted(create, again)


@router.get("/fairs/{fair_id}/settings", response_class=HTMLResponse)
def settings(request: Request, fair_id: str, caller: Reading, messages: ReaderMessages) -> HTMLResponse:
    """The form that states what a fair is."""
    content = caller.desk.fairs.content(fair_id)
    values = {"fields": fields_of(content.fair), "zones": time_zones()}
    return fair_page(
        request, "fair_settings.html", messages, content, values, here=address("fairs", fair_id, "settings")
    )


@router.post("/fairs/{fair_id}/settings")
def change_fair(request: Request, fair_id: str, form: Typed, caller: Writing, messages: ReaderMessages) -> Response:
    """Change what is said of a fair."""
    store, here = caller.desk.fairs, address("fairs", fair_id, "settings")
    content, fields = store.content(fair_id), fields_typed(form)

    def change() -> str:
        store.put(fair_stated(FairFields({**fields.plain, "id": fair_id}, fields.lists), content.fair))
        return address("fairs", fair_id, "settings", done="saved", language=str(messages.locale.language))

    def again(refusal: Refusal) -> HTMLResponse:
        values = {"fields": fields, "zones": time_zones()}
        return fair_page(request, "fair_settings.html", messages, content, values, here=here, refusal=refusal)

    return submitted(change, again)
