"""How long people wait in meeting plans, how often exhibitors change tables, and how fast a plan is mended.

.venv/bin/python -m benchmarks.meeting_days [--sizes small medium large] [--seed 1]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from benchmarks.synthetic_fairs import LARGE, MEDIUM, SMALL, Availability, FairSize, synthetic_fair
from matching.meetings.idle import idle_slots, shorten_waits
from matching.meetings.places import seat, table_changes
from matching.meetings.problem import MeetingPlan, MeetingProblem, Numbers
from matching.meetings.replan import replan
from matching.meetings.selection import select
from matching.meetings.slots import place_all

SIZES = {"small": SMALL, "medium": MEDIUM, "large": LARGE}
SPARE_TABLES = 0.15
CANCELLED = 0.03
R = TypeVar("R")


def timed(step: Callable[[], R]) -> tuple[R, str]:
    """What a step gives, and its seconds by the clock and of the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    found = step()
    return found, f"{time.perf_counter() - wall:.2f} | {time.process_time() - processor:.2f}"


def gaps(problem: MeetingProblem, slot: Numbers) -> int:
    """Waits counted the strict way: slots between two meetings of a half-day in which one is away count too."""
    return int(idle_slots(replace(problem, available=np.ones_like(problem.available)), slot).sum())


def days_row(size: FairSize, problem: MeetingProblem, slot: Numbers, kind: str) -> tuple[str, MeetingPlan]:
    """Waits and table changes of one fair, before and after, and the plan."""
    exhibitors = np.arange(len(problem.available)) >= size.buyers
    shorter, searching = timed(lambda: shorten_waits(problem, slot, seed=0))
    table, seating = timed(lambda: seat(problem, shorter, staying=exhibitors))
    idle = idle_slots(problem, shorter)
    row = (
        f"| {size} | {kind} | {idle_slots(problem, slot).sum()} | {idle.sum()} | {idle.max()} "
        f"| {gaps(problem, shorter)} | {searching} | {table_changes(problem, shorter, table, exhibitors)} | {seating} |"
    )
    return row, MeetingPlan(shorter, table, np.inf)


def replan_row(size: FairSize, problem: MeetingProblem, plan: MeetingPlan, seed: int, fill: bool) -> str:
    """What becomes of a plan when some cancel."""
    gone = np.random.default_rng(seed).permutation(len(problem.available))[: round(CANCELLED * len(problem.available))]
    present = problem.available.copy()
    present[gone] = False
    found, took = timed(lambda: replan(replace(problem, available=present), plan, fill=fill))
    moved = sum(change.was is not None and change.now is not None for change in found.changes)
    dropped = sum(change.now is None for change in found.changes)
    added = sum(change.was is None for change in found.changes)
    return f"| {size} | {'yes' if fill else 'no'} | {dropped} | {moved} | {added} | {len(found.affected)} | {took} |"


def coloured(problem: MeetingProblem) -> Numbers:
    """The plan as edge colouring leaves it."""
    return place_all(problem, select(problem).chosen, seed=0, rounds=200_000)[0]


def compile_first() -> None:
    """Go through all steps once, so that no figure counts the compiler."""
    size = FairSize(20, 30, 8, 8)
    problem = synthetic_fair(size, Availability.NORMAL, seed=0)
    replan_row(size, problem, days_row(size, problem, coloured(problem), "")[1], seed=0, fill=True)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    compile_first()
    mended = []
    print(
        "| fair | tables | idle slots before | after | longest wait of one | with absences | wall s | processor s ",
        end="",
    )
    print("| table changes | wall s | processor s |\n" + "| --- " * 11 + "|")
    for name in options.sizes:
        size = SIZES[name]
        problem = synthetic_fair(size, Availability.NORMAL, options.seed)
        slot = coloured(problem)
        row, plan = days_row(size, problem, slot, "full")
        roomier = replace(problem, tables=np.round(problem.tables * (1 + SPARE_TABLES)).astype(np.int64))
        print(row, days_row(size, roomier, slot, "15 % spare")[0], sep="\n", flush=True)
        mended += [replan_row(size, problem, plan, options.seed, fill) for fill in (False, True)]
    print(
        "\n| fair | free slots filled | dropped | moved | added | affected | wall s | processor s |\n"
        + "| --- " * 8
        + "|"
    )
    print("\n".join(mended))


if __name__ == "__main__":
    main()
