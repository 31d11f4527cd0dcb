"""Track records of one organisation's suppliers, computed from what users told of them and from when they joined."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from data.database import Database
from data.ledger import NEWCOMER_DAYS
from data.schema import EVENTS, RECORDS, Kind
from data.shrinkage import shrunk_rates
from matching.track_records import TrackRecords

ANSWER_DAYS = 14
CONTACT = "contact"
DECLINED = "meeting_declined"
DECISIONS = ("meeting_accepted", DECLINED, "meeting_held", "meeting_no_show")
ANSWERS = (*DECISIONS, "deal")
_SUPPLIERS = RECORDS[Kind.SUPPLIERS]


def read_track_records(database: Database, organisation: str, *, now: datetime) -> TrackRecords:
    """Response and acceptance rates, shrunk towards those of all, and newcomers, first stored within NEWCOMER_DAYS.

    A request and a supplier make one dealing, whatever was told of them how often. A contact is answered by anything
    that the supplier's side does after it, and counts as not answered once ANSWER_DAYS have passed. A meeting that was
    declined once is not accepted; a no-show was accepted, since it is not told who stayed away.
    """
    with database.reading() as connection:
        joined = connection.execute(_joined(organisation, now)).all()
        dealt = connection.execute(_dealings(organisation, now)).all()
    newcomers = dict(map(tuple, joined))
    counts = {row[0]: row[1:] for row in dealt}
    ids = sorted(newcomers.keys() | counts.keys())
    answered, asked, accepted, decided = (
        np.array([counts.get(one, (0, 0, 0, 0)) for one in ids], np.int64).reshape(-1, 4).T
    )
    return TrackRecords(
        {supplier_id: row for row, supplier_id in enumerate(ids)},
        shrunk_rates(answered, asked),
        shrunk_rates(accepted, decided),
        np.array([newcomers.get(one) for one in ids], np.float64),
    )


def _joined(organisation: str, now: datetime) -> Select[Any]:
    """Each stored supplier, and whether it joined lately; None of one that is older than the note of it."""
    is_new = case(
        (_SUPPLIERS.c.created_at >= now - timedelta(days=NEWCOMER_DAYS), 1), (_SUPPLIERS.c.created_at.is_not(None), 0)
    )
    return select(_SUPPLIERS.c.id, is_new).where(_SUPPLIERS.c.organisation_id == organisation)


def _dealings(organisation: str, now: datetime) -> Select[Any]:
    """Of each supplier that was dealt with: how many answered, asked, accepted, decided."""
    action, overdue = EVENTS.c.action_name, EVENTS.c.happened_at <= now - timedelta(days=ANSWER_DAYS)
    answered, decided = action.in_(ANSWERS), action.in_(DECISIONS)
    told = (
        select(
            EVENTS.c.object_id,
            _any(answered).label("answered"),
            _any(or_(answered, and_(action == CONTACT, overdue))).label("asked"),
            (_any(decided) * (1 - _any(action == DECLINED))).label("accepted"),
            _any(decided).label("decided"),
        )
        .where(EVENTS.c.organisation_id == organisation, action.in_((CONTACT, *ANSWERS)))
        .group_by(EVENTS.c.query_id, EVENTS.c.object_id)
        .subquery()
    )
    sums = [func.sum(told.c[name]) for name in ("answered", "asked", "accepted", "decided")]
    return select(told.c.object_id, *sums).where(told.c.object_id.is_not(None)).group_by(told.c.object_id)


def _any(holds: ColumnElement[bool]) -> ColumnElement[int]:
    return func.max(case((holds, 1), else_=0))
