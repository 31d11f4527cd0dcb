"""Feedback as it comes over HTTP, in the field names of the User Behavior Insights event schema 1.3."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from data.events import Action, Event, Noted
from matching.profiles import Identifier

MAX_EVENTS = 1_000
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


def _single_line(value: object) -> object:
    return value.replace("\x00", " ") if isinstance(value, str) else value


def _written_out(value: object) -> object:
    if not isinstance(value, str | datetime):
        raise ValueError(f"{value!r} is not a text, expected a moment such as 2026-03-01T10:00:00Z")
    return value


Short = Annotated[str, Field(max_length=100), BeforeValidator(_single_line)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EventObject(_Part):
    """The supplier acted upon: object_id is its id."""

    object_id: Identifier
    object_id_field: Short | None = None
    object_id_type: Short | None = None
    internal_id: Short | None = None


class EventPosition(_Part):
    """Where it stood: ordinal counts from 1."""

    ordinal: int = Field(ge=1, le=10_000, strict=True)


class EventAttributes(_Part):
    """What the event is about; rating is 1 (poor) to 5 (good)."""

    object: EventObject
    position: EventPosition | None = None
    rating: int | None = Field(default=None, ge=1, le=5, strict=True)


class FeedbackEvent(_Part):
    """One event. `query_id` is the match_id of an answer; `message` is the free text of a rating.

    An event of an event_id that is known already is not stored again.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "event_id": "e-1", "action_name": "click", "query_id": "0f0e…", "client_id": "portal",
                    "timestamp": "2026-03-01T10:00:00Z",
                    "event_attributes": {"object": {"object_id": "S0001"}, "position": {"ordinal": 1}},
                }
            ]
        }
    )  # fmt: skip

    event_id: Identifier
    action_name: Action
    query_id: Annotated[str, Field(min_length=1, max_length=64), BeforeValidator(_single_line)]
    timestamp: Annotated[datetime, BeforeValidator(_written_out)]
    event_attributes: EventAttributes
    application: Short | None = None
    client_id: Short | None = None
    session_id: Short | None = None
    user_id: Short | None = None
    message_type: Short | None = None
    message: Annotated[str, Field(max_length=1024), BeforeValidator(_single_line)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not _FIRST_YEAR <= self.timestamp.year < _LAST_YEAR:
            raise ValueError(f"timestamp is of {self.timestamp.year}, expected {_FIRST_YEAR} to {_LAST_YEAR - 1}")
        if self.action_name is Action.IMPRESSION and self.event_attributes.position is None:
            raise ValueError("event_attributes.position is missing, expected where the impression was shown")
        if self.action_name is Action.RATING and self.event_attributes.rating is None:
            raise ValueError("event_attributes.rating is missing, expected 1 to 5")
        return self

    def event(self) -> Event:
        """The event to be stored; a timestamp without zone counts as UTC."""
        happened = self.timestamp if self.timestamp.tzinfo else self.timestamp.replace(tzinfo=UTC)
        document: dict[str, Any] = self.model_dump(mode="json", exclude_none=True)
        supplier_id = self.event_attributes.object.object_id
        return Event(self.event_id, self.query_id, supplier_id, self.action_name, document, happened)


class FeedbackBatch(_Part):
    """Several events, in any order."""

    events: Annotated[tuple[FeedbackEvent, ...], Field(min_length=1, max_length=MAX_EVENTS)]


class RefusedEvent(BaseModel):
    """An event that names nothing known."""

    event_id: str
    field: str
    detail: str


class FeedbackAnswer(BaseModel):
    """What became of events: how many are new, how many were known, and each that was refused."""

    stored: int
    known: int
    refused: list[RefusedEvent]

    @classmethod
    def of(cls, noted: Noted) -> Self:
        """Answer of what was noted."""
        refused = [
            RefusedEvent(event_id=event_id, field=field, detail=detail)
            for event_id, (field, detail) in noted.refused.items()
        ]
        return cls(stored=len(noted.stored), known=len(noted.known), refused=refused)
