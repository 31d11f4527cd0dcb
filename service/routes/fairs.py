"""Fairs: what is known of them, their plans, and the changes that an organiser makes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, UploadFile
from fastapi.responses import JSONResponse

from data.fair_exports import plan_document, plan_workbook
from data.fair_findings import findings_of
from data.fair_sheets import FairSheet, load_sheet
from data.fairs import Fair, Participant, Role
from data.record_exports import MEDIA_TYPES, Format
from matching.errors import InvalidInput
from matching.profiles import Identifier
from service.access import Reading, Writing
from service.fair_answers import FairTold, fair_answer, plan_head, sheet_answer
from service.fair_schemas import (
    ClosureBody,
    EditsBody,
    FairAnswer,
    FairBody,
    FairsAnswer,
    FindingsAnswer,
    ParticipantAnswer,
    ParticipantBody,
    ParticipantsAnswer,
    PlanAnswer,
    PlanBody,
    PlanFormat,
    PlansAnswer,
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
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The plan",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            MEDIA_TYPES[Format.XLSX]: {"schema": {"type": "string"}},
        },
    }
}


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
    return FindingsAnswer(findings=findings_of(caller.desk.setting(fair_id), language))


@router.post("/{fair_id}/plans", status_code=HTTPStatus.CREATED, responses=_KNOWN)
def make_plan(fair_id: Identifier, body: PlanBody, caller: Writing, language: Language = "en") -> PlanAnswer:
    """Make a draft plan, from nothing or from another plan; answered once it is made."""
    head, plan = caller.desk.plan(
        fair_id, body.name, seed=body.seed, based_on=body.based_on, keep_all=body.keep == "all"
    )
    return FairTold(caller.desk.fairs.content(fair_id), language).plan(head, plan)


@router.get("/{fair_id}/plans", responses=_KNOWN)
def plans(fair_id: Identifier, caller: Reading) -> PlansAnswer:
    """Every plan, side by side."""
    store = caller.desk.fairs
    return PlansAnswer(plans=[plan_head(*store.plan(fair_id, head.id)) for head in store.plans(fair_id)])


@router.get("/{fair_id}/plans/{plan_id}", responses=_KNOWN)
def plan(
    fair_id: Identifier,
    plan_id: Identifier,
    caller: Reading,
    version: Annotated[int | None, Query(ge=1, le=1_000_000, description="By default the last one")] = None,
    language: Language = "en",
) -> PlanAnswer:
    """A plan as it is, or as it was at a version."""
    store = caller.desk.fairs
    return FairTold(store.content(fair_id), language).plan(*store.plan(fair_id, plan_id, version))


@router.post("/{fair_id}/plans/{plan_id}/edits", responses=_BOUND)
def edit_plan(
    fair_id: Identifier, plan_id: Identifier, body: EditsBody, caller: Writing, language: Language = "en"
) -> PlanAnswer:
    """Lock, unlock, place or drop meetings; a published plan changes for everybody at once."""
    head, plan = caller.desk.edit(fair_id, plan_id, body.edits)
    return FairTold(caller.desk.fairs.content(fair_id), language).plan(head, plan)


@router.post("/{fair_id}/plans/{plan_id}/publication", responses=_BOUND)
def publish_plan(fair_id: Identifier, plan_id: Identifier, caller: Writing, language: Language = "en") -> PlanAnswer:
    """Make a plan the one that holds."""
    head, plan = caller.desk.publish(fair_id, plan_id)
    return FairTold(caller.desk.fairs.content(fair_id), language).plan(head, plan)


@router.get("/{fair_id}/plans/{plan_id}/export", response_class=Response, responses={**_KNOWN, **_FILE})
def export_plan(
    fair_id: Identifier,
    plan_id: Identifier,
    caller: Reading,
    format: Annotated[PlanFormat, Query()] = PlanFormat.XLSX,
    language: Language = "en",
) -> Response:
    """The whole plan as a workbook with sheets by slot, table and participant, or as JSON."""
    store = caller.desk.fairs
    content, (head, plan) = store.content(fair_id), store.plan(fair_id, plan_id)
    if format is PlanFormat.JSON:
        return JSONResponse(plan_document(content, head, plan, language))
    headers = {"content-disposition": 'attachment; filename="plan.xlsx"'}
    return Response(plan_workbook(content, plan, language), headers=headers, media_type=MEDIA_TYPES[Format.XLSX])


def _same_id(named: str, given: str | None) -> str:
    if given not in (None, named):
        raise InvalidInput(f"id is {given!r}, expected {named!r} as in the path")
    return named
