"""The whole way from a fair to its plan: who meets, when, and proof of how good that is."""

from __future__ import annotations

from time import monotonic

import numpy as np

from matching.meetings.exact import Choice, best_choice
from matching.meetings.idle import shorten_waits
from matching.meetings.places import seat
from matching.meetings.problem import NONE, Flags, Floats, MeetingPlan, MeetingProblem, Numbers
from matching.meetings.relaxation import Relaxation, nearly_best, relax, rounded_plan
from matching.meetings.selection import degrees, select
from matching.meetings.slots import place_all
from matching.meetings.starts import possible_starts
from matching.meetings.trades import trade
from matching.meetings.windows import search_windows, worth

WHOLE_COLUMNS = 20_000
"""Pairs times slots up to which the fair is solved as a whole."""
RELAXATION_STEPS = 4_000
TRADES_PER_START = 500
"""Trades tried for each start worth a thought."""
STEPS_SHARE = 0.4
"""Share of the time left that the relaxation takes at most."""
ALLOWED_LOSS = 0.01
"""Score, as a share of the best pair's, that a start may lose by the relaxation's prices and still be tried."""
SAME = 1e-6


def plan_meetings(
    problem: MeetingProblem,
    *,
    seed: int = 0,
    rounds: int = 100,
    seconds: float = np.inf,
    staying: Flags | None = None,
) -> MeetingPlan:
    """Plan a fair: select pairs, colour them with slots, and where that leaves some out, search with slots in view.

    The meetings being settled, they are moved and seated so that people wait little and change tables seldom.

    seed, rounds : decide the plan; more rounds (windows planned anew) make it better.
    seconds      : time after which the search stops with what it has, though rounds are left. Only where that comes to
                   pass does the plan depend on the machine; else the same seed, rounds and versions of the libraries
                   give the same plan, however busy it is.
    staying      : bool (n,), whoever should keep its table; everyone who stands second in a pair where not given.
    returns      : a plan that keeps every rule; promises and required pairs wherever that is found possible.
    """
    until = monotonic() + seconds
    selection = select(problem)
    budget = 2 * int(selection.chosen.sum()) + 2_000
    slot, left = place_all(problem, selection.chosen, seed=seed, rounds=budget, until=until)
    most = selection.most
    if left.any():
        slot, with_slots = planned_with_slots(problem, slot, seed=seed, rounds=rounds, until=until)
        most = min(most, with_slots)
    # What breaks more promises may score more, so that both bounds are of plans that break as much as this one.
    broken = broken_price(problem, slot)
    slot = shorten_waits(problem, slot, seed=seed, until=until)
    return MeetingPlan(slot, seat(problem, slot, staying=staying, seed=seed), most + broken, selection.most + broken)


def broken_price(problem: MeetingProblem, slot: Numbers) -> float:
    """What the plan's broken promises and required pairs cost."""
    return float(problem.score[slot != NONE].sum()) - worth(problem, slot)


def planned_with_slots(
    problem: MeetingProblem, slot: Numbers, *, seed: int, rounds: int, until: float
) -> tuple[Numbers, float]:
    """Plan with slots in view from the start: small fairs whole, large ones by trades and window by window.

    slot    : a plan that keeps every rule, to be surpassed.
    returns : the plan; what no plan is worth more than, broken promises counted at their price.
    """
    possible, bound = possible_starts(problem), np.inf
    if possible.sum() <= WHOLE_COLUMNS:
        whole, seconds = Choice(*np.nonzero(possible)), (until - monotonic()) / 2
        found = best_choice(problem, np.full_like(slot, NONE), whole, node_limit=2_000, gap=1e-7, seconds=seconds)
        slot, bound = better_of(problem, slot, found.slot), found.bound
        if found.proven:
            return slot, bound
    steps_until = monotonic() + STEPS_SHARE * (until - monotonic())
    relaxation = relax(problem, steps=RELAXATION_STEPS, until=steps_until)
    bound = min(bound, relaxation.bound)
    return searched(problem, slot, relaxation, bound, seed=seed, rounds=rounds, until=until), bound


def searched(
    problem: MeetingProblem,
    slot: Numbers,
    relaxation: Relaxation,
    bound: float,
    *,
    seed: int,
    rounds: int,
    until: float,
) -> Numbers:
    """Search from the relaxed plan made whole: trades first, which gain most for their time, then windows."""
    slot = better_of(problem, slot, rounded_plan(problem, relaxation))
    candidates = nearly_best(relaxation, ALLOWED_LOSS * float(problem.score.max()))
    moves, missing = TRADES_PER_START * int(candidates.sum()), bound - SAME - worth(problem, slot)
    slot = trade(problem, slot, relaxation, candidates, seed=seed, moves=moves, until=until, target=missing)
    sought, target = suspected_loss(problem), bound - SAME
    return search_windows(problem, slot, candidates, sought, seed=seed, rounds=rounds, until=until, target=target)


def better_of(problem: MeetingProblem, one: Numbers, other: Numbers) -> Numbers:
    """Whichever plan is worth more, the first if both are worth the same."""
    return other if worth(problem, other) > worth(problem, one) else one


def suspected_loss(problem: MeetingProblem) -> Floats:
    """How much each participant's slots are in demand: the rarer side is planned anew. returns: float64 (n,)."""
    open_slots = problem.available.sum(axis=1)
    wishes = np.bincount(np.concatenate([problem.first, problem.second]), minlength=len(open_slots))
    sought: Floats = wishes / np.maximum(1, np.minimum(problem.maximum, open_slots))
    return sought


def shortfalls(problem: MeetingProblem, plan: MeetingPlan) -> Numbers:
    """Promised meetings that the plan does not hold. returns: int64 (n,)."""
    lacking: Numbers = np.maximum(problem.minimum - degrees(problem, held_pairs(plan)), 0)
    return lacking


def held_pairs(plan: MeetingPlan) -> Flags:
    """Which pairs the plan holds. returns: bool (m,)."""
    held: Flags = plan.slot != NONE
    return held
