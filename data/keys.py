"""API keys: each belongs to one organisation and is kept as a keyed hash, never as it is.

A key reads souk_ID_SECRET. The secret holds 256 random bits, so that a fast keyed hash (BLAKE2b) keeps it as well as a
slow one would, and the id finds its row without a search over hashes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select, update

from data.database import Database
from data.schema import KEYS
from matching.errors import InvalidInput, KeyRefused, UnknownRecord

_TOKEN = re.compile(r"souk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})", re.ASCII)
_ORGANISATION = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
_NOBODY = "0" * 64


class Scope(StrEnum):
    """What a key may be used for; `admin` may do everything."""

    MATCH = "match"
    WRITE = "write"
    FEEDBACK = "feedback"
    ANALYST = "analyst"
    ADMIN = "admin"


@dataclass(frozen=True)
class Key:
    """A key as it is listed: all but the secret. requests_per_minute None means the service's default."""

    id: str
    organisation: str
    name: str
    scopes: frozenset[Scope]
    requests_per_minute: int | None
    created_at: datetime
    revoked_at: datetime | None

    def may(self, scopes: Iterable[Scope]) -> bool:
        """Whether the key has one of the scopes, or `admin`."""
        return not self.scopes.isdisjoint({*scopes, Scope.ADMIN})


class Keys:
    """The keys of a database.

    pepper : secret of the installation that goes into each hash; another pepper refuses every key made before
    """

    def __init__(self, database: Database, pepper: str = "") -> None:
        self._database = database
        self._pepper = pepper.encode()

    def create(
        self, organisation: str, name: str, scopes: Iterable[Scope], *, requests_per_minute: int | None = None
    ) -> str:
        """Make a key; the string returned is shown this once and kept nowhere."""
        if not _ORGANISATION.fullmatch(organisation):
            raise InvalidInput(f"organisation is {organisation!r}, expected 1 to 63 of a-z, 0-9 and -")
        key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        self._database.ensure_organisation(organisation)
        row = {
            "id": key_id,
            "organisation_id": organisation,
            "name": name,
            "secret_hash": self._hash(key_id, secret),
            "scopes": sorted(set(scopes)),
            "requests_per_minute": requests_per_minute,
            "created_at": self._database.clock(),
        }
        with self._database.writing() as connection:
            connection.execute(insert(KEYS).values(row))
        return f"souk_{key_id}_{secret}"

    def revoke(self, key_id: str) -> None:
        """Make a key useless from now on; UnknownRecord where there is none of that id."""
        with self._database.writing() as connection:
            statement = update(KEYS).where(KEYS.c.id == key_id, KEYS.c.revoked_at.is_(None))
            if connection.execute(statement.values(revoked_at=self._database.clock())).rowcount == 0:
                raise UnknownRecord(f"no key in use has the id {key_id!r}")

    def all(self) -> tuple[Key, ...]:
        """Every key, revoked ones too, the oldest first."""
        with self._database.reading() as connection:
            return tuple(map(_key, connection.execute(select(KEYS).order_by(KEYS.c.created_at, KEYS.c.id)).all()))

    def any(self) -> bool:
        """Whether a key was ever made: a revoked one counts, so that revoking the last opens nothing."""
        with self._database.reading() as connection:
            return connection.execute(select(KEYS.c.id).limit(1)).scalar_one_or_none() is not None

    def check(self, token: str) -> Key:
        """The key that a token is; KeyRefused, without saying why, where it is none in use."""
        parts = _TOKEN.fullmatch(token)
        key_id, secret = parts.groups() if parts else ("", "")
        with self._database.reading() as connection:
            row = connection.execute(select(KEYS).where(KEYS.c.id == key_id)).one_or_none()
        expected = row.secret_hash if row else _NOBODY
        agrees = hmac.compare_digest(self._hash(key_id, secret), expected)
        if row is None or not agrees or row.revoked_at is not None:
            raise KeyRefused("the key is unknown or revoked")
        return _key(row)

    def keyed_hash(self, text: str) -> bytes:
        """32 bytes that stand for a text under the pepper."""
        pepper = hashlib.blake2b(self._pepper, digest_size=32).digest()
        return hashlib.blake2b(text.encode(), key=pepper, digest_size=32).digest()

    def _hash(self, key_id: str, secret: str) -> str:
        return self.keyed_hash(f"{key_id}:{secret}").hex()


def _key(row: Any) -> Key:
    return Key(
        row.id, row.organisation_id, row.name, frozenset(map(Scope, row.scopes)), row.requests_per_minute,
        row.created_at, row.revoked_at,
    )  # fmt: skip
