"""The planner in service, and what it finds in the way of a plan."""

from __future__ import annotations

from data.fair_problem import Setting
from matching.meetings.planner import plan_meetings
from matching.meetings.problem import MeetingPlan, MeetingProblem


def planner(problem: MeetingProblem, seed: int) -> MeetingPlan:
    """The meeting plan of a problem."""
    return plan_meetings(problem, seed=seed)


def findings_of(setting: Setting, language: str) -> list[str]:
    """What no plan of a fair can do, each with the smallest change that would mend it."""
    del setting, language
    return []
