"""An organiser's whole fair in a real browser: signed in with a key, from spreadsheets to the day itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from data.database import Database
from data.keys import Keys, Scope
from tests.browser import Browser
from tests.served import Served

SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "fair"
STATED = {
    "id": "souss", "name": "Rencontres du Souss", "time_zone": "Africa/Casablanca", "tables": "8",
    "sessions.0.day": "2027-03-09", "sessions.0.starts": "09:00", "sessions.0.ends": "12:30",
    "packages.0.name": "gold", "packages.0.minimum": "3", "packages.1.name": "standard",
    "interpreters.0.id": "Samira", "interpreters.0.languages": "zh, fr, en",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("organiser")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    running = Served(f"sqlite:///{folder}/souk.db", folder)
    running.wait_until_ready()
    yield running
    running.close()


@pytest.fixture
def browser(folder: Path) -> Iterator[Browser]:
    with Browser(folder) as running:
        yield running


def _load(browser: Browser, sheet: str, file: Path, role: str = "") -> None:
    browser.fill("form[enctype]", {"sheet": sheet, "role": role})
    browser.attach("input[type=file]", file)
    browser.press("form[enctype] button")


def _fits_a_phone(browser: Browser, address: str) -> None:
    browser.order("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=2, mobile=True)
    for path in ("", "/souss", "/souss/plans/1", "/souss/plans/1/changes", "/souss/day", "/souss/settings"):
        for language in ("ar", "de"):
            browser.go(f"{address}/fairs{path}?language={language}")
            assert browser.run("() => document.documentElement.scrollWidth") <= 360
    browser.go(f"{address}/fairs/souss/participants?language=en")


def test_an_organiser_runs_a_fair_in_a_browser(served: Served, folder: Path, browser: Browser) -> None:
    key = Keys(Database.open(f"sqlite:///{folder}/souk.db")).create("acme", "organiser", [Scope.WRITE])
    browser.go(f"{served.address}/fairs?language=en")
    browser.fill("main form", {"key": key})
    browser.press("main button", "Sign in")
    assert "There is no fair yet." in browser.text

    browser.fill("main form", STATED)
    browser.press("button", "Create a fair")
    _load(browser, "participants", SAMPLE / "exhibitors.csv", "exhibitor")
    _load(browser, "participants", SAMPLE / "buyers.csv", "buyer")
    assert "12 rows were stored." in browser.text
    broken = folder / "wishes.csv"
    broken.write_text("Wish of,Wants to meet,Wish\nB0122,E0255,must\nB0109,Nobody Ltd,like\n", encoding="utf-8")
    _load(browser, "wishes", broken)
    assert "the id, or the name, of one participant" in browser.text

    browser.press(".tabs a", "Plans")
    browser.press("main a", "Check what stands in the way of a plan")
    assert "Nothing stands in the way of a plan." in browser.text
    browser.fill("section.panel form", {"name": "first"})
    browser.press("button", "Make a plan")
    assert browser.arrives("/fairs/souss/plans/1")
    browser.press(".grid td a")
    browser.press("button", "Lock the meeting here")
    assert "Unlock the meeting" in browser.text
    browser.press(".way a", "first")
    browser.fill("form[action*=publication]", {"confirmed": "yes"})
    browser.press("button", "Publish the plan")
    assert "Everyone affected" in browser.text

    browser.press("main li a", "Policenwerk AG")
    browser.fill("form[action*=cancellation]", {"confirmed": "yes"})
    browser.press("button", "Cancel the participant")
    report = browser.text.split("Everyone affected")[1]
    assert "Policenwerk AG" in report
    browser.press(".tabs a", "On the day")
    browser.press("form[action*=arrivals] button")
    assert "1 of 31 have arrived." in browser.text
    browser.press("td button", "held")
    assert browser.run("() => document.querySelector('.stack tbody').innerText").count("held") > 2
    _fits_a_phone(browser, served.address)
    browser.press("button", "Sign out")
    browser.go(f"{served.address}/fairs/souss?language=en")
    assert "This page needs a key of the service." in browser.text


def test_a_page_of_another_site_cannot_use_the_key_that_a_browser_keeps(
    served: Served, folder: Path, browser: Browser
) -> None:
    key = Keys(Database.open(f"sqlite:///{folder}/souk.db")).create("firm", "organiser", [Scope.WRITE])
    browser.go(f"{served.address}/sign-in?language=en")
    browser.fill("main form", {"key": key})
    browser.press("main button", "Sign in")
    trap = folder / "trap.html"
    fields = "".join(f'<input name="{name}" value="{value}">' for name, value in STATED.items())
    trap.write_text(f'<form method="post" action="{served.address}/fairs">{fields}<button>win</button></form>')
    browser.go(trap.as_uri())
    browser.press("button", "win")
    assert "a page of another site sent this" in browser.text
    browser.go(f"{served.address}/fairs?language=en")
    assert "There is no fair yet." in browser.text
