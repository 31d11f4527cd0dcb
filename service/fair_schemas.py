"""What the HTTP API takes and gives about fairs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from data.fair_plans import Edit, InvitationState, MeetingState, PlanState, Reason
from data.fairs import Closure, Fair, LocalMoment, Participant, Span, Wish
from matching.errors import InvalidInput
from matching.profiles import Identifier, Name
from service.record_schemas import RefusedRowAnswer


class PlanFormat(StrEnum):
    """How a whole plan is written."""

    JSON = "json"
    XLSX = "xlsx"


class AgendaFormat(StrEnum):
    """How an agenda is written."""

    JSON = "json"
    PDF = "pdf"
    ICS = "ics"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FairBody(Fair):
    """A fair; where `id` is given it must be that of the path."""

    id: Identifier | None = None  # type: ignore[assignment]


class ParticipantBody(Participant):
    """A participant; where `id` is given it must be that of the path."""

    id: Identifier | None = None  # type: ignore[assignment]


class WishesBody(_Body):
    """Wishes to put, each in place of that of the same two before."""

    wishes: Annotated[list[Wish], Field(min_length=1, max_length=5_000)]


class PlanBody(_Body):
    """How a draft is to be made.

    based_on : a plan to copy: its meetings stay as far as they can, or the locked ones alone
    """

    name: Name = "plan"
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    based_on: Identifier | None = None
    keep: Literal["all", "locked"] = "all"


class EditsBody(_Body):
    """Changes by hand, done one after the other, all of them or none."""

    edits: Annotated[list[Edit], Field(min_length=1, max_length=500)]


class ClosureBody(_Body):
    """A table that closes; for the whole fair where no hours are given."""

    table: Annotated[int, Field(ge=1, le=5_000)]
    starts: LocalMoment | None = None
    ends: LocalMoment | None = None

    def closure(self) -> Closure:
        """The closure; InvalidInput where one end of its time is missing."""
        if (self.starts is None) != (self.ends is None):
            raise InvalidInput("one of starts and ends is given, expected both or none")
        span = Span(starts=self.starts, ends=self.ends) if self.starts and self.ends else None
        return Closure(table=self.table, span=span)


class InvitationBody(_Body):
    """That a participant asks another to meet in the slot that begins then."""

    from_id: Identifier
    to_id: Identifier
    starts_at: LocalMoment
    kept_open_minutes: Annotated[int, Field(ge=1, le=20_160)] = 1_440


class InvitationReply(_Body):
    """The answer to an invitation; another time is proposed by `starts_at`."""

    answer: Literal["accept", "decline", "propose"]
    starts_at: LocalMoment | None = None


class OutcomeBody(_Body):
    """What became of a meeting, rated from 1 to 5 by the buyer where it was held."""

    outcome: Literal["held", "no_show"]
    rating: Annotated[int, Field(ge=1, le=5)] | None = None


class FairAnswer(BaseModel):
    """A fair and the beginnings of its slots."""

    fair: Fair
    slots: list[LocalMoment]


class FairsAnswer(BaseModel):
    """Fairs by id."""

    fairs: list[Fair]


class ParticipantAnswer(Participant):
    """A participant, and when it checked in."""

    checked_in_at: datetime | None = None


class ParticipantsAnswer(BaseModel):
    """Participants by id."""

    participants: list[ParticipantAnswer]


class WishesAnswer(BaseModel):
    """Wishes by who has them and whom they are about."""

    wishes: list[Wish]


class SheetAnswer(BaseModel):
    """What a spreadsheet gave: rows stored, and each fault of a refused one."""

    stored: int
    faults: int
    refused: list[RefusedRowAnswer]
    unknown_columns: list[str]


class FindingsAnswer(BaseModel):
    """What no plan can do, each with the smallest change that would mend it; nothing where all can work."""

    findings: list[str]


class PartyAnswer(BaseModel):
    """One of the two of a meeting."""

    id: str
    name: str


class PlannedMeetingAnswer(BaseModel):
    """A meeting of a plan; moments have the offset of the fair's zone."""

    id: str
    participants: list[PartyAnswer]
    starts_at: datetime
    ends_at: datetime
    place: str
    table: int | None
    booth: str | None
    interpreter: str | None
    score: float
    locked: bool


class UnscheduledAnswer(BaseModel):
    """A wish that the plan does not fulfil, and why."""

    by: str
    about: str
    reason: Reason
    sentence: str


class ChangeAnswer(BaseModel):
    """A meeting as it was and as it is; null where there was none or is none any more."""

    before: PlannedMeetingAnswer | None
    after: PlannedMeetingAnswer | None


class PlanHeadAnswer(BaseModel):
    """A plan without its meetings.

    bound       : what no plan of this fair exceeds; null where that is not known. is_best where the score reaches it
    gap_percent : by how much at most the best plan of the fair scores more
    kept_bound  : of a copy, what no plan exceeds that keeps what the copy kept; kept_gap_percent likewise
    short       : meetings that are missing to what was promised, by participant
    """

    id: str
    name: str
    state: PlanState
    version: int
    created_at: datetime
    meeting_count: int
    score: float
    bound: float | None
    is_best: bool
    gap_percent: float | None
    kept_bound: float | None
    kept_gap_percent: float | None
    unscheduled_count: int
    short: dict[str, int]
    based_on: str | None


class PlansAnswer(BaseModel):
    """Plans of a fair side by side, the oldest first."""

    plans: list[PlanHeadAnswer]


class ReportAnswer(BaseModel):
    """What a change of the published plan did, and everyone affected; empty where nothing is published."""

    changes: list[ChangeAnswer]
    affected: list[str]


class PlanAnswer(PlanHeadAnswer):
    """A plan: its meetings, the wishes that it does not fulfil, and what its last version changed."""

    meetings: list[PlannedMeetingAnswer]
    unscheduled: list[UnscheduledAnswer]
    changes: list[ChangeAnswer]
    affected: list[str]


class PublishedMeetingAnswer(PlannedMeetingAnswer):
    """A meeting as everybody was told of it; sequence rises with each change."""

    state: MeetingState
    sequence: int
    changed_at: datetime


class MeetingsAnswer(BaseModel):
    """Every meeting that was ever published, cancelled ones too, in order of time."""

    meetings: list[PublishedMeetingAnswer]


class AgendaAnswer(BaseModel):
    """The meetings of one participant, in order of time."""

    participant_id: str
    language: str
    time_zone: str
    meetings: list[PublishedMeetingAnswer]


class InvitationAnswer(BaseModel):
    """An invitation; one for another time is a new one."""

    id: str
    from_id: str
    to_id: str
    starts_at: LocalMoment
    state: InvitationState
    expires_at: datetime
    asked_at: datetime
    answered_at: datetime | None


class InvitationsAnswer(BaseModel):
    """Invitations, the oldest first."""

    invitations: list[InvitationAnswer]


class FreeSlotsAnswer(BaseModel):
    """When two could still meet, by the fair's clock, the next one first."""

    slots: list[LocalMoment]


class CheckInAnswer(BaseModel):
    """When a participant checked in."""

    participant_id: str
    checked_in_at: datetime
