"""Webhooks of organisations and the outbox of their messages, after the Standard Webhooks specification 1.0.0.

A message is written in the transaction of what it tells, and delivered from the outbox until it arrives or is given up.
Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.engine import Connection

from data.database import Database
from data.keys import Keys
from data.schema import DELIVERIES, MODELS_IN_SERVICE, ORGANISATIONS, WATCHES, WEBHOOKS
from matching.errors import InvalidInput, UnknownRecord

MAX_ATTEMPTS = 8
MAX_WEBHOOKS = 20
_FIRST_DELAY_SECONDS = 15
_DELAY_GROWTH = 4
_JITTER = 0.25
# Beyond the longest try: a claim that is older was left by a process that ended.
_LEASE = timedelta(seconds=30)
_KEPT = timedelta(days=30)
_AT_ONCE = 16
_AT_ONCE_OF_ONE = 4


class EventType(StrEnum):
    """What a webhook may be told."""

    MATCH_FOUND = "match.found"
    MEETING_CHANGED = "meeting.changed"
    MODEL_CHANGED = "model.changed"


class DeliveryState(StrEnum):
    """How far a message is with one webhook."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True)
class Webhook:
    """Where an organisation wants to be told of what; switched off where its receiver said that it is gone."""

    id: str
    url: str
    event_types: tuple[EventType, ...]
    created_at: datetime
    switched_off_at: datetime | None


@dataclass(frozen=True)
class Delivery:
    """A message to one webhook; due_at is its next try, last_answer the status or fault of the last one."""

    id: str
    event_type: EventType
    state: DeliveryState
    attempts: int
    due_at: datetime | None
    last_answer: str | None
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Claimed:
    """A message that this process is to send now."""

    organisation_id: str
    webhook_id: str
    id: str
    url: str
    secret: str = field(repr=False)
    body: str
    attempts: int


class Webhooks:
    """The webhooks of one organisation.

    keys : whose pepper goes into each secret
    """

    def __init__(self, database: Database, organisation: str, keys: Keys) -> None:
        self._database = database
        self._organisation = organisation
        self._keys = keys

    def create(self, url: str, event_types: Sequence[EventType]) -> tuple[Webhook, str]:
        """Enter a webhook; the secret that signs its messages is told this once.

        Raises InvalidInput where the organisation has as many as it may.
        """
        seed, now = secrets.token_hex(32), self._database.clock()
        webhook = Webhook(secrets.token_hex(16), url, tuple(sorted(set(event_types))), now, None)
        row = {**vars(webhook), "event_types": list(webhook.event_types), "secret_seed": seed}
        with self._database.writing() as connection:
            count = select(func.count()).select_from(WEBHOOKS).where(self._ours)
            if connection.execute(count).scalar_one() >= MAX_WEBHOOKS:
                raise InvalidInput(f"the organisation has {MAX_WEBHOOKS} webhooks, expected at most that; delete one")
            if EventType.MATCH_FOUND in webhook.event_types:
                self._watch(connection)
            connection.execute(insert(WEBHOOKS).values({**row, "organisation_id": self._organisation}))
        return webhook, _secret(self._keys, seed)

    def all(self) -> tuple[Webhook, ...]:
        """Every webhook, the oldest first."""
        query = select(WEBHOOKS).where(self._ours).order_by(WEBHOOKS.c.created_at, WEBHOOKS.c.id)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(Webhook(r.id, r.url, _types(r.event_types), r.created_at, r.switched_off_at) for r in rows)

    def delete(self, webhook_id: str) -> None:
        """Drop a webhook with its messages; UnknownRecord where there is none of that id."""
        mine = DELIVERIES.c.organisation_id == self._organisation, DELIVERIES.c.webhook_id == webhook_id
        webhook = self._ours, WEBHOOKS.c.id == webhook_id
        with self._database.writing() as connection:
            if connection.execute(select(WEBHOOKS.c.id).where(*webhook).with_for_update()).one_or_none() is None:
                raise UnknownRecord(f"no webhook has the id {webhook_id!r}")
            connection.execute(delete(DELIVERIES).where(*mine))
            connection.execute(delete(WEBHOOKS).where(*webhook))

    def deliveries(self, webhook_id: str, *, limit: int = 100) -> tuple[Delivery, ...]:
        """The last messages to a webhook, the newest first; UnknownRecord where there is no webhook of that id."""
        mine = DELIVERIES.c.organisation_id == self._organisation, DELIVERIES.c.webhook_id == webhook_id
        order = DELIVERIES.c.created_at.desc(), DELIVERIES.c.id
        with self._database.reading() as connection:
            known = select(WEBHOOKS.c.id).where(self._ours, WEBHOOKS.c.id == webhook_id)
            if connection.execute(known).one_or_none() is None:
                raise UnknownRecord(f"no webhook has the id {webhook_id!r}")
            rows = connection.execute(select(DELIVERIES).where(*mine).order_by(*order).limit(limit)).all()
        return tuple(
            Delivery(
                r.id, EventType(r.event_type), DeliveryState(r.state), r.attempts, r.due_at, r.last_answer,
                r.created_at, r.ended_at,
            )
            for r in rows
        )  # fmt: skip

    def _watch(self, connection: Connection) -> None:
        """Begin to look for matches from the change that is the last one now, unless that is done already."""
        if wanting(connection, self._organisation, EventType.MATCH_FOUND):
            return
        last = select(ORGANISATIONS.c.last_change).where(ORGANISATIONS.c.id == self._organisation)
        values = {"change": connection.execute(last).scalar_one(), "is_based": False}
        statement = self._database.upsert(WATCHES).values({"organisation_id": self._organisation, **values})
        connection.execute(statement.on_conflict_do_update(index_elements=["organisation_id"], set_=values))

    @property
    def _ours(self) -> Any:
        return WEBHOOKS.c.organisation_id == self._organisation


