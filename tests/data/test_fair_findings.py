from __future__ import annotations

from pathlib import Path

import pytest

from data.database import Database
from data.fair_desk import FairDesk
from data.fair_findings import findings_of
from data.fairs import Hours, Level, Span, Wish
from data.store import Store
from tests.fairs import FAIR, desk_of, participants


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(Database.open(f"sqlite:///{tmp_path}/souk.db"), "acme")


def told(desk: FairDesk, language: str = "en") -> list[str]:
    return findings_of(desk.setting("F1"), language)


def test_a_promise_above_what_can_be_met_names_who_and_what_would_mend_it(store: Store) -> None:
    desk = desk_of(store, Wish(by="B2", about="S2", level=Level.NEVER))
    finding = told(desk)[0]
    assert finding.startswith("Tamount: 2 meetings are promised, but only 1 partners can be met.")
    assert "Tamount is promised 1" in finding


def test_a_required_pair_that_is_never_there_together_is_told(store: Store) -> None:
    desk = desk_of(store, Wish(by="B1", about="S2", level=Level.MUST))
    spans = [{"starts": "2026-10-07T09:00", "ends": "2026-10-07T12:00"},
             {"starts": "2026-10-07T14:00", "ends": "2026-10-07T16:00"}]  # fmt: skip
    changed = [
        one.model_copy(update={"hours": Hours(absent=(Span.model_validate(span),))})
        for one, span in zip((participants()[0], participants()[3]), spans, strict=True)
    ]
    desk.fairs.put_participants("F1", changed)
    assert any(one.startswith("Lindtal and Arganor have to meet, but no slot allows it.") for one in told(desk))


def test_a_fair_in_which_all_can_work_has_no_finding(store: Store) -> None:
    desk = desk_of(store)
    desk.fairs.put(FAIR.model_copy(update={"packages": ()}))
    assert told(desk) == []


@pytest.mark.parametrize("language", ["fr", "ar", "es", "de", "zh", "it", "pt", "tr", "nl"])
def test_findings_are_in_the_reader_s_language(store: Store, language: str) -> None:
    (finding,) = told(desk_of(store), language)
    assert "Tamount" in finding
    assert "promised" not in finding
