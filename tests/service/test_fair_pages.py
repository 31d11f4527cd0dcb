from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import httpx
import pytest
from fastapi.testclient import TestClient

from data.keys import Scope
from matching.messages import available_languages
from tests.service.test_fairs import fair, published

__all__ = ["fair", "published"]

STATED = {
    "id": "F2", "name": "Foire du Rif", "venue": "Tétouan", "time_zone": "Africa/Casablanca", "tables": "3",
    "slot_minutes": "20", "buffer_minutes": "5",
    "sessions.1.day": "2026-11-03", "sessions.1.starts": "09:00", "sessions.1.ends": "12:00",
    "packages.0.name": "gold", "packages.0.minimum": "2",
    "interpreters.0.id": "I9", "interpreters.0.languages": "fr, German",
}  # fmt: skip
MEETING = {"first": "B1", "second": "S1"}


def sent(client: TestClient, address: str, **fields: str) -> httpx.Response:
    """The answer to a form, after the redirect where there is one."""
    return client.post(address, data=fields)


def starts_of(client: TestClient, plan: str = "1") -> dict[frozenset[str], str]:
    meetings = client.get(f"/v1/fairs/F1/plans/{plan}").json()["meetings"]
    return {frozenset(who["id"] for who in one["participants"]): one["starts_at"] for one in meetings}


def test_a_fair_is_stated_by_a_form_and_changed_by_it(client: TestClient) -> None:
    page = sent(client, "/fairs", **STATED)
    assert (page.url.path, page.history[0].status_code) == ("/fairs/F2/participants", 303)
    known = client.get("/v1/fairs/F2").json()["fair"]
    assert known["interpreters"] == [
        {"id": "I9", "languages": ["fr", "de"], "hours": {"present": [], "absent": []}}
    ]  # fmt: skip
    client.put("/v1/fairs/F2", json=known | {"closures": [{"table": 2}]})
    sent(client, "/fairs/F2/settings", **STATED | {"tables": "4"})
    changed = client.get("/v1/fairs/F2").json()["fair"]
    assert (changed["tables"], [one["table"] for one in changed["closures"]]) == (4, [2])
    assert 'value="2026-11-03"' in client.get("/fairs/F2/settings").text


def test_a_form_that_is_not_taken_keeps_what_was_typed_and_says_why_beside_the_field(client: TestClient) -> None:
    page = sent(client, "/fairs", **STATED | {"time_zone": "Rif", "sessions.1.ends": "08:00"})
    assert page.status_code == 422
    assert "is not a time zone; expected one of the IANA list" in page.text
    assert 'aria-describedby="fault-time_zone"' in page.text
    assert "ends 08:00 is not after starts 09:00" in page.text
    assert 'value="Foire du Rif"' in page.text
    sent(client, "/fairs", **STATED)
    again = sent(client, "/fairs", **STATED | {"name": "Another"})
    assert (again.status_code, "expected another id" in again.text) == (422, True)
    assert client.get("/v1/fairs/F2").json()["fair"]["name"] == "Foire du Rif"


def test_a_spreadsheet_is_loaded_and_each_refused_row_is_shown(fair: TestClient) -> None:
    sheet = "Acheteur;Rôle;Langues\nMercearia;acheteur;pt\nLueurs;roi;fr\n".encode()
    page = fair.post("/fairs/F1/participants", data={"sheet": "participants"}, files={"file": ("p.csv", sheet)}).text
    assert "1 row was stored." in page
    for cell in (">3<", "<bdi>role</bdi>", "<bdi>roi</bdi>", "<bdi>buyer or exhibitor</bdi>"):
        assert cell in page
    broken = fair.post("/fairs/F1/participants", data={"sheet": "wishes"}, files={"file": ("w.csv", b"\x00\x01")})
    assert (broken.status_code, 'role="alert"' in broken.text) == (422, True)
    typed = {"name": "Walk-in", "role": "buyer"}
    refused = sent(fair, "/fairs/F1/participants/one", languages="Klingonese", **typed).text
    assert "<bdi>Klingonese</bdi>" in refused and 'value="Walk-in"' in refused
    added = sent(fair, "/fairs/F1/participants/one", languages="French", **typed).text
    assert "Walk-in" in added and 'value="Walk-in"' not in added
    assert "Walk-in" in fair.get("/fairs/F1/participants?q=WALK").text