class Outbox:
    """Messages of every organisation that wait for delivery; several processes may deliver from it."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._database = database
        self._keys = keys

    def claim(self) -> tuple[Claimed, ...]:
        """Messages that are due, for this process alone; of one webhook few at once, so that a slow one holds up none.

        A claim that is not settled, because its process ended, falls due again.
        """
        now = self._database.clock()
        is_due = DELIVERIES.c.due_at <= now
        with self._database.reading() as connection:
            if connection.execute(select(DELIVERIES.c.id).where(is_due).limit(1)).first() is None:
                return ()
        with self._database.writing() as connection:
            connection.execute(delete(DELIVERIES).where(DELIVERIES.c.ended_at < now - _KEPT))
            rows = connection.execute(_first_due(is_due)).all()
            for row in rows:
                taken = {"due_at": now + _LEASE, "attempts": row.attempts + 1}
                connection.execute(update(DELIVERIES).where(*_key(row)).values(taken))
        return tuple(
            Claimed(
                row.organisation_id, row.webhook_id, row.id, row.url, _secret(self._keys, row.secret_seed), row.body,
                row.attempts + 1,
            )
            for row in rows
        )  # fmt: skip

    def waiting(self) -> int:
        """How many messages are not delivered and not given up."""
        query = select(func.count()).select_from(DELIVERIES).where(DELIVERIES.c.due_at.is_not(None))
        with self._database.reading() as connection:
            number: int = connection.execute(query).scalar_one()
        return number

    def delivered(self, claimed: Claimed, answer: str) -> None:
        """Note that a message arrived."""
        self._settle(claimed, answer, DeliveryState.DELIVERED, None)

    def failed(self, claimed: Claimed, answer: str, *, chance: float, wait: timedelta = timedelta(0)) -> DeliveryState:
        """Note that a try failed: the message is tried again later, or given up after the last try; which of them.

        chance : in 0..1, shortens the delay by up to a quarter, so that many do not come at once
        wait   : what the receiver asked for
        """
        if claimed.attempts >= MAX_ATTEMPTS:
            self._settle(claimed, answer, DeliveryState.FAILED, None)
            return DeliveryState.FAILED
        delay = max(retry_delay(claimed.attempts) * (1 - _JITTER * chance), wait)
        self._settle(claimed, answer, DeliveryState.PENDING, self._database.clock() + delay)
        return DeliveryState.PENDING

    def gone(self, claimed: Claimed, answer: str) -> int:
        """Switch the webhook off and give up what waits for it; how many messages those are."""
        now = self._database.clock()
        webhook = WEBHOOKS.c.organisation_id == claimed.organisation_id, WEBHOOKS.c.id == claimed.webhook_id
        waiting = (
            DELIVERIES.c.organisation_id == claimed.organisation_id,
            DELIVERIES.c.webhook_id == claimed.webhook_id,
            DELIVERIES.c.due_at.is_not(None),
        )
        with self._database.writing() as connection:
            connection.execute(update(WEBHOOKS).where(*webhook).values(switched_off_at=now))
            given_up = {"state": DeliveryState.FAILED, "due_at": None, "ended_at": now, "last_answer": answer}
            return connection.execute(update(DELIVERIES).where(*waiting).values(given_up)).rowcount

    def _settle(self, claimed: Claimed, answer: str, state: DeliveryState, due_at: datetime | None) -> None:
        ended_at = None if due_at else self._database.clock()
        values = {"state": state, "due_at": due_at, "last_answer": answer[:200], "ended_at": ended_at}
        # Whoever claimed it again meanwhile settles it.
        still = DELIVERIES.c.attempts == claimed.attempts
        with self._database.writing() as connection:
            connection.execute(update(DELIVERIES).where(*_key(claimed), still).values(values))


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after so many tries: from 15 seconds, four times as long each time, near a day in all."""
    return timedelta(seconds=_FIRST_DELAY_SECONDS * _DELAY_GROWTH ** (attempts - 1))


