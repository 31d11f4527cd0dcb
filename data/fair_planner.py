"""The planner in service."""

from __future__ import annotations

from matching.meetings.planner import plan_meetings
from matching.meetings.problem import MeetingPlan, MeetingProblem


def planner(problem: MeetingProblem, seed: int) -> MeetingPlan:
    """The meeting plan of a problem."""
    return plan_meetings(problem, seed=seed)
