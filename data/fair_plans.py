"""A meeting plan of a fair as it is kept: its meetings, the wishes it could not fulfil, and what a version changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from data.fairs import Fair, LocalMoment, Slot
from matching.profiles import Identifier

_ROUNDING = 1e-6
_UNMOVED = frozenset({"score", "locked"})


class PlanState(StrEnum):
    """Where a plan stands; at most one of a fair is published."""

    DRAFT = "draft"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"


class MeetingState(StrEnum):
    """What became of a published meeting."""

    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    HELD = "held"
    NO_SHOW = "no_show"


class Reason(StrEnum):
    """Why a wish is not in a plan."""

    NO_COMMON_SLOT = "no_common_slot"
    NO_COMMON_LANGUAGE = "no_common_language"
    ABSENT = "absent"
    FORBIDDEN = "forbidden"
    BOTH_FULL = "both_full"
    FULL = "full"
    NO_TABLE = "no_table"
    NO_INTERPRETER = "no_interpreter"
    OTHER_REPRESENTATIVE = "other_representative"
    BETTER_PAIR = "better_pair"
    OUT_OF_ORDER = "out_of_order"
    COULD_BE_ADDED = "could_be_added"
    TAKEN_OUT = "taken_out"


class Action(StrEnum):
    """What is done by hand to the meeting of two participants."""

    LOCK = "lock"
    UNLOCK = "unlock"
    DROP = "drop"
    PLACE = "place"


class InvitationState(StrEnum):
    """How an invitation stands; COUNTERED was answered by one for another time."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    COUNTERED = "countered"
    EXPIRED = "expired"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Edit(_Value):
    """One change by hand: starts_at is the beginning of the slot to be placed in."""

    action: Action
    first: Identifier
    second: Identifier
    starts_at: LocalMoment | None = None


class Meeting(_Value):
    """Two participants in a place for one or more slots, numbered from 0; no table where they meet at a booth."""

    id: str
    first: Identifier
    second: Identifier
    slot: Annotated[int, Field(ge=0)]
    slots: Annotated[int, Field(ge=1)] = 1
    table: int | None = None
    booth: str | None = None
    interpreter: str | None = None
    score: float = 0.0
    locked: bool = False

    def covered(self) -> range:
        """The numbers of the slots that it takes."""
        return range(self.slot, self.slot + self.slots)

    def of(self, participant_id: str) -> bool:
        """Whether a participant is in it."""
        return participant_id in (self.first, self.second)

    def partner(self, participant_id: str) -> str:
        """The other one of the two."""
        return self.second if participant_id == self.first else self.first

    def time(self, fair: Fair) -> Slot:
        """When it is, by the fair's clock."""
        slots = fair.slots
        return Slot(slots[self.slot].starts, slots[self.covered()[-1]].ends, slots[self.slot].session)


class Unscheduled(_Value):
    """A wish that is not in the plan, and why."""

    by: Identifier
    about: Identifier
    reason: Reason


class Change(_Value):
    """A meeting before and after; None where there was none, or is none any more."""

    before: Meeting | None
    after: Meeting | None

    @property
    def meeting(self) -> Meeting:
        """What it is about: as it is now, or as it was."""
        found = self.after or self.before
        assert found is not None
        return found


class Plan(_Value):
    """One version of a plan.

    score, bound : worth of its meetings, and what no plan of this fair can exceed; equal where it is the best
    kept_bound   : what no plan can exceed that keeps the meetings which a copy kept
    basis        : what the bounds rest on; once the fair or a score is another one, they say nothing any more
    changes      : against the version, or the published plan, before
    """

    meetings: tuple[Meeting, ...] = ()
    unscheduled: tuple[Unscheduled, ...] = ()
    short: dict[str, int] = {}
    score: float = 0.0
    bound: float | None = None
    kept_bound: float | None = None
    basis: str | None = None
    seed: int = 0
    based_on: str | None = None
    changes: tuple[Change, ...] = ()

    @property
    def is_best(self) -> bool:
        """Whether it is known that no plan scores more."""
        return self.gap_percent == 0

    @property
    def gap_percent(self) -> float | None:
        """By how much at most the best plan of the fair scores more; None where that is not known."""
        return _gap_percent(self.score, self.bound)

    @property
    def kept_gap_percent(self) -> float | None:
        """By how much at most a plan scores more that keeps what this copy kept; None where that is not known."""
        return _gap_percent(self.score, self.kept_bound)

    @property
    def affected(self) -> tuple[str, ...]:
        """Everyone whose agenda the version changed."""
        return affected_by(self.changes)


def meeting_id(fair_id: str, one: str, other: str) -> str:
    """The id of the meeting of two participants of a fair: the same in each plan, so that calendars know it again."""
    key = "\n".join((fair_id, *sorted((one, other))))
    return f"M-{hashlib.sha256(key.encode()).hexdigest()[:20]}"


def changes_between(before: Iterable[Meeting], after: Iterable[Meeting]) -> tuple[Change, ...]:
    """What differs in time or place, in the order of meeting ids."""
    old, new = {one.id: one for one in before}, {one.id: one for one in after}
    differing = (name for name in sorted(old.keys() | new.keys()) if _moved(old.get(name), new.get(name)))
    return tuple(Change(before=old.get(name), after=new.get(name)) for name in differing)


def affected_by(changes: Sequence[Change]) -> tuple[str, ...]:
    """Participants of changed meetings, by id."""
    return tuple(sorted({who for one in changes for who in (one.meeting.first, one.meeting.second)}))


def _gap_percent(score: float, bound: float | None) -> float | None:
    if bound is None:
        return None
    gap = bound - score
    return 0.0 if gap <= _ROUNDING * max(1.0, abs(bound)) else 100 * gap / bound


def _moved(old: Meeting | None, new: Meeting | None) -> bool:
    if old is None or new is None:
        return old is not new
    return old.model_dump(exclude=set(_UNMOVED)) != new.model_dump(exclude=set(_UNMOVED))
