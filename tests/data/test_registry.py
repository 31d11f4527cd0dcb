from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from data.in_use import in_use, models_in_use, with_models
from data.model_versions import (
    ChangeKind,
    ModelKind,
    ModelState,
    ModelVersion,
    Shadow,
    Trial,
    TrialWay,
    running_since,
)
from data.registry import Registry
from data.settings import Settings
from data.workspace import Models, model_signature, training_of
from matching.errors import InvalidInput, ModelDamaged, UnknownRecord
from matching.features import FEATURE_NAMES
from matching.ranker import GlassBoxRanker
from tests.conftest import simple_ranker


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    minutes = count()
    return Registry(tmp_path / "models", lambda: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=next(minutes)))


@pytest.fixture
def settings(registry: Registry, tmp_path: Path) -> Settings:
    return Settings(models_path=registry.folder, index_path=tmp_path / "index")


def add(registry: Registry, version: str, base: float = -1.25) -> ModelVersion:
    """A ranker that differs from others by its base."""
    ranker, source = simple_ranker(), registry.folder.parent / f"made-{version}"
    GlassBoxRanker(version, base, ranker.curves, {}).save(source / "ranker.json")
    return registry.add(ModelKind.RANKER, version, source, code="test", data={"fingerprint": f"log of {version}"})


def _states(registry: Registry) -> dict[str, str]:
    return {model.version: registry.state(model).value for model in registry.versions()}


def test_a_version_goes_from_candidate_to_active_to_retired(registry: Registry) -> None:
    one, two = add(registry, "one"), add(registry, "two")
    assert _states(registry) == {"one": "candidate", "two": "candidate"}
    registry.promote(one, who="ana")
    assert _states(registry) == {"one": "active", "two": "candidate"}
    registry.promote(two, who="ana")
    assert _states(registry) == {"one": "retired", "two": "active"}
    assert registry.state(two) is ModelState.ACTIVE


def test_each_rollback_takes_one_more_promotion_back_down_to_the_root(registry: Registry) -> None:
    for name in ("one", "two", "three"):
        registry.promote(add(registry, name), who="ana")
    after = [registry.rollback(who="ben").after for _ in range(3)]
    assert after == [{ModelKind.RANKER: "two"}, {ModelKind.RANKER: "one"}, {}]
    with pytest.raises(InvalidInput, match="nothing was promoted"):
        registry.rollback(who="ben")


def test_a_promotion_after_a_rollback_is_taken_back_to_where_it_began(registry: Registry) -> None:
    one, two, three = (add(registry, name) for name in ("one", "two", "three"))
    registry.promote(one, who="ana")
    registry.promote(two, who="ana")
    registry.rollback(who="ana")
    registry.promote(three, who="ana")
    assert registry.rollback(who="ana").after == {ModelKind.RANKER: "one"}


def test_the_history_tells_who_when_and_why(registry: Registry) -> None:
    registry.promote(add(registry, "one"), who="ana", note="better in March")
    registry.rollback(who="ben", note="complaints")
    lines = (registry.folder / "history.jsonl").read_text(encoding="utf-8").splitlines()
    told = [(one["number"], one["kind"], one["who"], one["note"]) for one in map(json.loads, lines)]
    assert told == [(1, "promotion", "ana", "better in March"), (2, "rollback", "ben", "complaints")]
    assert [change.kind for change in registry.history()] == [ChangeKind.PROMOTION, ChangeKind.ROLLBACK]


def test_a_crash_after_the_pointer_moved_loses_no_line_of_the_history(registry: Registry) -> None:
    registry.promote(add(registry, "one"), who="ana")
    (registry.folder / "history.jsonl").unlink()
    assert [change.who for change in registry.history()] == ["ana"]
    registry.promote(add(registry, "two"), who="ben")
    assert len((registry.folder / "history.jsonl").read_text(encoding="utf-8").splitlines()) == 2


def test_a_name_is_given_once(registry: Registry) -> None:
    add(registry, "one")
    with pytest.raises(InvalidInput, match="has a version 'one' already"):
        add(registry, "one", 0.0)
    with pytest.raises(UnknownRecord, match=r"no model in .* is named 'two'"):
        registry.find("two")


@pytest.mark.parametrize("version", ["", "../out", ".hidden", "a b", "root", "x" * 101])
def test_a_name_that_is_no_folder_of_its_own_is_refused(registry: Registry, tmp_path: Path, version: str) -> None:
    with pytest.raises(InvalidInput, match="version is"):
        registry.add(ModelKind.RANKER, version, tmp_path, code="test")


def _change_a_file(model: ModelVersion) -> None:
    (model.files / "ranker.json").chmod(0o644)
    (model.files / "ranker.json").write_text("{}", encoding="utf-8")


def _add_a_file(model: ModelVersion) -> None:
    (model.files / "more.pickle").write_bytes(b"x")


def _remove_a_file(model: ModelVersion) -> None:
    (model.files / "ranker.json").unlink()


