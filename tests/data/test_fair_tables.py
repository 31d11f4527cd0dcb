from __future__ import annotations

import datetime
import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from data import shipped
from data.columns import place_headings
from data.fair_columns import HOURS_COLUMNS, PARTICIPANT_COLUMNS, WISH_COLUMNS
from data.fair_tables import read_hours, read_participants, read_wishes
from data.fairs import Closure, Fair, Level, Participant, Role, Span
from matching.errors import InvalidInput, UnreadableFile
from tests.fairs import FAIR, participants

SAMPLE = shipped.SAMPLE / "fair"


def file(text: str) -> tuple[str, bytes]:
    return "sheet.csv", text.encode()


def told(loaded: object) -> list[tuple[int, str, str]]:
    return [(one.row, one.column, one.value) for one in loaded.refused]  # type: ignore[attr-defined]


def test_participants_are_read_under_french_headings() -> None:
    loaded = read_participants(
        file(
            "Raison sociale;Représentant;Rôle;Pays;Langues;Stand;Minimum de rendez-vous;Exclusif\n"
            "Tamounte;Aïcha;exposant;Maroc;fr, ar;B12;3;oui\n"
        )
    )
    (one,) = loaded.profiles
    assert (one.firm, one.name, one.role, one.country) == ("Tamounte", "Aïcha", Role.EXHIBITOR, "MA")
    assert (one.languages, one.booth, one.minimum, one.exclusive) == (("fr", "ar"), "B12", 3, True)


@pytest.mark.parametrize(
    ("headings", "row"),
    [
        ("اسم الشركة;الصفة;اللغات", "تعاونية أركان;عارض;العربية"),
        ("Firma;Rolle;Sprachen", "Lindtal;Aussteller;Deutsch"),
        ("公司;角色;语言", "海岳石业;参展商;中文"),
        ("Empresa;Tipo;Idiomas", "Aceites;expositor;español"),
        ("Azienda;Ruolo;Lingue", "Oleificio;espositore;italiano"),
        ("Şirket;Görev;Diller", "Marmara;katılımcı;Türkçe"),
        ("Bedrijf;Rolle;Talen", "Leie;exposant;Nederlands"),
        ("Fornecedor;Papel;Línguas", "Calçadas;expositor;português"),
    ],
)
def test_participants_are_read_in_the_languages_of_organisers(headings: str, row: str) -> None:
    (one,) = read_participants(file(f"{headings}\n{row}\n")).profiles
    assert (one.role, len(one.languages)) == (Role.EXHIBITOR, 1)


def test_a_row_that_cannot_be_used_is_refused_alone_and_says_what_was_expected() -> None:
    loaded = read_participants(file("Company,Role,Minimum\nA,buyer,few\nB,king,2\nC,buyer,2\n"))
    assert [str(one) for one in loaded.refused] == [
        "sheet.csv row 2: minimum is 'few', expected a whole number, 0 or more",
        "sheet.csv row 3: role is 'king', expected buyer or exhibitor",
    ]
    assert [one.name for one in loaded.profiles] == ["C"]


def test_one_role_can_be_said_for_a_whole_sheet_and_an_id_is_made_the_same_each_time() -> None:
    first, again = (read_participants(file("Company\nA\n"), role=Role.BUYER).profiles for _ in range(2))
    assert (first[0].role, first) == (Role.BUYER, again)
    assert told(read_participants(file("Company\nA\n"))) == [(2, "role", "")]


def test_the_second_row_of_an_id_is_refused() -> None:
    assert told(read_participants(file("ID,Company,Role\n1,A,buyer\n1,B,buyer\n"))) == [(3, "id", "1")]


def test_wishes_name_participants_by_id_or_name() -> None:
    sheet = "Wish of;Wants to meet;Wish;Minutes;Fixed at;After\nB1;Tamount;must;40;07/10/2026 9h25;Arganor\n"
    (wish,) = read_wishes(file(sheet), participants()).profiles
    assert (wish.by, wish.about, wish.level, wish.minutes, wish.after) == ("B1", "S1", Level.MUST, 40, "S2")
    assert wish.starts_at == datetime.datetime(2026, 10, 7, 9, 25)


def test_a_wish_about_nobody_or_about_two_of_one_name_is_refused() -> None:
    twice = [*participants(), Participant(id="S9", name="Tamount", role=Role.EXHIBITOR)]
    loaded = read_wishes(file("From,With\nB1,Nobody\nB1,Tamount\n"), twice)
    assert told(loaded) == [(2, "about", "Nobody"), (3, "about", "Tamount")]


def test_hours_are_those_of_a_day_or_of_each_day() -> None:
    sheet = "Participant,Day,From,Until,Availability\nB1,2026-10-07,9:00,12:30,present\nLindtal,,14h,15h,absent\n"
    (one,) = read_hours(file(sheet), FAIR, participants()).profiles
    assert [one.hours.allow(slot) for slot in FAIR.slots] == [True, True, True, False, False, False]


