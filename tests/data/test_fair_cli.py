"""The organiser's tour from the shell, over the sample fair."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data import fair_cli, shipped
from matching.errors import InvalidInput, PreconditionFailed
from tests.fairs import models

SAMPLE = shipped.SAMPLE / "fair"
Souk = Callable[..., str]


@pytest.fixture
def souk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Souk:
    """Runs `souk fair` over a database of its own, with small models."""
    monkeypatch.setenv("SOUK_DATABASE_URL", f"sqlite:///{tmp_path}/souk.db")
    monkeypatch.setattr(fair_cli.Models, "load", lambda _settings: models())

    def run(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(fair_cli.commands, ["fair", *arguments], catch_exceptions=False)
        assert done.exit_code == code, done.output
        return done.output

    return run


@pytest.fixture
def fair(souk: Souk) -> Souk:
    """The same with the sample fair."""
    souk("create", "souss", "--file", str(SAMPLE / "fair.json"))
    souk("import", "souss", "participants", str(SAMPLE / "exhibitors.csv"), "--role", "exhibitor")
    souk("import", "souss", "participants", str(SAMPLE / "buyers.csv"), "--role", "buyer")
    souk("import", "souss", "wishes", str(SAMPLE / "wishes.csv"))
    souk("import", "souss", "hours", str(SAMPLE / "hours.csv"))
    return souk


def test_a_fair_is_created_by_options_alone(souk: Souk) -> None:
    told = souk(
        "create", "F1", "--name", "Salon", "--zone", "Europe/Paris", "--session", "2026-10-07 09:00-12:30",
        "--tables", "3",
    )  # fmt: skip
    assert "8 slots in 1 sessions, 3 tables" in told
    assert "Europe/Paris" in souk("list")
    souk("delete", "F1")
    assert "Europe/Paris" not in souk("list")


def test_refused_rows_are_listed_and_the_exit_code_says_so(souk: Souk, tmp_path: Path) -> None:
    souk("create", "souss", "--file", str(SAMPLE / "fair.json"))
    (tmp_path / "p.csv").write_text("Company,Role\nA,king\nB,buyer\n", encoding="utf-8")
    told = souk("import", "souss", "participants", str(tmp_path / "p.csv"), code=3)
    assert "1 participants stored, 1 faults in refused rows" in " ".join(told.split())


def test_the_whole_tour(fair: Souk, tmp_path: Path) -> None:
    assert "plan 1" in fair("plan", "souss", "--name", "first")
    shown = fair("show", "souss", "1")
    assert "Infusia" in shown
    published = fair("publish", "souss", "1")
    assert "is published, version 2" in published
    assert "meetings of" in published
    assert "→" not in published
    cancelled = fair("cancel", "souss", "E0214")
    assert "affected: " in cancelled
    assert "plan 2" in fair("replan", "souss", "1", "--name", "after the cancellation")
    assert "published" in fair("publish", "souss", "2")
    assert "is closed" in fair("close-table", "souss", "3")
    assert "first" in fair("show", "souss")
    fair("export", "souss", "2", "--out", str(tmp_path / "plan.xlsx"))
    fair("export", "souss", "2", "--out", str(tmp_path / "plan.json"))
    plan = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    assert "E0214" not in {one["id"] for meeting in plan["meetings"] for one in meeting["participants"]}
    assert (tmp_path / "plan.xlsx").read_bytes().startswith(b"PK")
    fair("agenda", "souss", "B0103", "--out", str(tmp_path / "agenda.ics"))
    assert (tmp_path / "agenda.ics").read_bytes().startswith(b"BEGIN:VCALENDAR")


def test_meetings_are_locked_moved_and_dropped_by_hand(fair: Souk, tmp_path: Path) -> None:
    fair("plan", "souss")
    fair("export", "souss", "1", "--out", str(tmp_path / "plan.json"))
    meeting = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["meetings"][0]
    two = [one["id"] for one in meeting["participants"]]
    assert "version 2" in fair("lock", "souss", "1", *two)
    assert "version 3" in fair("lock", "souss", "1", *two, "--unlock")
    assert "1 meetings changed" in fair("drop", "souss", "1", *two)
    assert "1 meetings changed" in fair("place", "souss", "1", *two, meeting["starts_at"][:16])
    with pytest.raises(InvalidInput, match="expected the beginning of a slot"):
        fair("place", "souss", "1", *two, "2027-03-09T09:01")


@pytest.mark.parametrize("arguments", [("export", "souss", "1"), ("export", "souss", "1", "--out", "plan.doc")])
def test_what_cannot_be_written_is_refused(fair: Souk, arguments: tuple[str, ...]) -> None:
    fair("plan", "souss")
    with pytest.raises(InvalidInput, match="expected"):
        fair(*arguments)


def test_a_plan_that_does_not_hold_any_more_is_not_published(fair: Souk) -> None:
    fair("plan", "souss")
    fair("cancel", "souss", "E0214")
    with pytest.raises(PreconditionFailed, match="plan anew"):
        fair("publish", "souss", "1")
