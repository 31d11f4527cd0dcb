"""What an organiser does with a fair: plan, change, publish, cancel, close a table, note what happened on the day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select, update

from data.fair_bounds import bound_for
from data.fair_days import still_possible
from data.fair_edits import edited, free_slots_of, off_closed_tables
from data.fair_feedback import FairFeedback
from data.fair_findings import findings_of
from data.fair_fits import fit_of
from data.fair_invitations import Invitation, Invitations
from data.fair_jobs import PlanJobs
from data.fair_planner import Planner
from data.fair_planning import amended, planned, replanned
from data.fair_plans import Edit, Meeting, MeetingState, Plan, PlanState, changes_between
from data.fair_problem import Setting, setting_of
from data.fair_publication import Publication, PublishedMeeting
from data.fair_store import FairContent, FairStore, PlanHead
from data.fairs import Closure, Fair, Role
from data.schema import FAIR_PARTICIPANTS
from data.store import Store
from data.workspace import Models
from matching.errors import InvalidInput, PreconditionFailed, UnknownRecord
from matching.meetings.hindrances import FairnessPrice

_OUTCOMES = {MeetingState.HELD: "meeting_held", MeetingState.NO_SHOW: "meeting_no_show"}


class FairDesk:
    """The fairs of an organisation as an organiser works with them.

    models  : loads or gives what participants are scored with
    planner : works out plans, and what stands in their way
    """

    def __init__(self, store: Store, models: Callable[[], Models], planner: Planner) -> None:
        self.fairs = FairStore(store)
        self.publication = Publication(self.fairs)
        self.jobs = PlanJobs(self.fairs)
        self.invitations = Invitations(self.fairs)
        self._feedback = FairFeedback(self.fairs, models)
        self._models = models
        self.planner = planner

    # Planning

    def setting(self, fair_id: str, kept: Sequence[Meeting] = ()) -> Setting:
        """The fair as the planner has it."""
        return self._setting(self.fairs.content(fair_id), kept)

    def check(self, fair_id: str, language: str = "en") -> list[str]:
        """What no plan can do, a sentence each with the smallest changes that would mend it."""
        return findings_of(self.setting(fair_id), language, self.planner)

    def fairness(self, fair_id: str, *, extra: int = 1) -> FairnessPrice:
        """What it would cost to promise so many meetings more to everyone who is promised any."""
        return self.planner.fairness(self.setting(fair_id).problem, extra)

    def plan(
        self, fair_id: str, name: str, *, seed: int = 0, based_on: str | None = None, keep_all: bool = True
    ) -> tuple[PlanHead, Plan]:
        """Make a draft, from nothing or from another plan, whose meetings then stay as far as they can.

        keep_all : whether all of its meetings stay, or the locked ones alone

        Raises UnknownRecord without such a fair or plan, InvalidInput where the conditions contradict each other.
        """
        plan = self.drafted(fair_id, seed=seed, based_on=based_on, keep_all=keep_all)
        return self.fairs.add_plan(fair_id, name, plan), plan

    def drafted(
        self,
        fair_id: str,
        *,
        seed: int = 0,
        based_on: str | None = None,
        keep_all: bool = True,
        planner: Planner | None = None,
    ) -> Plan:
        """The same plan without keeping it.

        planner : in the place of the desk's
        """
        content, planner = self.fairs.content(fair_id), planner or self.planner
        _check_sides(content)
        if based_on is None:
            return planned(self._setting(content), planner, seed=seed)
        former = self.fairs.plan(fair_id, based_on)[1]
        kept = still_possible(content, [one for one in former.meetings if one.locked])
        if keep_all:
            plan = replanned(self._setting(content, kept, former.meetings), planner, former.meetings)
        else:
            plan = planned(self._setting(content, kept), planner, seed=seed, kept=kept)
        bound = plan.bound if plan.bound is not None else bound_for(content, plan, former)
        changes = changes_between(former.meetings, plan.meetings)
        return plan.model_copy(update={"based_on": based_on, "changes": changes, "bound": bound})

    def edit(self, fair_id: str, plan_id: str, edits: Sequence[Edit]) -> tuple[PlanHead, Plan]:
        """Lock, drop or place meetings of a plan; a published one changes for everybody at once.

        Raises UnknownRecord or PreconditionFailed, and changes nothing, where one of the edits cannot be.
        """
        with self.fairs.database.writing() as connection:
            self.fairs.locked(connection, fair_id)
            content = self.fairs.content_within(connection, fair_id)
            head, plan = self.fairs.plan_within(connection, fair_id, plan_id)
            if head.state is PlanState.SUPERSEDED:
                raise PreconditionFailed(f"plan {plan_id!r} is superseded, expected a draft or the published one")
            meetings = edited(content, plan.meetings, edits)
            if meetings == plan.meetings:
                return head, plan
            if head.state is PlanState.PUBLISHED:
                self.publication.amend(connection, content, meetings)
                return self.fairs.plan_within(connection, fair_id, plan_id)
            changes = changes_between(plan.meetings, meetings)
            changed = amended(content, plan, meetings).model_copy(update={"changes": changes})
            return self.fairs.add_version(connection, fair_id, head, changed), changed

    def publish(self, fair_id: str, plan_id: str) -> tuple[PlanHead, Plan]:
        """Make a plan the one that holds, and note what each buyer is shown by it."""
        head, plan = self.publication.publish(fair_id, plan_id)
        unnoted = [one.meeting for one in self.publication.meetings(fair_id)
                   if one.query_id is None and one.state is MeetingState.CONFIRMED]  # fmt: skip
        self._feedback.note_shown(fair_id, unnoted)
        return head, plan

    # Changes of the fair

    def cancel(self, fair_id: str, participant_id: str) -> Plan | None:
        """Take a participant out, with its published meetings; what that changed, None where nothing is published."""
        with self.fairs.database.writing() as connection:
            self.fairs.locked(connection, fair_id)
            found = self.fairs.content_within(connection, fair_id).participant(participant_id)
            document = found.model_copy(update={"cancelled": True}).model_dump(mode="json", exclude_defaults=True)
            key = self.fairs.of(FAIR_PARTICIPANTS, fair_id, participant_id)
            connection.execute(update(FAIR_PARTICIPANTS).where(*key).values(document=document))
            if self.fairs.published(connection, fair_id) is None:
                return None
            content = self.fairs.content_within(connection, fair_id)
            meetings = [one for one in self.publication.in_force(connection, fair_id) if not one.of(participant_id)]
            return self.publication.amend(connection, content, meetings)

    def close_table(self, fair_id: str, closure: Closure) -> Plan | None:
        """Close a table: its published meetings move to another table, else to another slot, else are cancelled."""
        fair = self.fairs.fair(fair_id)
        if closure.table > fair.tables:
            raise InvalidInput(f"table is {closure.table}, expected 1 to {fair.tables}")
        closures = (*fair.closures, *([] if closure in fair.closures else [closure]))
        changed = Fair.model_validate(fair.model_copy(update={"closures": closures}).model_dump())
        self.fairs.put(changed)
        with self.fairs.database.writing() as connection:
            self.fairs.locked(connection, fair_id)
            if self.fairs.published(connection, fair_id) is None:
                return None
            content = self.fairs.content_within(connection, fair_id)
            meetings = self.publication.in_force(connection, fair_id)
            return self.publication.amend(connection, content, off_closed_tables(content, meetings))

    # Invitations and the day

    def answer(self, fair_id: str, invitation_id: str, *, accept: bool) -> tuple[Invitation, Plan | None]:
        """Accept or decline an invitation, and note it as feedback where a buyer and an exhibitor are concerned."""
        plan = None
        if accept:
            found, plan = self.invitations.accept(fair_id, invitation_id)
        else:
            found = self.invitations.decline(fair_id, invitation_id)
        action = "meeting_accepted" if accept else "meeting_declined"
        self._feedback.note(fair_id, found.from_id, found.to_id, action, f"invitation-{found.id}")
        return found, plan

    def check_in(self, fair_id: str, participant_id: str) -> datetime:
        """Note that a participant arrived; the moment, the first one where it is told again."""
        table = FAIR_PARTICIPANTS
        key = self.fairs.of(table, fair_id, participant_id)
        with self.fairs.database.writing() as connection:
            self.fairs.content_within(connection, fair_id).participant(participant_id)
            arrived: datetime | None = connection.execute(select(table.c.checked_in_at).where(*key)).scalar_one()
            if arrived is not None:
                return arrived
            now = self.fairs.database.clock()
            connection.execute(update(table).where(*key).values(checked_in_at=now))
            return now

    def outcome(
        self, fair_id: str, meeting_id: str, outcome: MeetingState, *, rating: int | None = None
    ) -> PublishedMeeting:
        """Note that a meeting was held or somebody did not come, with a rating; each is stored as feedback once.

        Raises PreconditionFailed where the meeting was cancelled, InvalidInput where there is a rating of no meeting.
        """
        if outcome not in _OUTCOMES:
            raise InvalidInput(f"outcome is {outcome}, expected held or no_show")
        if rating is not None and outcome is not MeetingState.HELD:
            raise InvalidInput("a meeting that was not held has a rating, expected none")
        with self.fairs.database.writing() as connection:
            self.fairs.locked(connection, fair_id)
            found = self.publication.meetings_within(connection, fair_id).get(meeting_id)
            if found is None:
                raise UnknownRecord(f"fair {fair_id!r} has no published meeting of the id {meeting_id!r}")
            if found.state is MeetingState.CANCELLED:
                raise PreconditionFailed(f"meeting {meeting_id!r} was cancelled")
            self.publication.set_state(connection, fair_id, meeting_id, outcome)
        two = found.meeting.first, found.meeting.second
        self._feedback.note(fair_id, *two, _OUTCOMES[outcome], f"{meeting_id}-{outcome}")
        if rating is not None:
            self._feedback.note(fair_id, *two, "rating", f"{meeting_id}-rating", rating=rating)
        return self.publication.meeting(fair_id, meeting_id)

    def free_slots(self, fair_id: str, one: str, other: str) -> tuple[int, ...]:
        """Slots in which two could still meet under the published plan, in order of time."""
        with self.fairs.database.reading() as connection:
            content = self.fairs.content_within(connection, fair_id)
            meetings = self.publication.in_force(connection, fair_id)
        return free_slots_of(content, meetings, one, other)

    def _setting(self, content: FairContent, kept: Sequence[Meeting] = (), present: Sequence[Meeting] = ()) -> Setting:
        fit = fit_of(self.fairs, content.fair.id, content.participants, self._models())
        return setting_of(content, fit, kept, present)


def _check_sides(content: FairContent) -> None:
    roles = {one.role for one in content.participants if not one.cancelled}
    if missing := set(Role) - roles:
        raise InvalidInput(f"fair {content.fair.id!r} has no {min(missing)}, expected at least one on each side")
