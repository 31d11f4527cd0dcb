"""Who may do what: API keys, scopes and allowances; without any key a development mode, on loopback alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from data.answers import Answers
from data.database import DEFAULT_ORGANISATION
from data.erasure import Erasures
from data.events import EventLog
from data.fair_desk import FairDesk
from data.keys import Key, Scope
from data.ledger import Ledger
from data.store import Store
from data.webhooks import Webhooks
from data.workspace import Workspace
from matching.errors import AccessRefused, KeyRefused, ScopeMissing, TooManyRequests
from service.browsers import key_of, sent_by_another_site
from service.live import Live

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "[::1]", "testserver"})
_MINUTE_SECONDS = 60.0
_bearer = HTTPBearer(auto_error=False, description="An API key, made by `souk keys create`")


@dataclass(frozen=True)
class Allowance:
    """What is left to a key: requests, and the seconds until all of them are there again."""

    limit: int
    remaining: int
    reset_seconds: int


class Allowances:
    """A bucket of requests per name, filled evenly; of this process alone."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, name: str, limit: int) -> Allowance:
        """Use one request of `limit` a minute; TooManyRequests where none is left."""
        now, rate = self._clock(), limit / _MINUTE_SECONDS
        with self._lock:
            left, then = self._left.get(name, (float(limit), now))
            left = min(float(limit), left + (now - then) * rate)
            enough = left >= 1.0
            self._left[name] = (left - 1.0 if enough else left, now)
        if not enough:
            wait = int((1.0 - left) / rate) + 1
            raise TooManyRequests(f"the allowance of {limit} requests a minute is used up", wait)
        return Allowance(limit, int(left - 1.0), int((limit - left + 1.0) / rate))


@dataclass(frozen=True)
class Caller:
    """Who calls, and what of the service is theirs."""

    organisation: str
    live: Live

    @property
    def workspace(self) -> Workspace:
        """The caller's catalogue."""
        return self.live.workspace(self.organisation)

    @property
    def store(self) -> Store:
        """The caller's records."""
        return Store(self.live.database, self.organisation)

    @property
    def events(self) -> EventLog:
        """What the caller was shown, and what its users did."""
        return EventLog(self.live.database, self.organisation)

    @property
    def ledger(self) -> Ledger:
        """The attention that the caller's suppliers were given and earned."""
        return Ledger(self.live.database, self.organisation)

    @property
    def answers(self) -> Answers:
        """Answers the caller got under an Idempotency-Key."""
        return Answers(self.live.database, self.organisation)

    @property
    def erasures(self) -> Erasures:
        """What the caller had erased."""
        return Erasures(self.store, self.live.keys)

    @property
    def desk(self) -> FairDesk:
        """The caller's fairs."""
        return FairDesk(self.store, lambda: self.live.models, self.live.solver)

    @property
    def webhooks(self) -> Webhooks:
        """Where the caller wants to be told of what."""
        return Webhooks(self.live.database, self.organisation, self.live.keys)


def caller_with(*scopes: Scope) -> Callable[..., Caller]:
    """A dependency: the caller, where its key has one of the scopes.

    A browser shows the key that somebody signed in with.
    Raises AccessRefused, KeyRefused, ScopeMissing or TooManyRequests.
    """

    def caller(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Caller:
        live: Live = request.app.state.live
        if credentials is None and sent_by_another_site(request, request.app.state.settings.allowed_origins):
            raise AccessRefused("a page of another site sent this; expected one of this service, or a key in a header")
        token = credentials.credentials if credentials else key_of(request)
        if credentials is None and is_development(request, live):
            return Caller(DEFAULT_ORGANISATION, live)
        key = checked_key(request, live, token)
        if not key.may(scopes):
            raise ScopeMissing(f"the key has no scope {' or '.join(scopes)}")
        return Caller(key.organisation, live)

    return caller


def is_development(request: Request, live: Live) -> bool:
    """Whether no key was ever made and the service listens on loopback, asked under a name of loopback.

    The name matters: a page of another site may reach a loopback address under its own name.
    """
    loopback: bool = request.app.state.loopback
    return loopback and (request.url.hostname or "") in LOOPBACK and not live.keys.any()


def checked_key(request: Request, live: Live, token: str | None) -> Key:
    """The key of a token, one request of its allowance used; KeyRefused or TooManyRequests."""
    allowances: Allowances = request.app.state.allowances
    default: int = request.app.state.settings.requests_per_minute
    try:
        if token is None:
            raise KeyRefused("no key was given; send one as `Authorization: Bearer KEY`")
        key = live.keys.check(token)
    except KeyRefused:
        request.app.state.metrics.refused.inc()
        address = request.client.host if request.client else ""
        request.state.allowance = allowances.take(f"address {address}", default)
        raise
    request.state.organisation = key.organisation
    request.state.key_id = key.id
    request.state.allowance = allowances.take(f"key {key.id}", key.requests_per_minute or default)
    return key


Matching = Annotated[Caller, Depends(caller_with(Scope.MATCH))]
Reading = Annotated[Caller, Depends(caller_with(Scope.MATCH, Scope.WRITE, Scope.ANALYST))]
Writing = Annotated[Caller, Depends(caller_with(Scope.WRITE))]
Analysing = Annotated[Caller, Depends(caller_with(Scope.ANALYST))]
Exporting = Annotated[Caller, Depends(caller_with(Scope.WRITE, Scope.ANALYST))]
Reporting = Annotated[Caller, Depends(caller_with(Scope.FEEDBACK))]
Administering = Annotated[Caller, Depends(caller_with(Scope.ADMIN))]
