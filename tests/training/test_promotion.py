from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data import shipped
from data.feedback_log import FeedbackLog
from data.model_versions import ModelKind
from data.registry import Registry
from data.settings import Settings
from matching.errors import InvalidInput, PromotionRefused, UnreadableFile
from matching.ranker import GlassBoxRanker
from tests.conftest import simple_ranker
from training.attention import Attention
from training.candidates import LogTraining, add_folder, learn
from training.evaluation import MEASURES
from training.judgment_rules import JudgmentRules
from training.log_faults import with_bots, with_events_twice, with_flipped_labels
from training.model_measures import Measures
from training.promotion import DEFAULT_BOUNDS, Bounds, findings, promote, refuse_failed
from training.ranker import JudgedCandidates, fit_ranker
from training.simulation import Shown, simulate

MEASURED = Measures(
    values=np.full((20, len(MEASURES)), 0.8), rankings=(), attention=Attention(np.ones(20), np.ones(20), 50, 50),
    exposure={}, probabilities=np.full(40, 0.5), relevant=np.arange(40) % 2 == 0, latency_ms=20.0,
)  # fmt: skip
LESS_SEEN = replace(MEASURED, attention=replace(MEASURED.attention, small=np.full(20, 0.94)))
SOUND = {"of_bots": 0.0, "twice": 0.0, "one_supplier": 0.02, "unexplained": 0.0, "chosen": 0.1, "agreement": 0.7}


def _lost(spread: float, *, requests: int = 20, mean: float = 0.0) -> Measures:
    """A mean loss of nDCG@10 whose standard deviation over the requests is about `spread`."""
    swing = np.where(np.arange(requests) % 2 == 0, spread, -spread) + mean
    values = np.full((requests, len(MEASURES)), 0.8) - swing[:, None]
    return replace(MEASURED, values=values)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


@pytest.fixture(scope="module")
def in_use(simulated: JudgedCandidates) -> GlassBoxRanker:
    return fit_ranker(simulated, version="in-use")


@pytest.fixture(scope="module")
def log(simulated: JudgedCandidates, in_use: GlassBoxRanker) -> FeedbackLog:
    shown = Shown.by(simulated, in_use.scores(in_use.terms(simulated.features)), 10)
    return simulate(simulated, shown, sessions=3_000, seed=2, shuffled=0.3)


def _failed(new: Measures, log: dict[str, float] | None = None, held_out: dict[str, float] | None = None) -> list[str]:
    metrics: dict[str, Any] = {"log": log, "held out": held_out}
    return [one.check for one in findings(MEASURED, new, metrics, Bounds.read()) if not one.passed]


def test_a_model_as_good_as_the_one_in_use_passes_every_check() -> None:
    assert _failed(MEASURED, SOUND, {"gained_high": 0.01}) == []


@pytest.mark.parametrize(
    ("new", "check"),
    [
        (replace(MEASURED, values=MEASURED.values - 0.02), "quality"),
        (LESS_SEEN, "fairness"),
        (_lost(0.2), "quality, unsure"),
        (replace(MEASURED, latency_ms=1.25 * 20.0 + 5.1), "latency"),
    ],
)
def test_what_a_model_loses_is_refused_by_its_check(new: Measures, check: str) -> None:
    assert _failed(new) == [check]


@pytest.mark.parametrize(
    ("column", "value", "check"),
    [
        ("of_bots", 0.2, "bots"),
        ("twice", 0.5, "duplicates"),
        ("one_supplier", 0.3, "one supplier"),
        ("unexplained", 0.5, "one supplier, places"),
        ("chosen", 0.6, "labels, too many"),
        ("agreement", 0.5, "labels, agreement"),
    ],
)
def test_a_log_that_cannot_be_trusted_is_refused_by_its_check(column: str, value: float, check: str) -> None:
    assert _failed(MEASURED, {**SOUND, column: value}) == [check]


def test_a_loss_that_chance_may_have_made_is_not_held_against_a_model() -> None:
    assert _failed(_lost(0.04, mean=0.015)) == []
    assert _failed(_lost(0.01, mean=0.015)) == ["quality"]


def test_a_log_of_before_there_was_a_measure_is_refused() -> None:
    assert _failed(MEASURED, {name: value for name, value in SOUND.items() if name != "unexplained"}) == [
        "one supplier, places"
    ]


