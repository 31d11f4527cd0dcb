"""A ranker tried beside the one in use: which requests it answers, and what its matches brought."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from data.database import Database
from data.events import TrainingData
from data.schema import MATCHES
from matching.ranker import GlassBoxRanker
from matching.words import words


@dataclass(frozen=True)
class RunningTrial:
    """A ranker that answers a share of the requests, by a hash of their words.

    The same words are always answered by the same ranker, whoever asks and on whichever replica; another trial divides
    the requests anew. So no chance is left in an answer: each supplier was certain to stand where it stands.
    """

    ranker: GlassBoxRanker
    share: float
    trained_on: TrainingData | None = None

    def takes(self, text: str) -> bool:
        """Whether a request of this text is one of its."""
        asked = f"{self.ranker.version}\n{' '.join(words(text))}"
        return int.from_bytes(hashlib.blake2b(asked.encode(), digest_size=8).digest()) < self.share * 2**64


def ranker_versions(database: Database, organisation: str, since: datetime) -> dict[str, str]:
    """Version of the ranker that answered each match since a moment, by the match's id."""
    query = select(MATCHES.c.id, MATCHES.c.ranker_version).where(
        MATCHES.c.organisation_id == organisation, MATCHES.c.matched_at >= since
    )
    with database.reading() as connection:
        return {row.id: row.ranker_version for row in connection.execute(query)}
