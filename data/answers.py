"""Answers given under an Idempotency-Key, so that a request sent twice is answered once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select

from data.database import Database
from data.schema import ANSWERS
from matching.errors import KeyUsedOtherwise

_KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class Answer:
    """A status and a body as they were sent."""

    status: int
    body: str


class Answers:
    """Answers of one organisation by Idempotency-Key, kept for a day."""

    def __init__(self, database: Database, organisation: str) -> None:
        self._database = database
        self._organisation = organisation

    def find(self, key: str, request_digest: str) -> Answer | None:
        """The answer that a key got, None where it is new; KeyUsedOtherwise where it came with another request."""
        query = select(ANSWERS).where(
            ANSWERS.c.organisation_id == self._organisation,
            ANSWERS.c.idempotency_key == key,
            ANSWERS.c.answered_at > self._database.clock() - _KEPT,
        )
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        if row.request_digest != request_digest:
            raise KeyUsedOtherwise(f"Idempotency-Key {key!r} came with another request before")
        return Answer(row.status, row.body)

    def keep(self, key: str, request_digest: str, answer: Answer) -> None:
        """Keep an answer; the first one under a key stays."""
        now = self._database.clock()
        row = {
            "organisation_id": self._organisation,
            "idempotency_key": key,
            "request_digest": request_digest,
            "status": answer.status,
            "body": answer.body,
            "answered_at": now,
        }
        with self._database.writing() as connection:
            connection.execute(delete(ANSWERS).where(ANSWERS.c.answered_at <= now - _KEPT))
            connection.execute(self._database.upsert(ANSWERS).values(row).on_conflict_do_nothing())
