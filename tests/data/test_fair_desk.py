from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from data.database import Database
from data.events import EventLog
from data.fair_desk import FairDesk
from data.fair_plans import Action, Edit, InvitationState, Meeting, MeetingState, Plan, PlanState, Reason
from data.fairs import Closure, Hours, Level, Span, Wish
from data.keys import Keys
from data.schema import DELIVERIES, FAIR_BOOKINGS
from data.store import Store
from data.webhooks import EventType, Webhooks
from matching.errors import InvalidInput, PreconditionFailed, UnknownRecord
from tests.data.conftest import Clock
from tests.fairs import FAIR, desk_of, participants


@pytest.fixture
def store(database_url: str, clock: Clock) -> Store:
    return Store(Database.open(database_url, clock=clock), "acme")


@pytest.fixture
def desk(store: Store) -> FairDesk:
    return desk_of(store)


def pairs(plan: Plan) -> set[tuple[str, str]]:
    return {(one.first, one.second) for one in plan.meetings}


def of(desk: FairDesk, first: str, second: str) -> Meeting:
    found = {(one.meeting.first, one.meeting.second): one.meeting for one in desk.publication.meetings(FAIR.id)}
    return found[first, second]


def placed(slot: int) -> Edit:
    """That B1 and S1 are to meet in a slot."""
    return Edit(action=Action.PLACE, first="B1", second="S1", starts_at=FAIR.slots[slot].starts)


def test_a_plan_has_each_pair_that_can_talk_in_a_slot_of_its_own(desk: FairDesk) -> None:
    head, plan = desk.plan("F1", "first")
    assert (head.state, head.version) == (PlanState.DRAFT, 1)
    assert pairs(plan) == {("B1", "S1"), ("B1", "S2"), ("B1", "S3"), ("B2", "S2"), ("B2", "S3")}
    taken = [(who, slot) for one in plan.meetings for who in (one.first, one.second) for slot in one.covered()]
    assert len(taken) == len(set(taken))


def test_a_pair_without_a_common_language_has_an_interpreter(desk: FairDesk) -> None:
    meetings = {(one.first, one.second): one for one in desk.plan("F1", "first")[1].meetings}
    assert meetings["B1", "S3"].interpreter == "I1"
    assert meetings["B2", "S3"].interpreter is None


def test_whoever_has_a_booth_receives_there_and_takes_no_table(desk: FairDesk) -> None:
    places = {(one.second, one.booth): one.table for one in desk.plan("F1", "first")[1].meetings}
    assert places["S3", "C7"] is None
    assert all(table in (1, 2) for (_, booth), table in places.items() if booth is None)


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (Wish(by="B2", about="S1", level=Level.LIKE), Reason.NO_COMMON_LANGUAGE),
        (Wish(by="B1", about="S1", level=Level.MUST, minutes=120), Reason.NO_COMMON_SLOT),
    ],
)
def test_a_wish_that_is_not_in_the_plan_has_its_reason(store: Store, wish: Wish, reason: Reason) -> None:
    plan = desk_of(store, wish).plan("F1", "first")[1]
    assert [(one.by, one.about, one.reason) for one in plan.unscheduled] == [(wish.by, wish.about, reason)]


def test_a_fixed_meeting_is_where_it_was_fixed_and_a_forbidden_one_nowhere(store: Store) -> None:
    desk = desk_of(
        store,
        Wish.model_validate({"by": "B1", "about": "S2", "level": "must", "starts_at": "2026-10-07T14:25"}),
        Wish(by="S1", about="B1", level=Level.NEVER),
    )
    plan = desk.plan("F1", "first")[1]
    assert {(one.first, one.second): one.slot for one in plan.meetings}["B1", "S2"] == 4
    assert ("B1", "S1") not in pairs(plan)


def test_a_meeting_fixed_between_two_slots_is_refused_with_the_nearest(store: Store) -> None:
    desk = desk_of(store, Wish.model_validate({"by": "B1", "about": "S2", "starts_at": "2026-10-07T14:20"}))
    with pytest.raises(InvalidInput, match="fixed at 2026-10-07T14:20, expected the beginning of a slot"):
        desk.plan("F1", "first")


def test_a_promise_that_is_not_kept_is_told(desk: FairDesk) -> None:
    assert desk.plan("F1", "first")[1].short == {"S1": 1}


