"""Changes of a plan by hand: where two could meet, a meeting put in, moved or taken out."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from data.fair_planning import booth_of
from data.fair_plans import Action, Edit, Meeting, meeting_id
from data.fair_store import FairContent
from data.fairs import Fair, Interpreter, Participant, share_a_language
from matching.errors import InvalidInput, PreconditionFailed, UnknownRecord


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
    if fault := _Day(content, meetings).fault(draft, two):
        raise PreconditionFailed(fault)
    return _Day(content, meetings).seated(draft, two)


def free_slots_of(
    content: FairContent, meetings: Sequence[Meeting], one: str, other: str, *, slots: int = 1
) -> tuple[int, ...]:
    """Slots in which a meeting of two, of so many slots, could still begin, in order of time.

    Raises UnknownRecord where one of the two is not there.
    """
    two = content.participant(one), content.participant(other)
    day, booth = _Day(content, meetings), booth_of(*two)
    name = meeting_id(content.fair.id, one, other)
    drafts = (
        Meeting(id=name, first=one, second=other, slot=slot, slots=slots, booth=booth)
        for slot in range(len(content.fair.slots))
    )
    return tuple(draft.slot for draft in drafts if day.fault(draft, two) is None)


def off_closed_tables(content: FairContent, meetings: Sequence[Meeting]) -> tuple[Meeting, ...]:
    """The meetings without closed tables: each that sat at one goes to a free one, in its own slot where it can.

    One for which there is none in any slot is left out; the best ones choose first.
    """
    fair, slots = content.fair, content.fair.slots
    stay = [
        one
        for one in meetings
        if one.table is None or all(one.table in fair.open_tables(slots[slot]) for slot in one.covered())
    ]
    kept = {one.id for one in stay}
    homeless = sorted(
        (one for one in meetings if one.id not in kept), key=lambda one: (not one.locked, -one.score, one.id)
    )
    for in_place in (True, False):
        for one in [one for one in homeless if one.id not in {done.id for done in stay}]:
            free = free_slots_of(content, stay, one.first, one.second, slots=one.slots)
            nearest = min(free, key=lambda slot: (abs(slot - one.slot), slot), default=None)
            if nearest is not None and (nearest == one.slot or not in_place):
                stay.append(placed(content, stay, one.first, one.second, nearest, like=one))
    return tuple(stay)


class _Day:
    """What is taken by the meetings of a plan, slot by slot."""

    def __init__(self, content: FairContent, meetings: Sequence[Meeting]) -> None:
        self._fair = content.fair
        self._slots = content.fair.slots
        persons = {one.id: one.person or one.id for one in content.participants}
        self._person = persons
        self._busy: set[tuple[str, int]] = set()
        for one in meetings:
            for slot in one.covered():
                self._busy |= {(persons.get(who, who), slot) for who in (one.first, one.second)}
                self._busy |= {(f"\ttable {one.table}", slot)} if one.table else set()
                self._busy |= {(f"\tinterpreter {one.interpreter}", slot)} if one.interpreter else set()

    def fault(self, draft: Meeting, two: tuple[Participant, Participant]) -> str | None:
        """What keeps a meeting from being there; None where nothing does."""
        covered = draft.covered()
        if covered[-1] >= len(self._slots) or self._slots[covered[-1]].session != self._slots[covered[0]].session:
            return f"slot {draft.slot} is not followed by the {draft.slots - 1} that the meeting needs"
        begins = f"{self._slots[draft.slot].starts:%Y-%m-%d %H:%M}"
        faults = [self._fault_of(who, draft, begins) for who in two]
        if draft.booth is None and self._table(draft) is None:
            faults.append(f"no table is free at {begins}")
        if not share_a_language(two[0].languages, two[1].languages) and self._interpreter(draft, two) is None:
            faults.append(f"{two[0].id!r} and {two[1].id!r} share no language, and no interpreter is free at {begins}")
        return next(filter(None, faults), None)

    def _fault_of(self, who: Participant, draft: Meeting, begins: str) -> str | None:
        covered = draft.covered()
        if who.cancelled:
            return f"participant {who.id!r} has cancelled"
        if not all(who.hours.allow(self._slots[slot]) for slot in covered):
            return f"participant {who.id!r} is not there at {begins}"
        if any((self._person[who.id], slot) in self._busy for slot in covered):
            return f"participant {who.id!r} has another meeting at {begins}"
        return None

    def seated(self, draft: Meeting, two: tuple[Participant, Participant]) -> Meeting:
        """The meeting with its table and interpreter."""
        alone = not share_a_language(two[0].languages, two[1].languages)
        interpreter = self._interpreter(draft, two) if alone else None
        given = {"table": None if draft.booth else self._table(draft), "interpreter": interpreter and interpreter.id}
        return draft.model_copy(update=given)

    def _table(self, draft: Meeting) -> int | None:
        opened = [self._fair.open_tables(self._slots[slot]) for slot in draft.covered()]
        free = (
            table
            for table in opened[0]
            if all(table in some for some in opened) and self._is_free(f"\ttable {table}", draft)
        )
        return next(free, None)

    def _interpreter(self, draft: Meeting, two: tuple[Participant, Participant]) -> Interpreter | None:
        able = (
            one
            for one in self._fair.interpreters
            if all(not set(one.languages).isdisjoint(who.languages) for who in two)
            and all(one.hours.allow(self._slots[slot]) for slot in draft.covered())
            and self._is_free(f"\tinterpreter {one.id}", draft)
        )
        return next(able, None)

    def _is_free(self, holder: str, draft: Meeting) -> bool:
        return all((holder, slot) not in self._busy for slot in draft.covered())