def test_a_plan_is_made_changed_and_published_by_forms(fair: TestClient) -> None:
    page = sent(fair, "/fairs/F1/plans", name="first", keep="all")
    assert page.url.path == "/fairs/F1/plans/1"
    assert "Tamount" in page.text and "Booth C7" in page.text
    before = starts_of(fair)[frozenset(MEETING.values())]
    sent(fair, "/fairs/F1/plans/1/meeting", action="lock", **MEETING)
    moved = sent(fair, "/fairs/F1/plans/1/meeting", action="place", starts_at="2026-10-07T14:50", **MEETING)
    assert "Unlock the meeting" in moved.text
    assert starts_of(fair)[frozenset(MEETING.values())] != before
    unsure = sent(fair, "/fairs/F1/plans/1/publication")
    assert (unsure.status_code, "confirmed is not ticked" in unsure.text) == (422, True)
    report = sent(fair, "/fairs/F1/plans/1/publication", confirmed="yes")
    assert report.url.path == "/fairs/F1/plans/1/changes"
    everyone = report.text.split("Everyone affected")[1]
    assert all(name in everyone for name in ("Lindtal", "Nordic Home", "Tamount", "Arganor", "Atlas Rugs"))
    copy = sent(fair, "/fairs/F1/plans", name="copy", based_on="1", keep="locked")
    assert (copy.url.path, starts_of(fair, "2")[frozenset(MEETING.values())]) == (
        "/fairs/F1/plans/2", "2026-10-07T14:50:00+01:00"
    )  # fmt: skip


def test_a_slot_that_is_taken_is_told_on_the_page_of_the_meeting(published: TestClient) -> None:
    taken = starts_of(published)[frozenset({"B1", "S2"})][:16]
    body = {"action": "place", "starts_at": taken, "confirmed": "yes"}
    page = sent(published, "/fairs/F1/plans/1/meeting", **body, **MEETING)
    assert (page.status_code, "has another meeting at" in page.text) == (412, True)
    assert sent(published, "/fairs/F1/plans/1/meeting", action="drop", **MEETING).status_code == 422
    report = sent(published, "/fairs/F1/plans/1/meeting", action="drop", confirmed="yes", **MEETING)
    assert report.text.split("Everyone affected")[1].count("/participants/") == 2
    offered = published.get("/fairs/F1/plans/1/meeting", params=MEETING).text
    free = published.get("/v1/fairs/F1/free-slots", params={"participant_id": "B1", "other_id": "S1"}).json()["slots"]
    assert all(f'value="{one}"' in offered for one in free)
    assert offered.count("<option") == len(free) > 0


def test_a_cancellation_and_a_closed_table_name_everyone_affected(published: TestClient) -> None:
    assert sent(published, "/fairs/F1/participants/S2/cancellation").status_code == 422
    report = sent(published, "/fairs/F1/participants/S2/cancellation", confirmed="yes").text
    assert report.split("Everyone affected")[1].count("/participants/") == 3
    closed = sent(published, "/fairs/F1/closures", table="1", confirmed="yes")
    assert closed.url.path == "/fairs/F1/plans/1/changes"
    assert sent(published, "/fairs/F1/closures", table="9", confirmed="yes").status_code == 422
    half = sent(published, "/fairs/F1/closures", table="2", starts="2026-10-07T09:00", confirmed="yes")
    assert "expected both or none" in half.text
    assert 'value="2026-10-07T09:00"' in half.text


