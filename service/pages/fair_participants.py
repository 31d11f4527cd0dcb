"""Participants of a fair in a browser: the spreadsheets they come from, the day of each, and its agenda."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from itertools import chain
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, Response

from data.fair_agendas import agenda_calendar, agenda_of, agenda_pdf
from data.fair_handouts import agenda_files, archived
from data.fair_plans import MeetingState
from data.fair_publication import PublishedMeeting
from data.fair_sheets import FairSheet, load_sheet
from data.fairs import Participant, Role
from data.rows import Source
from matching.errors import SoukError
from matching.words import fold
from service.access import Caller, Reading, Writing
from service.fair_answers import sheet_answer
from service.fair_schemas import AgendaFormat, SheetAnswer
from service.pages.downloads import download, streamed
from service.pages.fair_frame import fair_page, published_head
from service.pages.fair_plans import changes_address
from service.pages.forms import PageRoute, Refusal, Typed, refusal_of, require_confirmation, stated, submitted
from service.pages.layout import ReaderMessages, address

router = APIRouter(include_in_schema=False, route_class=PageRoute)
_SHOWN = 200
_MEDIA_TYPES = {AgendaFormat.PDF: "application/pdf", AgendaFormat.ICS: "text/calendar"}


@router.get("/fairs/{fair_id}/participants", response_class=HTMLResponse)
def participants(
    request: Request, fair_id: str, caller: Reading, messages: ReaderMessages, q: Annotated[str, Query()] = ""
) -> HTMLResponse:
    """Participants, all or those of a name, and the forms that load spreadsheets."""
    return _participants_page(request, fair_id, caller, messages, q=q)


@router.post("/fairs/{fair_id}/participants")
def load(
    request: Request,
    fair_id: str,
    file: UploadFile,
    sheet: Annotated[FairSheet, Form()],
    caller: Writing,
    messages: ReaderMessages,
    role: Annotated[Role | Literal[""], Form()] = "",
) -> HTMLResponse:
    """Store the rows of a spreadsheet, and show what it gave and which rows were refused for what."""
    source = (file.filename or "")[-100:], file.file.read()
    return _loaded(request, fair_id, sheet, source, caller, messages, role=role or None)


@router.post("/fairs/{fair_id}/participants/one")
def add(request: Request, fair_id: str, form: Typed, caller: Writing, messages: ReaderMessages) -> HTMLResponse:
    """Store one participant as if it were the only row of a spreadsheet."""
    fields = stated(form)
    source = "form.jsonl", json.dumps(fields).encode()
    return _loaded(request, fair_id, FairSheet.PARTICIPANTS, source, caller, messages, typed=fields)


@router.get("/fairs/{fair_id}/participants/{participant_id}", response_class=HTMLResponse)
def participant(
    request: Request, fair_id: str, participant_id: str, caller: Reading, messages: ReaderMessages
) -> HTMLResponse:
    """One participant: its day, its wishes, its agenda to take along."""
    return _participant_page(request, fair_id, participant_id, caller, messages)


@router.post("/fairs/{fair_id}/participants/{participant_id}/cancellation")
def cancel(
    request: Request, fair_id: str, participant_id: str, form: Typed, caller: Writing, messages: ReaderMessages
) -> Response:
    """Take a participant out, and show whom that affects."""
    language = str(messages.locale.language)

    def cancelled() -> str:
        require_confirmation(form)
        changed = caller.desk.cancel(fair_id, participant_id)
        head = published_head(caller.desk.fairs, fair_id) if changed else None
        if head is not None:
            return changes_address(fair_id, head, messages)
        return address("fairs", fair_id, "participants", participant_id, done="cancelled", language=language)

    def again(refusal: Refusal) -> HTMLResponse:
        return _participant_page(request, fair_id, participant_id, caller, messages, refusal)

    return submitted(cancelled, again)


@router.get("/fairs/{fair_id}/participants/{participant_id}/agenda", response_class=Response)
def agenda(
    fair_id: str, participant_id: str, caller: Reading, format: Annotated[AgendaFormat, Query()] = AgendaFormat.PDF
) -> Response:
    """The agenda of a participant in its language."""
    desk = caller.desk
    found = agenda_of(desk.fairs.content(fair_id), desk.publication.meetings(fair_id), participant_id)
    made = agenda_pdf(found) if format is AgendaFormat.PDF else agenda_calendar(found, caller.organisation)
    suffix = AgendaFormat.PDF if format is AgendaFormat.PDF else AgendaFormat.ICS
    return download(made, _MEDIA_TYPES[suffix], f"{participant_id}.{suffix}")


@router.get("/fairs/{fair_id}/agendas", response_class=Response)
def agendas(fair_id: str, caller: Reading) -> Response:
    """The agendas of everybody, as one archive that is sent while it is made."""
    desk = caller.desk
    content, published = desk.fairs.content(fair_id), desk.publication.meetings(fair_id)
    pieces = archived(agenda_files(content, published, caller.organisation))
    # The first piece is made before the answer begins, so that what makes none possible can still be told.
    return streamed(chain([next(pieces)], pieces), "application/zip", f"{fair_id}-agendas.zip")


def _loaded(
    request: Request,
    fair_id: str,
    sheet: FairSheet,
    source: Source,
    caller: Caller,
    messages: ReaderMessages,
    *,
    role: Role | None = None,
    typed: Mapping[str, str] | None = None,
) -> HTMLResponse:
    try:
        loaded = load_sheet(caller.desk.fairs, fair_id, sheet, source, role=role)
    except SoukError as error:
        return _participants_page(request, fair_id, caller, messages, refusal=refusal_of(error), typed=typed)
    kept = typed if loaded.refused else None
    return _participants_page(request, fair_id, caller, messages, report=sheet_answer(loaded), typed=kept)


def _participants_page(
    request: Request,
    fair_id: str,
    caller: Caller,
    messages: ReaderMessages,
    *,
    q: str = "",
    report: SheetAnswer | None = None,
    refusal: Refusal | None = None,
    typed: Mapping[str, str] | None = None,
) -> HTMLResponse:
    desk = caller.desk
    content = desk.fairs.content(fair_id)
    found = [one for one in content.participants if is_named(one, q)]
    values = {
        "found": found[:_SHOWN],
        "further": len(found[_SHOWN:]),
        "q": q,
        "report": report,
        "meeting_counts": _meeting_counts(desk.publication.meetings(fair_id)),
        "wish_counts": Counter(wish.by for wish in content.wishes),
        "arrived": desk.fairs.arrivals(fair_id),
        "is_published": published_head(desk.fairs, fair_id) is not None,
    }
    return fair_page(
        request, "fair_participants.html", messages, content, values, here=address("fairs", fair_id, "participants"),
        query={"q": q} if q else None, refusal=refusal, typed=typed,
    )  # fmt: skip


def _participant_page(
    request: Request,
    fair_id: str,
    participant_id: str,
    caller: Caller,
    messages: ReaderMessages,
    refusal: Refusal | None = None,
) -> HTMLResponse:
    desk = caller.desk
    content = desk.fairs.content(fair_id)
    values = {
        "who": content.participant(participant_id),
        "agenda": agenda_of(content, desk.publication.meetings(fair_id), participant_id),
        "wishes": [wish for wish in content.wishes if participant_id in (wish.by, wish.about)],
        "arrived": desk.fairs.arrivals(fair_id).get(participant_id),
        "head": published_head(desk.fairs, fair_id),
        "levels": _level_words(messages),
    }
    return fair_page(
        request, "fair_participant.html", messages, content, values,
        here=address("fairs", fair_id, "participants", participant_id), refusal=refusal,
    )  # fmt: skip


def _level_words(messages: ReaderMessages) -> dict[str, str]:
    text = messages.text
    return {"must": text("must meet"), "like": text("would like to meet"), "met": text("has met before"),
            "never": text("is not to meet")}  # fmt: skip


def is_named(one: Participant, q: str) -> bool:
    """Whether what somebody searches for is in the name, firm or id."""
    return fold(q.strip()) in fold(f"{one.name} {one.firm or ''} {one.id}")


def _meeting_counts(published: tuple[PublishedMeeting, ...]) -> Counter[str]:
    held = (one.meeting for one in published if one.state is not MeetingState.CANCELLED)
    return Counter(who for one in held for who in (one.first, one.second))
