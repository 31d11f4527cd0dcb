"""What the meetings of a plan take, slot by slot: who is free, which table and interpreter are, and who stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from data.fair_plans import Meeting
from data.fair_store import FairContent
from data.fairs import Interpreter, Level, Participant, share_a_language


def booth_of(*two: Participant) -> str | None:
    """Where two meet: at the booth of the second, an exhibitor as a rule, else at that of the first."""
    return two[1].booth or two[0].booth


def still_possible(
    content: FairContent, meetings: Iterable[Meeting], *, within_maximum: bool = True
) -> tuple[Meeting, ...]:
    """Those of a plan's meetings that can stay in their slots, at their tables where these are open.

    Both have to take part and be free; a table and an interpreter have to be there. Where not all can, locked ones stay
    first, then those of the higher score.

    within_maximum : whether nobody may have more than it holds, as an organiser may decide by hand
    """
    fair, day = content.fair, Day(content)
    known = {one.id: one for one in content.participants if not one.cancelled}
    forbidden = {frozenset((wish.by, wish.about)) for wish in content.wishes if wish.level is Level.NEVER}
    most = {name: fair.promised(one)[1] for name, one in known.items()}
    held: Counter[str] = Counter()
    found = []
    opened = [fair.open_tables(slot) for slot in fair.slots]
    for one in sorted(meetings, key=lambda one: (_is_displaced(opened, one), not one.locked, -one.score, one.id)):
        two = one.first, one.second
        if not known.keys() >= set(two) or frozenset(two) in forbidden:
            continue
        if within_maximum and any(held[who] >= most[who] for who in two):
            continue
        people = known[one.first], known[one.second]
        draft = one.model_copy(update={"booth": booth_of(*people)})
        if day.fault(draft, people) is None:
            found.append(day.seated(draft, people))
            day.add(found[-1])
            held.update(two)
    return tuple(found)


def _is_displaced(opened: Sequence[Sequence[int]], one: Meeting) -> bool:
    """Whether a meeting's own table is closed, so that those who have theirs come first."""
    covered = [opened[slot] for slot in one.covered() if slot < len(opened)]
    return one.table is not None and any(one.table not in tables for tables in covered)


class Day:
    """What is taken by the meetings of a plan, slot by slot."""

    def __init__(self, content: FairContent, meetings: Iterable[Meeting] = ()) -> None:
        self._fair = content.fair
        self._slots = content.fair.slots
        self._person = {one.id: one.person or one.id for one in content.participants}
        self._busy: set[tuple[str, int]] = set()
        self._opened = [content.fair.open_tables(slot) for slot in self._slots]
        for one in meetings:
            self.add(one)

    def add(self, one: Meeting) -> None:
        """Take what a meeting takes."""
        for slot in one.covered():
            self._busy |= {(self._person.get(who, who), slot) for who in (one.first, one.second)}
            self._busy |= {(_table_name(one.table), slot)} if one.table else set()
            self._busy |= {(_interpreter_name(one.interpreter), slot)} if one.interpreter else set()

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
        """The meeting's own table where that is open and free, else the first that is."""
        opened = [self._opened[slot] for slot in draft.covered()]
        wanted = [draft.table] if draft.table in opened[0] else []
        free = (
            table
            for table in (*wanted, *opened[0])
            if table and all(table in some for some in opened) and self._is_free(_table_name(table), draft)
        )
        return next(free, None)

    def _interpreter(self, draft: Meeting, two: tuple[Participant, Participant]) -> Interpreter | None:
        able = (
            one
            for one in self._fair.interpreters
            if all(not set(one.languages).isdisjoint(who.languages) for who in two)
            and all(one.hours.allow(self._slots[slot]) for slot in draft.covered())
            and self._is_free(_interpreter_name(one.id), draft)
        )
        return next(able, None)

    def _is_free(self, holder: str, draft: Meeting) -> bool:
        return all((holder, slot) not in self._busy for slot in draft.covered())


def _table_name(table: int) -> str:
    return f"\ttable {table}"


def _interpreter_name(name: str) -> str:
    return f"\tinterpreter {name}"