def test_the_day_is_noted_by_forms(published: TestClient) -> None:
    assert "Lindtal" in published.get("/fairs/F1/day?slot=0").text
    page = sent(published, "/fairs/F1/day/arrivals", participant="B1").text
    assert "1 of 5 have arrived." in page
    meeting = published.get("/v1/fairs/F1/meetings").json()["meetings"][0]["id"]
    body = {"meeting": meeting, "slot": "0"}
    wrong = sent(published, "/fairs/F1/day/outcomes", outcome="no_show", rating="4", **body)
    assert (wrong.status_code, "expected none" in wrong.text) == (422, True)
    sent(published, "/fairs/F1/day/outcomes", outcome="held", rating="4", **body)
    assert published.get("/v1/fairs/F1/meetings").json()["meetings"][0]["state"] == "held"


def test_an_invitation_is_asked_and_answered_on_somebodys_behalf(published: TestClient) -> None:
    sent(published, "/fairs/F1/plans/1/meeting", action="drop", confirmed="yes", **MEETING)
    two = {"from_id": "S1", "to_id": "B1"}
    starts = published.get("/v1/fairs/F1/free-slots", params={"participant_id": "B1", "other_id": "S1"}).json()["slots"]
    assert f'value="{starts[0]}"' in published.get("/fairs/F1/invitations", params=two).text
    sent(published, "/fairs/F1/invitations", starts_at=starts[0], **two)
    sent(published, "/fairs/F1/invitations", starts_at=starts[1], **two)
    asked = [one["id"] for one in published.get("/v1/fairs/F1/invitations").json()["invitations"]]
    report = sent(published, f"/fairs/F1/invitations/{asked[0]}", answer="accept")
    assert report.url.path == "/fairs/F1/plans/1/changes"
    assert starts_of(published)[frozenset(MEETING.values())].startswith(starts[0])
    sent(published, f"/fairs/F1/invitations/{asked[1]}", answer="decline")
    late = sent(published, f"/fairs/F1/invitations/{asked[1]}", answer="accept")
    assert (late.status_code, "is declined, expected a pending one" in late.text) == (412, True)


def test_agendas_and_plans_are_taken_along(published: TestClient) -> None:
    archive = zipfile.ZipFile(io.BytesIO(published.get("/fairs/F1/agendas").content))
    assert archive.testzip() is None
    assert sorted(archive.namelist())[:3] == ["B1.ics", "B1.pdf", "B2.ics"]
    assert archive.read("S1.pdf").startswith(b"%PDF")
    single = published.get("/fairs/F1/participants/B1/agenda?format=ics")
    assert single.content == archive.read("B1.ics")
    assert published.get("/fairs/F1/plans/1/file").content.startswith(b"PK")
    assert published.get("/fairs/F1/plans/1/file?format=json").json()["plan_id"] == "1"


def test_two_plans_stand_side_by_side_with_their_wishes_and_reasons(published: TestClient) -> None:
    published.put("/v1/fairs/F1/wishes", json={"wishes": [{"by": "B2", "about": "S1", "level": "like"}]})
    published.post("/v1/fairs/F1/plans", json={"name": "what if"})
    page = published.get("/fairs/F1?plan=1&plan=2&language=fr").text
    assert page.count("<section>") == 2
    assert "Ils n&#39;ont pas de langue commune" in page
    alone = published.get("/fairs/F1/plans/1?participant=B1&language=en").text
    assert "<bdi>Lindtal</bdi><br>" in alone
    assert "<bdi>Nordic Home</bdi><br>" not in alone


@pytest.mark.parametrize("language", available_languages())
def test_every_page_is_written_in_each_language(published: TestClient, language: str) -> None:
    for path in (
        "", "/participants", "/participants/B1", "/plans/1", "/plans/1/changes", "/plans/1/meeting?first=B1&second=S1",
        "/day", "/invitations", "/settings",
    ):  # fmt: skip
        answer = published.get(f"/fairs/F1{path}", headers={"accept-language": language})
        direction = "rtl" if language == "ar" else "ltr"
        assert (answer.status_code, f'<html lang="{language}" dir="{direction}">' in answer.text) == (200, True)


