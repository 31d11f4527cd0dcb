"""Invitations between participants of a fair: asked, accepted, declined, answered by another time, or expired.

A pending invitation takes no slot. One that is accepted becomes a meeting of the published plan in the transaction that
accepts it, and what it takes has a key there, so that of two for one slot one at most is confirmed.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.engine import Connection

from data.fair_edits import placed
from data.fair_plans import InvitationState, Plan
from data.fair_publication import Publication
from data.fair_store import FairContent, FairStore
from data.fairs import Level
from data.schema import FAIR_INVITATIONS
from matching.errors import InvalidInput, PreconditionFailed, UnknownRecord

KEPT_OPEN = timedelta(hours=24)


@dataclass(frozen=True)
class Invitation:
    """That one participant asks another to meet in a slot, counted from 0."""

    id: str
    from_id: str
    to_id: str
    slot: int
    state: InvitationState
    expires_at: datetime
    asked_at: datetime
    answered_at: datetime | None = None


class Invitations:
    """Invitations at the fairs of an organisation."""

    def __init__(self, fairs: FairStore) -> None:
        self._fairs = fairs
        self._database = fairs.database
        self._publication = Publication(fairs)

    def ask(self, fair_id: str, from_id: str, to_id: str, slot: int, *, kept_open: timedelta = KEPT_OPEN) -> Invitation:
        """Ask; nobody's slot is taken by it.

        Raises UnknownRecord where somebody is not there, PreconditionFailed where the two cannot meet then.
        """
        with self._database.writing() as connection:
            self._fairs.locked(connection, fair_id)
            content = self._fairs.content_within(connection, fair_id)
            return self._asked(connection, content, from_id, to_id, slot, kept_open)

    def all(self, fair_id: str, *, participant_id: str | None = None) -> tuple[Invitation, ...]:
        """Every invitation, or those from and to a participant, the oldest first; UnknownRecord without such a fair."""
        table = FAIR_INVITATIONS
        query = select(table).where(*self._fairs.of(table, fair_id)).order_by(table.c.asked_at, table.c.id)
        if participant_id is not None:
            query = query.where(or_(table.c.from_id == participant_id, table.c.to_id == participant_id))
        with self._database.reading() as connection:
            self._fairs.require(connection, fair_id)
            rows = connection.execute(query).all()
        return tuple(self._told(row) for row in rows)

    def accept(self, fair_id: str, invitation_id: str) -> tuple[Invitation, Plan | None]:
        """Confirm the meeting, and what that changed; None where it was accepted before.

        Raises PreconditionFailed where the invitation is not open any more, or its slot was taken meanwhile.
        """
        with self._database.writing() as connection:
            self._fairs.locked(connection, fair_id)
            found = self._open(connection, fair_id, invitation_id, InvitationState.ACCEPTED)
            if found.state is InvitationState.ACCEPTED:
                return found, None
            content = self._fairs.content_within(connection, fair_id)
            meetings = self._publication.in_force(connection, fair_id)
            two = {found.from_id, found.to_id}
            former = next((one for one in meetings if {one.first, one.second} == two), None)
            others = [one for one in meetings if one is not former]
            meeting = placed(content, others, found.from_id, found.to_id, found.slot, like=former)
            plan = self._publication.amend(connection, content, [*others, meeting])
            return self._answered(connection, fair_id, found, InvitationState.ACCEPTED), plan

    def decline(self, fair_id: str, invitation_id: str) -> Invitation:
        """Turn an invitation down; again is no change. PreconditionFailed where it is not open any more."""
        with self._database.writing() as connection:
            self._fairs.locked(connection, fair_id)
            found = self._open(connection, fair_id, invitation_id, InvitationState.DECLINED)
            if found.state is InvitationState.DECLINED:
                return found
            return self._answered(connection, fair_id, found, InvitationState.DECLINED)

    def propose(self, fair_id: str, invitation_id: str, slot: int) -> Invitation:
        """Answer by asking back for another slot; the new invitation. PreconditionFailed where it cannot be."""
        with self._database.writing() as connection:
            self._fairs.locked(connection, fair_id)
            found = self._open(connection, fair_id, invitation_id, None)
            content = self._fairs.content_within(connection, fair_id)
            self._answered(connection, fair_id, found, InvitationState.COUNTERED)
            return self._asked(connection, content, found.to_id, found.from_id, slot, KEPT_OPEN)

    # Steps

    def _asked(
        self, connection: Connection, content: FairContent, from_id: str, to_id: str, slot: int, kept_open: timedelta
    ) -> Invitation:
        two = {content.participant(from_id).id, content.participant(to_id).id}
        if len(two) != 2:
            raise InvalidInput(f"{from_id!r} asks itself to meet, expected another participant")
        if any({wish.by, wish.about} == two and wish.level is Level.NEVER for wish in content.wishes):
            raise PreconditionFailed(f"{from_id!r} and {to_id!r} are not to meet")
        meetings = self._publication.in_force(connection, content.fair.id)
        placed(content, [one for one in meetings if {one.first, one.second} != two], from_id, to_id, slot)
        now = self._database.clock()
        asked = Invitation(
            secrets.token_hex(8), from_id, to_id, slot, InvitationState.PENDING, now + kept_open, now
        )  # fmt: skip
        connection.execute(insert(FAIR_INVITATIONS).values({**vars(asked), **self._fairs.placed(content.fair.id)}))
        return asked

    def _open(
        self, connection: Connection, fair_id: str, invitation_id: str, again: InvitationState | None
    ) -> Invitation:
        """An invitation that is pending, or in the state that is asked for again."""
        query = select(FAIR_INVITATIONS).where(*self._fairs.of(FAIR_INVITATIONS, fair_id, invitation_id))
        row = connection.execute(query).one_or_none()
        if row is None:
            raise UnknownRecord(f"fair {fair_id!r} has no invitation of the id {invitation_id!r}")
        found = self._told(row)
        if found.state not in (InvitationState.PENDING, again):
            raise PreconditionFailed(f"invitation {invitation_id!r} is {found.state}, expected a pending one")
        return found

    def _answered(self, connection: Connection, fair_id: str, found: Invitation, state: InvitationState) -> Invitation:
        answered = replace(found, state=state, answered_at=self._database.clock())
        values = {"state": state, "answered_at": answered.answered_at}
        key = self._fairs.of(FAIR_INVITATIONS, fair_id, found.id)
        connection.execute(update(FAIR_INVITATIONS).where(*key).values(values))
        return answered

    def _told(self, row: Any) -> Invitation:
        state = InvitationState(row.state)
        if state is InvitationState.PENDING and row.expires_at <= self._database.clock():
            state = InvitationState.EXPIRED
        return Invitation(
            row.id, row.from_id, row.to_id, row.slot, state, row.expires_at, row.asked_at, row.answered_at
        )  # fmt: skip