def test_publishing_books_everybody_and_tells_the_webhooks(desk: FairDesk, store: Store) -> None:
    Webhooks(store.database, "acme", Keys(store.database)).create("https://a.example", [EventType.MEETING_CHANGED])
    head, _ = desk.plan("F1", "first")
    published, plan = desk.publish("F1", head.id)
    assert (published.state, published.version, len(plan.changes)) == (PlanState.PUBLISHED, 2, 5)
    with store.database.reading() as connection:
        assert len(connection.execute(select(DELIVERIES)).all()) == 5
    assert desk.publish("F1", head.id)[0].version == 2


TWICE = [Meeting(id=f"M{n}", first="B1", second=s, slot=0, table=n) for n, s in ((1, "S1"), (2, "S2"))]


def test_a_plan_that_would_book_somebody_twice_is_never_published(desk: FairDesk) -> None:
    head = desk.fairs.add_plan("F1", "wrong", Plan(meetings=tuple(TWICE)))
    with pytest.raises(PreconditionFailed, match="1 meetings that cannot be any more"):
        desk.publish("F1", head.id)
    assert desk.publication.meetings("F1") == ()


def test_the_database_itself_lets_nobody_be_booked_twice(desk: FairDesk, store: Store) -> None:
    desk.publish("F1", desk.fairs.add_plan("F1", "empty", Plan()).id)
    content = desk.fairs.content("F1")
    with (
        pytest.raises(PreconditionFailed, match="taken in that slot already"),
        store.database.writing() as connection,
    ):
        desk.publication.amend(connection, content, TWICE)
    assert desk.publication.meetings("F1") == ()


def test_a_replan_moves_nobody_and_a_what_if_stands_beside(desk: FairDesk) -> None:
    head, plan = desk.plan("F1", "first")
    desk.publish("F1", head.id)
    copy, again = desk.plan("F1", "what if", based_on=head.id, seed=5)
    assert (again.changes, again.bound) == ((), plan.bound)
    assert [one.state for one in desk.fairs.plans("F1")] == [PlanState.PUBLISHED, PlanState.DRAFT]
    assert {(one.id, one.slot, one.table) for one in again.meetings} == {
        (one.id, one.slot, one.table) for one in plan.meetings
    }
    assert desk.publish("F1", copy.id)[1].changes == ()
    assert [one.state for one in desk.fairs.plans("F1")] == [PlanState.SUPERSEDED, PlanState.PUBLISHED]


def test_a_cancellation_names_everyone_affected_and_frees_their_slots(desk: FairDesk, store: Store) -> None:
    head, _ = desk.plan("F1", "first")
    desk.publish("F1", head.id)
    report = desk.cancel("F1", "S2")
    assert report is not None
    assert report.affected == ("B1", "B2", "S2")
    states = {one.meeting.second: (one.state, one.sequence) for one in desk.publication.meetings("F1")}
    assert states["S2"] == (MeetingState.CANCELLED, 1)
    with store.database.reading() as connection:
        meetings = set(connection.execute(select(FAIR_BOOKINGS.c.meeting_id)).scalars())
    assert meetings == {one.id for one in report.meetings}
    assert desk.cancel("F1", "S2") is not None


def test_a_draft_of_before_a_cancellation_is_not_published(desk: FairDesk) -> None:
    head, _ = desk.plan("F1", "first")
    desk.cancel("F1", "S2")
    with pytest.raises(PreconditionFailed, match="2 meetings that cannot be any more, such as 'B1' with 'S2'"):
        desk.publish("F1", head.id)


def test_a_closed_table_moves_its_meetings_and_cancels_what_has_no_other_place(desk: FairDesk) -> None:
    head, plan = desk.plan("F1", "first")
    desk.publish("F1", head.id)
    report = desk.close_table("F1", Closure(table=1))
    assert report is not None
    assert all(one.table != 1 for one in report.meetings)
    assert {one.meeting.id for one in report.changes} == {one.id for one in plan.meetings if one.table == 1}
    assert len(report.meetings) == len(plan.meetings)
    gone = desk.close_table("F1", Closure(table=2))
    assert gone is not None
    assert {one.booth for one in gone.meetings} == {"C7"}
    assert all(one.after is None for one in gone.changes)


