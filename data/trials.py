"""A ranker tried on users beside the one in use: which requests it has a part in, and which answers were whose."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from data.database import Database
from data.events import TrainingData
from data.model_versions import TrialWay
from data.schema import MATCHES
from matching.interleaving import InterleavedMatcher
from matching.matcher import Matcher
from matching.ranker import GlassBoxRanker
from matching.teams import Teams
from matching.words import words


@dataclass(frozen=True)
class RunningTrial:
    """A ranker that has a part in a share of the requests, by a hash of their words.

    The same words are always answered by the same ranker, or drafted alike, whoever asks and on whichever replica;
    another trial divides the requests anew. So no chance is left in an answer: each supplier was certain to stand
    where it stands.
    """

    ranker: GlassBoxRanker
    share: float
    way: TrialWay = TrialWay.SPLIT
    trained_on: TrainingData | None = None

    def takes(self, text: str) -> bool:
        """Whether a request of this text is one of its."""
        return falls_in_share(self.ranker.version, text, self.share)

    def coins(self, text: str, count: int) -> NDArray[np.bool_]:
        """Whether the ranker tried goes first, in each of so many rounds of a draft (count,)."""
        asked = f"draft {self.ranker.version}\n{' '.join(words(text))}"
        drawn = hashlib.shake_256(asked.encode()).digest((count + 7) // 8)
        return np.unpackbits(np.frombuffer(drawn, np.uint8))[:count].astype(np.bool_)

    def beside(self, matcher: Matcher) -> Matcher:
        """What answers the requests that it takes, over the catalogue of the matcher in use."""
        if self.way is TrialWay.INTERLEAVE:
            return InterleavedMatcher(matcher, self.ranker, self.coins)
        return matcher.ranked_by(self.ranker)


def falls_in_share(purpose: str, text: str, share: float) -> bool:
    """Whether the words of a text hash into a share of all; each purpose has a division of its own."""
    asked = f"{purpose}\n{' '.join(words(text))}"
    return int.from_bytes(hashlib.blake2b(asked.encode(), digest_size=8).digest()) < share * 2**64


def ranker_versions(database: Database, organisation: str, since: datetime) -> dict[str, str]:
    """Version of the ranker that answered each match since a moment, by the match's id; drafted ones are left out."""
    query = select(MATCHES.c.id, MATCHES.c.ranker_version).where(
        MATCHES.c.organisation_id == organisation, MATCHES.c.matched_at >= since, MATCHES.c.teams.is_(None)
    )
    with database.reading() as connection:
        return {row.id: row.ranker_version for row in connection.execute(query)}


def drafts(database: Database, organisation: str, since: datetime) -> dict[str, Teams]:
    """Who placed whom in each match that was drafted since a moment, by the match's id."""
    query = select(MATCHES.c.id, MATCHES.c.teams).where(
        MATCHES.c.organisation_id == organisation, MATCHES.c.matched_at >= since, MATCHES.c.teams.is_not(None)
    )
    with database.reading() as connection:
        return {row.id: Teams.read(row.teams) for row in connection.execute(query)}
