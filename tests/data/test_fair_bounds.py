from __future__ import annotations

import pytest

from data.database import Database
from data.fair_bounds import bound_for
from data.fair_desk import FairDesk
from data.fair_exports import quality_words
from data.fair_plans import Action, Edit, Plan
from data.fairs import Level, Wish
from data.store import Store
from matching.messages import messages_in
from tests.fairs import FAIR, desk_of, participants

ENGLISH = messages_in("en")


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> FairDesk:
    url = f"sqlite:///{tmp_path_factory.mktemp('fair')}/souk.db"
    return desk_of(Store(Database.open(url), "acme"), Wish(by="B1", about="S1", level=Level.MUST))


def locked(desk: FairDesk) -> str:
    """A plan with a locked meeting."""
    head, plan = desk.plan(FAIR.id, "first")
    assert plan.bound is not None
    desk.edit(FAIR.id, head.id, [Edit(action=Action.LOCK, first="B1", second="S2")])
    return head.id


@pytest.mark.parametrize("keep_all", [True, False])
def test_a_copy_of_an_unchanged_fair_keeps_the_bound_and_has_one_of_its_own(desk: FairDesk, keep_all: bool) -> None:
    name = locked(desk)
    bound = desk.fairs.plan(FAIR.id, name)[1].bound
    copy = desk.plan(FAIR.id, "copy", based_on=name, keep_all=keep_all)[1]
    assert bound is not None
    assert copy.bound == bound
    assert copy.kept_bound is not None
    assert copy.score <= copy.kept_bound + 1e-6


def test_a_change_of_the_fair_ends_what_was_known(desk: FairDesk) -> None:
    name = locked(desk)
    desk.cancel(FAIR.id, "S3")
    copy = desk.plan(FAIR.id, "copy", based_on=name)[1]
    assert (copy.bound, copy.gap_percent, copy.is_best) == (None, None, False)
    assert copy.kept_bound is not None


def test_an_edit_keeps_the_bound_unless_it_breaks_a_promise(desk: FairDesk) -> None:
    head, plan = desk.plan(FAIR.id, "first")
    dropped = desk.edit(FAIR.id, head.id, [Edit(action=Action.DROP, first="B2", second="S2")])[1]
    assert dropped.bound == plan.bound
    broken = desk.edit(FAIR.id, head.id, [Edit(action=Action.DROP, first="B1", second="S1")])[1]
    assert broken.bound is None


def test_other_texts_that_change_a_score_end_what_was_known(desk: FairDesk) -> None:
    head, plan = desk.plan(FAIR.id, "first")
    other = participants()[2].model_copy(update={"text": "wool rugs"})
    desk.fairs.put_participants(FAIR.id, [other])
    assert bound_for(desk.fairs.content(FAIR.id), plan, plan) is None
    assert desk.plan(FAIR.id, "copy", based_on=head.id)[1].bound is None


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (Plan(score=10.0, bound=10.0), ["No plan of this fair scores more."]),
        (Plan(score=9.9951, bound=10.0), ["At most 0.05% below the best plan of this fair."]),
        (Plan(score=9.0, kept_bound=9.0), ["No plan that keeps what stays scores more."]),
        (
            Plan(score=9.0, bound=10.0, kept_bound=9.5),
            [
                "At most 10% below the best plan of this fair.",
                "At most 5.27% below the best plan that keeps what stays.",
            ],
        ),
        (Plan(score=9.0), []),
    ],
)
def test_what_is_known_is_said_and_never_more(plan: Plan, words: list[str]) -> None:
    assert quality_words(plan, ENGLISH) == words