def tell(
    connection: Connection, organisation: str, event_type: EventType, data: Mapping[str, Any], moment: datetime
) -> None:
    """Write a message to each webhook of an organisation that wants it, within the transaction of what it tells.

    data : ids, numbers and versions, never texts
    """
    content = {"type": event_type, "timestamp": moment.isoformat().replace("+00:00", "Z"), "data": dict(data)}
    message = {
        "organisation_id": organisation,
        "id": f"msg_{secrets.token_hex(16)}",
        "event_type": event_type,
        "body": json.dumps(content, separators=(",", ":"), ensure_ascii=False),
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "due_at": moment,
        "created_at": moment,
    }
    webhooks = wanting(connection, organisation, event_type)
    if webhooks:
        connection.execute(insert(DELIVERIES), [{**message, "webhook_id": webhook_id} for webhook_id in webhooks])


def wanting(connection: Connection, organisation: str, event_type: EventType) -> tuple[str, ...]:
    """Ids of the webhooks of an organisation that want an event type and are not switched off."""
    query = select(WEBHOOKS.c.id, WEBHOOKS.c.event_types).where(
        WEBHOOKS.c.organisation_id == organisation, WEBHOOKS.c.switched_off_at.is_(None)
    )
    # Held, so that none is deleted before the message to it is stored.
    rows = connection.execute(query.with_for_update(read=True, key_share=True)).all()
    return tuple(row.id for row in rows if event_type in row.event_types)


def watching(database: Database) -> tuple[str, ...]:
    """Organisations that asked to be told of matches."""
    with database.reading() as connection:
        return tuple(connection.execute(select(WATCHES.c.organisation_id)).scalars())


def note_models_in_service(database: Database, versions: Mapping[str, str]) -> None:
    """Note which model versions are in service, by kind, and tell every organisation of each that changed."""
    table, now = MODELS_IN_SERVICE, database.clock()
    with database.writing() as connection:
        for kind, version in versions.items():
            query = select(table.c.version).where(table.c.kind == kind).with_for_update()
            before = connection.execute(query).scalar_one_or_none()
            if before == version:
                continue
            row = {"version": version, "since": now}
            statement = database.upsert(table).values({"kind": kind, **row})
            connection.execute(statement.on_conflict_do_update(index_elements=["kind"], set_=row))
            if before is not None:
                data = {"kind": kind, "version": version, "previous_version": before}
                for organisation in connection.execute(select(ORGANISATIONS.c.id)).scalars().all():
                    tell(connection, organisation, EventType.MODEL_CHANGED, data, now)


def sign(secret: str, message_id: str, timestamp: int, body: str) -> str:
    """The webhook-signature of a message: v1 and the HMAC-SHA256 of its id, the moment of the try and the body."""
    key = b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{timestamp}.{body}".encode(), hashlib.sha256).digest()
    return f"v1,{b64encode(digest).decode()}"


def _secret(keys: Keys, seed: str) -> str:
    return f"whsec_{b64encode(keys.keyed_hash(f'webhook {seed}')).decode()}"


def _types(stored: Sequence[str]) -> tuple[EventType, ...]:
    return tuple(map(EventType, stored))


def _first_due(is_due: Any) -> Any:
    """The rows to claim, locked; what another process holds is passed over."""
    owner = DELIVERIES.c.organisation_id, DELIVERIES.c.webhook_id
    place = func.row_number().over(partition_by=owner, order_by=DELIVERIES.c.due_at)
    due = select(*owner, DELIVERIES.c.id, place.label("place")).where(is_due).subquery()
    webhook = and_(WEBHOOKS.c.organisation_id == DELIVERIES.c.organisation_id, WEBHOOKS.c.id == DELIVERIES.c.webhook_id)
    return (
        select(DELIVERIES, WEBHOOKS.c.url, WEBHOOKS.c.secret_seed)
        .join(due, and_(*_key(due.c)))
        .join(WEBHOOKS, webhook)
        .where(is_due, due.c.place <= _AT_ONCE_OF_ONE)
        .order_by(DELIVERIES.c.due_at)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True, of=DELIVERIES)
    )


def _key(row: Any) -> tuple[Any, ...]:
    return (
        DELIVERIES.c.organisation_id == row.organisation_id,
        DELIVERIES.c.webhook_id == row.webhook_id,
        DELIVERIES.c.id == row.id,
    )
