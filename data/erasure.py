"""Erasure with a receipt: a supplier, a request, a client with its events and requests, or a participant of fairs.

The receipt tells what was dropped and which models may have learnt from it; of the subject it has a keyed hash alone.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, Text, cast, delete, func, insert, or_, select, update
from sqlalchemy.engine import Connection

from data.fair_erasure import drop_participants
from data.keys import Keys
from data.schema import (
    ANSWERS,
    DELIVERIES,
    ERASURES,
    EVENTS,
    IMPRESSIONS,
    LOTS,
    MATCHES,
    MODEL_VERSIONS,
    RECORDS,
    SHADOW_SCORES,
    STANDINGS,
    Kind,
)
from data.store import Store
from matching.errors import UnknownRecord

_AT_ONCE = 500


class SubjectKind(StrEnum):
    """What can be erased."""

    SUPPLIER = "supplier"
    REQUEST = "request"
    CLIENT = "client"
    PARTICIPANT = "participant"


class Saw(StrEnum):
    """Whether the training of a model saw what was erased."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Subject:
    """Whom an erasure is about."""

    kind: SubjectKind
    id: str


@dataclass(frozen=True)
class Receipt:
    """What an erasure did; holds nothing of the subject but a keyed hash of its id.

    erased : rows dropped, or freed of the subject, by table
    models : of each model version ever served: kind, version, what it was trained on, whether that held the subject
    digest : SHA-256 of `document` without the digest, as JSON with sorted keys and no spaces
    """

    id: str
    subject: SubjectKind
    subject_hash: str
    erased: Mapping[str, int]
    models: Sequence[Mapping[str, Any]]
    erased_at: datetime
    digest: str = ""

    def document(self) -> dict[str, Any]:
        """The receipt as JSON has it."""
        moment = self.erased_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return {**vars(self), "erased": dict(self.erased), "models": list(self.models), "erased_at": moment}


class Erasures:
    """Erasures of one organisation.

    keys : whose pepper goes into the hash of an erased id
    """

    def __init__(self, store: Store, keys: Keys) -> None:
        self._store = store
        self._keys = keys

    def erase(self, subject: Subject) -> Receipt:
        """Drop all that is stored of a subject and keep the receipt, both or none.

        Raises UnknownRecord where nothing is held of it, so that a mistyped id gets no receipt.
        """
        database = self._store.database
        with database.writing() as connection:
            dropped = _Dropping(connection, self._store)
            dropped.subject(subject)
            if not dropped.counts.total():
                raise UnknownRecord(f"nothing is held of a {subject.kind} of the id {subject.id!r}")
            receipt = self._receipt(subject, dropped, _models(connection, dropped.since))
            row = {**vars(receipt), "organisation_id": self._store.organisation}
            connection.execute(insert(ERASURES).values(row))
        database.empty_log()
        return receipt

    def get(self, receipt_id: str) -> Receipt:
        """The receipt of an id; UnknownRecord where there is none."""
        found = self._found(ERASURES.c.id == receipt_id)
        if not found:
            raise UnknownRecord(f"no erasure has the id {receipt_id!r}")
        return found[0]

    def of(self, subject: Subject) -> tuple[Receipt, ...]:
        """The receipts of a subject, the last first; none where it was never erased."""
        return self._found(ERASURES.c.subject_hash == self._hash(subject))

    def _found(self, which: ColumnElement[bool]) -> tuple[Receipt, ...]:
        query = select(ERASURES).where(ERASURES.c.organisation_id == self._store.organisation, which)
        with self._store.database.reading() as connection:
            rows = connection.execute(query.order_by(ERASURES.c.erased_at.desc())).all()
        return tuple(
            Receipt(r.id, SubjectKind(r.subject), r.subject_hash, r.erased, r.models, r.erased_at, r.digest)
            for r in rows
        )

    def _receipt(self, subject: Subject, dropped: _Dropping, models: Sequence[Mapping[str, Any]]) -> Receipt:
        moment = self._store.database.clock()
        counts = {table: number for table, number in sorted(dropped.counts.items()) if number}
        receipt = Receipt(secrets.token_hex(16), subject.kind, self._hash(subject), counts, models, moment)
        return Receipt(**{**vars(receipt), "digest": receipt_digest(receipt.document())})

    def _hash(self, subject: Subject) -> str:
        return self._keys.keyed_hash(f"erased {subject.kind}\n{self._store.organisation}\n{subject.id}").hex()


