"""Webhooks: where an organisation wants to be told of what, and how the last messages fared."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from data.webhooks import DeliveryState, EventType
from matching.errors import InvalidInput
from matching.profiles import Identifier
from service.access import Administering
from service.problems import described
from service.webhooks import AddressRefused, reach_of

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


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

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw…"])


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


@router.post("", status_code=HTTPStatus.CREATED, responses=described())
def create_webhook(body: WebhookBody, request: Request, caller: Administering) -> CreatedWebhookAnswer:
    """Enter a webhook; its secret is shown this once."""
    try:
        reach_of(caller.live, request.app.state.settings).check(body.url)
    except AddressRefused as refusal:
        raise InvalidInput(str(refusal)) from None
    webhook, secret = caller.webhooks.create(body.url, body.event_types)
    return CreatedWebhookAnswer(secret=secret, **WebhookAnswer.model_validate(webhook).model_dump())


@router.get("", responses=described())
def webhooks(caller: Administering) -> WebhooksAnswer:
    """Every webhook, without its secret."""
    return WebhooksAnswer(webhooks=[WebhookAnswer.model_validate(one) for one in caller.webhooks.all()])


@router.delete("/{webhook_id}", status_code=204, response_class=Response, responses=described(HTTPStatus.NOT_FOUND))
def delete_webhook(webhook_id: Identifier, caller: Administering) -> Response:
    """Drop a webhook and what waits for it."""
    caller.webhooks.delete(webhook_id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/{webhook_id}/deliveries", responses=described(HTTPStatus.NOT_FOUND))
def deliveries(webhook_id: Identifier, caller: Administering) -> DeliveriesAnswer:
    """How the last messages to a webhook fared."""
    found = caller.webhooks.deliveries(webhook_id)
    return DeliveriesAnswer(deliveries=[DeliveryAnswer.model_validate(one) for one in found])
