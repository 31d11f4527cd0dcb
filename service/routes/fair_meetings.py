"""Meetings of a published plan: agendas, invitations, and what happens on the day."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from data.fair_agendas import Agenda, agenda_calendar, agenda_of, agenda_pdf
from data.fair_edits import slot_at
from data.fair_plans import MeetingState
from data.keys import Scope
from matching.errors import InvalidInput
from matching.profiles import Identifier
from service.access import Caller, Reading, Writing, caller_with
from service.fair_answers import FairTold, invitation
from service.fair_schemas import (
    AgendaAnswer,
    AgendaFormat,
    CheckInAnswer,
    FreeSlotsAnswer,
    InvitationAnswer,
    InvitationBody,
    InvitationReply,
    InvitationsAnswer,
    MeetingsAnswer,
    OutcomeBody,
    PublishedMeetingAnswer,
)
from service.problems import described
from service.routes.fairs import Language
from service.schemas import ReaderLanguage

router = APIRouter(prefix="/v1/fairs/{fair_id}", tags=["fairs"])
OnTheDay = Annotated[Caller, Depends(caller_with(Scope.WRITE, Scope.FEEDBACK))]
_KNOWN = described(HTTPStatus.NOT_FOUND)
_BOUND = described(HTTPStatus.NOT_FOUND, HTTPStatus.PRECONDITION_FAILED)
_AGENDA: dict[int | str, dict[str, Any]] = {
    200: {
        "model": AgendaAnswer,
        "description": "The agenda",
        "content": {
            "application/pdf": {"schema": {"type": "string"}},
            "text/calendar": {"schema": {"type": "string"}},
        },
    }
}


@router.get("/meetings", responses=_KNOWN)
def meetings(fair_id: Identifier, caller: Reading, language: Language = "en") -> MeetingsAnswer:
    """Every meeting that was ever published."""
    desk = caller.desk
    published = desk.publication.meetings(fair_id)
    return MeetingsAnswer(meetings=FairTold(desk.fairs.content(fair_id), language).published(published))


@router.get(
    "/participants/{participant_id}/agenda",
    response_class=Response,
    responses={**described(HTTPStatus.NOT_FOUND, HTTPStatus.NOT_IMPLEMENTED), **_AGENDA},
)
def agenda(
    fair_id: Identifier,
    participant_id: Identifier,
    caller: Reading,
    format: Annotated[AgendaFormat, Query()] = AgendaFormat.JSON,
    language: Annotated[ReaderLanguage | None, Query(description="By default the participant's")] = None,
) -> Response:
    """The agenda of a participant under the published plan, in its language: JSON, PDF or iCalendar."""
    desk = caller.desk
    found = agenda_of(desk.fairs.content(fair_id), desk.publication.meetings(fair_id), participant_id, language)
    if format is AgendaFormat.PDF:
        return _file(agenda_pdf(found), "application/pdf", "agenda.pdf")
    if format is AgendaFormat.ICS:
        return _file(agenda_calendar(found, caller.organisation), "text/calendar", "agenda.ics")
    return Response(_told(caller, found).model_dump_json(), media_type="application/json")


@router.get("/free-slots", responses=_KNOWN)
def free_slots(
    fair_id: Identifier,
    participant_id: Annotated[Identifier, Query()],
    other_id: Annotated[Identifier, Query()],
    caller: Reading,
) -> FreeSlotsAnswer:
    """When two could still meet, for whoever walks in."""
    slots = caller.desk.fairs.fair(fair_id).slots
    return FreeSlotsAnswer(
        slots=[slots[one].starts for one in caller.desk.free_slots(fair_id, participant_id, other_id)]
    )


@router.post("/invitations", status_code=HTTPStatus.CREATED, responses=_BOUND)
def invite(fair_id: Identifier, body: InvitationBody, caller: Writing) -> InvitationAnswer:
    """Ask a participant to meet; nobody's slot is taken by it."""
    desk = caller.desk
    fair = desk.fairs.fair(fair_id)
    slot = slot_at(fair, body.starts_at)
    kept_open = timedelta(minutes=body.kept_open_minutes)
    return invitation(fair, desk.invitations.ask(fair_id, body.from_id, body.to_id, slot, kept_open=kept_open))


@router.get("/invitations", responses=_KNOWN)
def invitations(
    fair_id: Identifier,
    caller: Reading,
    participant_id: Annotated[Identifier | None, Query(description="From whom or to whom")] = None,
) -> InvitationsAnswer:
    """Every invitation, or those from and to a participant."""
    desk = caller.desk
    fair, found = desk.fairs.fair(fair_id), desk.invitations.all(fair_id, participant_id=participant_id)
    return InvitationsAnswer(invitations=[invitation(fair, one) for one in found])


@router.post("/invitations/{invitation_id}/reply", responses=_BOUND)
def reply(fair_id: Identifier, invitation_id: Identifier, body: InvitationReply, caller: Writing) -> InvitationAnswer:
    """Accept an invitation, decline it, or propose another time, which is a new invitation back."""
    desk = caller.desk
    fair = desk.fairs.fair(fair_id)
    if (body.answer == "propose") != (body.starts_at is not None):
        raise InvalidInput("starts_at is expected with the answer propose, and with no other")
    if body.starts_at is not None:
        return invitation(fair, desk.invitations.propose(fair_id, invitation_id, slot_at(fair, body.starts_at)))
    return invitation(fair, desk.answer(fair_id, invitation_id, accept=body.answer == "accept")[0])


@router.post("/participants/{participant_id}/check-in", responses=_KNOWN)
def check_in(fair_id: Identifier, participant_id: Identifier, caller: OnTheDay) -> CheckInAnswer:
    """Note that a participant arrived; the first time counts."""
    return CheckInAnswer(
        participant_id=participant_id, checked_in_at=caller.desk.check_in(fair_id, participant_id)
    )  # fmt: skip


@router.post("/meetings/{meeting_id}/outcome", responses=_BOUND)
def outcome(
    fair_id: Identifier, meeting_id: Identifier, body: OutcomeBody, caller: OnTheDay, language: Language = "en"
) -> PublishedMeetingAnswer:
    """Note that a meeting was held or that somebody did not come; it is feedback from which rankers learn."""
    found = caller.desk.outcome(fair_id, meeting_id, MeetingState(body.outcome), rating=body.rating)
    return FairTold(caller.desk.fairs.content(fair_id), language).published([found])[0]


def _told(caller: Caller, found: Agenda) -> AgendaAnswer:
    told = FairTold(caller.desk.fairs.content(found.fair.id), found.language)
    return AgendaAnswer(
        participant_id=found.participant.id, language=found.language, time_zone=found.fair.time_zone,
        meetings=told.published(one.published for one in found.appointments),
    )  # fmt: skip


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type=media_type)
