"""The feedback log as columns: what was shown and what users did, of one organisation, for whoever learns from it.

The feature row of each impression is the one that was logged when it was shown; nothing is computed anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, select
from sqlalchemy.engine import Connection

from data.database import Database
from data.events import Action
from data.schema import EVENTS, IMPRESSIONS, MATCHES
from matching.features import FEATURE_NAMES, NOT_ASKED
from matching.words import words

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
ACTIONS: tuple[Action, ...] = tuple(Action)
_AT_ONCE = 20_000


@dataclass(frozen=True)
class Impressions:
    """What was shown, one entry per supplier and match (n,), those of a match together in the order of positions.

    matches      : number of the match
    suppliers    : number of the supplier
    positions    : from 1
    features     : float64 (n, f), columns as FEATURE_NAMES; a feature that the log does not name is NOT_ASKED
    scores       : by the ranker then in service
    propensities : probability of this position under the way of ranking then in service; 1 where nothing was drawn
    """

    matches: Numbers
    suppliers: Numbers
    positions: Numbers
    features: Floats
    scores: Floats
    propensities: Floats

    def __len__(self) -> int:
        return len(self.matches)

    def take(self, rows: Numbers) -> Impressions:
        """Some impressions only."""
        return Impressions(*(column[rows] for column in vars(self).values()))


@dataclass(frozen=True)
class Events:
    """What users did, one entry per event (m,).

    impressions : place of what it was done with among the impressions
    actions     : place in ACTIONS
    happened_at : seconds since 1970 in UTC
    ratings     : 1 to 5; 0 where it is none
    actors      : number of the user, else of the session, else of the match
    """

    impressions: Numbers
    actions: Numbers
    happened_at: Floats
    ratings: Numbers
    actors: Numbers

    def __len__(self) -> int:
        return len(self.impressions)

    def take(self, rows: Numbers) -> Events:
        """Some events only."""
        return Events(*(column[rows] for column in vars(self).values()))

    def are(self, *actions: Action) -> NDArray[np.bool_]:
        """Whether each event is one of these actions."""
        return np.isin(self.actions, [ACTIONS.index(action) for action in actions])


@dataclass(frozen=True)
class FeedbackLog:
    """Matches, impressions and events, joined by numbers.

    match_ids      : (k,)
    match_requests : int64 (k,), number of the request; of equal words, equal numbers
    matched_at     : float64 (k,), seconds since 1970 in UTC
    requests       : fingerprint of the words of each distinct request
    suppliers      : ids
    repeated       : events that came under an id known already
    unplaced       : events about a supplier that was not shown in the match
    """

    match_ids: tuple[str, ...]
    match_requests: Numbers
    matched_at: Floats
    requests: tuple[str, ...]
    suppliers: tuple[str, ...]
    impressions: Impressions
    events: Events
    repeated: int = 0
    unplaced: int = 0

    @property
    def request_of_impressions(self) -> Numbers:
        """Number of the request of each impression (n,)."""
        return self.match_requests[self.impressions.matches]

    @property
    def fingerprint(self) -> str:
        """Of everything that a model can learn from it; equal logs have equal ones."""
        digest = hashlib.blake2b(digest_size=16)
        for names in (self.match_ids, self.requests, self.suppliers):
            digest.update("\n".join(names).encode())
        for columns in (self.impressions, self.events):
            for column in vars(columns).values():
                digest.update(np.ascontiguousarray(column).data)
        return digest.hexdigest()

    def of_matches(self, kept: NDArray[np.bool_]) -> FeedbackLog:
        """The impressions and events of some matches (k,) only; all numbers of matches stay."""
        shown = np.flatnonzero(kept[self.impressions.matches])
        places = np.full(len(self.impressions), -1)
        places[shown] = np.arange(len(shown))
        rows = np.flatnonzero(places[self.events.impressions] >= 0)
        events = self.events.take(rows)
        events = replace(events, impressions=places[events.impressions])
        return replace(self, impressions=self.impressions.take(shown), events=events)

    def with_events(self, events: Events) -> FeedbackLog:
        """The same matches with other events."""
        return replace(self, events=events)


class LogBuilder:
    """Puts a log together from batches of rows: matches first, then impressions, then events."""

    def __init__(self) -> None:
        self._matches: dict[str, int] = {}
        self._requests = _Numbering()
        self._suppliers = _Numbering()
        self._actors = _Numbering()
        self._event_ids: set[str] = set()
        self._match_requests: list[int] = []
        self._matched_at: list[float] = []
        self._shown: list[tuple[NDArray[Any], ...]] = []
        self._done: list[NDArray[Any]] = []
        self._repeated = 0

    def add_matches(self, rows: Iterable[tuple[str, str, float]]) -> None:
        """Rows of match id, fingerprint of the request, moment; of a match that came before only the first counts."""
        for match_id, request, moment in rows:
            if match_id not in self._matches:
                self._matches[match_id] = len(self._matches)
                self._match_requests.append(self._requests[request])
                self._matched_at.append(moment)

    def add_impressions(self, rows: Sequence[tuple[str, str, int, Mapping[str, Any], float, float]]) -> None:
        """Rows of match id, supplier id, position, features, score, propensity; KeyError for an unknown match."""
        if not rows:
            return
        match_ids, supplier_ids, positions, features, scores, propensities = zip(*rows, strict=True)
        matrix = [[row.get(name, NOT_ASKED) for name in FEATURE_NAMES] for row in features]
        self._shown.append(
            (
                np.array([self._matches[one] for one in match_ids], np.int64),
                np.array([self._suppliers[one] for one in supplier_ids], np.int64),
                np.array(positions, np.int64),
                np.array(matrix, np.float64),
                np.array(scores, np.float64),
                np.array(propensities, np.float64),
            )
        )

    def add_events(self, rows: Iterable[tuple[str, str, str, str, float, int, str]]) -> None:
        """Rows of event id, match id, supplier id, action, moment, rating, actor; an unknown action is left out."""
        found = []
        for event_id, match_id, supplier_id, action, moment, rating, actor in rows:
            if event_id in self._event_ids:
                self._repeated += 1
            elif action in _ACTION_NUMBERS:
                self._event_ids.add(event_id)
                match, supplier = self._matches.get(match_id, -1), self._suppliers.get(supplier_id, -1)
                found.append((match, supplier, _ACTION_NUMBERS[action], rating, self._actors[actor], moment))
        self._done.append(np.array(found, np.float64).reshape(-1, 6))

    def build(self) -> FeedbackLog:
        """The log of all that was added."""
        impressions = self._impressions()
        columns = np.concatenate([np.empty((0, 6)), *self._done])
        matches, suppliers, actions, ratings, actors = columns[:, :5].astype(np.int64).T
        places = _places(impressions, matches, suppliers, len(self._suppliers))
        events = Events(places, actions, columns[:, 5].copy(), ratings, actors)
        placed = np.flatnonzero((places >= 0) & (suppliers >= 0))
        order = placed[np.lexsort((actions[placed], columns[placed, 5], places[placed]))]
        return FeedbackLog(
            match_ids=tuple(self._matches),
            match_requests=np.array(self._match_requests, np.int64),
            matched_at=np.array(self._matched_at, np.float64),
            requests=tuple(self._requests),
            suppliers=tuple(self._suppliers),
            impressions=impressions,
            events=events.take(order),
            repeated=self._repeated,
            unplaced=len(places) - len(placed),
        )

    def _impressions(self) -> Impressions:
        if not self._shown:
            none = np.empty(0, np.int64)
            return Impressions(none, none, none, np.empty((0, len(FEATURE_NAMES))), np.empty(0), np.empty(0))
        joined = Impressions(*(np.concatenate(column) for column in zip(*self._shown, strict=True)))
        self._shown.clear()
        order = np.lexsort((joined.positions, joined.matches))
        return joined if (order == np.arange(len(order))).all() else joined.take(order)


class _Numbering(dict[str, int]):
    def __missing__(self, name: str) -> int:
        number = self[name] = len(self)
        return number


_ACTION_NUMBERS = {action.value: number for number, action in enumerate(ACTIONS)}


_MATCHES = select(MATCHES.c.id, MATCHES.c.request["text"].as_string(), MATCHES.c.matched_at).order_by(MATCHES.c.id)
_IMPRESSIONS = select(
    IMPRESSIONS.c.match_id, IMPRESSIONS.c.object_id, IMPRESSIONS.c.position, IMPRESSIONS.c.features,
    IMPRESSIONS.c.score, IMPRESSIONS.c.propensity,
).order_by(IMPRESSIONS.c.match_id, IMPRESSIONS.c.object_id)  # fmt: skip
_EVENTS = select(
    EVENTS.c.id, EVENTS.c.query_id, EVENTS.c.object_id, EVENTS.c.action_name, EVENTS.c.happened_at, EVENTS.c.document
).order_by(EVENTS.c.id)


def read_log(database: Database, organisation: str) -> FeedbackLog:
    """All that one organisation's store has, read in batches under one state of the database."""
    builder = LogBuilder()
    with database.reading() as connection:
        for batch in _batches(connection, _MATCHES.where(MATCHES.c.organisation_id == organisation)):
            builder.add_matches([(row[0], fingerprint(row[1] or ""), row[2].timestamp()) for row in batch])
        for batch in _batches(connection, _IMPRESSIONS.where(IMPRESSIONS.c.organisation_id == organisation)):
            builder.add_impressions(batch)
        for batch in _batches(connection, _EVENTS.where(EVENTS.c.organisation_id == organisation)):
            builder.add_events(map(_event, batch))
    return builder.build()


