"""From the planner's answer back to the fair: meetings at tables with interpreters, and why a wish is not fulfilled."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from data.fair_bounds import basis_of, bound_for
from data.fair_days import booth_of
from data.fair_planner import Planner
from data.fair_plans import Meeting, Plan, Reason, Unscheduled, meeting_id
from data.fair_problem import Pair, Setting
from data.fair_store import FairContent
from data.fairs import Level
from matching.meetings.hindrances import Unmet
from matching.meetings.problem import NONE, MeetingPlan

_REASONS = {
    Unmet.NO_COMMON_SLOT: Reason.NO_COMMON_SLOT,
    Unmet.EXCLUSIVE: Reason.OTHER_REPRESENTATIVE,
    Unmet.BOTH_FULL: Reason.BOTH_FULL,
    Unmet.ONE_FULL: Reason.FULL,
    Unmet.NO_TABLE: Reason.NO_TABLE,
    Unmet.NO_INTERPRETER: Reason.NO_INTERPRETER,
    Unmet.ORDER: Reason.OUT_OF_ORDER,
    Unmet.TAKEN: Reason.BETTER_PAIR,
    Unmet.OPEN: Reason.COULD_BE_ADDED,
}
_WISHED = (Level.MUST, Level.LIKE)


def planned(setting: Setting, planner: Planner, *, seed: int = 0, kept: Sequence[Meeting] = ()) -> Plan:
    """The plan of a setting from nothing; meetings kept, which the setting has fixed, stay at their tables.

    Raises what the planner raises where the conditions contradict each other.
    """
    return _plan(setting, planner, planner.plan(setting.problem, seed), kept, seed)


def replanned(setting: Setting, planner: Planner, before: Sequence[Meeting]) -> Plan:
    """The plan of a setting that has the meetings of another one, those that cannot stay nearby, and more if it can."""
    old = MeetingPlan(np.full(len(setting.pairs), NONE), np.full(len(setting.pairs), NONE), np.inf)
    opened = [setting.fair.open_tables(slot) for slot in setting.fair.slots]
    for one in before:
        row = setting.rows.get(frozenset((one.first, one.second)))
        if row is not None and one.slot < len(opened):
            old.slot[row] = one.slot
            old.table[row] = _number(one.table, opened[one.slot], setting.fair.tables)
    return _plan(setting, planner, planner.replan(setting.problem, old), before, 0)


def _number(table: int | None, opened: Sequence[int], gone: int) -> int:
    """The planner's number of a table: its place among the open ones, and one that is not there where it is closed."""
    if table is None:
        return NONE
    return opened.index(table) if table in opened else gone


def _plan(setting: Setting, planner: Planner, answer: MeetingPlan, before: Sequence[Meeting], seed: int) -> Plan:
    """The planner's answer as it is kept; the bound is of plans that keep what this one keeps."""
    meetings = _placed(setting, answer, before)
    bound = float(answer.bound) if np.isfinite(answer.bound) else None
    return Plan(
        meetings=meetings,
        unscheduled=(*setting.impossible, *_unscheduled(setting, planner, answer)),
        short=short_of(setting.content, meetings),
        score=float(setting.problem.score[answer.slot != NONE].sum()),
        bound=None if before else bound,
        kept_bound=bound if before else None,
        seed=seed,
        basis=basis_of(setting),
    )


def amended(content: FairContent, plan: Plan, meetings: Sequence[Meeting]) -> Plan:
    """The plan with other meetings: what it is worth, whom it owes some, and why wishes are not fulfilled now."""
    met = {frozenset((one.first, one.second)) for one in meetings}
    known = {(one.by, one.about): one.reason for one in plan.unscheduled}
    absent = {one.id for one in content.participants if one.cancelled}
    unscheduled = []
    for wish in content.wishes:
        if wish.level in _WISHED and frozenset((wish.by, wish.about)) not in met:
            reason = known.get((wish.by, wish.about), Reason.TAKEN_OUT)
            reason = Reason.ABSENT if {wish.by, wish.about} & absent else reason
            unscheduled.append(Unscheduled(by=wish.by, about=wish.about, reason=reason))
    told = {
        "meetings": tuple(meetings), "unscheduled": tuple(unscheduled), "short": short_of(content, meetings),
        "score": sum(one.score for one in meetings), "kept_bound": None,
    }  # fmt: skip
    changed = plan.model_copy(update=told)
    return changed.model_copy(update={"bound": bound_for(content, changed, plan)})