def test_a_locked_meeting_stays_where_it_is_when_all_else_is_planned_anew(desk: FairDesk) -> None:
    head, _ = desk.plan("F1", "first")
    desk.edit("F1", head.id, [placed(5), Edit(action=Action.LOCK, first="B1", second="S1")])
    again = desk.plan("F1", "anew", based_on=head.id, keep_all=False)[1]
    found = next(one for one in again.meetings if (one.first, one.second) == ("B1", "S1"))
    assert (found.slot, found.locked) == (5, True)


def test_an_edit_of_a_published_plan_is_a_version_with_its_changes(desk: FairDesk) -> None:
    head, _ = desk.plan("F1", "first")
    desk.publish("F1", head.id)
    after, plan = desk.edit("F1", head.id, [placed(5)])
    assert (after.version, plan.affected) == (3, ("B1", "S1"))
    assert of(desk, "B1", "S1").slot == 5
    assert desk.fairs.plan("F1", head.id, 2)[1].affected == ("B1", "B2", "S1", "S2", "S3")


def test_an_edit_that_cannot_be_says_who_is_in_the_way(desk: FairDesk) -> None:
    head, plan = desk.plan("F1", "first")
    other = next(one for one in plan.meetings if one.of("B1") and not one.of("S1"))
    with pytest.raises(PreconditionFailed, match="participant 'B1' has another meeting at 2026-10-07"):
        desk.edit("F1", head.id, [placed(other.slot)])


# Invitations


@pytest.fixture
def open_day(desk: FairDesk) -> FairDesk:
    """A published plan with nobody in it."""
    head = desk.fairs.add_plan("F1", "empty", Plan())
    desk.publish("F1", head.id)
    return desk


def test_an_accepted_invitation_is_a_meeting_and_feedback(open_day: FairDesk, store: Store) -> None:
    asked = open_day.invitations.ask("F1", "S1", "B1", 0)
    found, plan = open_day.answer("F1", asked.id, accept=True)
    assert plan is not None
    assert (found.state, plan.affected) == (InvitationState.ACCEPTED, ("B1", "S1"))
    assert open_day.answer("F1", asked.id, accept=True)[1] is None
    log = EventLog(store.database, "acme")
    with store.database.reading() as connection:
        from data.schema import MATCHES

        (query_id,) = connection.execute(select(MATCHES.c.id)).scalars()
    assert [event.action_name for event, _ in log.events(query_id)] == ["meeting_accepted"]


def test_two_pending_invitations_never_both_take_one_slot(open_day: FairDesk) -> None:
    asked = [open_day.invitations.ask("F1", who, "B1", 0) for who in ("S1", "S2")]
    open_day.answer("F1", asked[0].id, accept=True)
    with pytest.raises(PreconditionFailed, match="participant 'B1' has another meeting"):
        open_day.answer("F1", asked[1].id, accept=True)
    assert len(open_day.publication.meetings("F1")) == 1


def test_a_pending_invitation_holds_no_slot_and_expires(open_day: FairDesk, clock: Clock) -> None:
    asked = open_day.invitations.ask("F1", "S1", "B1", 0)
    assert 0 in open_day.free_slots("F1", "B1", "S2")
    clock.now += timedelta(hours=25)
    assert open_day.invitations.all("F1")[0].state is InvitationState.EXPIRED
    with pytest.raises(PreconditionFailed, match="is expired, expected a pending one"):
        open_day.answer("F1", asked.id, accept=True)


def test_another_time_is_an_invitation_back(open_day: FairDesk) -> None:
    asked = open_day.invitations.ask("F1", "S1", "B1", 0)
    back = open_day.invitations.propose("F1", asked.id, 3)
    assert (back.from_id, back.to_id, back.slot) == ("B1", "S1", 3)
    states = {one.id: one.state for one in open_day.invitations.all("F1", participant_id="S1")}
    assert states == {asked.id: InvitationState.COUNTERED, back.id: InvitationState.PENDING}


def test_a_declined_invitation_stays_declined(open_day: FairDesk) -> None:
    asked = open_day.invitations.ask("F1", "S1", "B1", 0)
    assert open_day.answer("F1", asked.id, accept=False)[0].state is InvitationState.DECLINED
    with pytest.raises(PreconditionFailed, match="is declined"):
        open_day.answer("F1", asked.id, accept=True)


