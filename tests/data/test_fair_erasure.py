from __future__ import annotations

import pytest
from sqlalchemy import select

from data.database import Database
from data.erasure import Erasures, Subject, SubjectKind
from data.fair_desk import FairDesk
from data.fair_jobs import PlanOrder
from data.fair_plans import MeetingState
from data.fairs import Level, Wish
from data.keys import Keys
from data.schema import METADATA, Kind
from data.store import Store
from matching.errors import InvalidInput, UnknownRecord
from matching.profiles import Supplier
from tests.data.conftest import Clock
from tests.fairs import desk_of


@pytest.fixture
def store(database_url: str, clock: Clock) -> Store:
    return Store(Database.open(database_url, clock=clock), "acme")


@pytest.fixture
def desk(store: Store) -> FairDesk:
    """A fair with a published plan, an invitation, an outcome and a failed job that name B1 and S1."""
    desk = desk_of(store, Wish(by="B1", about="S2", after="S1"), Wish(by="S1", about="B1", level=Level.MUST))
    head, _ = desk.plan("F1", "first")
    desk.publish("F1", head.id)
    desk.cancel("F1", "S3")
    slot = desk.free_slots("F1", "B1", "S1")[0]
    desk.invitations.ask("F1", "S1", "B1", slot)
    met = next(one for one in desk.publication.meetings("F1") if one.meeting.of("B1") and one.meeting.of("S1"))
    desk.outcome("F1", met.meeting.id, MeetingState.HELD, rating=4)
    desk.jobs.fail("F1", desk.jobs.open("F1", PlanOrder()).id, InvalidInput("'B1' with 'S1' is fixed"))
    return desk


def everything(store: Store) -> str:
    with store.database.reading() as connection:
        return str([connection.execute(select(table)).all() for table in METADATA.sorted_tables])


def erase(store: Store, kind: SubjectKind, name: str) -> dict[str, int]:
    return dict(Erasures(store, Keys(store.database, "pepper")).erase(Subject(kind, name)).erased)


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("name", ["B1", "S1"])
def test_of_an_erased_participant_no_table_holds_a_trace(store: Store, name: str) -> None:
    assert f"'{name}'" in everything(store)
    erased = erase(store, SubjectKind.PARTICIPANT, name)
    assert (erased["fair_participants"], erased["fair_wishes"], erased["fair_invitations"]) == (1, 2, 1)
    assert f"'{name}'" not in everything(store)
    with pytest.raises(UnknownRecord):
        erase(store, SubjectKind.PARTICIPANT, name)


def test_the_others_keep_their_meetings(desk: FairDesk, store: Store) -> None:
    before = {one.meeting.id for one in desk.publication.meetings("F1") if not one.meeting.of("B1")}
    erase(store, SubjectKind.PARTICIPANT, "B1")
    assert {one.meeting.id for one in desk.publication.meetings("F1")} == before
    assert {one.id for one in desk.fairs.plan("F1", "1")[1].meetings} <= before


def test_an_erased_supplier_leaves_the_fairs_too(desk: FairDesk, store: Store) -> None:
    store.put(Kind.SUPPLIERS, [Supplier(id="S-7", name="Arganor")])
    linked = desk.fairs.content("F1").participant("S2").model_copy(update={"supplier_id": "S-7"})
    desk.fairs.put_participants("F1", [linked])
    assert erase(store, SubjectKind.SUPPLIER, "S-7")["fair_participants"] == 1
    with pytest.raises(UnknownRecord):
        desk.fairs.content("F1").participant("S2")


def test_a_record_stays_where_a_participant_that_is_linked_to_it_is_erased(desk: FairDesk, store: Store) -> None:
    store.put(Kind.SUPPLIERS, [Supplier(id="S-7", name="Arganor")])
    linked = desk.fairs.content("F1").participant("S2").model_copy(update={"supplier_id": "S-7"})
    desk.fairs.put_participants("F1", [linked])
    erase(store, SubjectKind.PARTICIPANT, "S2")
    assert store.supplier("S-7").name == "Arganor"
