"""Fairs from Python: each operation of the HTTP API on them as a method."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from pydantic import BaseModel

from data.fair_jobs import JobState
from data.fair_plans import Edit
from data.fair_sheets import FairSheet
from data.fairs import Fair, Participant, Role, Wish
from service.calls import Calls, error_of
from service.fair_plan_schemas import FairnessAnswer, PlanJobAnswer, PlanJobsAnswer
from service.fair_schemas import (
    AgendaAnswer,
    AgendaFormat,
    CheckInAnswer,
    ClosureBody,
    EditsBody,
    FairAnswer,
    FairsAnswer,
    FindingsAnswer,
    FreeSlotsAnswer,
    InvitationAnswer,
    InvitationBody,
    InvitationReply,
    InvitationsAnswer,
    MeetingsAnswer,
    OutcomeBody,
    ParticipantAnswer,
    ParticipantsAnswer,
    PlanAnswer,
    PlanBody,
    PlanFormat,
    PlanHeadAnswer,
    PlansAnswer,
    PublishedMeetingAnswer,
    ReportAnswer,
    SheetAnswer,
    WishesAnswer,
    WishesBody,
)
from service.schemas import Problem

T = TypeVar("T", bound=BaseModel)
_LOOK_SECONDS = 1.0


class FairClient:
    """The fairs of a service, as `SoukClient.fairs`; its methods raise what those of the client do."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    # What is known of a fair

    def put(self, fair: Fair) -> FairAnswer:
        """Create a fair, or change what is said of it."""
        return self._sent("PUT", self._path(fair.id), FairAnswer, fair)

    def all(self) -> list[Fair]:
        """Every fair, by id."""
        return self._sent("GET", "/v1/fairs", FairsAnswer).fairs

    def get(self, fair_id: str) -> FairAnswer:
        """A fair with its slots; NotFound where there is none."""
        return self._sent("GET", self._path(fair_id), FairAnswer)

    def delete(self, fair_id: str) -> None:
        """Drop a fair with all that belongs to it; NotFound where there is none."""
        self._calls.send("DELETE", self._path(fair_id))

    def import_sheet(self, fair_id: str, sheet: FairSheet, file: Path, *, role: Role | None = None) -> SheetAnswer:
        """Store the rows of a spreadsheet of participants, wishes or hours; role: of rows that state none."""
        path, files = self._path(fair_id, "imports", sheet), {"file": (file.name, file.read_bytes())}
        query = {"role": role} if role else {}
        answer = self._calls.send("POST", path, headers=_once(), files=files, params=query)
        return SheetAnswer.model_validate_json(answer.content)

    def put_participant(self, fair_id: str, participant: Participant) -> Participant:
        """Add a participant, or change what is said of it."""
        return self._sent("PUT", self._path(fair_id, "participants", participant.id), Participant, participant)

    def participants(self, fair_id: str) -> list[ParticipantAnswer]:
        """Every participant, by id."""
        return self._sent("GET", self._path(fair_id, "participants"), ParticipantsAnswer).participants

    def put_wishes(self, fair_id: str, wishes: Iterable[Wish]) -> list[Wish]:
        """Put wishes, each in place of that of the same two before."""
        body = WishesBody(wishes=list(wishes))
        return self._sent("PUT", self._path(fair_id, "wishes"), WishesAnswer, body).wishes

    def wishes(self, fair_id: str) -> list[Wish]:
        """Every wish."""
        return self._sent("GET", self._path(fair_id, "wishes"), WishesAnswer).wishes

    def cancel(self, fair_id: str, participant_id: str) -> ReportAnswer:
        """Take a participant out, with its published meetings; everyone affected."""
        return self._sent("POST", self._path(fair_id, "participants", participant_id, "cancellation"), ReportAnswer)

    def close_table(self, fair_id: str, closure: ClosureBody) -> ReportAnswer:
        """Close a table; everyone affected."""
        return self._sent("POST", self._path(fair_id, "closures"), ReportAnswer, closure)

    # Plans

    def check(self, fair_id: str, *, language: str = "en") -> list[str]:
        """What no plan can do, and the smallest change that would mend it."""
        path = self._path(fair_id, "check")
        return self._sent("GET", path, FindingsAnswer, language=language).findings

    def plan(
        self,
        fair_id: str,
        *,
        name: str = "plan",
        seed: int = 0,
        based_on: str | None = None,
        keep: Literal["all", "locked"] = "all",
        timeout_seconds: float = 1_800,
    ) -> PlanAnswer:
        """Make a draft plan, and wait for it however long it takes; what the job failed with is raised.

        Raises TimeoutError where it takes longer than given; the job goes on then. Not sent again where its answer was
        lost: `plan_jobs` tells whether it was begun.
        """
        until = monotonic() + timeout_seconds
        made = self.start_plan(fair_id, name=name, seed=seed, based_on=based_on, keep=keep)
        while isinstance(made, PlanJobAnswer):
            if made.problem is not None:
                raise error_of(made.problem)
            if made.state is JobState.CANCELLED:
                raise error_of(Problem(title="Cancelled", status=409, detail=f"planning job {made.id} was cancelled"))
            if made.plan_id is not None:
                return self.read_plan(fair_id, made.plan_id)
            if monotonic() > until:
                raise TimeoutError(f"planning job {made.id} of fair {fair_id} is {made.state} still")
            time.sleep(_LOOK_SECONDS)
            made = self.plan_job(fair_id, made.id)
        return made

    def start_plan(
        self,
        fair_id: str,
        *,
        name: str = "plan",
        seed: int = 0,
        based_on: str | None = None,
        keep: Literal["all", "locked"] = "all",
        wait_seconds: int | None = None,
    ) -> PlanAnswer | PlanJobAnswer:
        """Begin a draft plan: the plan where it is made within the seconds, else the job that makes it."""
        body = PlanBody(name=name, seed=seed, based_on=based_on, keep=keep)
        headers = {} if wait_seconds is None else {"prefer": f"wait={wait_seconds}"}
        document = body.model_dump(mode="json", exclude_defaults=True)
        answer = self._calls.send("POST", self._path(fair_id, "plans"), twice=False, json=document, headers=headers)
        if answer.status_code == HTTPStatus.ACCEPTED:
            return PlanJobAnswer.model_validate_json(answer.content)
        return PlanAnswer.model_validate_json(answer.content)

    def plan_jobs(self, fair_id: str) -> list[PlanJobAnswer]:
        """Every planning job, the oldest first."""
        return self._sent("GET", self._path(fair_id, "plan-jobs"), PlanJobsAnswer).jobs

    def plan_job(self, fair_id: str, job_id: str) -> PlanJobAnswer:
        """How far a plan is."""
        return self._sent("GET", self._path(fair_id, "plan-jobs", job_id), PlanJobAnswer)

    def cancel_plan_job(self, fair_id: str, job_id: str) -> PlanJobAnswer:
        """Give a plan up that is being made; a job that has ended stays as it is."""
        return self._sent("DELETE", self._path(fair_id, "plan-jobs", job_id), PlanJobAnswer)

    def fairness(self, fair_id: str, *, extra: int = 1) -> FairnessAnswer:
        """What it would cost to promise more meetings to everyone who is promised any."""
        return self._sent("GET", self._path(fair_id, "fairness"), FairnessAnswer, extra=extra)

    def plans(self, fair_id: str) -> list[PlanHeadAnswer]:
        """Every plan, side by side."""
        return self._sent("GET", self._path(fair_id, "plans"), PlansAnswer).plans

    def read_plan(self, fair_id: str, plan_id: str, *, version: int | None = None, language: str = "en") -> PlanAnswer:
        """A plan as it is, or as it was at a version."""
        query: dict[str, Any] = {"language": language, **({"version": version} if version else {})}
        return self._sent("GET", self._path(fair_id, "plans", plan_id), PlanAnswer, **query)

    def edit(self, fair_id: str, plan_id: str, edits: Sequence[Edit]) -> PlanAnswer:
        """Lock, unlock, place or drop meetings."""
        path = self._path(fair_id, "plans", plan_id, "edits")
        return self._sent("POST", path, PlanAnswer, EditsBody(edits=list(edits)), twice=False)

    def publish(self, fair_id: str, plan_id: str) -> PlanAnswer:
        """Make a plan the one that holds."""
        return self._sent("POST", self._path(fair_id, "plans", plan_id, "publication"), PlanAnswer)

    def export(self, fair_id: str, plan_id: str, format: PlanFormat, *, language: str = "en") -> bytes:
        """The content of a file of the whole plan."""
        query = {"format": format, "language": language}
        return self._calls.send("GET", self._path(fair_id, "plans", plan_id, "export"), params=query).content

    # Meetings

    def meetings(self, fair_id: str) -> list[PublishedMeetingAnswer]:
        """Every meeting that was ever published."""
        return self._sent("GET", self._path(fair_id, "meetings"), MeetingsAnswer).meetings

    def agenda(self, fair_id: str, participant_id: str) -> AgendaAnswer:
        """The published meetings of a participant."""
        return AgendaAnswer.model_validate_json(self.agenda_file(fair_id, participant_id, AgendaFormat.JSON))

    def agenda_file(self, fair_id: str, participant_id: str, format: AgendaFormat) -> bytes:
        """The content of a file of its agenda."""
        path = self._path(fair_id, "participants", participant_id, "agenda")
        return self._calls.send("GET", path, params={"format": format}).content

    def free_slots(self, fair_id: str, participant_id: str, other_id: str) -> FreeSlotsAnswer:
        """When two could still meet."""
        query: dict[str, Any] = {"participant_id": participant_id, "other_id": other_id}
        return self._sent("GET", self._path(fair_id, "free-slots"), FreeSlotsAnswer, **query)

    def invite(self, fair_id: str, body: InvitationBody) -> InvitationAnswer:
        """Ask a participant to meet. Not sent again where its answer was lost: `invitations` tells."""
        return self._sent("POST", self._path(fair_id, "invitations"), InvitationAnswer, body, twice=False)

    def invitations(self, fair_id: str, *, participant_id: str | None = None) -> list[InvitationAnswer]:
        """Every invitation, or those from and to a participant."""
        query: dict[str, Any] = {"participant_id": participant_id} if participant_id else {}
        return self._sent("GET", self._path(fair_id, "invitations"), InvitationsAnswer, **query).invitations

    def reply(self, fair_id: str, invitation_id: str, body: InvitationReply) -> InvitationAnswer:
        """Accept an invitation, decline it, or propose another time."""
        path = self._path(fair_id, "invitations", invitation_id, "reply")
        return self._sent("POST", path, InvitationAnswer, body, twice=body.answer != "propose")

    def check_in(self, fair_id: str, participant_id: str) -> CheckInAnswer:
        """Note that a participant arrived."""
        return self._sent("POST", self._path(fair_id, "participants", participant_id, "check-in"), CheckInAnswer)

    def outcome(self, fair_id: str, meeting_id: str, body: OutcomeBody) -> PublishedMeetingAnswer:
        """Note what became of a meeting."""
        path = self._path(fair_id, "meetings", meeting_id, "outcome")
        return self._sent("POST", path, PublishedMeetingAnswer, body)

    def _path(self, fair_id: str, *parts: str) -> str:
        return "/v1/fairs/" + "/".join(quote(part, safe="") for part in (fair_id, *parts))

    def _sent(
        self,
        method: str,
        path: str,
        answer: type[T],
        body: BaseModel | None = None,
        *,
        twice: bool = True,
        **query: Any,
    ) -> T:
        parts: dict[str, Any] = {"params": query} if query else {}
        if body is not None:
            parts["json"] = body.model_dump(mode="json", exclude_defaults=True)
        return answer.model_validate_json(self._calls.send(method, path, twice=twice, **parts).content)


def _once() -> dict[str, str]:
    return {"idempotency-key": secrets.token_hex(16)}
