"""Erasures: a supplier, request, client or participant of fairs with every stored trace of it, and the receipts."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from data.erasure import SubjectKind
from matching.profiles import Identifier
from service.access import Exporting, Writing
from service.erasure_schemas import ErasureBody, ReceiptAnswer, ReceiptsAnswer
from service.problems import described

router = APIRouter(prefix="/v1/erasures", tags=["erasures"])
Asked = Annotated[Identifier | None, Query()]


@router.post(
    "", status_code=HTTPStatus.CREATED, response_model=ReceiptAnswer, responses=described(HTTPStatus.NOT_FOUND)
)
def erase(body: ErasureBody, caller: Writing) -> JSONResponse:
    """Erase a supplier, request, client or participant of fairs with every stored trace; 404 where there is none."""
    receipt = caller.erasures.erase(body.subject)
    if body.subject.kind is SubjectKind.SUPPLIER:
        caller.live.erased(caller.organisation, body.subject.id)
    return JSONResponse(receipt.document(), HTTPStatus.CREATED)


@router.get("/{erasure_id}", response_model=ReceiptAnswer, responses=described(HTTPStatus.NOT_FOUND))
def erasure(erasure_id: Identifier, caller: Exporting) -> JSONResponse:
    """A receipt."""
    return JSONResponse(caller.erasures.get(erasure_id).document())


@router.get("", response_model=ReceiptsAnswer, responses=described())
def erasures(
    caller: Exporting,
    supplier_id: Asked = None,
    request_id: Asked = None,
    client_id: Asked = None,
    participant_id: Asked = None,
) -> JSONResponse:
    """Whether a supplier, a request, a client or a participant was erased: the receipts of that id."""
    asked = ErasureBody(
        supplier_id=supplier_id, request_id=request_id, client_id=client_id, participant_id=participant_id
    )
    return JSONResponse({"receipts": [receipt.document() for receipt in caller.erasures.of(asked.subject)]})
