from __future__ import annotations

import numpy as np
import pytest

from data.database import Database
from data.fair_desk import FairDesk
from data.fair_fits import fit_of
from data.fair_scores import FairMatcher, Fit
from data.store import Store
from data.workspace import Models
from matching.profiles import Supplier
from tests.fairs import FAIR, desk_of, models


@pytest.fixture
def desk(database_url: str) -> FairDesk:
    return desk_of(Store(Database.open(database_url), "acme"))


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often everybody was scored, one entry a time."""
    times: list[int] = []
    score = FairMatcher.fit

    def counted(matcher: FairMatcher) -> Fit:
        times.append(1)
        return score(matcher)

    monkeypatch.setattr(FairMatcher, "fit", counted)
    return times


def fit(desk: FairDesk, made_of: Models | None = None) -> Fit:
    return fit_of(desk.fairs, FAIR.id, desk.fairs.content(FAIR.id).participants, made_of or models())


def test_scores_are_kept_and_are_those_that_were_worked_out(desk: FairDesk, scored: list[int]) -> None:
    first, again = fit(desk), fit(desk)
    assert len(scored) == 1
    assert (first.buyers, first.exhibitors) == (again.buyers, again.exhibitors) == (("B1", "B2"), ("S1", "S2", "S3"))
    assert np.array_equal(first.chances, again.chances)


def test_a_cancellation_changes_nobody_s_score(desk: FairDesk, scored: list[int]) -> None:
    before = fit(desk)
    desk.cancel(FAIR.id, "S2")
    after = fit(desk)
    assert (len(scored), after.exhibitors) == (1, ("S1", "S3"))
    assert np.array_equal(after.chances, before.chances[:, [0, 2]])


def test_another_text_or_record_is_scored_anew(desk: FairDesk, scored: list[int]) -> None:
    fit(desk)
    one = desk.fairs.content(FAIR.id).participant("S1").model_copy(update={"text": "wool"})
    desk.fairs.put_participants(FAIR.id, [one])
    fit(desk)
    desk.fairs.store.put_suppliers([Supplier(id="S2", name="Arganor", description="argan oil")])
    fit(desk)
    assert len(scored) == 3
