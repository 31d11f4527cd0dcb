"""What was shown and what users did: matches with their impressions, and feedback events, of one organisation.

Names of fields follow the User Behavior Insights schema 1.3: a match is its query, a supplier its object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from data.database import Database
from data.schema import EVENTS, IMPRESSIONS, LOTS, MATCHES, MODEL_VERSIONS
from matching.errors import UnknownRecord
from matching.lots import Draw, Lot
from matching.profiles import BuyerRequest
from matching.teams import Teams

_DRAWN_BY = {"seed", "k", "threshold"}


class Action(StrEnum):
    """What a user did with a supplier."""

    IMPRESSION = "impression"
    CLICK = "click"
    SHORTLIST = "shortlist"
    CONTACT = "contact"
    MEETING_ACCEPTED = "meeting_accepted"
    MEETING_DECLINED = "meeting_declined"
    MEETING_HELD = "meeting_held"
    MEETING_NO_SHOW = "meeting_no_show"
    DEAL = "deal"
    RATING = "rating"


@dataclass(frozen=True)
class ShownMatch:
    """A request that was answered: the order of all its candidates, so that later pages keep it.

    earned_ranks : of each place, the rank by relevance alone; None where that is the order
    draw         : how the suppliers were drawn; None where they were ranked
    folded_into  : of each of the last places, the place from 0 of the near-duplicate that stays for it
    teams        : who placed whom, where the order was drafted by two rankers
    """

    id: str
    request: BuyerRequest
    ranking: tuple[str, ...]
    encoder_version: str
    ranker_version: str
    earned_ranks: tuple[int, ...] | None = None
    draw: Draw | None = None
    folded_into: tuple[int, ...] = ()
    teams: Teams | None = None

    @property
    def places(self) -> int:
        """How many suppliers are shown, page by page: those behind them are near-duplicates of one of them."""
        return len(self.ranking) - len(self.folded_into)

    def also_listed(self, place: int) -> tuple[str, ...]:
        """Ids of the near-duplicates that the supplier at a place, from 0, stays for; not of who was erased since."""
        folded = zip(self.ranking[self.places :], self.folded_into, strict=True)
        return tuple(supplier_id for supplier_id, into in folded if into == place and supplier_id)


@dataclass(frozen=True)
class Impression:
    """A supplier as it was shown: position from 1, and the feature row that was scored.

    features   : by name; None where unknown, absent where the request did not ask
    propensity : probability that it was shown in this position, under the way of ranking then in service
    """

    match_id: str
    object_id: str
    position: int
    features: Mapping[str, float | None]
    score: float
    propensity: float
    ranker_version: str


@dataclass(frozen=True)
class Event:
    """What a user did, when it happened and when it was received."""

    id: str
    query_id: str
    object_id: str
    action_name: str
    document: Mapping[str, Any]
    happened_at: datetime


@dataclass(frozen=True)
class Noted:
    """What became of events: ids that are new, ids known before, and the fault of each refused id."""

    stored: tuple[str, ...]
    known: tuple[str, ...]
    refused: Mapping[str, tuple[str, str]]


class EventLog:
    """Matches, impressions and events of one organisation."""

    def __init__(self, database: Database, organisation: str) -> None:
        self._database = database
        self._organisation = organisation

    def note_match(self, match: ShownMatch, impressions: Sequence[Impression]) -> None:
        """Store an answered request with what was shown of it, both or none."""
        now = self._database.clock()
        row = {
            "organisation_id": self._organisation,
            "id": match.id,
            "request_id": match.request.id,
            "request": match.request.model_dump(mode="json", exclude_defaults=True),
            "ranking": list(match.ranking),
            "earned_ranks": match.earned_ranks and list(match.earned_ranks),
            "draw": match.draw and match.draw.model_dump(include=_DRAWN_BY),
            "folded_into": list(match.folded_into) or None,
            "teams": match.teams and match.teams.document(),
            "encoder_version": match.encoder_version,
            "ranker_version": match.ranker_version,
            "matched_at": now,
        }
        with self._database.writing() as connection:
            connection.execute(insert(MATCHES).values(row))
            self._insert(connection, impressions, now)
            if match.draw and match.draw.lots:
                connection.execute(insert(LOTS), self._lots(match.id, match.draw))

    def note_impressions(self, impressions: Sequence[Impression]) -> None:
        """Store what a further page of a match showed; what was shown before stays as it was."""
        with self._database.writing() as connection:
            self._insert(connection, impressions, self._database.clock())

    def match(self, match_id: str) -> ShownMatch:
        """An answered request; UnknownRecord where there is none of that id. An erased supplier's place is empty."""
        query = select(MATCHES).where(MATCHES.c.organisation_id == self._organisation, MATCHES.c.id == match_id)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise UnknownRecord(f"no match has the id {match_id!r}")
        request = BuyerRequest.model_validate(row.request)
        earned = row.earned_ranks and tuple(row.earned_ranks)
        versions, folded = (row.encoder_version, row.ranker_version), tuple(row.folded_into or ())
        teams, ranking = row.teams and Teams.read(row.teams), tuple(row.ranking)
        return ShownMatch(row.id, request, ranking, *versions, earned, folded_into=folded, teams=teams)

    def draw(self, match_id: str) -> Draw:
        """A draw as it was carried out; UnknownRecord where no draw has the id. An erased supplier's lot is gone."""
        table, match = LOTS, MATCHES.c.organisation_id == self._organisation
        lots = select(table).where(table.c.organisation_id == self._organisation, table.c.match_id == match_id)
        with self._database.reading() as connection:
            row = connection.execute(select(MATCHES).where(match, MATCHES.c.id == match_id)).one_or_none()
            if row is None or row.draw is None:
                raise UnknownRecord(f"no draw has the id {match_id!r}")
            found = connection.execute(lots.order_by(table.c.probability.desc(), table.c.object_id)).mappings().all()
        stated = [Lot.model_validate({**one, "supplier_id": one["object_id"]}) for one in found]
        return Draw(text=BuyerRequest.model_validate(row.request).text, lots=tuple(stated), **row.draw)

    def impressions(self, match_id: str) -> tuple[Impression, ...]:
        """What was shown of a match, by position."""
        table = IMPRESSIONS
        query = select(table).where(table.c.organisation_id == self._organisation, table.c.match_id == match_id)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(table.c.position)).all()
        return tuple(
            Impression(r.match_id, r.object_id, r.position, r.features, r.score, r.propensity, r.ranker_version)
            for r in rows
        )

    def note_events(self, events: Sequence[Event]) -> Noted:
        """Store events, each id once; an event of an unknown match, or of a supplier it did not rank, is refused."""
        now = self._database.clock()
        with self._database.writing() as connection:
            known = self._known_events(connection, [event.id for event in events])
            rankings = self._rankings(connection, {event.query_id for event in events})
            fresh: dict[str, Event] = {}
            refused: dict[str, tuple[str, str]] = {}
            for event in events:
                fault = _fault(event, rankings)
                if fault and event.id not in known:
                    refused[event.id] = fault
                elif event.id not in known:
                    fresh.setdefault(event.id, event)
            if fresh:
                rows = [self._row(event, now) for event in fresh.values()]
                statement = self._database.upsert(EVENTS).on_conflict_do_nothing()
                connection.execute(statement, rows)
        return Noted(tuple(fresh), tuple(e.id for e in events if e.id in known), refused)

    def knows(self, event_id: str) -> bool:
        """Whether an event of an id is stored."""
        with self._database.reading() as connection:
            return bool(self._known_events(connection, [event_id]))

    def events(self, query_id: str) -> tuple[tuple[Event, datetime], ...]:
        """Events of a match by the moment they happened, each with the moment it was received."""
        query = select(EVENTS).where(EVENTS.c.organisation_id == self._organisation, EVENTS.c.query_id == query_id)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(EVENTS.c.happened_at, EVENTS.c.id)).all()
        return tuple(
            (Event(r.id, r.query_id, r.object_id, r.action_name, r.document, r.happened_at), r.received_at)
            for r in rows
        )

    def _insert(self, connection: Connection, impressions: Sequence[Impression], now: datetime) -> None:
        if not impressions:
            return
        stamp = {"organisation_id": self._organisation, "shown_at": now}
        rows = [stamp | {**vars(impression), "features": dict(impression.features)} for impression in impressions]
        connection.execute(self._database.upsert(IMPRESSIONS).on_conflict_do_nothing(), rows)

    def _lots(self, match_id: str, draw: Draw) -> list[dict[str, Any]]:
        key = {"organisation_id": self._organisation, "match_id": match_id}
        return [{**key, "object_id": lot.supplier_id, **lot.model_dump(exclude={"supplier_id"})} for lot in draw.lots]

    def _row(self, event: Event, now: datetime) -> dict[str, Any]:
        return {**vars(event), "document": dict(event.document), "received_at": now} | {
            "organisation_id": self._organisation
        }

    def _known_events(self, connection: Connection, ids: Sequence[str]) -> frozenset[str]:
        query = select(EVENTS.c.id).where(EVENTS.c.organisation_id == self._organisation, EVENTS.c.id.in_(ids))
        return frozenset(connection.execute(query).scalars())

    def _rankings(self, connection: Connection, query_ids: set[str]) -> dict[str, frozenset[str]]:
        query = select(MATCHES.c.id, MATCHES.c.ranking).where(
            MATCHES.c.organisation_id == self._organisation, MATCHES.c.id.in_(sorted(query_ids))
        )
        return {row.id: frozenset(row.ranking) for row in connection.execute(query).all()}