def short_of(content: FairContent, meetings: Iterable[Meeting]) -> dict[str, int]:
    """How many of its promised meetings each participant lacks who takes part."""
    held = Counter(who for one in meetings for who in (one.first, one.second))
    lacking = {
        one.id: content.fair.promised(one)[0] - held[one.id] for one in content.participants if not one.cancelled
    }
    return {who: number for who, number in lacking.items() if number > 0}


def _placed(setting: Setting, answer: MeetingPlan, kept: Sequence[Meeting]) -> tuple[Meeting, ...]:
    """Meetings with their tables; one that was kept has its table again where that is open."""
    before = {one.id: one for one in kept}
    drafts = [_draft(setting, row, answer, before) for row in np.flatnonzero(answer.slot != NONE).tolist()]
    taken: dict[int, set[int]] = defaultdict(set)
    busy: dict[str, set[int]] = defaultdict(set)
    every = [setting.fair.open_tables(slot) for slot in setting.fair.slots]
    done = []
    stays = {one.id: one.slot for one in kept}
    for one in sorted(drafts, key=lambda one: (stays.get(one.id) != one.slot, one.table is None, one.slot, one.id)):
        pair = setting.pairs[setting.rows[frozenset((one.first, one.second))]]
        opened = [every[slot] for slot in one.covered()]
        table = None if one.booth else _table(one, opened, taken)
        interpreter = _interpreter(setting, pair, one, busy)
        done.append(one.model_copy(update={"table": table, "interpreter": interpreter}))
    return tuple(sorted(done, key=lambda one: (one.slot, one.table or 0, one.id)))


def _draft(setting: Setting, row: int, answer: MeetingPlan, before: dict[str, Meeting]) -> Meeting:
    """A meeting with the table it had, or else the one that the planner gave it."""
    pair, slot = setting.pairs[row], int(answer.slot[row])
    first, second = setting.ids(pair)
    name = meeting_id(setting.fair.id, first, second)
    opened = setting.fair.open_tables(setting.fair.slots[slot])
    given = int(answer.table[row])
    table = opened[given] if 0 <= given < len(opened) else None
    old = before.get(name)
    stays = old is not None and old.slot == slot
    return Meeting(
        id=name, first=first, second=second, slot=slot, slots=pair.slots,
        table=old.table if old is not None and stays and old.table else table,
        booth=booth_of(setting.participants[pair.first], setting.participants[pair.second]),
        score=round(pair.score, 6), locked=old is not None and stays and old.locked,
    )  # fmt: skip


def _table(one: Meeting, opened: Sequence[Sequence[int]], taken: dict[int, set[int]]) -> int | None:
    """The meeting's own table, else the first that is open and free all the while."""
    wanted = [one.table] if one.table in opened[0] else []
    for table in (*wanted, *opened[0]):
        if table and all(table in some for some in opened) and all(table not in taken[slot] for slot in one.covered()):
            for slot in one.covered():
                taken[slot].add(table)
            return table
    return None


def _interpreter(setting: Setting, pair: Pair, one: Meeting, busy: dict[str, set[int]]) -> str | None:
    if pair.interpreter == NONE:
        return None
    slots = setting.fair.slots
    for who in setting.pools[pair.interpreter]:
        covered = one.covered()
        if all(who.hours.allow(slots[slot]) for slot in covered) and busy[who.id].isdisjoint(covered):
            busy[who.id].update(covered)
            return who.id
    return None


def _unscheduled(setting: Setting, planner: Planner, answer: MeetingPlan) -> list[Unscheduled]:
    wished = {
        row: wishes
        for row in np.flatnonzero(answer.slot == NONE).tolist()
        if (wishes := [wish for wish in setting.pairs[row].wishes if wish.level in _WISHED])
    }
    if not wished:
        return []
    among = np.isin(np.arange(len(setting.pairs)), list(wished))
    return [
        Unscheduled(by=wish.by, about=wish.about, reason=_REASONS[one.reason])
        for one in planner.unmet(setting.problem, answer.slot, among)
        for wish in wished[one.pair]
    ]
