"""What it costs to promise more meetings: the score that the best selection loses by it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matching.meetings.hindrances import FairnessPrice
from matching.meetings.problem import MeetingProblem
from matching.meetings.selection import select


def price_of_fairness(problem: MeetingProblem, extra: int = 1) -> FairnessPrice:
    """Solve the selection twice, as the promises are and with so many meetings more for whoever is promised any."""
    promised = problem.minimum > 0
    more = np.where(promised, problem.minimum + extra, 0)
    now, then = select(problem), select(replace(problem, minimum=more))
    return FairnessPrice(
        promised=int(promised.sum()), extra=extra, score=float(now.bound), lost=max(0.0, float(now.bound - then.bound)),
        lacking=int(now.shortfall.sum()), then_lacking=int(then.shortfall.sum()),
    )  # fmt: skip
