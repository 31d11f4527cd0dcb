"""What the model registry holds: versions with their manifests, the pointer to those in use, changes of the pointer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class ModelKind(StrEnum):
    """What a model does; the value is the name of its folder."""

    RANKER = "ranker"
    ENCODER = "encoder"


class ModelState(StrEnum):
    """How far a version is: never in use, in use, or once in use."""

    CANDIDATE = "candidate"
    ACTIVE = "active"
    RETIRED = "retired"


class ChangeKind(StrEnum):
    """Why the pointer moved."""

    PROMOTION = "promotion"
    ROLLBACK = "rollback"
    TRIAL = "trial"
    SHADOW = "shadow"


class TrialWay(StrEnum):
    """How a version is tried beside the one in use.

    SPLIT      : a share of the requests, by a hash of their words, is answered by it
    INTERLEAVE : of a share of the requests, both place suppliers in turns
    """

    SPLIT = "split"
    INTERLEAVE = "interleave"


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Manifest(_Document):
    """What a version is.

    code       : version of the code that made it
    data       : `fingerprint` of what it learnt from, and `exported_at`, when that was taken from the store
    parameters : of the training
    metrics    : as measured when it was made
    parent     : version that it began from
    sha256     : of each file
    """

    kind: ModelKind
    version: str
    created_at: datetime
    code: str
    data: Mapping[str, str | None]
    parameters: Mapping[str, Any]
    metrics: Mapping[str, Any]
    parent: str | None
    sha256: Mapping[str, str]


@dataclass(frozen=True)
class ModelVersion:
    """A version and where it lies."""

    manifest: Manifest
    folder: Path

    @property
    def kind(self) -> ModelKind:
        """What the model does."""
        return self.manifest.kind

    @property
    def version(self) -> str:
        """Its name."""
        return self.manifest.version

    @property
    def files(self) -> Path:
        """Folder of the model itself."""
        return self.folder / "files"


class Active(_Document):
    """A version in use, and its manifest's SHA-256 when it was promoted."""

    version: str
    manifest_sha256: str


class Trial(_Document):
    """A version tried beside the one in use.

    share : of the requests that it has a part in
    """

    version: str
    way: TrialWay
    share: Annotated[float, Field(gt=0.0, le=1.0)]


class Shadow(_Document):
    """A version that scores a share of the requests beside the one in use, and answers none."""

    version: str
    share: Annotated[float, Field(gt=0.0, le=1.0)]


class Change(_Document):
    """A line of the history: number from 1, who moved the pointer, when, why, from what to what."""

    number: int
    kind: ChangeKind
    moment: datetime
    who: str
    note: str
    before_active: Mapping[ModelKind, Active]
    after_active: Mapping[ModelKind, Active]
    trial: Trial | None = None
    shadow: Shadow | None = None
    findings: tuple[Mapping[str, Any], ...] = ()

    @property
    def before(self) -> dict[ModelKind, str]:
        """Versions in use before, by kind; a kind that is not named had its root in use."""
        return {kind: one.version for kind, one in self.before_active.items()}

    @property
    def after(self) -> dict[ModelKind, str]:
        """Versions in use after it."""
        return {kind: one.version for kind, one in self.after_active.items()}


class Pointer(_Document):
    """What is in use by kind, what is tried and what scores beside it, and the change that made it so."""

    active: Mapping[ModelKind, Active] = Field(default_factory=dict)
    trial: Trial | None = None
    shadow: Shadow | None = None
    change: Change | None = None

    @property
    def versions(self) -> dict[ModelKind, str]:
        """Versions in use by kind."""
        return {kind: one.version for kind, one in self.active.items()}


def running_since(history: Sequence[Change], running: Callable[[Change], object]) -> datetime | None:
    """When what runs now began: the first of the last changes that all say the same; None where nothing runs.

    history : the oldest first
    running : what of a change is looked at, its trial or its shadow
    """
    since = None
    for change in reversed(history):
        if running(change) is None or running(change) != running(history[-1]):
            break
        since = change.moment
    return since