@pytest.mark.parametrize("fault", [_change_a_file, _add_a_file, _remove_a_file])
def test_a_tampered_folder_is_refused_by_name(
    registry: Registry, settings: Settings, fault: Callable[[ModelVersion], None]
) -> None:
    model = add(registry, "one")
    registry.promote(model, who="ana")
    fault(model)
    with pytest.raises(ModelDamaged, match=r"ranker/one/files/(ranker\.json|more\.pickle): SHA-256 is"):
        Models.load(settings)
    with pytest.raises(ModelDamaged, match="ranker/one"):
        registry.promote(registry.find("one"), who="ana")


def test_a_manifest_written_anew_to_hide_it_is_refused_too(registry: Registry, settings: Settings) -> None:
    model, other = add(registry, "one"), add(registry, "two", 5.0)
    registry.promote(model, who="ana")
    _change_a_file(model)
    manifest = model.folder / "manifest.json"
    (model.files / "ranker.json").write_bytes((other.files / "ranker.json").read_bytes())
    manifest.chmod(0o644)
    forged = json.loads(manifest.read_bytes()) | {"sha256": dict(other.manifest.sha256)}
    manifest.write_text(json.dumps(forged), encoding="utf-8")
    with pytest.raises(ModelDamaged, match="is not the manifest that was promoted"):
        models_in_use(settings, checked=True)


def test_a_model_in_use_is_that_of_the_pointer_and_else_that_of_the_settings(
    registry: Registry, settings: Settings
) -> None:
    assert in_use(settings).ranker_path == settings.ranker_path
    root = model_signature(settings)
    model = add(registry, "one")
    assert model_signature(settings) == root
    registry.promote(model, who="ana")
    assert in_use(settings).ranker_path == model.files / "ranker.json"
    assert in_use(settings).encoder == settings.encoder
    assert model_signature(settings) != root
    assert with_models(settings, model).models_path is None


def test_a_damaged_pointer_is_told_and_seen_as_a_change(registry: Registry, settings: Settings) -> None:
    registry.promote(add(registry, "one"), who="ana")
    before = model_signature(settings)
    registry.pointer_path.write_text("{", encoding="utf-8")
    assert model_signature(settings) != before
    with pytest.raises(ModelDamaged, match=r"active\.json: not a pointer"):
        Models.load(settings)


def test_what_a_model_learnt_from_is_known_of_it(registry: Registry, settings: Settings) -> None:
    registry.promote(add(registry, "one"), who="ana")
    assert training_of(Models.load(settings))["ranker"].fingerprint == "log of one"


def test_rollback_brings_back_the_very_same_scores(registry: Registry, settings: Settings) -> None:
    rows = np.random.default_rng(0).uniform(0, 1, (500, len(FEATURE_NAMES)))

    def scores() -> bytes:
        ranker = Models.load(settings).ranker
        return ranker.scores(ranker.terms(rows)).tobytes()

    registry.promote(add(registry, "one", 0.1), who="ana")
    before = scores()
    registry.promote(add(registry, "two", 0.2), who="ana")
    assert scores() != before
    registry.rollback(who="ana")
    assert scores() == before


def test_a_trial_and_a_shadow_run_beside_each_other_until_a_promotion_ends_both(registry: Registry) -> None:
    for name in ("one", "two"):
        add(registry, name)
    trial, shadow = Trial(version="one", way=TrialWay.INTERLEAVE, share=0.5), Shadow(version="two", share=0.1)
    registry.try_beside(trial, who="ana")
    registry.shadow(shadow, who="ben")
    assert (registry.pointer().trial, registry.pointer().shadow) == (trial, shadow)
    registry.try_beside(None, who="ana")
    assert (registry.pointer().trial, registry.pointer().shadow) == (None, shadow)
    registry.try_beside(trial, who="ana")
    registry.promote(registry.find("one"), who="ana")
    assert (registry.pointer().trial, registry.pointer().shadow) == (None, None)


def test_a_trial_runs_since_it_began_whatever_else_changed(registry: Registry) -> None:
    for name in ("one", "two"):
        add(registry, name)
    trial = Trial(version="one", way=TrialWay.SPLIT, share=0.5)
    assert running_since(registry.history(), lambda change: change.trial) is None
    registry.try_beside(trial, who="ana")
    registry.try_beside(None, who="ana")
    begun = registry.try_beside(trial, who="ana")
    shadowed = registry.shadow(Shadow(version="two", share=0.1), who="ana")
    assert running_since(registry.history(), lambda change: change.trial) == begun.moment
    assert running_since(registry.history(), lambda change: change.shadow) == shadowed.moment
    registry.try_beside(Trial(version="one", way=TrialWay.SPLIT, share=0.2), who="ana")
    assert running_since(registry.history(), lambda change: change.trial) == registry.history()[-1].moment


def test_a_damaged_ranker_in_the_shadow_keeps_no_model_from_loading(registry: Registry, settings: Settings) -> None:
    model = add(registry, "one")
    registry.shadow(Shadow(version="one", share=0.1), who="ana")
    sound = Models.load(settings).shadow
    assert sound is not None
    assert sound.ranker is not None
    assert sound.ranker.version == "one"
    _change_a_file(model)
    damaged = Models.load(settings).shadow
    assert damaged is not None
    assert damaged.ranker is None
    assert "ranker.json: SHA-256 is" in (damaged.fault or "")