@dataclass(frozen=True)
class TrainingData:
    """What a model learnt from: a fingerprint of it, and when it was taken from the store; None where it was not."""

    fingerprint: str
    exported_at: datetime | None


def note_model_version(database: Database, kind: str, version: str, trained_on: TrainingData | None = None) -> None:
    """Note when a model was first served, and what it was trained on where that is known."""
    row = {"kind": kind, "version": version, "first_served_at": database.clock()}
    with database.writing() as connection:
        connection.execute(database.upsert(MODEL_VERSIONS).values(row).on_conflict_do_nothing())
        if trained_on is not None:
            exported_at = trained_on.exported_at and trained_on.exported_at.isoformat()
            stated = {"fingerprint": trained_on.fingerprint, "exported_at": exported_at}
            known = MODEL_VERSIONS.c.kind == kind, MODEL_VERSIONS.c.version == version
            connection.execute(update(MODEL_VERSIONS).where(*known).values(trained_on=stated))


@dataclass(frozen=True)
class ServedModel:
    """A model version as it was noted: when it was first served, and what it was trained on where that is known."""

    first_served_at: datetime
    trained_on: TrainingData | None


def served_model(database: Database, kind: str, version: str) -> ServedModel | None:
    """What is noted of a model version; None where it was never served."""
    table = MODEL_VERSIONS
    query = select(table).where(table.c.kind == kind, table.c.version == version)
    with database.reading() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        return None
    stated = row.trained_on
    exported_at = datetime.fromisoformat(stated["exported_at"]) if stated and stated["exported_at"] else None
    return ServedModel(row.first_served_at, TrainingData(stated["fingerprint"], exported_at) if stated else None)


def _fault(event: Event, rankings: Mapping[str, frozenset[str]]) -> tuple[str, str] | None:
    """The field that names nothing known, with what it says."""
    if event.query_id not in rankings:
        return "query_id", f"no match has the id {event.query_id!r}"
    if event.object_id not in rankings[event.query_id]:
        return "object_id", f"match {event.query_id!r} did not rank supplier {event.object_id!r}"
    return None
