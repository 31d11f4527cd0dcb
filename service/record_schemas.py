"""What the HTTP API says of stored records: one that was put, a page of them, a whole import."""

from __future__ import annotations

from enum import StrEnum
from typing import Generic, TypeVar

from pydantic import BaseModel

from data.store import Outcome

T = TypeVar("T", bound=BaseModel)


class Records(StrEnum):
    """Which records."""

    SUPPLIERS = "suppliers"
    REQUESTS = "requests"


def etag(change: int) -> str:
    """The ETag of a record by the number of its last change."""
    return f'"{change}"'


class WrittenAnswer(BaseModel):
    """What putting a record did; `change` numbers the organisation's changes, and is the record's ETag."""

    id: str
    outcome: Outcome
    change: int

    @property
    def etag(self) -> str:
        """What binds a later write to this state of the record."""
        return etag(self.change)


class PageAnswer(BaseModel, Generic[T]):
    """Records by id. A page may be shorter than asked; the list ends where next_cursor is null."""

    records: list[T]
    next_cursor: str | None


class RefusedRowAnswer(BaseModel):
    """One fault of one row: the row as a user counts it, the column, the value given and what was expected."""

    row: int
    column: str
    value: str
    expected: str


class ImportAnswer(BaseModel):
    """What became of the rows; `refused` lists the first 1,000 faults, `faults` counts all of them."""

    created: int
    replaced: int
    unchanged: int
    faults: int
    refused: list[RefusedRowAnswer]
    unknown_columns: list[str] = []
