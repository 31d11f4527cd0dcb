"""What every page of a fair shows: its name, the way to its other pages, and its words."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from data.fair_agendas import place_of
from data.fair_exports import reason_words
from data.fair_plans import InvitationState, MeetingState, PlanState
from data.fair_store import FairContent, FairStore, PlanHead
from matching.messages import Messages
from service.pages.forms import Refusal
from service.pages.layout import page


def fair_page(
    request: Request,
    template: str,
    messages: Messages,
    content: FairContent,
    values: Mapping[str, Any],
    *,
    here: str,
    query: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
    typed: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A page of a fair; with a refusal, the same page with what was typed after a form of it was not taken."""
    shown = {
        "title": content.fair.name,
        "fair": content.fair,
        "participants": content.participants,
        "names": {one.id: one.name for one in content.participants},
        "states": state_words(messages),
        "reason_words": reason_words,
        "place_of": place_of,
        "refusal": refusal,
        "typed": typed or {},
        "done": request.query_params.get("done"),
    }
    status = refusal.status if refusal else HTTPStatus.OK
    return page(request, template, messages, {**shown, **values}, query=query, here=here, status=status)


def state_words(messages: Messages) -> dict[str, str]:
    """States of plans, meetings and invitations in words."""
    return {
        PlanState.DRAFT: messages.text("draft"),
        PlanState.PUBLISHED: messages.text("published"),
        PlanState.SUPERSEDED: messages.text("superseded"),
        MeetingState.CONFIRMED: messages.text("confirmed"),
        MeetingState.CANCELLED: messages.text("cancelled"),
        MeetingState.HELD: messages.text("held"),
        MeetingState.NO_SHOW: messages.text("somebody did not come"),
        InvitationState.PENDING: messages.text("open"),
        InvitationState.ACCEPTED: messages.text("accepted"),
        InvitationState.DECLINED: messages.text("declined"),
        InvitationState.COUNTERED: messages.text("answered by another time"),
        InvitationState.EXPIRED: messages.text("expired"),
    }


def published_head(fairs: FairStore, fair_id: str) -> PlanHead | None:
    """The published plan of a fair; None where none is."""
    return next((one for one in fairs.plans(fair_id) if one.state is PlanState.PUBLISHED), None)
