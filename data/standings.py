"""Who stands among the best of each stored request, so that whoever newly comes to stand there can be told of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.engine import Connection

from data.schema import CHANGES, ERASED_ID, ORGANISATIONS, RECORDS, STANDINGS, WATCHES, Kind
from data.store import NEWEST_REQUESTS, Store
from data.webhooks import EventType, tell, wanting
from matching.errors import InvalidRequest
from matching.matcher import Matcher
from matching.profiles import BuyerRequest

BEST = 10


@dataclass(frozen=True)
class _Changed:
    """Ids of the suppliers and of the requests that were put, up to a change."""

    number: int
    suppliers: frozenset[str]
    requests: frozenset[str]


class Standings:
    """The best suppliers of each stored request of one organisation, of the 500 requests changed last."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def bring_up(self, matcher: Matcher, seen: int) -> None:
        """Tell webhooks of the matches that the changes up to `seen`, all of them in the matcher, have brought.

        Of a request that was put: whoever of its best is new there. Of others: those who were put and are new there.
        Of several processes that do this at once, one is heard.
        """
        with self._store.database.reading() as connection:
            if not wanting(connection, self._store.organisation, EventType.MATCH_FOUND):
                return
            watch = connection.execute(select(WATCHES).where(self._ours(WATCHES))).one()
        if watch.is_based and watch.change >= seen:
            return
        changed = _Changed(seen, *(self._put(kind, watch.change, seen) for kind in (Kind.SUPPLIERS, Kind.REQUESTS)))
        best = self._best(matcher, seen) if changed.suppliers or changed.requests or not watch.is_based else {}
        versions = {"encoder": matcher.encoder.fingerprint, "ranker": matcher.ranker.version}
        with self._store.database.writing() as connection:
            if self._is_still_so(connection, watch, seen):
                self._tell(connection, best, changed, versions)
                progress = {"change": max(seen, watch.change), "is_based": True}
                connection.execute(update(WATCHES).where(self._ours(WATCHES)).values(progress))

    def _is_still_so(self, connection: Connection, watch: Any, seen: int) -> bool:
        """Whether no other process was faster, and nothing was erased that the matcher still had; locks both out."""
        organisation = ORGANISATIONS.c.id == self._store.organisation
        connection.execute(select(ORGANISATIONS.c.id).where(organisation).with_for_update())
        erased = select(CHANGES.c.number).where(
            self._ours(CHANGES), CHANGES.c.record_id == ERASED_ID, CHANGES.c.number > seen
        )  # fmt: skip
        held = connection.execute(select(WATCHES).where(self._ours(WATCHES))).one()
        return held == watch and connection.execute(erased).first() is None

    def _put(self, kind: Kind, after: int, until: int) -> frozenset[str]:
        """Ids of the records put after one change and up to another."""
        found: set[str] = set()
        while changes := self._store.changes_after(after, kind):
            found |= {one.id for one in changes if one.number <= until and one.document is not None}
            after = changes[-1].number
            if after > until:
                break
        return frozenset(found)

    def _best(self, matcher: Matcher, seen: int) -> dict[str, list[dict[str, Any]]]:
        """The best matches of each request that was not changed since."""
        best = {}
        for stored in self._store.newest(Kind.REQUESTS, limit=NEWEST_REQUESTS):
            if stored.change > seen:
                continue
            try:
                scoring = matcher.score(BuyerRequest.model_validate(stored.document))
            except InvalidRequest:
                continue
            scores = scoring.scores[:BEST]
            chances = matcher.ranker.probabilities(scores)
            found = zip(scoring.rows[:BEST].tolist(), scores.tolist(), chances.tolist(), strict=True)
            best[stored.id] = [
                {
                    "supplier_id": matcher.catalogue.suppliers[row].id,
                    "rank": rank,
                    "score": score,
                    "probability": chance,
                }
                for rank, (row, score, chance) in enumerate(found, start=1)
            ]
        return best

    def _tell(
        self,
        connection: Connection,
        best: Mapping[str, list[dict[str, Any]]],
        changed: _Changed,
        versions: Mapping[str, str],
    ) -> None:
        rows = connection.execute(select(STANDINGS).where(self._ours(STANDINGS))).all()
        before: dict[str, list[str]] = {row.request_id: row.best for row in rows}
        organisation, now = self._store.organisation, self._store.database.clock()
        for request_id, matches in best.items():
            stood = set(before.get(request_id, ()))
            may_be_told = {match["supplier_id"] for match in matches} - stood
            if request_id not in changed.requests:
                may_be_told &= changed.suppliers
            newcomers = [match for match in matches if match["supplier_id"] in may_be_told]
            if newcomers:
                data = {"request_id": request_id, "matches": newcomers, "versions": dict(versions)}
                tell(connection, organisation, EventType.MATCH_FOUND, data, now)
            self._keep(connection, request_id, [match["supplier_id"] for match in matches])
        requests = RECORDS[Kind.REQUESTS]
        stored = select(requests.c.id).where(self._ours(requests))
        connection.execute(delete(STANDINGS).where(self._ours(STANDINGS), STANDINGS.c.request_id.not_in(stored)))

    def _keep(self, connection: Connection, request_id: str, best: list[str]) -> None:
        row = {"organisation_id": self._store.organisation, "request_id": request_id, "best": best}
        statement = self._store.database.upsert(STANDINGS).values(row)
        statement = statement.on_conflict_do_update(
            index_elements=["organisation_id", "request_id"], set_={"best": best}
        )
        connection.execute(statement)

    def _ours(self, table: Any) -> Any:
        return table.c.organisation_id == self._store.organisation
