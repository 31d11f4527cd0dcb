"""Fairs as the HTTP API tells of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from data.fair_agendas import place_of
from data.fair_exports import reason_words
from data.fair_invitations import Invitation
from data.fair_jobs import PlanJob
from data.fair_plans import Meeting, Plan
from data.fair_publication import PublishedMeeting
from data.fair_store import FairContent, PlanHead
from data.fairs import Fair
from data.tables import Loaded
from matching.meetings.hindrances import FairnessPrice
from matching.messages import messages_in
from service.fair_plan_schemas import FairnessAnswer, PlanJobAnswer
from service.fair_schemas import (
    ChangeAnswer,
    FairAnswer,
    InvitationAnswer,
    PartyAnswer,
    PlanAnswer,
    PlanHeadAnswer,
    PlannedMeetingAnswer,
    PublishedMeetingAnswer,
    ReportAnswer,
    SheetAnswer,
    UnscheduledAnswer,
)
from service.problems import problem_of, sayable
from service.record_schemas import RefusedRowAnswer

_REFUSED_TOLD = 1_000


class FairTold:
    """A fair's plans and meetings in one language.

    content  : the fair with its participants
    language : of the words in it
    """

    def __init__(self, content: FairContent, language: str = "en") -> None:
        self._fair = content.fair
        self._names = {one.id: one.name for one in content.participants}
        self._messages = messages_in(language)

    def plan(self, head: PlanHead, plan: Plan) -> PlanAnswer:
        """A plan with its meetings."""
        unscheduled = [
            UnscheduledAnswer(
                by=one.by, about=one.about, reason=one.reason, sentence=reason_words(one.reason, self._messages)
            )
            for one in plan.unscheduled
        ]
        return PlanAnswer(
            **plan_head(head, plan).model_dump(),
            meetings=[PlannedMeetingAnswer(**self._fields(one)) for one in plan.meetings],
            unscheduled=unscheduled,
            **self.report(plan).model_dump(),
        )

    def report(self, plan: Plan | None) -> ReportAnswer:
        """What a version changed; nothing where there is none."""
        changes = plan.changes if plan else ()
        told = [ChangeAnswer(before=self._maybe(one.before), after=self._maybe(one.after)) for one in changes]
        return ReportAnswer(changes=told, affected=list(plan.affected) if plan else [])

    def published(self, meetings: Iterable[PublishedMeeting]) -> list[PublishedMeetingAnswer]:
        """Published meetings."""
        return [
            PublishedMeetingAnswer(
                **self._fields(one.meeting), state=one.state, sequence=one.sequence, changed_at=one.changed_at
            )
            for one in meetings
        ]

    def _maybe(self, one: Meeting | None) -> PlannedMeetingAnswer | None:
        return None if one is None else PlannedMeetingAnswer(**self._fields(one))

    def _fields(self, one: Meeting) -> dict[str, Any]:
        time, zone = one.time(self._fair), self._fair.zone
        return {
            "id": one.id,
            "participants": [PartyAnswer(id=who, name=self._names.get(who, who)) for who in (one.first, one.second)],
            "starts_at": time.starts.replace(tzinfo=zone),
            "ends_at": time.ends.replace(tzinfo=zone),
            "place": place_of(one, self._messages),
            "table": one.table,
            "booth": one.booth,
            "interpreter": one.interpreter,
            "score": one.score,
            "locked": one.locked,
        }


def plan_head(head: PlanHead, plan: Plan) -> PlanHeadAnswer:
    """A plan without its meetings."""
    return PlanHeadAnswer(
        **vars(head), meeting_count=len(plan.meetings), score=plan.score, bound=plan.bound, is_best=plan.is_best,
        gap_percent=plan.gap_percent, kept_bound=plan.kept_bound, kept_gap_percent=plan.kept_gap_percent,
        unscheduled_count=len(plan.unscheduled), short=plan.short, based_on=plan.based_on,
    )  # fmt: skip


def plan_job(job: PlanJob) -> PlanJobAnswer:
    """A planning job with what went wrong as a problem."""
    order = job.order
    return PlanJobAnswer(
        id=job.id, state=job.state, name=order.name, seed=order.seed, based_on=order.based_on,
        keep="all" if order.keep_all else "locked", created_at=job.created_at, started_at=job.started_at,
        ended_at=job.ended_at, plan_id=job.plan_id,
        problem=problem_of(job.fault_kind, job.fault or "") if job.fault_kind else None,
    )  # fmt: skip


def fairness_answer(price: FairnessPrice) -> FairnessAnswer:
    """The price of further promises."""
    return FairnessAnswer(
        promised_participants=price.promised, extra_meetings=price.extra, score=price.score, score_lost=price.lost,
        lost_percent=price.lost_percent, lacking=price.lacking, lacking_then=price.then_lacking,
    )  # fmt: skip


def fair_answer(fair: Fair) -> FairAnswer:
    """A fair with its slots."""
    return FairAnswer(fair=fair, slots=[slot.starts for slot in fair.slots])


def invitation(fair: Fair, one: Invitation) -> InvitationAnswer:
    """An invitation with the moment of its slot."""
    fields = {name: value for name, value in vars(one).items() if name != "slot"}
    return InvitationAnswer(**fields, starts_at=fair.slots[one.slot].starts)


def sheet_answer(loaded: Loaded[Any]) -> SheetAnswer:
    """What a spreadsheet gave."""
    refused: Sequence[RefusedRowAnswer] = [
        RefusedRowAnswer(row=one.row, column=one.column, value=sayable(one.value), expected=sayable(one.expected))
        for one in loaded.refused[:_REFUSED_TOLD]
    ]
    return SheetAnswer(
        stored=len(loaded.profiles), faults=len(loaded.refused), refused=list(refused),
        unknown_columns=list(loaded.unknown_columns),
    )  # fmt: skip