class _Dropping:
    """The steps of one erasure within its transaction.

    counts : rows dropped or changed, by table
    since  : the earliest moment at which the subject is known to have been stored; None where that is not known
    """

    def __init__(self, connection: Connection, store: Store) -> None:
        self._connection = connection
        self._store = store
        self.counts: Counter[str] = Counter()
        self._moments: list[datetime] = []
        self._is_undated = False

    @property
    def since(self) -> datetime | None:
        return None if self._is_undated else min(self._moments, default=None)

    def subject(self, subject: Subject) -> None:
        if subject.kind is SubjectKind.SUPPLIER:
            self._supplier(subject.id)
        elif subject.kind is SubjectKind.REQUEST:
            self._requests([subject.id])
        elif subject.kind is SubjectKind.PARTICIPANT:
            self._participant(subject.id)
        else:
            self._client(subject.id)

    def _supplier(self, supplier_id: str) -> None:
        self._records(Kind.SUPPLIERS, [supplier_id])
        self._shown(supplier_id)
        self._participants([supplier_id], "supplier_id")

    def _shown(self, supplier_id: str) -> None:
        """What was shown of a supplier, and what was done with it."""
        self._drop(IMPRESSIONS, IMPRESSIONS.c.object_id == supplier_id, IMPRESSIONS.c.shown_at)
        self._drop(LOTS, LOTS.c.object_id == supplier_id)
        self._drop(EVENTS, EVENTS.c.object_id == supplier_id, EVENTS.c.received_at)
        self._empty_places(MATCHES.c.id, MATCHES.c.ranking, supplier_id)
        self._empty_places(STANDINGS.c.request_id, STANDINGS.c.best, supplier_id)
        self._drop_naming([supplier_id])

    def _requests(self, request_ids: Collection[str]) -> None:
        for some in _chunks(request_ids):
            self._records(Kind.REQUESTS, some)
            self._drop(STANDINGS, STANDINGS.c.request_id.in_(some))
            self._asked(some)
            self._participants(some, "request_id")

    def _asked(self, request_ids: Sequence[str]) -> None:
        asked = select(MATCHES.c.id).where(self._ours(MATCHES), MATCHES.c.request_id.in_(request_ids))
        self._matches(self._connection.execute(asked).scalars().all())
        self._drop_naming(request_ids)

    def _participant(self, participant_id: str) -> None:
        """A participant of fairs; what it is linked to among suppliers and requests stays."""
        self._participants([participant_id], None)
        if self.counts.total():
            self._shown(participant_id)
            self._asked([participant_id])

    def _participants(self, ids: Sequence[str], link: str | None) -> None:
        dropped = drop_participants(self._connection, self._store.organisation, ids, link)
        self.counts.update(dropped)
        # When a participant came is not kept.
        self._is_undated = self._is_undated or dropped.total() > 0

    def _matches(self, match_ids: Collection[str]) -> None:
        for some in _chunks(match_ids):
            # Held, so that nothing is noted of a match once its notes are dropped.
            self._connection.execute(
                select(MATCHES.c.id).where(self._ours(MATCHES), MATCHES.c.id.in_(some)).with_for_update()
            )
            self._drop(IMPRESSIONS, IMPRESSIONS.c.match_id.in_(some), IMPRESSIONS.c.shown_at)
            self._drop(LOTS, LOTS.c.match_id.in_(some))
            self._drop(SHADOW_SCORES, SHADOW_SCORES.c.match_id.in_(some))
            self._drop(EVENTS, EVENTS.c.query_id.in_(some), EVENTS.c.received_at)
            self._drop(MATCHES, MATCHES.c.id.in_(some), MATCHES.c.matched_at)
            self._drop_naming(some)

    def _client(self, client_id: str) -> None:
        """A match is the client's where no other client sent an event of it; a request, where all its matches are."""
        client = EVENTS.c.document["client_id"].as_string()
        theirs = select(EVENTS.c.query_id).where(self._ours(EVENTS), client == client_id)
        others = select(EVENTS.c.query_id).where(self._ours(EVENTS), client != client_id)
        match, request, ours = MATCHES.c.id, MATCHES.c.request_id, self._ours(MATCHES)
        matches = select(match).where(ours, match.in_(theirs), match.not_in(others))
        shared = select(request).where(ours, request.is_not(None), match.in_(others))
        requests = select(request).distinct().where(
            ours, request.is_not(None), match.in_(theirs), request.not_in(shared)
        )  # fmt: skip
        found = [self._connection.execute(query).scalars().all() for query in (matches, requests)]
        self._drop(EVENTS, client == client_id, EVENTS.c.received_at)
        self._matches(found[0])
        self._requests(found[1])

    def _records(self, kind: Kind, ids: Sequence[str]) -> None:
        table = RECORDS[kind]
        created = select(table.c.created_at).where(self._ours(table), table.c.id.in_(ids))
        for moment in self._connection.execute(created).scalars():
            self._note(moment)
        records, changes = self._store.erase(self._connection, kind, ids)
        self.counts.update({table.name: records, "changes": changes})
        # Of a record that was deleted before nobody knows when it came.
        self._is_undated = self._is_undated or changes > records

    def _drop(self, table: Table, which: ColumnElement[bool], moment: Column[Any] | None = None) -> None:
        rows = self._ours(table), which
        if moment is not None:
            earliest = self._connection.execute(select(func.min(moment, type_=moment.type)).where(*rows)).scalar_one()
            self._moments += [earliest] if earliest else []
        self.counts[table.name] += self._connection.execute(delete(table).where(*rows)).rowcount

    def _empty_places(self, key: Column[str], ranking: Column[Any], supplier_id: str) -> None:
        """Empty the supplier's place in stored rankings; that of the others stays what it was, and so do cursors."""
        table, after = key.table, ""
        # JSON is stored with all beyond ASCII written out.
        naming = cast(ranking, Text).contains(json.dumps(supplier_id), autoescape=True)
        query = select(key, ranking).where(self._ours(table), naming).order_by(key).limit(_AT_ONCE)
        while rows := self._connection.execute(query.where(key > after)).all():
            after = rows[-1][0]
            for row_id, ranked in rows:
                if supplier_id in ranked:
                    freed = ["" if one == supplier_id else one for one in ranked]
                    statement = update(table).where(self._ours(table), key == row_id).values({ranking.name: freed})
                    self._connection.execute(statement)
                    self.counts[table.name] += 1

    def _drop_naming(self, ids: Collection[str]) -> None:
        """Drop answers kept for repeats, and messages to webhooks, in which an id stands in quotes."""
        for some in _chunks(ids, 50):
            escaped = [json.dumps(one, ensure_ascii=False)[1:-1] for one in some]
            quoted = [f"{mark}{one}{mark}" for one in escaped for mark in ("'", '"')]
            for table in (ANSWERS, DELIVERIES):
                self._drop(table, or_(*(table.c.body.contains(one, autoescape=True) for one in quoted)))

    def _note(self, moment: datetime | None) -> None:
        if moment is None:
            self._is_undated = True
        else:
            self._moments.append(moment)

    def _ours(self, table: Any) -> ColumnElement[bool]:
        ours: ColumnElement[bool] = table.c.organisation_id == self._store.organisation
        return ours


def receipt_digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of a receipt's document without its digest, as JSON with sorted keys and no spaces."""
    told = {name: value for name, value in document.items() if name != "digest"}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _models(connection: Connection, since: datetime | None) -> list[dict[str, Any]]:
    query = select(MODEL_VERSIONS).order_by(MODEL_VERSIONS.c.first_served_at, MODEL_VERSIONS.c.kind)
    return [
        {"kind": row.kind, "version": row.version, "trained_on": row.trained_on, "saw": _saw(row.trained_on, since)}
        for row in connection.execute(query).all()
    ]


def _saw(trained_on: Mapping[str, Any] | None, since: datetime | None) -> Saw:
    """What is not known to have come after the export counts as seen."""
    if trained_on is None:
        return Saw.UNKNOWN
    exported_at = trained_on["exported_at"]
    if exported_at is None:
        return Saw.NO
    return Saw.YES if since is None or since <= datetime.fromisoformat(exported_at) else Saw.NO


def _chunks(ids: Collection[str], size: int = _AT_ONCE) -> Iterator[list[str]]:
    listed = sorted(ids)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]
