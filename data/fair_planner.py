"""What is worked out about the problem of a fair; what it takes to do so is loaded at the first question."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

from matching.meetings.hindrances import FairnessPrice, Finding, UnmetPair
from matching.meetings.problem import Flags, MeetingPlan, MeetingProblem, Numbers

P = ParamSpec("P")
R = TypeVar("R")


class GivenUp(Exception):
    """What was asked is not wanted any more."""


class Planner:
    """The planner in the process that asks; another one may have it done elsewhere by its own `worked_out`."""

    def plan(self, problem: MeetingProblem, seed: int) -> MeetingPlan:
        """A plan from nothing."""
        return self.worked_out(_plan, problem, seed)

    def replan(self, problem: MeetingProblem, old: MeetingPlan) -> MeetingPlan:
        """An old plan changed no more than the fair demands, its free slots filled."""
        return self.worked_out(_replan, problem, old)

    def unmet(self, problem: MeetingProblem, slot: Numbers, among: Flags) -> Sequence[UnmetPair]:
        """Why each of some pairs does not meet in a plan."""
        return self.worked_out(_unmet, problem, slot, among)

    def findings(self, problem: MeetingProblem, forbidden: Numbers) -> Sequence[Finding]:
        """What no plan can keep."""
        return self.worked_out(_findings, problem, forbidden)

    def fairness(self, problem: MeetingProblem, extra: int) -> FairnessPrice:
        """What further promises would cost."""
        return self.worked_out(_fairness, problem, extra)

    def until(self, given_up: threading.Event) -> Planner:
        """A planner that raises GivenUp once the event is set, where its questions can be given up."""
        del given_up
        return self

    def worked_out(self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """What the work gives; whatever it raises."""
        return work(*args, **kwargs)


def _plan(problem: MeetingProblem, seed: int) -> MeetingPlan:
    from matching.meetings.planner import plan_meetings

    return plan_meetings(problem, seed=seed)


def _replan(problem: MeetingProblem, old: MeetingPlan) -> MeetingPlan:
    from matching.meetings.replan import replan

    return replan(problem, old, fill=True).plan


def _unmet(problem: MeetingProblem, slot: Numbers, among: Flags) -> Sequence[UnmetPair]:
    from matching.meetings.unmet import unmet_pairs

    return unmet_pairs(problem, slot, among)


def _findings(problem: MeetingProblem, forbidden: Numbers) -> Sequence[Finding]:
    from matching.meetings.preflight import preflight

    return preflight(problem, forbidden)


def _fairness(problem: MeetingProblem, extra: int) -> FairnessPrice:
    from matching.meetings.fairness import price_of_fairness

    return price_of_fairness(problem, extra)
