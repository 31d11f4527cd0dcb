from __future__ import annotations

import datetime
import io

import openpyxl
import pytest

from data.database import Database
from data.fair_desk import FairDesk
from data.fair_plans import Plan
from data.fair_store import PlanHead
from data.fair_workbook import plan_workbook
from data.fairs import Level, Wish
from data.store import Store
from tests.fairs import FAIR, desk_of


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> FairDesk:
    url = f"sqlite:///{tmp_path_factory.mktemp('fair')}/souk.db"
    return desk_of(Store(Database.open(url), "acme"), Wish(by="B2", about="S1", level=Level.LIKE))


@pytest.fixture
def made(desk: FairDesk) -> tuple[PlanHead, Plan]:
    return desk.plan(FAIR.id, "first")


def book(desk: FairDesk, made: tuple[PlanHead, Plan], language: str = "en") -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(plan_workbook(desk.fairs.content(FAIR.id), *made, language)))


def rows(sheet: object) -> list[tuple[object, ...]]:
    return list(sheet.iter_rows(values_only=True))  # type: ignore[attr-defined]


def test_each_sheet_keeps_its_headings_in_sight_and_prints_them_on_each_page(
    desk: FairDesk, made: tuple[PlanHead, Plan]
) -> None:
    for sheet in book(desk, made):
        assert (sheet.freeze_panes, sheet.print_title_rows, sheet["A1"].font.bold) == ("A2", "$1:$1", True)
        assert sheet.page_setup.orientation == "landscape"
        assert all(column.width >= 12 for column in sheet.column_dimensions.values())


def test_by_slot_a_meeting_has_its_day_time_place_and_both_with_their_companies(
    desk: FairDesk, made: tuple[PlanHead, Plan]
) -> None:
    lines = rows(book(desk, made)["By slot"])
    assert lines[0] == ("Day", "Time", "Place", "Buyer", "Company", "Exhibitor", "Company", "Interpreter")
    assert lines[1][:3] == (datetime.datetime(2026, 10, 7), "09:00–09:20", "Table 1")
    assert [line[1] for line in lines[1:]] == sorted(str(line[1]) for line in lines[1:])


def test_by_table_the_meetings_of_a_table_stand_together(desk: FairDesk, made: tuple[PlanHead, Plan]) -> None:
    places = [line[0] for line in rows(book(desk, made)["By table"])[1:]]
    assert places == sorted(places, key=lambda place: str(place).startswith("Booth"))
    assert len(set(places)) == sum(one != other for one, other in zip(places, [None, *places[:-1]], strict=True))


def test_by_participant_everybody_s_day_stands_together_in_order(desk: FairDesk, made: tuple[PlanHead, Plan]) -> None:
    lines = rows(book(desk, made)["By participant"])[1:]
    assert len(lines) == 2 * len(made[1].meetings)
    keys = [(str(line[0]).casefold(), line[2], line[3]) for line in lines]
    assert keys == sorted(keys)


def test_overview_and_wishes_say_what_the_plan_is_worth_and_lacks(desk: FairDesk, made: tuple[PlanHead, Plan]) -> None:
    found = book(desk, made, "fr")
    told = dict(line for line in rows(found["Vue d'ensemble"]) if line[0])
    assert (told["Plan"], told["Rendez-vous"], told["Souhaits non satisfaits"]) == ("first", 5, 1)
    (wish,) = rows(found["Souhaits non satisfaits"])[1:]
    assert (wish[0], wish[2]) == ("Nordic Home", "Tamount")


def test_a_workbook_in_arabic_runs_from_right_to_left(desk: FairDesk, made: tuple[PlanHead, Plan]) -> None:
    assert all(sheet.sheet_view.rightToLeft for sheet in book(desk, made, "ar"))
