"""What the HTTP API says of erasures: whom to erase, and the receipts."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from data.erasure import Saw, Subject, SubjectKind
from matching.profiles import Identifier


class ErasureBody(BaseModel):
    """Whom to erase, or to find the receipts of: one of the four ids."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"supplier_id": "S0001"}]})

    supplier_id: Identifier | None = None
    request_id: Identifier | None = None
    client_id: Identifier | None = None
    participant_id: Identifier | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if len(self._given) != 1:
            raise ValueError("expected one of supplier_id, request_id, client_id and participant_id")
        return self

    @property
    def subject(self) -> Subject:
        """Who is named."""
        return self._given[0]

    @property
    def _given(self) -> list[Subject]:
        ids = {
            SubjectKind.SUPPLIER: self.supplier_id,
            SubjectKind.REQUEST: self.request_id,
            SubjectKind.CLIENT: self.client_id,
            SubjectKind.PARTICIPANT: self.participant_id,
        }
        return [Subject(kind, one) for kind, one in ids.items() if one is not None]


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
