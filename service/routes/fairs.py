"""Fairs: what is known of them, their plans, and the changes that an organiser makes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, UploadFile

from data.fair_sheets import FairSheet, load_sheet
from data.fairs import Fair, Participant, Role
from matching.errors import InvalidInput
from matching.profiles import Identifier
from service.access import Reading, Writing
from service.fair_answers import FairTold, fair_answer, fairness_answer, sheet_answer
from service.fair_plan_schemas import FairnessAnswer
from service.fair_schemas import (
    ClosureBody,
    FairAnswer,
    FairBody,
    FairsAnswer,
    FindingsAnswer,
    ParticipantAnswer,
    ParticipantBody,
    ParticipantsAnswer,
    ReportAnswer,
    SheetAnswer,
    WishesAnswer,
    WishesBody,
)
from service.idempotency import IdempotencyKey, answered_once
from service.problems import described
from service.schemas import ReaderLanguage

router = APIRouter(prefix="/v1/fairs", tags=["fairs"])
Language = Annotated[ReaderLanguage, Query(description="Of the words in the answer")]
_KNOWN = described(HTTPStatus.NOT_FOUND)
_BOUND = described(HTTPStatus.NOT_FOUND, HTTPStatus.PRECONDITION_FAILED)


@router.put("/{fair_id}", responses=described())
def put_fair(fair_id: Identifier, body: FairBody, caller: Writing) -> FairAnswer:
    """Create a fair, or change what is said of it; the slots of a published one stay."""
    fair = Fair.model_validate(body.model_dump(exclude_unset=True) | {"id": _same_id(fair_id, body.id)})
    caller.desk.fairs.put(fair)
    return fair_answer(fair)


@router.get("", responses=described())
def fairs(caller: Reading) -> FairsAnswer:
    """Every fair, by id."""
    return FairsAnswer(fairs=list(caller.desk.fairs.fairs()))


@router.get("/{fair_id}", responses=_KNOWN)
def fair(fair_id: Identifier, caller: Reading) -> FairAnswer:
    """A fair, and the beginnings of its slots."""
    return fair_answer(caller.desk.fairs.fair(fair_id))


@router.delete("/{fair_id}", status_code=204, response_class=Response, responses=_KNOWN)
def delete_fair(fair_id: Identifier, caller: Writing) -> Response:
    """Drop a fair with all that belongs to it."""
    caller.desk.fairs.delete(fair_id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/{fair_id}/imports/{sheet}", response_model=SheetAnswer, responses=_KNOWN)
def import_sheet(
    fair_id: Identifier,
    sheet: FairSheet,
    file: UploadFile,
    request: Request,
    caller: Writing,
    role: Annotated[Role | None, Query(description="Of participants whose rows state none")] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Store the rows of a spreadsheet of participants, wishes or hours (CSV, Excel, JSON Lines, Parquet)."""
    content = file.file.read()
    source = (file.filename or "upload")[-100:], content

    def read() -> SheetAnswer:
        return sheet_answer(load_sheet(caller.desk.fairs, fair_id, sheet, source, role=role))

    return answered_once(caller, request, idempotency_key, content + str(role).encode(), read)


@router.get("/{fair_id}/participants", responses=_KNOWN)
def participants(fair_id: Identifier, caller: Reading) -> ParticipantsAnswer:
    """Every participant, by id, and when it checked in."""
    arrived = caller.desk.fairs.arrivals(fair_id)
    found = caller.desk.fairs.content(fair_id).participants
    return ParticipantsAnswer(
        participants=[ParticipantAnswer(**one.model_dump(), checked_in_at=arrived.get(one.id)) for one in found]
    )


@router.put("/{fair_id}/participants/{participant_id}", responses=_KNOWN)
def put_participant(
    fair_id: Identifier, participant_id: Identifier, body: ParticipantBody, caller: Writing
) -> Participant:
    """Add a participant, or change what is said of it; published meetings stay."""
    given = body.model_dump(exclude_unset=True) | {"id": _same_id(participant_id, body.id)}
    participant = Participant.model_validate(given)
    caller.desk.fairs.put_participants(fair_id, [participant])
    return participant


@router.post("/{fair_id}/participants/{participant_id}/cancellation", responses=_BOUND)
def cancel_participant(
    fair_id: Identifier, participant_id: Identifier, caller: Writing, language: Language = "en"
) -> ReportAnswer:
    """Take a participant out, with its published meetings."""
    report = caller.desk.cancel(fair_id, participant_id)
    return FairTold(caller.desk.fairs.content(fair_id), language).report(report)


@router.post("/{fair_id}/closures", responses=_BOUND)
def close_table(fair_id: Identifier, body: ClosureBody, caller: Writing, language: Language = "en") -> ReportAnswer:
    """Close a table: its published meetings move to another table, else to another slot, else are cancelled."""
    report = caller.desk.close_table(fair_id, body.closure())
    return FairTold(caller.desk.fairs.content(fair_id), language).report(report)


@router.put("/{fair_id}/wishes", responses=_KNOWN)
def put_wishes(fair_id: Identifier, body: WishesBody, caller: Writing) -> WishesAnswer:
    """Put wishes, each in place of that of the same two before."""
    caller.desk.fairs.put_wishes(fair_id, body.wishes)
    return WishesAnswer(wishes=body.wishes)


@router.get("/{fair_id}/wishes", responses=_KNOWN)
def wishes(fair_id: Identifier, caller: Reading) -> WishesAnswer:
    """Every wish."""
    return WishesAnswer(wishes=list(caller.desk.fairs.content(fair_id).wishes))


@router.get("/{fair_id}/check", responses=_KNOWN)
def check(fair_id: Identifier, caller: Reading, language: Language = "en") -> FindingsAnswer:
    """What no plan can do, and the smallest change that would mend it."""
    return FindingsAnswer(findings=caller.desk.check(fair_id, language))


@router.get("/{fair_id}/fairness", responses=_KNOWN)
def fairness(
    fair_id: Identifier,
    caller: Reading,
    extra: Annotated[int, Query(ge=1, le=20, description="Meetings promised more to each")] = 1,
) -> FairnessAnswer:
    """What it would cost to promise more meetings to everyone who is promised any."""
    return fairness_answer(caller.desk.fairness(fair_id, extra=extra))


def _same_id(named: str, given: str | None) -> str:
    if given not in (None, named):
        raise InvalidInput(f"id is {given!r}, expected {named!r} as in the path")
    return named