def test_what_is_not_there_is_told_on_a_page(published: TestClient) -> None:
    for path in ("/fairs/nowhere", "/fairs/F1/plans/9", "/fairs/F1/participants/nobody", "/fairs/F1/plans/x/changes"):
        answer = published.get(path)
        assert (answer.status_code, answer.headers["content-type"][:9]) == (404, "text/html")
        assert "of the id" in answer.text or "has the id" in answer.text


def test_a_name_is_shown_and_never_run(published: TestClient) -> None:
    published.put("/v1/fairs/F1/participants/B1", json={"name": "<img src=x onerror=alert(1)>", "role": "buyer"})
    for path in ("", "/participants", "/participants/B1", "/plans/1", "/day?slot=0", "/plans/1/changes"):
        assert "<img" not in published.get(f"/fairs/F1{path}").text


def test_a_form_of_another_site_changes_nothing(published: TestClient) -> None:
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"origin": "null"}):
        answer = published.post("/fairs/F1/participants/S2/cancellation", data={"confirmed": "yes"}, headers=headers)
        assert (answer.status_code, "a page of another site sent this" in answer.text) == (403, True)
    own = {"sec-fetch-site": "same-origin", "origin": "http://testserver"}
    for headers in (own, {"origin": "http://testserver"}):
        answer = published.post("/fairs/F1/plans/1/publication", data={"confirmed": "yes"}, headers=headers)
        assert answer.status_code == 200


def test_whoever_has_a_key_signs_in_and_out(published: TestClient, key: Callable[..., dict[str, str]]) -> None:
    token = key("default", Scope.WRITE)["authorization"].removeprefix("Bearer ")
    asked = published.get("/fairs/F1?plan=1")
    assert (asked.status_code, "/fairs/F1?plan=1" in asked.text) == (401, True)
    wrong = sent(published, "/sign-in", key="souk_0_0", next="/fairs")
    assert (wrong.status_code, "the key is unknown or revoked" in wrong.text) == (401, True)
    inside = sent(published, "/sign-in", key=token, next="/fairs/F1?plan=1")
    assert (inside.status_code, str(inside.url)) == (200, "http://testserver/fairs/F1?plan=1")
    cookie = inside.history[0].headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie
    assert sent(published, "/fairs/F1/plans", name="mine").url.path == "/fairs/F1/plans/2"
    stolen = published.post("/fairs/F1/plans", data={"name": "theirs"}, headers={"sec-fetch-site": "cross-site"})
    assert stolen.status_code == 403
    origin = {"origin": "https://testserver"}
    safe = published.post("/sign-in", data={"key": token}, headers=origin, follow_redirects=False)
    assert "; secure" in safe.headers["set-cookie"].lower()
    sent(published, "/sign-out")
    assert published.get("/fairs/F1").status_code == 401
    away = sent(published, "/sign-in", key=token, next="//evil.example/")
    assert away.url.path == "/fairs"


def test_a_key_sees_the_fairs_of_its_own_organisation_alone(
    published: TestClient, key: Callable[..., dict[str, str]]
) -> None:
    headers = key("acme")
    assert "Salon du terroir" not in published.get("/fairs", headers=headers).text
    for path in ("", "/participants", "/plans/1", "/day", "/invitations", "/settings", "/agendas"):
        assert published.get(f"/fairs/F1{path}", headers=headers).status_code == 404
    assert published.post("/fairs/F1/plans", data={"name": "x"}, headers=headers).status_code == 404


def test_what_a_key_may_not_do_is_told_on_a_page(published: TestClient, key: Callable[..., dict[str, str]]) -> None:
    reader, door = key("default", Scope.MATCH), key("default", Scope.FEEDBACK, Scope.MATCH)
    assert published.get("/fairs/F1", headers=reader).status_code == 200
    refused = published.post("/fairs/F1/plans", data={"name": "x"}, headers=reader)
    assert (refused.status_code, "the key has no scope write" in refused.text) == (403, True)
    arrived = published.post("/fairs/F1/day/arrivals", data={"participant": "B1"}, headers=door)
    assert arrived.history[0].status_code == 303
