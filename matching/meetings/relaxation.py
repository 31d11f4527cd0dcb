"""The bound that slots are part of: the time-indexed linear programme, solved nearly and at any size."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

import numpy as np

from matching.meetings.pricing import (
    Columns,
    Prices,
    bound_of,
    columns_of,
    improve,
    limits_of,
    losses,
    no_prices,
    part_of,
    step_sizes,
)
from matching.meetings.problem import NONE, Flags, Floats, MeetingProblem, Numbers
from matching.meetings.starts import possible_starts
from matching.meetings.timetable import empty_timetable, fits, hold

STEPS_AT_ONCE = 200
"""Steps between two restarts; before each it is settled anew which columns take part."""
SETTLED = 2e-6
"""Share of the bound that so many steps must still gain, or the search for better prices ends."""
ACTIVE_LOSS = 0.02
"""Loss, as a share of the best pair's score, up to which a column takes part in the steps."""
HELD = 1e-4
"""Share held from which a column takes part whatever it loses."""


@dataclass(frozen=True)
class Relaxation:
    """Meetings that may be held in part, and what each would cost the whole.

    bound  : float, no plan is worth more, broken promises counted at their price
    pair   : int64 (c,), of each column, a pair and a slot where it may begin
    start  : int64 (c,)
    share  : float64 (c,), 0..1, how much of the column the relaxed plan holds
    loss   : float64 (c,), about what a plan loses by holding the column; the best ones lose 0
    missed : float64 (m,), about what it loses by not holding the pair
    time   : float64 (people, s), about what it loses by leaving a person's slot empty
    """

    bound: float
    pair: Numbers
    start: Numbers
    share: Floats
    loss: Floats
    missed: Floats
    time: Floats


def relax(problem: MeetingProblem, *, steps: int, until: float = np.inf) -> Relaxation:
    """Solve the time-indexed relaxation by primal-dual steps with restarts, without exclusive groups, order and pools.

    Columns that lose much by the prices found so far rest between two restarts; the bound counts them all. Any prices
    give a true bound, so that stopping early costs tightness and never truth.
    Source: Chambolle & Pock, J. Math. Imaging Vis. 40 (2011); restarts as in Applegate et al., PDLP, NeurIPS 2021.
    """
    columns, limits = columns_of(problem, possible_starts(problem)), limits_of(problem)
    prices, share = no_prices(problem), np.zeros(len(columns.pair))
    best, bound = prices, bound_of(columns, limits, prices)
    active = np.ones(len(share), bool)
    for _ in range(0, steps, STEPS_AT_ONCE):
        improve_part(problem, columns, active, share, prices)
        now = bound_of(columns, limits, prices)
        settled = abs(bound - now) < SETTLED * abs(bound)
        if now < bound:
            best, bound = Prices(*(price.copy() for price in prices)), now
        if settled or monotonic() > until:
            break
        loss, _ = losses(columns, prices)
        active = (loss <= ACTIVE_LOSS * problem.score.max()) | (share > HELD)
        share[~active] = 0.0
    loss, missed = losses(columns, best)
    return Relaxation(bound, columns.pair, columns.start, share, loss, missed, best.person)


def improve_part(problem: MeetingProblem, columns: Columns, active: Flags, share: Floats, prices: Prices) -> None:
    """Take the steps to one restart with the active columns alone; share and prices change."""
    part, held = part_of(columns, active), share[active]
    improve(part, limits_of(problem), step_sizes(problem, part), held, prices, no_prices(problem), STEPS_AT_ONCE)
    share[active] = held


def nearly_best(relaxation: Relaxation, allowed_loss: float) -> Flags:
    """The starts that lose little, and those that the relaxed plan holds in part. returns: bool (m, s)."""
    kept = (relaxation.loss <= allowed_loss) | (relaxation.share > 0.05)
    candidates = np.zeros((len(relaxation.missed), relaxation.time.shape[1]), bool)
    candidates[relaxation.pair[kept], relaxation.start[kept]] = True
    return candidates


def rounded_plan(problem: MeetingProblem, relaxation: Relaxation) -> Numbers:
    """Hold the columns one after the other, those held most first, wherever they fit. returns: int64 (m,), slots."""
    timetable, meetings = empty_timetable(problem), np.zeros(len(problem.maximum), np.int64)
    order = np.argsort(-relaxation.share, kind="stable")
    for column in order[: int((relaxation.share > 0.01).sum())]:
        pair, start = int(relaxation.pair[column]), int(relaxation.start[column])
        ends = [problem.first[pair], problem.second[pair]]
        free = timetable.slot[pair] == NONE and (meetings[ends] < problem.maximum[ends]).all()
        if free and fits(timetable, pair, start):
            hold(timetable, pair, start)
            meetings[ends] += 1
    return timetable.slot
