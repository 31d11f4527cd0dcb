"""A ranker in the shadow: it scores some requests beside the one in use, and what it would have changed is noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from time import thread_time

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, insert, select

from data.database import Database
from data.feedback_log import fingerprint
from data.schema import MATCHES, SHADOW_MISSES, SHADOW_SCORES
from data.trials import falls_in_share
from matching.exposure import ExposurePolicy, position_exposure
from matching.matcher import Matcher, Scoring
from matching.overlap import rank_biased_overlap, share_that_stays
from matching.profiles import Size
from matching.ranker import GlassBoxRanker

TOP = 10
_SMALL = (Size.MICRO, Size.SMALL)
_LONGEST_FAULT = 500


@dataclass(frozen=True)
class RunningShadow:
    """A ranker that scores a share of the requests, by a hash of their words, and answers none.

    ranker : None where it cannot be loaded; then `fault` says why
    """

    version: str
    share: float
    ranker: GlassBoxRanker | None = None
    fault: str | None = None

    def takes(self, text: str) -> bool:
        """Whether a request of this text is one of its; of no trial's division the same."""
        return falls_in_share(f"shadow {self.version}", text, self.share)


@dataclass(frozen=True)
class ShadowScore:
    """A match as two rankers would have answered it; nothing in it names a supplier.

    seconds : of the processor that each took to score and order the candidates, whose features were there
    stayed  : share of the first TOP in use that are among those in the shadow
    overlap : rank-biased overlap of the first TOP
    small   : share of the exposure of the first TOP that micro and small firms have
    """

    match_id: str
    in_use_seconds: float
    shadow_seconds: float
    stayed: float
    overlap: float
    in_use_small: float
    shadow_small: float


def shadow_score(
    match_id: str, scoring: Scoring, in_use: Matcher, shadow: GlassBoxRanker, exposure: ExposurePolicy | None = None
) -> ShadowScore:
    """Rank the candidates of an answer by the ranker in use and by another, and compare.

    in_use : over the catalogue that the candidates are of
    """
    matchers = [in_use, in_use.ranked_by(shadow)]
    rankings, seconds = [scoring, scoring], [0.0, 0.0]
    # Whoever comes second finds everything at hand, so that they take turns.
    first = match_id[-1:] in "02468ace"
    for place in (int(not first), int(first)):
        start = thread_time()
        rankings[place] = matchers[place].rank(scoring, exposure=exposure, fold_duplicates=False)
        seconds[place] = thread_time() - start
    old, new = (ranking.rows for ranking in rankings)
    return ShadowScore(
        match_id,
        in_use_seconds=seconds[0],
        shadow_seconds=seconds[1],
        stayed=share_that_stays(old, new, TOP),
        overlap=rank_biased_overlap(old, new, TOP),
        in_use_small=_small_share(in_use.catalogue.sizes[old[:TOP]]),
        shadow_small=_small_share(in_use.catalogue.sizes[new[:TOP]]),
    )


def _small_share(sizes: NDArray[np.str_]) -> float:
    weights = position_exposure(len(sizes))
    return float(weights @ np.isin(sizes, _SMALL) / weights.sum()) if len(sizes) else 0.0


@dataclass(frozen=True)
class Misses:
    """Requests that a ranker in the shadow should have scored and did not: too many at once, or it failed.

    fault : why it failed the last time
    """

    dropped: int = 0
    failed: int = 0
    fault: str | None = None

    def __add__(self, other: Misses) -> Misses:
        return Misses(self.dropped + other.dropped, self.failed + other.failed, other.fault or self.fault)


@dataclass(frozen=True)
class NotedScore(ShadowScore):
    """As it was noted, with the request's id and a fingerprint of its words."""

    request_id: str | None
    request: str


class ShadowLog:
    """What rankers in the shadow found for one organisation, on all replicas."""

    def __init__(self, database: Database, organisation: str) -> None:
        self._database = database
        self._organisation = organisation

    def note(self, version: str, scores: Sequence[ShadowScore], misses: Misses) -> None:
        """Add what was found; of a match that was erased meanwhile nothing."""
        now, ours = self._database.clock(), {"organisation_id": self._organisation, "ranker_version": version}
        ids = [score.match_id for score in scores]
        there = select(MATCHES.c.id).where(MATCHES.c.organisation_id == self._organisation, MATCHES.c.id.in_(ids))
        with self._database.writing() as connection:
            # Held until the end, so that none is erased between the look and the note.
            kept = set(connection.execute(there.with_for_update(read=True, key_share=True)).scalars())
            rows = [{**ours, **vars(score), "scored_at": now} for score in scores if score.match_id in kept]
            if rows:
                connection.execute(insert(SHADOW_SCORES), rows)
            if misses != Misses():
                minute, fault = now.replace(second=0, microsecond=0), misses.fault and misses.fault[:_LONGEST_FAULT]
                row = {**ours, "minute": minute, **vars(misses), "fault": fault}
                added = self._database.upsert(SHADOW_MISSES).values(row)
                connection.execute(added.on_conflict_do_update(index_elements=[*SHADOW_MISSES.primary_key], set_={
                    "dropped": SHADOW_MISSES.c.dropped + added.excluded.dropped,
                    "failed": SHADOW_MISSES.c.failed + added.excluded.failed,
                    "fault": func.coalesce(added.excluded.fault, SHADOW_MISSES.c.fault),
                }))  # fmt: skip

    def scores(self, version: str, since: datetime) -> tuple[NotedScore, ...]:
        """What a ranker found since a moment, by the match's id."""
        scores, matches = SHADOW_SCORES, MATCHES
        figures = [scores.c[name] for name in ShadowScore.__dataclass_fields__]
        text = matches.c.request["text"].as_string()
        query = (
            select(*figures, matches.c.request_id, text.label("text"))
            .join(matches, (matches.c.organisation_id == scores.c.organisation_id) & (matches.c.id == figures[0]))
            .where(scores.c.organisation_id == self._organisation)
            .where(scores.c.ranker_version == version, scores.c.scored_at >= since)
            .order_by(scores.c.match_id)
        )
        with self._database.reading() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        return tuple(NotedScore(request=fingerprint(row.pop("text") or ""), **row) for row in rows)

    def misses(self, version: str, since: datetime) -> Misses:
        """What a ranker did not score since the minute of a moment."""
        table, minute = SHADOW_MISSES, since.replace(second=0, microsecond=0)
        query = select(table.c.dropped, table.c.failed, table.c.fault).where(
            table.c.organisation_id == self._organisation, table.c.ranker_version == version, table.c.minute >= minute
        )
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(table.c.minute)).all()
        return sum((Misses(*row) for row in rows), Misses())
