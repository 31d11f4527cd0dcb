"""Changes of a plan by hand: where two could meet, a meeting put in, moved or taken out."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import numpy as np

from data.fair_days import Day, booth_of
from data.fair_plans import Action, Edit, Meeting, meeting_id
from data.fair_problem import setting_of
from data.fair_scores import NO_FIT
from data.fair_store import FairContent
from data.fairs import Fair
from matching.errors import InvalidInput, PreconditionFailed, UnknownRecord
from matching.meetings.problem import NONE


def edited(content: FairContent, meetings: Sequence[Meeting], edits: Sequence[Edit]) -> tuple[Meeting, ...]:
    """The meetings after the edits, one after the other.

    Raises UnknownRecord where a meeting or participant is not there, PreconditionFailed where somebody is not free.
    """
    for edit in edits:
        meetings = _edited(content, meetings, edit)
    return tuple(meetings)


def _edited(content: FairContent, meetings: Sequence[Meeting], edit: Edit) -> Sequence[Meeting]:
    name = meeting_id(content.fair.id, edit.first, edit.second)
    others = [one for one in meetings if one.id != name]
    old = next((one for one in meetings if one.id == name), None)
    if edit.action is Action.PLACE:
        if edit.starts_at is None:
            raise InvalidInput("starts_at is missing, expected the beginning of a slot to place the meeting in")
        slot = slot_at(content.fair, edit.starts_at)
        return [*others, placed(content, others, edit.first, edit.second, slot, like=old)]
    if old is None:
        raise UnknownRecord(f"the plan has no meeting of {edit.first!r} with {edit.second!r}")
    if edit.action is Action.DROP:
        return others
    locked = old.model_copy(update={"locked": edit.action is Action.LOCK})
    return [locked if one is old else one for one in meetings]


def slot_at(fair: Fair, moment: datetime.datetime) -> int:
    """The number of the slot that begins at a moment; InvalidInput where none does."""
    starts = [slot.starts for slot in fair.slots]
    if moment not in starts:
        nearest = min(starts, key=lambda one: abs(one - moment))
        raise InvalidInput(
            f"starts_at is {moment:%Y-%m-%dT%H:%M}, expected the beginning of a slot such as {nearest:%Y-%m-%dT%H:%M}"
        )
    return starts.index(moment)


def placed(
    content: FairContent, meetings: Sequence[Meeting], one: str, other: str, slot: int, *, like: Meeting | None = None
) -> Meeting:
    """A meeting of two in a slot, at a free table where it needs one, as long and as good as the one it replaces.

    Raises PreconditionFailed, saying what is taken, where it cannot be.
    """
    two = content.participant(one), content.participant(other)
    draft = Meeting(
        id=meeting_id(content.fair.id, one, other), first=one, second=other, slot=slot, slots=like.slots if like else 1,
        score=like.score if like else 0.0, locked=like.locked if like else False, booth=booth_of(*two),
    )  # fmt: skip
    if fault := Day(content, meetings).fault(draft, two):
        raise PreconditionFailed(fault)
    return Day(content, meetings).seated(draft, two)


def free_slots_of(
    content: FairContent, meetings: Sequence[Meeting], one: str, other: str, *, slots: int = 1
) -> tuple[int, ...]:
    """Slots in which a meeting of two, of so many slots, could still begin, in order of time.

    Raises UnknownRecord where one of the two is not there.
    """
    two = content.participant(one), content.participant(other)
    day, booth = Day(content, meetings), booth_of(*two)
    name = meeting_id(content.fair.id, one, other)
    drafts = (
        Meeting(id=name, first=one, second=other, slot=slot, slots=slots, booth=booth)
        for slot in range(len(content.fair.slots))
    )
    return tuple(draft.slot for draft in drafts if day.fault(draft, two) is None)


def other_slots_of(content: FairContent, meetings: Sequence[Meeting], meeting: Meeting) -> tuple[int, ...]:
    """Slots to which a meeting of a plan could move, with all others where they are, in order of time."""
    others = [one for one in meetings if one.id != meeting.id]
    free = free_slots_of(content, others, meeting.first, meeting.second, slots=meeting.slots)
    return tuple(slot for slot in free if slot != meeting.slot)


def off_closed_tables(content: FairContent, meetings: Sequence[Meeting]) -> tuple[Meeting, ...]:
    """The meetings without closed tables: those that sat at one go to free ones, and nobody else moves.

    As many as can be are held; each in its own slot where it can, else in one that is near. One for which there is
    none is left out.
    """
    opened = [content.fair.open_tables(slot) for slot in content.fair.slots]
    stay = [one for one in meetings if one.table is None or all(one.table in opened[at] for at in one.covered())]
    kept = {one.id for one in stay}
    homeless = [one for one in meetings if one.id not in kept]
    slots, day, found = _new_slots(content, stay, homeless), Day(content, stay), list(stay)
    for one in sorted(homeless, key=lambda one: (slots.get(one.id) != one.slot, one.id)):
        if one.id in slots:
            two = content.participant(one.first), content.participant(one.second)
            draft = one.model_copy(update={"slot": slots[one.id]})
            if day.fault(draft, two) is None:
                found.append(day.seated(draft, two))
                day.add(found[-1])
    return tuple(found)


def _new_slots(content: FairContent, stay: Sequence[Meeting], homeless: Sequence[Meeting]) -> dict[str, int]:
    """The slot of each homeless meeting for which there is one, by an assignment of all of them at once."""
    from matching.meetings.filling import rehoused

    if not homeless:
        return {}
    setting = setting_of(content, NO_FIT, kept=stay, present=homeless)
    stays, was = np.full(len(setting.pairs), NONE), np.full(len(setting.pairs), NONE)
    for slots, some in ((stays, stay), (was, homeless)):
        for one in some:
            row = setting.rows.get(frozenset((one.first, one.second)))
            if row is not None:
                slots[row] = one.slot
    found = rehoused(setting.problem, stays, was)
    rows = {one.id: setting.rows.get(frozenset((one.first, one.second))) for one in homeless}
    return {name: int(found[row]) for name, row in rows.items() if row is not None and found[row] != NONE}
