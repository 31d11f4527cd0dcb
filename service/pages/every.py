"""Every page of the service."""

from __future__ import annotations

from service.pages import (
    fair_day,
    fair_invitations,
    fair_jobs,
    fair_meeting,
    fair_participants,
    fair_plans,
    fairs,
    ledger,
    sign_in,
    start,
    statement,
)

ROUTERS = tuple(
    module.router
    for module in (
        start, ledger, statement, sign_in, fairs, fair_plans, fair_meeting, fair_participants, fair_day,
        fair_invitations, fair_jobs,
    )
)  # fmt: skip
