"""Which models are in use: those that the registry points to, else those that the settings name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from data.events import TrainingData
from data.model_versions import Manifest, ModelKind, ModelVersion
from data.registry import Registry
from data.settings import Settings
from data.shadows import RunningShadow
from data.trials import RunningTrial
from matching.errors import SoukError
from matching.ranker import GlassBoxRanker

RANKER_FILE, HEADINGS_FOLDER = "ranker.json", "headings"
_Settings = TypeVar("_Settings", bound=Settings)


def registry_of(settings: Settings) -> Registry | None:
    """The registry of the settings; None where they have none. It may be empty, or no folder yet."""
    return Registry(settings.models_path) if settings.models_path is not None else None


def models_in_use(settings: Settings, *, checked: bool = False) -> tuple[ModelVersion, ...]:
    """The versions that the registry points to; of a kind that is not among them the settings' model is in use.

    checked : see that these are unchanged since they were promoted
    Raises ModelDamaged where the pointer or, if checked, a model is damaged.
    """
    registry = registry_of(settings)
    if registry is None or not registry.pointer_path.exists():
        return ()
    found = (registry.active(kind, checked=checked) for kind in ModelKind)
    return tuple(model for model in found if model is not None)


def trial_in_use(settings: Settings) -> RunningTrial | None:
    """The ranker that is tried beside the one in use, checked; errors as `models_in_use`."""
    registry = registry_of(settings)
    trial = registry.pointer().trial if registry is not None else None
    if registry is None or trial is None:
        return None
    model = registry.find(trial.version)
    registry.check(model)
    ranker = GlassBoxRanker.load(model.files / RANKER_FILE)
    return RunningTrial(ranker, trial.share, trial.way, training_data(model.manifest))


def shadow_in_use(settings: Settings) -> RunningShadow | None:
    """The ranker that scores beside the one in use; one that cannot be loaded, with its fault in place of the ranker.

    Raises ModelDamaged for the pointer alone.
    """
    registry = registry_of(settings)
    shadow = registry.pointer().shadow if registry is not None else None
    if registry is None or shadow is None:
        return None
    try:
        model = registry.find(shadow.version)
        registry.check(model)
        return RunningShadow(shadow.version, shadow.share, GlassBoxRanker.load(model.files / RANKER_FILE))
    except (SoukError, OSError) as fault:
        return RunningShadow(shadow.version, shadow.share, fault=str(fault))


def in_use(settings: _Settings) -> _Settings:
    """The settings with the paths of the models in use, unchecked, and without registry."""
    return with_models(settings, *models_in_use(settings))


def in_use_before(settings: _Settings, models: Sequence[ModelVersion]) -> _Settings:
    """As `in_use`, but of versions that are in use already, what their promotion took the place of.

    Raises ModelDamaged where the pointer is damaged, UnknownRecord where a version before is gone.
    """
    registry = registry_of(settings)
    if registry is None:
        return settings
    found = {kind: one.version for kind, one in registry.pointer().active.items()}
    for model in models:
        if found.get(model.kind) == model.version:
            before = registry.before(model)
            found = {kind: version for kind, version in found.items() if kind != model.kind}
            found |= {model.kind: before} if before is not None else {}
    return with_models(settings, *(registry.find(version) for version in found.values()))


def with_models(settings: _Settings, *models: ModelVersion) -> _Settings:
    """The settings with these versions in place of what they name, of other kinds as it is, and without registry."""
    paths: dict[str, Any] = {"models_path": None}
    for model in models:
        paths |= _paths(model.kind, model.files)
    return settings.model_copy(update=paths)


def training_data(manifest: Manifest) -> TrainingData | None:
    """What a version was trained on, as far as its manifest says."""
    fingerprint, exported_at = manifest.data.get("fingerprint"), manifest.data.get("exported_at")
    if fingerprint is None:
        return None
    return TrainingData(fingerprint, datetime.fromisoformat(exported_at) if exported_at else None)


def _paths(kind: ModelKind, files: Path) -> Mapping[str, Any]:
    if kind is ModelKind.RANKER:
        return {"ranker_path": files / RANKER_FILE}
    headings = files / HEADINGS_FOLDER
    return {"encoder": str(files)} | ({"headings_path": headings} if headings.is_dir() else {})
