"""The model registry: immutable folders of models, a manifest each, one pointer to those in use, and its history.

<kind>/<version>/manifest.json      what the model is, with the SHA-256 of each of its files
<kind>/<version>/files/             the model, as the code that loads it expects it
<kind>/<version>/promoted-<n>/      the ranking statement as it was at the n-th change of the pointer
active.json                         the pointer: renamed into place, so that a reader sees the old or the new one
history.jsonl                       every change of the pointer: who, when, why; lines are only ever added
"""

from __future__ import annotations

import fcntl
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from data.model_versions import (
    Active,
    Change,
    ChangeKind,
    Manifest,
    ModelKind,
    ModelState,
    ModelVersion,
    Pointer,
    Shadow,
    Trial,
)
from matching.encoder import file_checksum
from matching.errors import InvalidInput, ModelDamaged, UnknownRecord
from matching.files import write_whole

MANIFEST, FILES, POINTER, HISTORY = "manifest.json", "files", "active.json", "history.jsonl"
ROOT = "root"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def _now() -> datetime:
    return datetime.now(UTC)


class Registry:
    """A folder of model versions. Readers need no lock; of writers one at a time is let in.

    The root of every kind is no folder: it is what the settings name, by default the shipped model.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime] = _now) -> None:
        self.folder = folder
        self._clock = clock

    # Versions

    def add(
        self,
        kind: ModelKind,
        version: str,
        source: Path,
        *,
        code: str,
        beside: Mapping[str, Path] | None = None,
        data: Mapping[str, str | None] | None = None,
        parameters: Mapping[str, Any] | None = None,
        metrics: Mapping[str, Any] | None = None,
        parent: str | None = None,
    ) -> ModelVersion:
        """Copy a model's folder into a new version, a candidate; it appears whole or not at all.

        beside : further folders by the name that each gets within the model's
        Raises InvalidInput where the name cannot be one or is taken, or the folder holds nothing.
        """
        self._check_name(version)
        target = self.folder / kind / version
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{version}."))
        try:
            for name, folder in {"": source, **(beside or {})}.items():
                shutil.copytree(folder, staging / FILES / name, dirs_exist_ok=True)
            manifest = Manifest(
                kind=kind, version=version, created_at=self._clock(), code=code, data=dict(data or {}),
                parameters=dict(parameters or {}), metrics=dict(metrics or {}), parent=parent,
                sha256=_checksums(staging / FILES),
            )  # fmt: skip
            if not manifest.sha256:
                raise InvalidInput(f"{source}: holds no file, expected a model")
            write_whole(staging / MANIFEST, manifest.model_dump_json(indent=1).encode() + b"\n")
            for file in (staging / MANIFEST, *_files(staging / FILES)):
                file.chmod(0o444)
            staging.chmod(0o755)
            with self._writing():
                self._check_name(version)
                staging.rename(target)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
        return self.find(version)

    def versions(self) -> tuple[ModelVersion, ...]:
        """Every version, the oldest first; ModelDamaged, by name, for a folder whose manifest cannot be read."""
        found = [self._read(folder) for kind in ModelKind for folder in _subfolders(self.folder / kind)]
        return tuple(sorted(found, key=lambda one: (one.manifest.created_at, one.version)))

    def find(self, version: str) -> ModelVersion:
        """The version of a name; UnknownRecord where there is none."""
        for kind in ModelKind:
            folder = self.folder / kind / version
            if _NAME.fullmatch(version) and folder.is_dir():
                return self._read(folder)
        raise UnknownRecord(f"no model in {self.folder} is named {version!r}; `souk models list` names all")

    def check(self, model: ModelVersion, manifest_sha256: str | None = None) -> None:
        """See that a version's files are those of its manifest; ModelDamaged names the folder and the file.

        manifest_sha256 : what the manifest had when the version was promoted
        """
        if manifest_sha256 not in (None, file_checksum(model.folder / MANIFEST)):
            raise ModelDamaged(f"{model.folder / MANIFEST}: is not the manifest that was promoted")
        expected, found = model.manifest.sha256, _checksums(model.files)
        for name in sorted(expected.keys() | found.keys()):
            if expected.get(name) != found.get(name):
                raise ModelDamaged(
                    f"{model.files / name}: SHA-256 is {found.get(name, 'that of no file')}, "
                    f"the manifest says {expected.get(name, 'that it is no part of the model')}"
                )

    def state(self, model: ModelVersion) -> ModelState:
        """Active where the pointer names it, retired where it did once, else a candidate."""
        if model.version in self.pointer().versions.values():
            return ModelState.ACTIVE
        was_active = any(model.version in change.after.values() for change in self.history())
        return ModelState.RETIRED if was_active else ModelState.CANDIDATE

    # The pointer

    @property
    def pointer_path(self) -> Path:
        """The file that tells which versions are in use; missing before the first promotion."""
        return self.folder / POINTER

    def pointer(self) -> Pointer:
        """What is in use now; ModelDamaged where the file is none of ours."""
        try:
            return Pointer.model_validate_json(self.pointer_path.read_bytes())
        except FileNotFoundError:
            return Pointer()
        except (OSError, ValidationError) as error:
            raise ModelDamaged(f"{self.pointer_path}: not a pointer to models: {error}") from error

    def active(self, kind: ModelKind, *, checked: bool = False) -> ModelVersion | None:
        """The version of a kind in use, None for the root.

        checked : see that its files are unchanged; ModelDamaged names the one that is not
        """
        active = self.pointer().active.get(kind)
        if active is None:
            return None
        folder = self.folder / kind / active.version
        if not folder.is_dir():
            raise ModelDamaged(f"{folder}: the version in use is not there")
        model = self._read(folder)
        if checked:
            self.check(model, active.manifest_sha256)
        return model

    def history(self) -> tuple[Change, ...]:
        """Every change of the pointer, the oldest first."""
        last, noted = self.pointer().change, self._noted()
        return tuple(noted) if last is None or _has(noted, last) else (*noted, last)

    def before(self, model: ModelVersion) -> str | None:
        """The version whose place a version took at its last promotion; None for the root, or where it had none."""
        for change in reversed(self.history()):
            version = change.before.get(model.kind)
            promoted = change.kind is ChangeKind.PROMOTION and change.after.get(model.kind) == model.version
            if promoted and version != model.version:
                return version
        return None

    def promote(
        self, *models: ModelVersion, who: str, note: str = "", findings: tuple[Mapping[str, Any], ...] = ()
    ) -> Change:
        """Put versions of different kinds in use at once; whatever was tried or scored beside is so no more.

        findings : of the checks before, for the history
        """
        for model in models:
            self.check(model)
        named = {model.kind: _pointed(model) for model in models}
        with self._writing():
            before = self.pointer()
            active = {**before.active, **named}
            return self._move(before, active, ChangeKind.PROMOTION, who, note, findings)

    def rollback(self, *, who: str, note: str = "") -> Change:
        """Put in use what was before the last promotion that was not taken back; InvalidInput where there is none."""
        with self._writing():
            steps: list[Change] = []
            for change in self.history():
                if change.kind is ChangeKind.PROMOTION:
                    steps.append(change)
                elif change.kind is ChangeKind.ROLLBACK and steps:
                    steps.pop()
            if not steps:
                raise InvalidInput(f"{self.folder}: nothing was promoted that could be taken back")
            active = steps[-1].before_active
            for kind, one in active.items():
                self.check(self._read(self.folder / kind / one.version), one.manifest_sha256)
            return self._move(self.pointer(), active, ChangeKind.ROLLBACK, who, note)

    def try_beside(self, trial: Trial | None, *, who: str, note: str = "") -> Change:
        """Begin to try a version beside the one in use, or end it with None."""
        if trial is not None:
            self.check(self.find(trial.version))
        with self._writing():
            before = self.pointer()
            return self._move(before, before.active, ChangeKind.TRIAL, who, note, trial=trial, shadow=before.shadow)

    def shadow(self, shadow: Shadow | None, *, who: str, note: str = "") -> Change:
        """Begin to let a version score beside the one in use, or end it with None."""
        if shadow is not None:
            self.check(self.find(shadow.version))
        with self._writing():
            before = self.pointer()
            return self._move(before, before.active, ChangeKind.SHADOW, who, note, trial=before.trial, shadow=shadow)

    def _move(
        self,
        before: Pointer,
        active: Mapping[ModelKind, Active],
        kind: ChangeKind,
        who: str,
        note: str,
        findings: tuple[Mapping[str, Any], ...] = (),
        trial: Trial | None = None,
        shadow: Shadow | None = None,
    ) -> Change:
        self._complete_history(before)
        change = Change(
            number=before.change.number + 1 if before.change else 1, kind=kind, moment=self._clock(), who=who,
            note=note, before_active=before.active, after_active=dict(active), trial=trial, shadow=shadow,
            findings=findings,
        )  # fmt: skip
        pointer = Pointer(active=dict(active), trial=trial, shadow=shadow, change=change)
        # The pointer is what holds. It carries its line of the history, so that none is lost by a crash in between.
        write_whole(self.pointer_path, pointer.model_dump_json(indent=1).encode() + b"\n")
        self._complete_history(pointer)
        return change

    def _complete_history(self, pointer: Pointer) -> None:
        if pointer.change is None or _has(self._noted(), pointer.change):
            return
        with (self.folder / HISTORY).open("a", encoding="utf-8") as file:
            file.write(pointer.change.model_dump_json() + "\n")

    def _noted(self) -> list[Change]:
        path = self.folder / HISTORY
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [Change.model_validate_json(line) for line in lines]

    # Folders

    def _check_name(self, version: str) -> None:
        if not _NAME.fullmatch(version) or version == ROOT:
            raise InvalidInput(
                f"version is {version!r}, expected up to 100 letters, digits, dots, underscores and hyphens, "
                f"not {ROOT!r}"
            )
        if any((self.folder / kind / version).exists() for kind in ModelKind):
            raise InvalidInput(f"the registry {self.folder} has a version {version!r} already: versions never change")

    def _read(self, folder: Path) -> ModelVersion:
        try:
            manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
        except (OSError, ValidationError) as error:
            raise ModelDamaged(f"{folder / MANIFEST}: not the manifest of a model: {error}") from error
        if (manifest.kind, manifest.version) != (folder.parent.name, folder.name):
            raise ModelDamaged(f"{folder}: its manifest is that of {manifest.kind} {manifest.version}")
        return ModelVersion(manifest, folder)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _has(noted: list[Change], change: Change) -> bool:
    return any(one.number == change.number for one in noted)


def _pointed(model: ModelVersion) -> Active:
    return Active(version=model.version, manifest_sha256=file_checksum(model.folder / MANIFEST))


def _subfolders(folder: Path) -> list[Path]:
    return [one for one in folder.glob("[!.]*") if one.is_dir()]


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _checksums(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): file_checksum(path) for path in _files(folder)}
