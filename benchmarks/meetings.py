"""How close meeting plans come to the best there could be, on synthetic fairs, and how long that takes.

.venv/bin/python -m benchmarks.meetings [--sizes small medium large] [--seeds 5]
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from benchmarks.synthetic_fairs import LARGE, MEDIUM, SMALL, Availability, FairSize, synthetic_fair
from matching.meetings.checker import PROMISES, violations
from matching.meetings.planner import held_pairs, plan_meetings, shortfalls
from matching.meetings.problem import MeetingProblem

SIZES = {"small": SMALL, "medium": MEDIUM, "large": LARGE}
SECONDS = {
    (SMALL, Availability.NORMAL): 1,
    (MEDIUM, Availability.NORMAL): 2,
    (LARGE, Availability.NORMAL): 10,
    (SMALL, Availability.HARD): 10,
    (MEDIUM, Availability.HARD): 75,
    (LARGE, Availability.HARD): 90,
}


def compile_first() -> None:
    """Plan one small fair of each kind, so that no figure counts the compiler."""
    for availability in Availability:
        plan_meetings(synthetic_fair(FairSize(30, 60, 8, 20), availability, seed=0), seed=0, rounds=5, seconds=20)


def row(size: FairSize, availability: Availability, seed: int, slack: float) -> str:
    """One fair, planned and measured."""
    problem = synthetic_fair(size, availability, seed)
    wall, processor = time.perf_counter(), time.process_time()
    plan = plan_meetings(problem, seed=seed, seconds=slack * SECONDS[size, availability])
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    held, short = held_pairs(plan), shortfalls(problem, plan)
    broken = [violation for violation in violations(problem, plan) if violation.rule not in PROMISES]
    return (
        f"| {size} | {availability} | {seed} | {held.sum()} | {gap_percent(problem, held, plan.bound):.4f} "
        f"| {gap_percent(problem, held, plan.selection_bound):.4f} | {short.sum()} "
        f"| {(problem.required & ~held).sum()} | {len(broken)} | {wall:.1f} | {processor:.1f} |"
    )


def gap_percent(problem: MeetingProblem, held: np.ndarray, bound: float) -> float:
    """How far the score stays below the bound."""
    return round(100 * (1 - float(problem.score[held].sum()) / bound), 6) + 0.0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--availability", nargs="+", type=Availability, default=list(Availability))
    parser.add_argument("--seeds", type=int, default=5, help="seeds of the small fair; the others have one")
    parser.add_argument("--slack", type=float, default=1.0, help="times the time aimed at, where the machine is shared")
    options = parser.parse_args()
    compile_first()
    print("| fair | availability | seed | meetings | gap % | gap % to the bound without slots | broken minima ", end="")
    print("| missing required | other rules broken | wall s | processor s |\n|" + 11 * " --- |")
    for name in options.sizes:
        for availability in options.availability:
            for seed in range(options.seeds if name == "small" else 1):
                print(row(SIZES[name], availability, seed, options.slack), flush=True)


if __name__ == "__main__":
    main()