def test_what_would_surely_have_brought_less_on_later_requests_is_refused() -> None:
    assert _failed(MEASURED, SOUND, {"gained_high": -0.01}) == ["held-out log"]


def test_faults_of_a_log_are_found_by_the_checks_that_are_for_them(
    registry: Registry, log: FeedbackLog, in_use: GlassBoxRanker
) -> None:
    pushed = int(np.bincount(log.impressions.suppliers).argmax())
    disliked = int(np.bincount(log.impressions.suppliers[log.events.impressions]).argmin())
    faults = {
        "sound": log,
        "bot": with_bots(log, pushed, visits=600, seed=1),
        "bots": with_bots(log, pushed, visits=1_200, seed=1, named=False),
        "few-bots": with_bots(log, disliked, visits=450, seed=1, named=False),
        "twice": with_events_twice(log),
        "flipped": with_flipped_labels(log, 0.5, seed=1),
    }
    found = {}
    for name, one in faults.items():
        model = learn(registry, one, LogTraining(JudgmentRules.read(), in_use), version=name)
        metrics = {"log": model.manifest.metrics["log"]}
        found[name] = [one.check for one in findings(MEASURED, MEASURED, metrics, Bounds.read()) if not one.passed]
    assert found.pop("sound") == []
    assert {name: checks[0] for name, checks in found.items()} == {
        "bot": "bots", "bots": "one supplier", "few-bots": "one supplier, places", "twice": "duplicates",
        "flipped": "labels, too many",
    }  # fmt: skip


def test_a_manifest_says_whose_probabilities_a_candidate_gives(registry: Registry, log: FeedbackLog) -> None:
    prior = GlassBoxRanker.load(shipped.RANKER)
    for with_prior, expected in ((True, prior.version), (False, None)):
        training = LogTraining(JudgmentRules.read(), prior, with_prior)
        model = learn(registry, log, training, version=f"prior-{with_prior}")
        told = model.manifest.metrics["calibration"]
        assert (told["of"] if told else None) == expected
        assert told is None or told["kept"] == "too few held-out requests or gains"


def test_a_refused_model_is_promoted_only_by_force_and_with_a_reason(registry: Registry, tmp_path: Path) -> None:
    simple_ranker().save(tmp_path / "made" / "ranker.json")
    model = add_folder(registry, tmp_path / "made", version=None, headings=None, parent=None)
    found = findings(MEASURED, LESS_SEEN, {}, Bounds.read())

    def attempt(note: str, *, force: bool) -> None:
        promote(registry, [model], found, who="ana", note=note, force=force, settings=Settings())

    with pytest.raises(PromotionRefused, match=r"fairness: .* is 0\.06, the bound 0\.05"):
        attempt("", force=False)
    with pytest.raises(InvalidInput, match="--force needs a --note"):
        attempt(" ", force=True)
    assert registry.pointer().versions == {}
    attempt("a fair of large firms", force=True)
    assert registry.pointer().versions == {ModelKind.RANKER: "simple"}
    told = registry.history()[0]
    assert (told.note, [one["check"] for one in told.findings if not one["passed"]]) == (
        "a fair of large firms", ["fairness"],
    )  # fmt: skip
    statements = sorted(path.name for path in (model.folder / "promoted-1").iterdir())
    assert "statement.ar.html" in statements and "statement.en.md" in statements
    registry.check(model)


def test_a_model_that_learnt_from_a_log_comes_in_only_with_its_checks(
    registry: Registry, log: FeedbackLog, in_use: GlassBoxRanker
) -> None:
    model = learn(registry, log, LogTraining(JudgmentRules.read(), in_use))
    assert model.manifest.parent == "in-use"
    assert model.manifest.data["fingerprint"] == log.fingerprint
    with pytest.raises(InvalidInput, match="was learnt from a log"):
        add_folder(registry, model.files, version=None, headings=None, parent=None)


def test_bounds_are_whole_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "bounds.toml"
    path.write_text(DEFAULT_BOUNDS.read_text(encoding="utf-8").replace("most_twice", "most_thrice"), encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"log\.most_twice: Field required"):
        Bounds.read(path)
    with pytest.raises(UnreadableFile):
        Bounds.read(tmp_path / "none.toml")
    refuse_failed(())
