"""Webhooks: where an organisation wants to be told of what, and how the last messages fared."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from matching.errors import InvalidInput
from matching.profiles import Identifier
from service.access import Administering
from service.problems import described
from service.webhook_schemas import (
    CreatedWebhookAnswer,
    DeliveriesAnswer,
    DeliveryAnswer,
    WebhookAnswer,
    WebhookBody,
    WebhooksAnswer,
)
from service.webhooks import AddressRefused, reach_of

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


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
