from __future__ import annotations

import subprocess
import sys

PLANNERS = {"numba", "llvmlite", "scipy.optimize", "matching.meetings.planner"}


def test_commands_and_service_start_without_what_plans_fairs() -> None:
    probe = (
        "import sys, service.app, service.cli; from importlib.metadata import entry_points\n"
        "for entry in entry_points(group='souk.commands'): entry.load()\n"
        f"print(sorted({PLANNERS} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
