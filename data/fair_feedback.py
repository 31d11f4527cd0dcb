"""What happened between a buyer and an exhibitor at a fair, as feedback events that training reads like any others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC

from data.events import Event, EventLog
from data.fair_plans import Meeting
from data.fair_publication import Publication
from data.fair_scores import FairMatcher
from data.fair_store import FairStore
from data.fairs import Participant, Role
from data.workspace import Models


class FairFeedback:
    """Feedback at the fairs of an organisation.

    models : with which a pair is scored whose showing was not noted yet
    """

    def __init__(self, fairs: FairStore, models: Callable[[], Models]) -> None:
        self._fairs = fairs
        self._models = models
        self._log = EventLog(fairs.database, fairs.organisation)
        self._publication = Publication(fairs)

    def note_shown(self, fair_id: str, meetings: Sequence[Meeting]) -> None:
        """Note that buyers were shown the exhibitors of published meetings, in order of time."""
        content = self._fairs.content(fair_id)
        by_id = {one.id: one for one in content.participants}
        met: dict[str, list[str]] = {}
        for one in sorted(meetings, key=lambda one: (one.slot, one.id)):
            if two := _sides(by_id[one.first], by_id[one.second]):
                met.setdefault(two[0].id, []).append(two[1].id)
        if not met:
            return
        queries = FairMatcher(content.participants, self._fairs.store, self._models()).note(self._log, met)
        named = {one.id: queries[two[0].id] for one in meetings if (two := _sides(by_id[one.first], by_id[one.second]))}
        self._publication.note_queries(fair_id, named)

    def note(
        self, fair_id: str, one: str, other: str, action: str, event_id: str, *, rating: int | None = None
    ) -> bool:
        """Store an event of two; False where they are no buyer and exhibitor, or it is known already."""
        content = self._fairs.content(fair_id)
        two = _sides(content.participant(one), content.participant(other))
        if two is None or self._log.knows(event_id):
            return False
        buyer, exhibitor = two
        query_id = self._query(fair_id, buyer, exhibitor)
        moment = self._fairs.database.clock().astimezone(UTC)
        supplier_id = exhibitor.supplier_id or exhibitor.id
        document = {
            "event_id": event_id, "action_name": action, "query_id": query_id, "timestamp": moment.isoformat(),
            "application": "fair", "event_attributes": {"object": {"object_id": supplier_id}},
        }  # fmt: skip
        if rating is not None:
            document["event_attributes"] = {"object": {"object_id": supplier_id}, "rating": rating}
        noted = self._log.note_events([Event(event_id, query_id, supplier_id, action, document, moment)])
        return bool(noted.stored)

    def _query(self, fair_id: str, buyer: Participant, exhibitor: Participant) -> str:
        """The match under which the buyer was shown the exhibitor, noted now where it was not."""
        two = {buyer.id, exhibitor.id}
        meetings = [
            one for one in self._publication.meetings(fair_id) if {one.meeting.first, one.meeting.second} == two
        ]
        known = next((one.query_id for one in meetings if one.query_id is not None), None)
        if known is not None:
            return known
        matcher = FairMatcher([buyer, exhibitor], self._fairs.store, self._models())
        query_id = matcher.note(self._log, {buyer.id: [exhibitor.id]})[buyer.id]
        self._publication.note_queries(fair_id, {one.meeting.id: query_id for one in meetings})
        return query_id


def _sides(one: Participant, other: Participant) -> tuple[Participant, Participant] | None:
    """Buyer and exhibitor of two; None where they are not one of each."""
    by_role = {one.role: one, other.role: other}
    return (by_role[Role.BUYER], by_role[Role.EXHIBITOR]) if len(by_role) == 2 else None
