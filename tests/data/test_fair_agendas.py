from __future__ import annotations

import builtins
import datetime
from collections.abc import Mapping
from typing import Any

import icalendar
import pytest

from data.database import Database
from data.fair_agendas import agenda_calendar, agenda_html, agenda_of, agenda_pdf
from data.fair_desk import FairDesk
from data.fair_plans import Action, Edit
from data.store import Store
from matching.errors import OutputUnavailable, UnknownRecord
from tests.data.conftest import Clock
from tests.fairs import FAIR, desk_of


@pytest.fixture
def desk(tmp_path: Any, clock: Clock) -> FairDesk:
    desk = desk_of(Store(Database.open(f"sqlite:///{tmp_path}/souk.db", clock=clock), "acme"))
    head, _ = desk.plan("F1", "first")
    desk.publish("F1", head.id)
    return desk


def events(desk: FairDesk, participant_id: str) -> Mapping[str, Any]:
    """Events of a calendar by their UID."""
    agenda = agenda_of(desk.fairs.content("F1"), desk.publication.meetings("F1"), participant_id)
    calendar = icalendar.Calendar.from_ical(agenda_calendar(agenda, "acme"))
    assert [str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")] == ["Africa/Casablanca"]
    return {str(event["uid"]): event for event in calendar.walk("VEVENT")}


def move(desk: FairDesk, slot: int) -> None:
    edit = Edit(action=Action.PLACE, first="B1", second="S1", starts_at=FAIR.slots[slot].starts)
    desk.edit("F1", "1", [edit])


def test_a_moved_meeting_keeps_its_uid_and_its_sequence_rises(desk: FairDesk) -> None:
    before = events(desk, "S1")
    move(desk, 5)
    after = events(desk, "S1")
    assert before.keys() == after.keys()
    ((uid, moved),) = after.items()
    assert (before[uid]["sequence"], moved["sequence"]) == (0, 1)
    assert moved["dtstart"].dt.replace(tzinfo=None) == FAIR.slots[5].starts


def test_a_meeting_begins_when_the_fair_s_clock_says(desk: FairDesk) -> None:
    """In October Casablanca is an hour ahead of UTC; in Ramadan it is not."""
    (event,) = events(desk, "S1").values()
    starts = event["dtstart"].dt
    assert starts.astimezone(datetime.UTC).replace(tzinfo=None) == starts.replace(tzinfo=None) - datetime.timedelta(
        hours=1
    )


def test_a_cancelled_meeting_is_told_as_cancelled(desk: FairDesk) -> None:
    before = events(desk, "B1")
    desk.cancel("F1", "S1")
    after = events(desk, "B1")
    assert before.keys() == after.keys()
    states = sorted(str(event["status"]) for event in after.values())
    assert states == ["CANCELLED", "CONFIRMED", "CONFIRMED"]


def test_an_agenda_is_in_the_participant_s_language_and_direction(desk: FairDesk) -> None:
    content, published = desk.fairs.content("F1"), desk.publication.meetings("F1")
    arabic = agenda_html(agenda_of(content, published, "S1"))
    assert '<html lang="ar" dir="rtl">' in arabic
    assert "لقاءات" in arabic
    assert "Termine von Lindtal" in agenda_html(agenda_of(content, published, "B1"))
    assert "Meetings of Lindtal" in agenda_html(agenda_of(content, published, "B1", "en"))


def test_what_participants_wrote_is_shown_and_never_run(desk: FairDesk) -> None:
    named = desk.fairs.content("F1").participant("S1").model_copy(update={"name": "<script>alert(1)</script>"})
    desk.fairs.put_participants("F1", [named])
    page = agenda_html(agenda_of(desk.fairs.content("F1"), desk.publication.meetings("F1"), "B1"))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_an_agenda_is_a_pdf_in_each_script(desk: FairDesk) -> None:
    agenda = agenda_of(desk.fairs.content("F1"), desk.publication.meetings("F1"), "S1")
    assert agenda_pdf(agenda).startswith(b"%PDF-")


def test_without_pango_the_problem_says_what_to_install(desk: FairDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **named: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    agenda = agenda_of(desk.fairs.content("F1"), desk.publication.meetings("F1"), "B1")
    with pytest.raises(OutputUnavailable, match="install the packages libpango"):
        agenda_pdf(agenda)


def test_an_agenda_of_nobody_is_unknown(desk: FairDesk) -> None:
    with pytest.raises(UnknownRecord):
        agenda_of(desk.fairs.content("F1"), (), "X")