def sums_by(numbers: Numbers, values: NDArray[Any], count: int = 0) -> Floats:
    """Sum of the values (n,) of each number 0 to count - 1, or to the largest that there is."""
    return np.asarray(np.bincount(numbers, values, count), np.float64)


def fingerprint(text: str) -> str:
    """A short name for the words of a text: no two texts of the same words differ, and the text is not told."""
    return hashlib.blake2b(" ".join(words(text)).encode(), digest_size=8).hexdigest()


def _batches(connection: Connection, statement: Select[Any]) -> Iterator[Sequence[Any]]:
    return connection.execution_options(yield_per=_AT_ONCE).execute(statement).partitions()


def _event(row: Any) -> tuple[str, str, str, str, float, int, str]:
    event_id, match_id, supplier_id, action, moment, document = row
    rating = (document.get("event_attributes") or {}).get("rating") or 0
    actor = document.get("user_id") or document.get("session_id") or f"match {match_id}"
    return event_id, match_id, supplier_id or "", action, moment.timestamp(), int(rating), actor


def _places(impressions: Impressions, matches: Numbers, suppliers: Numbers, count: int) -> Numbers:
    """Place of the impression of each match and supplier; -1 where it was not shown."""
    keys = impressions.matches * max(count, 1) + impressions.suppliers
    order = np.argsort(keys, kind="stable")
    wanted = np.where((matches < 0) | (suppliers < 0), -1, matches * max(count, 1) + suppliers)
    found = np.searchsorted(keys[order], wanted)
    found = np.minimum(found, max(len(keys) - 1, 0))
    if not len(keys):
        return np.full(len(wanted), -1)
    return np.where(keys[order][found] == wanted, order[found], -1)
