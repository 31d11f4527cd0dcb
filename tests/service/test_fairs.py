from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import icalendar
import openpyxl
import pytest
from fastapi.testclient import TestClient

from data.keys import Scope
from service.live import Live
from tests.fairs import FAIR, FirstCome, participants


@pytest.fixture
def fair(client: TestClient, live: Live) -> TestClient:
    """A client of a service that has the small fair."""
    live.solver = FirstCome()  # type: ignore[assignment]
    document = FAIR.model_dump(mode="json", exclude_defaults=True)
    assert client.put("/v1/fairs/F1", json=document).status_code == 200
    for one in participants():
        body = one.model_dump(mode="json", exclude_defaults=True)
        assert client.put(f"/v1/fairs/F1/participants/{one.id}", json=body).status_code == 200
    return client


@pytest.fixture
def published(fair: TestClient) -> TestClient:
    """The same with a published plan."""
    plan = fair.post("/v1/fairs/F1/plans", json={"name": "first"}).json()
    assert fair.post(f"/v1/fairs/F1/plans/{plan['id']}/publication").status_code == 200
    return fair


def two(meeting: dict[str, Any]) -> tuple[str, ...]:
    return tuple(one["id"] for one in meeting["participants"])


def test_a_fair_is_told_with_its_slots_and_participants(fair: TestClient) -> None:
    answer = fair.get("/v1/fairs/F1").json()
    assert (answer["fair"]["name"], answer["slots"][:2]) == (FAIR.name, ["2026-10-07T09:00", "2026-10-07T09:25"])
    found = fair.get("/v1/fairs/F1/participants").json()["participants"]
    assert [(one["id"], one["checked_in_at"]) for one in found] == [(one.id, None) for one in participants()]
    assert [one["id"] for one in fair.get("/v1/fairs").json()["fairs"]] == ["F1"]


def test_a_spreadsheet_is_stored_and_its_faults_are_told(fair: TestClient) -> None:
    sheet = "Acheteur;Rôle;Langues\nMercearia;acheteur;pt\nLueurs;roi;fr\n".encode()
    answer = fair.post("/v1/fairs/F1/imports/participants", files={"file": ("p.csv", sheet)}).json()
    assert (answer["stored"], answer["refused"][0]["column"], answer["refused"][0]["value"]) == (1, "role", "roi")
    wishes = b"Wish of,Wants to meet,Wish\nMercearia,Tamount,must\n"
    assert fair.post("/v1/fairs/F1/imports/wishes", files={"file": ("w.csv", wishes)}).json()["stored"] == 1
    assert fair.get("/v1/fairs/F1/wishes").json()["wishes"][0]["about"] == "S1"


def test_a_plan_is_made_published_and_read(published: TestClient) -> None:
    (head,) = published.get("/v1/fairs/F1/plans").json()["plans"]
    assert (head["state"], head["version"], head["meeting_count"]) == ("published", 2, 5)
    plan = published.get("/v1/fairs/F1/plans/1").json()
    assert plan["affected"] == ["B1", "B2", "S1", "S2", "S3"]
    meetings = published.get("/v1/fairs/F1/meetings").json()["meetings"]
    assert {two(one) for one in meetings} == {two(one) for one in plan["meetings"]}
    assert meetings[0]["starts_at"] == "2026-10-07T09:00:00+01:00"
    assert published.get("/v1/fairs/F1/plans/1?version=1").json()["version"] == 2
    assert published.get("/v1/fairs/F1/plans/1?version=9").status_code == 404


def test_what_if_copies_stand_side_by_side(published: TestClient) -> None:
    body = {"name": "what if", "based_on": "1"}
    assert published.post("/v1/fairs/F1/plans", json=body).json()["changes"] == []
    assert [one["name"] for one in published.get("/v1/fairs/F1/plans").json()["plans"]] == ["first", "what if"]


def test_a_cancellation_reports_everyone_affected(published: TestClient) -> None:
    report = published.post("/v1/fairs/F1/participants/S2/cancellation").json()
    assert report["affected"] == ["B1", "B2", "S2"]
    assert {one["after"] for one in report["changes"]} == {None}
    body = {"edits": [{"action": "lock", "first": "B1", "second": "S2"}]}
    assert published.post("/v1/fairs/F1/plans/1/edits", json=body).status_code == 404