def test_hours_that_end_before_they_begin_are_refused() -> None:
    assert told(read_hours(file("Who,From,To\nB1,12:00,9:00\n"), FAIR, participants())) == [(2, "ends", "09:00")]


def test_days_and_times_of_excel_are_taken_as_they_are() -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Participant", "Date", "From", "Until"])
    book.worksheets[0].append(["B1", datetime.datetime(2026, 10, 7), datetime.time(9), datetime.time(10, 10)])
    content = io.BytesIO()
    book.save(content)
    (one,) = read_hours(("hours.xlsx", content.getvalue()), FAIR, participants()).profiles
    assert sum(map(one.hours.allow, FAIR.slots)) == 3


def test_a_sheet_without_the_column_that_must_be_there_is_refused_as_a_whole() -> None:
    with pytest.raises(UnreadableFile, match="no column for by"):
        read_wishes(file("x,y\n1,2\n"), participants())
    with pytest.raises(InvalidInput, match="expected one of id, firm"):
        read_participants(file("Company\nA\n"), mapping={"Company": "nothing"})


@pytest.mark.parametrize("columns", [PARTICIPANT_COLUMNS, WISH_COLUMNS, HOURS_COLUMNS])
def test_each_column_is_reached_by_its_own_name(columns: tuple[object, ...]) -> None:
    # A heading "name" alone is that of the firm, and "language" one that it speaks.
    for column in (one for one in columns if one.name not in ("name", "language")):  # type: ignore[attr-defined]
        (found,) = place_headings([column.name], columns)  # type: ignore[attr-defined, arg-type]
        assert found is not None
        assert found.column is column


def test_the_sample_fair_is_read_without_a_fault() -> None:
    fair = Fair.model_validate_json((SAMPLE / "fair.json").read_text(encoding="utf-8"))
    exhibitors = read_participants(SAMPLE / "exhibitors.csv", role=Role.EXHIBITOR)
    buyers = read_participants(SAMPLE / "buyers.csv", role=Role.BUYER)
    people = (*exhibitors.profiles, *buyers.profiles)
    wishes, hours = read_wishes(SAMPLE / "wishes.csv", people), read_hours(SAMPLE / "hours.csv", fair, people)
    assert (len(exhibitors.profiles), len(buyers.profiles), len(fair.slots)) == (20, 12, 16)
    assert [one.refused for one in (exhibitors, buyers, wishes, hours)] == [()] * 4


# The fair itself


@given(st.integers(5, 60), st.integers(0, 30), st.integers(1, 20))
def test_slots_never_overlap_and_stay_within_their_session(length: int, buffer: int, hours: int) -> None:
    sessions = [{"day": "2026-10-07", "starts": "00:00", "ends": f"{hours:02}:00"}]
    fair = Fair.model_validate({**FAIR.model_dump(), "sessions": sessions, "slot_minutes": length,
                                "buffer_minutes": buffer})  # fmt: skip
    slots = fair.slots
    assert all(one.ends <= two.starts for one, two in zip(slots, slots[1:], strict=False))
    assert slots[-1].ends <= datetime.datetime(2026, 10, 7, hours)
    assert {one.ends - one.starts for one in slots} == {datetime.timedelta(minutes=length)}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"time_zone": "Mars/Olympus"}, "expected one of the IANA list"),
        ({"sessions": [{"day": "2026-10-07", "starts": "12:00", "ends": "09:00"}]}, "is not after"),
        ({"sessions": [{"day": "2026-10-07", "starts": "09:00", "ends": "09:10"}]}, "hold 0 slots"),
        ({"sessions": [{"day": "2026-10-07", "starts": "09:00", "ends": "12:00"}] * 2}, "overlap on 2026-10-07"),
        ({"sessions": [{"day": "2026-10-07", "starts": "09:00+02:00", "ends": "12:00"}]}, "expected one such as 09:20"),
    ],
)
def test_a_fair_that_cannot_be_says_why(changed: dict[str, object], expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        Fair.model_validate({**FAIR.model_dump(), **changed})


def test_a_moment_with_a_zone_is_no_moment_of_the_fair() -> None:
    with pytest.raises(ValidationError, match="expected one without zone"):
        Span.model_validate({"starts": "2026-10-07T09:00Z", "ends": "2026-10-07T10:00Z"})


def test_a_closed_table_is_open_before_and_after_and_comes_last() -> None:
    span = Span.model_validate({"starts": "2026-10-07T09:00", "ends": "2026-10-07T09:20"})
    fair = FAIR.model_copy(update={"closures": (Closure(table=1, span=span),)})
    assert [fair.open_tables(slot) for slot in fair.slots[:2]] == [(2,), (2, 1)]


def test_a_fair_is_the_same_after_json() -> None:
    assert Fair.model_validate_json(FAIR.model_dump_json()) == FAIR
