"""Scores of a fair's participants, kept in the database until somebody, a record or a model is another one.

Scoring everybody against everybody takes longest of all that goes before a plan, and is the same for each plan.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy import select

from data.fair_scores import FairMatcher, Fit
from data.fair_store import FairStore
from data.fairs import Participant
from data.schema import FAIR_FITS
from data.workspace import Models

_MOST_KEPT = 8_000_000


def fit_of(fairs: FairStore, fair_id: str, participants: Sequence[Participant], models: Models) -> Fit:
    """How well those who take part fit each other.

    Everybody is scored, those who cancelled too, so that a cancellation changes nobody's score.
    """
    matcher = FairMatcher(participants, fairs.store, models)
    buyers, exhibitors = tuple(matcher.requests), tuple(matcher.suppliers)
    digest = matcher.digest()
    chances = _kept(fairs, fair_id, digest)
    if chances is None or chances.size != len(buyers) * len(exhibitors):
        chances = matcher.fit().chances.astype(np.float32)
        if chances.size <= _MOST_KEPT:
            _keep(fairs, fair_id, digest, chances)
    fit = Fit(buyers, exhibitors, chances.reshape(len(buyers), len(exhibitors)).astype(np.float64))
    return fit.among({one.id for one in participants if not one.cancelled})


def _kept(fairs: FairStore, fair_id: str, digest: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None:
    query = select(FAIR_FITS.c.chances).where(*fairs.of(FAIR_FITS, fair_id), FAIR_FITS.c.digest == digest)
    with fairs.database.reading() as connection:
        content = connection.execute(query).scalar_one_or_none()
    return None if content is None else np.frombuffer(content, np.float32)


def _keep(
    fairs: FairStore, fair_id: str, digest: str, chances: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> None:
    values = {"digest": digest, "chances": chances.tobytes()}
    statement = fairs.database.upsert(FAIR_FITS).values({**values, **fairs.placed(fair_id)})
    keys = [key.name for key in FAIR_FITS.primary_key.columns]
    with fairs.database.writing() as connection:
        if fairs.locked(connection, fair_id) is not None:
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))
