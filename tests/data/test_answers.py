from __future__ import annotations

from datetime import timedelta

import pytest

from data.answers import Answer, Answers
from data.database import Database
from matching.errors import KeyUsedOtherwise
from tests.data.conftest import Clock


@pytest.fixture
def answers(database_url: str, clock: Clock) -> Answers:
    database = Database.open(database_url, clock=clock)
    database.ensure_organisation("acme")
    return Answers(database, "acme")


def test_the_first_answer_under_a_key_holds(answers: Answers) -> None:
    answers.keep("k", "digest", Answer(200, "first"))
    answers.keep("k", "digest", Answer(200, "second"))
    assert answers.find("k", "digest") == Answer(200, "first")
    assert answers.find("other", "digest") is None


def test_a_key_that_came_with_another_request_is_refused(answers: Answers) -> None:
    answers.keep("k", "digest", Answer(200, "first"))
    with pytest.raises(KeyUsedOtherwise, match="Idempotency-Key 'k' came with another request before"):
        answers.find("k", "another")


def test_an_answer_is_forgotten_after_a_day(answers: Answers, clock: Clock) -> None:
    answers.keep("k", "digest", Answer(200, "first"))
    clock.now += timedelta(hours=25)
    assert answers.find("k", "another") is None
    answers.keep("k", "another", Answer(200, "second"))
    assert answers.find("k", "another") == Answer(200, "second")