def test_a_table_closes(published: TestClient) -> None:
    assert published.post("/v1/fairs/F1/closures", json={"table": 1}).json()["affected"]
    assert published.post("/v1/fairs/F1/closures", json={"table": 9}).status_code == 422


def test_an_invitation_is_accepted_once_and_for_one(published: TestClient) -> None:
    published.post("/v1/fairs/F1/plans/1/edits", json={"edits": [{"action": "drop", "first": "B1", "second": "S1"}]})
    starts = published.get("/v1/fairs/F1/free-slots", params={"participant_id": "B1", "other_id": "S1"}).json()["slots"]
    body = {"from_id": "S1", "to_id": "B1", "starts_at": starts[0]}
    asked = [published.post("/v1/fairs/F1/invitations", json=body).json()["id"] for _ in range(2)]
    replies = [published.post(f"/v1/fairs/F1/invitations/{one}/reply", json={"answer": "accept"}) for one in asked]
    assert [one.status_code for one in replies] == [200, 200]
    assert len([one for one in published.get("/v1/fairs/F1/meetings").json()["meetings"]
                if two(one) == ("S1", "B1") or two(one) == ("B1", "S1")]) == 1  # fmt: skip
    proposed = {"answer": "propose", "starts_at": starts[1]}
    assert published.post(f"/v1/fairs/F1/invitations/{asked[0]}/reply", json=proposed).status_code == 412
    found = published.get("/v1/fairs/F1/invitations", params={"participant_id": "B1"}).json()["invitations"]
    assert {one["state"] for one in found} == {"accepted"}


def test_the_day_is_noted(published: TestClient) -> None:
    assert published.post("/v1/fairs/F1/participants/B1/check-in").json()["participant_id"] == "B1"
    meeting = published.get("/v1/fairs/F1/meetings").json()["meetings"][0]
    body = {"outcome": "held", "rating": 4}
    assert published.post(f"/v1/fairs/F1/meetings/{meeting['id']}/outcome", json=body).json()["state"] == "held"
    wrong = {"outcome": "no_show", "rating": 4}
    assert published.post(f"/v1/fairs/F1/meetings/{meeting['id']}/outcome", json=wrong).status_code == 422


def test_an_agenda_is_a_calendar_a_pdf_and_json(published: TestClient) -> None:
    calendar = published.get("/v1/fairs/F1/participants/B1/agenda?format=ics")
    assert calendar.headers["content-type"].startswith("text/calendar")
    events = icalendar.Calendar.from_ical(calendar.content).walk("VEVENT")
    told = published.get("/v1/fairs/F1/participants/B1/agenda").json()
    assert (told["language"], len(told["meetings"])) == ("de", len(events))
    assert published.get("/v1/fairs/F1/participants/S1/agenda?format=pdf").content.startswith(b"%PDF")


def test_a_plan_is_a_workbook_whose_cells_run_nothing(published: TestClient) -> None:
    body = {"name": "=1+1", "role": "buyer", "languages": ["fr"]}
    published.put("/v1/fairs/F1/participants/B1", json=body)
    book = openpyxl.load_workbook(io.BytesIO(published.get("/v1/fairs/F1/plans/1/export?language=fr").content))
    assert book.sheetnames == [
        "Vue d'ensemble", "Par créneau", "Par table", "Par participant", "Souhaits non satisfaits"
    ]  # fmt: skip
    cells = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]
    assert "'=1+1" in cells
    assert not [cell for cell in cells if str(cell).startswith("=")]
    assert published.get("/v1/fairs/F1/plans/1/export?format=json").json()["time_zone"] == "Africa/Casablanca"


def test_scopes_part_the_organiser_from_the_door(published: TestClient, key: Callable[..., dict[str, str]]) -> None:
    door, portal = key("default", Scope.FEEDBACK), key("default", Scope.MATCH)
    assert published.post("/v1/fairs/F1/participants/B1/check-in", headers=door).status_code == 200
    assert published.post("/v1/fairs/F1/plans", json={}, headers=door).status_code == 403
    assert published.get("/v1/fairs/F1", headers=portal).status_code == 200
    assert published.delete("/v1/fairs/F1", headers=portal).status_code == 403


def test_a_fair_is_deleted_with_all_that_belongs_to_it(published: TestClient) -> None:
    assert published.delete("/v1/fairs/F1").status_code == 204
    assert published.get("/v1/fairs/F1/plans").status_code == 404
