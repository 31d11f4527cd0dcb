"""Training as a process of its own, started on request and left to itself."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from data.training_runs import ENDED, TrainingRun, TrainingRuns
from matching.errors import InvalidInput
from service.settings import ServiceSettings

_SOUK = "import os; os.nice(10); from service.cli import main; main()"
_PASSED_ON = ("database_url", "encoder", "ranker_path", "headings_path", "rates_path", "models_path")


def runs_of(settings: ServiceSettings) -> TrainingRuns:
    """The runs in the registry of the settings; InvalidInput where there is no registry."""
    if settings.models_path is None:
        raise InvalidInput("there is no model registry to train for: SOUK_MODELS_PATH is empty")
    return TrainingRuns(settings.models_path)


def started(settings: ServiceSettings, organisation: str, *, seed: int, with_prior: bool) -> TrainingRun:
    """Start a run unless the organisation has one that has not ended; that one, or the new one."""
    runs = runs_of(settings)
    run, is_new = runs.open(organisation, seed=seed, with_prior=with_prior)
    if is_new:
        # It outlives the service if need be; the thread only sees it out.
        threading.Thread(target=_carry_out, args=[settings, runs, run], name="training", daemon=True).start()
    return run


def _carry_out(settings: ServiceSettings, runs: TrainingRuns, run: TrainingRun) -> None:
    passed = {f"SOUK_{name.upper()}": str(getattr(settings, name)) for name in _PASSED_ON}
    with (runs.folder / f"{run.id}.log").open("wb") as file:
        subprocess.run(
            [sys.executable, "-c", _SOUK, "models", "run", run.id],
            env={**os.environ, **passed}, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True,
            check=False,
        )  # fmt: skip
    if runs.of_process(run.id).is_open:
        runs.failed(run, ENDED)