def test_whoever_is_not_to_be_met_is_not_asked(store: Store) -> None:
    desk = desk_of(store, Wish(by="B1", about="S1", level=Level.NEVER))
    with pytest.raises(PreconditionFailed, match="are not to meet"):
        desk.invitations.ask("F1", "S1", "B1", 0)
    with pytest.raises(UnknownRecord, match="no participant of the id 'X'"):
        desk.invitations.ask("F1", "X", "B1", 0)


# The day


def test_what_happened_is_feedback_of_the_match_that_was_shown(desk: FairDesk, store: Store) -> None:
    head, _ = desk.plan("F1", "first")
    desk.publish("F1", head.id)
    meeting = of(desk, "B1", "S1")
    found = desk.outcome("F1", meeting.id, MeetingState.HELD, rating=5)
    desk.outcome("F1", meeting.id, MeetingState.HELD, rating=5)
    assert found.state is MeetingState.HELD
    log = EventLog(store.database, "acme")
    events = [event for event, _ in log.events(found.query_id or "")]
    assert sorted((event.action_name, event.object_id) for event in events) == [
        ("meeting_held", "S1"),
        ("rating", "S1"),
    ]
    assert {one.object_id for one in log.impressions(found.query_id or "")} >= {"S1", "S2"}


def test_a_meeting_that_took_place_is_in_each_later_plan(desk: FairDesk) -> None:
    head, _ = desk.plan("F1", "first")
    desk.publish("F1", head.id)
    desk.outcome("F1", of(desk, "B1", "S1").id, MeetingState.NO_SHOW)
    empty = desk.fairs.add_plan("F1", "empty", Plan())
    assert pairs(desk.publish("F1", empty.id)[1]) == {("B1", "S1")}


def test_the_first_check_in_counts(desk: FairDesk, clock: Clock) -> None:
    first = desk.check_in("F1", "B1")
    clock.now += timedelta(minutes=5)
    assert desk.check_in("F1", "B1") == first


def test_free_slots_are_those_in_which_both_are_there(store: Store) -> None:
    desk = desk_of(store)
    day = FAIR.sessions[0].day.isoformat()
    hours = Hours(absent=(Span.model_validate({"starts": f"{day}T09:00", "ends": f"{day}T12:00"}),))
    late = participants()[0].model_copy(update={"hours": hours})
    desk.fairs.put_participants("F1", [late])
    assert desk.free_slots("F1", "B1", "S1") == (3, 4, 5)


def test_a_fair_is_not_seen_by_another_organisation(desk: FairDesk, store: Store) -> None:
    other = Store(store.database, "other")
    with pytest.raises(UnknownRecord):
        desk_of(other).fairs.plan("F1", desk.plan("F1", "first")[0].id)
    desk.fairs.delete("F1")
    assert [one.id for one in desk_of(other).fairs.fairs()] == ["F1"]
    with pytest.raises(UnknownRecord):
        desk.fairs.content("F1")


def test_slots_of_a_published_fair_stay(desk: FairDesk) -> None:
    head, _ = desk.plan("F1", "first")
    desk.publish("F1", head.id)
    with pytest.raises(InvalidInput, match="expected the same slots"):
        desk.fairs.put(FAIR.model_copy(update={"slot_minutes": 30}))
    desk.fairs.put(FAIR.model_copy(update={"name": "Renamed"}))


def test_a_copy_releases_what_the_changed_fair_does_not_allow(desk: FairDesk) -> None:
    head, plan = desk.plan("F1", "first")
    assert ("B1", "S3") in pairs(plan)
    desk.fairs.put(FAIR.model_copy(update={"interpreters": ()}))
    one = participants()[1].model_copy(update={"maximum": 1})
    desk.fairs.put_participants("F1", [one])
    again = desk.plan("F1", "copy", based_on=head.id)[1]
    assert ("B1", "S3") not in pairs(again)
    assert len([pair for pair in pairs(again) if "B2" in pair]) == 1
    assert {who for change in again.changes for who in (change.meeting.first, change.meeting.second)} >= {"B1", "S3"}


def test_of_two_that_accept_at_once_one_has_the_slot(open_day: FairDesk) -> None:
    asked = [open_day.invitations.ask("F1", who, "B1", 0) for who in ("S1", "S2")]

    def accept(name: str) -> bool:
        try:
            return open_day.invitations.accept("F1", name)[1] is not None
        except PreconditionFailed:
            return False

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(accept, [one.id for one in asked])) == [False, True]
    assert len(open_day.publication.meetings("F1")) == 1
