"""A whole meeting plan told: as JSON, and what it is worth and lacks in sentences."""

from __future__ import annotations

import math
from typing import Any

from babel.numbers import format_percent

from data.fair_agendas import place_of
from data.fair_plans import Plan, PlanState, Reason
from data.fair_store import FairContent, PlanHead
from matching.messages import Messages, messages_in

_PERCENT_STEPS = 100


def reason_words(reason: Reason, messages: Messages) -> str:
    """Why a wish is not fulfilled, as a sentence."""
    sentences = {
        Reason.NO_COMMON_SLOT: messages.text("They are never there at the same time."),
        Reason.NO_COMMON_LANGUAGE: messages.text("They share no language, and no interpreter speaks both."),
        Reason.ABSENT: messages.text("One of them does not take part."),
        Reason.FORBIDDEN: messages.text("They are not to meet."),
        Reason.BOTH_FULL: messages.text("Both have as many meetings as they can hold."),
        Reason.FULL: messages.text("One of them has as many meetings as it can hold."),
        Reason.NO_TABLE: messages.text("No table is free when both are."),
        Reason.NO_INTERPRETER: messages.text("No interpreter is free when both are."),
        Reason.OTHER_REPRESENTATIVE: messages.text("Another representative of the firm is met."),
        Reason.BETTER_PAIR: messages.text("Better pairs took the slots."),
        Reason.OUT_OF_ORDER: messages.text("It would come before the meeting that has to be held first."),
        Reason.COULD_BE_ADDED: messages.text("It could still be added."),
        Reason.TAKEN_OUT: messages.text("It was taken out by hand, or lost its place."),
    }
    return sentences[reason]


def state_words(state: PlanState, messages: Messages) -> str:
    """Where a plan stands, in a word."""
    words = {
        PlanState.DRAFT: messages.text("draft"),
        PlanState.PUBLISHED: messages.text("published"),
        PlanState.SUPERSEDED: messages.text("superseded"),
    }
    return words[state]


def quality_words(plan: Plan, messages: Messages) -> list[str]:
    """How good a plan is known to be, a sentence each: of all plans, and of those that keep what a copy kept."""
    found = []
    if plan.gap_percent is not None:
        share = _share(plan.gap_percent, messages)
        found.append(
            messages.text("At most {percent} below the best plan of this fair.", percent=share)
            if plan.gap_percent
            else messages.text("No plan of this fair scores more.")
        )
    if plan.kept_gap_percent is not None:
        share = _share(plan.kept_gap_percent, messages)
        found.append(
            messages.text("At most {percent} below the best plan that keeps what stays.", percent=share)
            if plan.kept_gap_percent
            else messages.text("No plan that keeps what stays scores more.")
        )
    return found


def _share(percent: float, messages: Messages) -> str:
    """A share that is never told as less than it is."""
    rounded = math.ceil(percent * _PERCENT_STEPS) / _PERCENT_STEPS
    return format_percent(round(rounded / 100, 6), locale=messages.locale, decimal_quantization=False)


def plan_document(content: FairContent, head: PlanHead, plan: Plan, language: str = "en") -> dict[str, Any]:
    """The plan with names and moments, as JSON has it."""
    messages, fair = messages_in(language), content.fair
    names = {one.id: one.name for one in content.participants}
    meetings = [
        {
            **one.model_dump(mode="json", exclude={"first", "second"}),
            "participants": [{"id": who, "name": names.get(who, who)} for who in (one.first, one.second)],
            "starts_at": one.time(fair).starts.replace(tzinfo=fair.zone).isoformat(),
            "ends_at": one.time(fair).ends.replace(tzinfo=fair.zone).isoformat(),
            "place": place_of(one, messages),
        }
        for one in plan.meetings
    ]
    unscheduled = [
        {**one.model_dump(mode="json"), "sentence": reason_words(one.reason, messages)} for one in plan.unscheduled
    ]
    return {
        "fair_id": fair.id, "plan_id": head.id, "name": head.name, "state": head.state.value, "version": head.version,
        "time_zone": fair.time_zone, "score": plan.score, "bound": plan.bound,
        "gap_percent": plan.gap_percent, "kept_bound": plan.kept_bound, "kept_gap_percent": plan.kept_gap_percent,
        "quality": quality_words(plan, messages), "short": plan.short, "meetings": meetings,
        "unscheduled": unscheduled,
    }  # fmt: skip
