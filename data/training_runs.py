"""Training runs that the service was asked for: a small file each in the registry, brought up by the run's process."""

from __future__ import annotations

import fcntl
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import IO, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matching.errors import StoreUnavailable, UnknownRecord
from matching.files import write_whole

LARGEST_SEED = 2**31 - 1
ENDED = "its process ended before it was done"
# From when on a run that no process holds is taken for lost: starting Python takes a while.
_STARTS_WITHIN = timedelta(minutes=2)


def _now() -> datetime:
    return datetime.now(UTC)


class RunState(StrEnum):
    """How far a run is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class TrainingRun(BaseModel):
    """A run of one organisation.

    version : of the candidate that it made, once it is done
    error   : why it failed
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    organisation: str
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)]
    with_prior: bool
    state: RunState
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    version: str | None = None
    error: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in {RunState.QUEUED, RunState.RUNNING}


class TrainingRuns:
    """The runs in a registry's folder, of every organisation; one runs at a time."""

    def __init__(self, models_path: Path, clock: Callable[[], datetime] = _now) -> None:
        self.folder = models_path / "runs"
        self._clock = clock

    def open(self, organisation: str, *, seed: int, with_prior: bool) -> tuple[TrainingRun, bool]:
        """A new run that waits for its process, and True; or the organisation's that has not ended, and False.

        Raises StoreUnavailable where the folder cannot be written.
        """
        try:
            with self._held("open"):
                for run in self._all():
                    if run.organisation == organisation and run.is_open:
                        return run, False
                run = TrainingRun(
                    id=secrets.token_hex(16), organisation=organisation, seed=seed, with_prior=with_prior,
                    state=RunState.QUEUED, created_at=self._clock(),
                )  # fmt: skip
                self._note(run)
                return run, True
        except OSError as error:
            raise StoreUnavailable(f"{self.folder}: no run can be noted there: {error.strerror}") from error

    def get(self, organisation: str, run_id: str) -> TrainingRun:
        """A run of an organisation; UnknownRecord where it has none of that id."""
        run = self._read(self.folder / f"{run_id}.json") if run_id.isalnum() else None
        if run is None or run.organisation != organisation:
            raise UnknownRecord(f"no training run has the id {run_id!r}")
        return run

    def of_process(self, run_id: str) -> TrainingRun:
        """A run, for the process that carries it out."""
        run = self._read(self.folder / f"{run_id}.json")
        if run is None:
            raise UnknownRecord(f"no training run has the id {run_id!r}")
        return run

    @contextmanager
    def carried_out(self, run: TrainingRun) -> Iterator[None]:
        """While the block lasts the run is known to be alive, and no other runs; waits until that is so."""
        with self._held(run.id), self._held("running"):
            self._note(run.model_copy(update={"state": RunState.RUNNING, "started_at": self._clock()}))
            yield

    def done(self, run: TrainingRun, version: str) -> None:
        """Note the candidate that a run made."""
        self._end(run, {"state": RunState.DONE, "version": version})

    def failed(self, run: TrainingRun, error: str) -> None:
        """Note why a run failed."""
        self._end(run, {"state": RunState.FAILED, "error": error})

    def _end(self, run: TrainingRun, update: dict[str, object]) -> None:
        self._note(self.of_process(run.id).model_copy(update={**update, "ended_at": self._clock()}))

    def _all(self) -> Iterator[TrainingRun]:
        for path in sorted(self.folder.glob("*.json")):
            run = self._read(path)
            if run is not None:
                yield run

    def _read(self, path: Path) -> TrainingRun | None:
        try:
            run = TrainingRun.model_validate_json(path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None
        if run.is_open and self._clock() - run.created_at > _STARTS_WITHIN and not self._is_held(run.id):
            return run.model_copy(update={"state": RunState.FAILED, "error": ENDED, "ended_at": self._clock()})
        return run

    def _note(self, run: TrainingRun) -> None:
        write_whole(self.folder / f"{run.id}.json", run.model_dump_json(indent=1).encode() + b"\n")

    @contextmanager
    def _held(self, name: str) -> Iterator[None]:
        with self._lock_file(name) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _is_held(self, name: str) -> bool:
        with self._lock_file(name) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _lock_file(self, name: str) -> IO[str]:
        self.folder.mkdir(parents=True, exist_ok=True)
        return (self.folder / f".{name}.lock").open("w")
