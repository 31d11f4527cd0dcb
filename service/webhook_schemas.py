"""What the HTTP API says of webhooks: where to send what, and how the last messages fared."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from data.webhooks import DeliveryState, EventType


class WebhookBody(BaseModel):
    """Where to send messages of which types."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://portal.example/souk", "event_types": ["match.found"]}]},
    )

    url: Annotated[str, Field(min_length=1, max_length=2_000)]
    event_types: Annotated[tuple[EventType, ...], Field(min_length=1, max_length=len(EventType))]


class WebhookAnswer(BaseModel):
    """A webhook; switched off where its receiver answered 410."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    url: str
    event_types: list[EventType]
    created_at: datetime
    switched_off_at: datetime | None


class CreatedWebhookAnswer(WebhookAnswer):
    """A new webhook with its secret, which is shown this once."""

    secret: str = Field(repr=False, examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw…"])


class WebhooksAnswer(BaseModel):
    """All webhooks, the oldest first."""

    webhooks: list[WebhookAnswer]


class DeliveryAnswer(BaseModel):
    """A message: its webhook-id, tries so far, the next one, and the status or fault of the last one."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    event_type: EventType
    state: DeliveryState
    attempts: int
    due_at: datetime | None
    last_answer: str | None
    created_at: datetime
    ended_at: datetime | None


class DeliveriesAnswer(BaseModel):
    """The last 100 messages, the newest first."""

    deliveries: list[DeliveryAnswer]
