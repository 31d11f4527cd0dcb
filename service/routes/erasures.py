"""Erasures: a supplier, a request or a client with every stored trace of it, and the receipts."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Self

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from data.erasure import Saw, Subject, SubjectKind
from matching.errors import InvalidInput
from matching.profiles import Identifier
from service.access import Exporting, Writing
from service.problems import described

router = APIRouter(prefix="/v1/erasures", tags=["erasures"])
Asked = Annotated[Identifier | None, Query()]


class ErasureBody(BaseModel):
    """Whom to erase: one of the three ids."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"supplier_id": "S0001"}]})

    supplier_id: Identifier | None = None
    request_id: Identifier | None = None
    client_id: Identifier | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if len(_given(self.supplier_id, self.request_id, self.client_id)) != 1:
            raise ValueError("expected one of supplier_id, request_id and client_id")
        return self


class TrainingAnswer(BaseModel):
    """What a model learnt from; exported_at is null where nothing of it came from the store."""

    fingerprint: str
    exported_at: datetime | None


class ModelAnswer(BaseModel):
    """A model version that was ever in service, and whether its training saw what was erased."""

    kind: str
    version: str
    trained_on: TrainingAnswer | None
    saw: Saw


class ReceiptAnswer(BaseModel):
    """What an erasure did; `erased` counts rows by table. Of whom it tells it holds a keyed hash alone."""

    id: str
    subject: SubjectKind
    subject_hash: str
    erased: dict[str, int]
    models: list[ModelAnswer]
    erased_at: datetime
    digest: str = Field(description="SHA-256 of the rest as JSON with sorted keys and no spaces")


class ReceiptsAnswer(BaseModel):
    """The receipts of one subject, the last first; none where it was never erased."""

    receipts: list[ReceiptAnswer]


@router.post(
    "", status_code=HTTPStatus.CREATED, response_model=ReceiptAnswer, responses=described(HTTPStatus.NOT_FOUND)
)
def erase(body: ErasureBody, caller: Writing) -> JSONResponse:
    """Erase a supplier, a request or a client with every stored trace; 404 where nothing is held of it."""
    subject = _given(body.supplier_id, body.request_id, body.client_id)[0]
    receipt = caller.erasures.erase(subject)
    if subject.kind is SubjectKind.SUPPLIER:
        caller.live.erased(caller.organisation, subject.id)
    return JSONResponse(receipt.document(), HTTPStatus.CREATED)


@router.get("/{erasure_id}", response_model=ReceiptAnswer, responses=described(HTTPStatus.NOT_FOUND))
def erasure(erasure_id: Identifier, caller: Exporting) -> JSONResponse:
    """A receipt."""
    return JSONResponse(caller.erasures.get(erasure_id).document())


@router.get("", response_model=ReceiptsAnswer, responses=described())
def erasures(
    caller: Exporting, supplier_id: Asked = None, request_id: Asked = None, client_id: Asked = None
) -> JSONResponse:
    """Whether a supplier, a request or a client was erased: the receipts of that id."""
    given = _given(supplier_id, request_id, client_id)
    if len(given) != 1:
        raise InvalidInput("expected one of supplier_id, request_id and client_id")
    return JSONResponse({"receipts": [receipt.document() for receipt in caller.erasures.of(given[0])]})


def _given(supplier_id: str | None, request_id: str | None, client_id: str | None) -> list[Subject]:
    ids = {SubjectKind.SUPPLIER: supplier_id, SubjectKind.REQUEST: request_id, SubjectKind.CLIENT: client_id}
    return [Subject(kind, one) for kind, one in ids.items() if one is not None]
