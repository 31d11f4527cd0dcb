from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data import shipped
from matching.errors import ModelDamaged, ModelMissing
from matching.features import FEATURE_NAMES, FEATURES, NOT_ASKED, Direction
from matching.ranker import Calibration, Curve, GlassBoxRanker, Support, logistic
from tests.conftest import simple_ranker

VALUES = st.one_of(st.floats(-3, 3), st.just(np.nan), st.just(NOT_ASKED))


def test_a_curve_holds_each_step_up_to_and_with_its_edge() -> None:
    curve = Curve(feature="f", edges=(0.0, 1.0), contributions=(-1.0, 2.0, 5.0), unknown=-0.5)
    values = np.array([-9.0, 0.0, 0.5, 1.0, 1.01, np.nan, NOT_ASKED])
    assert curve(values).tolist() == [-1.0, -1.0, 2.0, 2.0, 5.0, -0.5, 0.0]


@given(arrays(np.float64, (7, len(FEATURE_NAMES)), elements=VALUES))
def test_base_and_terms_added_in_order_are_the_score_to_the_last_digit(features: np.ndarray) -> None:
    ranker = simple_ranker()
    terms = ranker.terms(features)
    for row, score in zip(terms.tolist(), ranker.scores(terms).tolist(), strict=True):
        total = ranker.base
        for contribution in row:
            total += contribution
        assert total == score


def calibration(**changes: object) -> Calibration:
    """Three steps, the lowest and the highest not quite certain."""
    entries = {"probabilities": (0.01, 0.4, 0.9), "candidates": (900, 50, 40), "low": (0.0, 0.3, 0.8)}
    return Calibration.model_validate(
        {"relevant_grade": 2, "edges": (-1.0, 2.0), "high": (0.02, 0.5, 0.97)} | entries | changes
    )


def calibrated_ranker() -> GlassBoxRanker:
    simple = simple_ranker()
    return GlassBoxRanker(simple.version, simple.base, simple.curves, simple.trained_on, calibration())


def test_without_calibration_a_probability_is_a_half_at_a_score_of_zero_and_rises_with_it() -> None:
    chances = simple_ranker().probabilities(np.array([-700.0, -1.0, 0.0, 1.0]))
    assert chances.tolist() == logistic(np.array([-700.0, -1.0, 0.0, 1.0])).tolist()
    assert chances[2] == 0.5
    assert (np.diff(chances) > 0).all()


def test_a_calibration_holds_each_probability_up_to_and_with_its_edge() -> None:
    scores = np.array([-50.0, -1.0, -0.99, 2.0, 2.01, 50.0])
    assert calibrated_ranker().probabilities(scores).tolist() == [0.01, 0.01, 0.4, 0.4, 0.9, 0.9]


@given(arrays(np.float64, 9, elements=st.floats(-9, 9)))
def test_no_calibration_turns_the_order_of_scores(scores: np.ndarray) -> None:
    assert (np.diff(calibrated_ranker().probabilities(np.sort(scores))) >= 0).all()


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("edges", (2.0, -1.0), "expected ascending edges"),
        ("low", (0.0,), "expected one of low more than edges"),
        ("probabilities", (0.4, 0.3, 0.9), "expected probabilities that never fall"),
        ("probabilities", (0.4, 0.5, 1.1), "less than or equal to 1"),
    ],
)
def test_a_calibration_that_does_not_fit_together_is_refused(field: str, value: object, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        calibration(**{field: value})


SHIPPED = GlassBoxRanker.load(shipped.RANKER)
RISING = [place for place, feature in enumerate(FEATURES) if feature.direction is Direction.RISING]


@given(
    arrays(np.float64, len(FEATURES), elements=VALUES),
    st.sampled_from(RISING),
    st.lists(st.floats(-3, 7), min_size=2, max_size=2).map(sorted),
)
def test_more_of_what_is_wanted_never_lowers_the_shipped_score(
    candidate: np.ndarray, place: int, values: list[float]
) -> None:
    pair = np.tile(candidate, (2, 1))
    pair[:, place] = values
    less, more = SHIPPED.scores(SHIPPED.terms(pair))
    assert less <= more


def test_the_shipped_ranker_tells_probabilities_and_the_support_of_every_curve() -> None:
    assert SHIPPED.calibration is not None
    assert all(curve.support is not None for curve in SHIPPED.curves)


def test_few_data_are_few_candidates_or_few_requests() -> None:
    support = Support(candidates=(29, 30, 900), requests=(29, 20, 19), low=(0.0,) * 3, high=(1.0,) * 3)
    assert support.few_data == (True, False, True)


def test_a_support_of_other_steps_than_the_curve_is_refused() -> None:
    support = Support(candidates=(1,), requests=(1,), low=(0.0,), high=(0.0,))
    with pytest.raises(ValueError, match=r"curve f: expected 2 entries of support\.candidates"):
        Curve(feature="f", edges=(), contributions=(0.0,), unknown=0.0, support=support)


def test_a_saved_ranker_scores_the_same_when_loaded(tmp_path: Path) -> None:
    ranker = calibrated_ranker()
    ranker.save(tmp_path / "ranker.json")
    features = np.random.default_rng(0).normal(size=(20, len(FEATURE_NAMES)))
    loaded = GlassBoxRanker.load(tmp_path / "ranker.json")
    np.testing.assert_array_equal(loaded.terms(features), ranker.terms(features))
    assert (loaded.version, loaded.base) == (ranker.version, ranker.base)
    assert loaded.calibration == ranker.calibration


def test_a_file_of_format_1_is_read_without_calibration(tmp_path: Path) -> None:
    path = tmp_path / "ranker.json"
    simple_ranker().save(path)
    document = json.loads(path.read_text()) | {"format": 1}
    del document["calibration"]
    for curve in document["curves"]:
        del curve["support"]
    path.write_text(json.dumps(document))
    assert GlassBoxRanker.load(path).probabilities(np.zeros(1)) == 0.5


def test_a_file_of_a_format_to_come_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ranker.json"
    simple_ranker().save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 3, "halo": []}))
    with pytest.raises(ModelDamaged, match="format 3, expected 1 or 2"):
        GlassBoxRanker.load(path)


def test_a_missing_ranker_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="no ranking model there; `souk train ranker` makes one"):
        GlassBoxRanker.load(tmp_path / "none.json")


@pytest.mark.parametrize("content", ["", "{}", "not json", "[1]"])
def test_a_file_that_is_no_ranker_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "ranker.json").write_text(content)
    with pytest.raises(ModelDamaged, match="not a ranking model"):
        GlassBoxRanker.load(tmp_path / "ranker.json")


def test_a_ranker_with_other_features_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "ranker.json"
    simple_ranker().save(path)
    document = json.loads(path.read_text())
    document["curves"][0]["feature"] = "moon_phase"
    path.write_text(json.dumps(document))
    with pytest.raises(ModelDamaged, match="differ from those of this version in moon_phase, profile_similarity"):
        GlassBoxRanker.load(path)


@pytest.mark.parametrize(("edges", "contributions"), [((0.0,), (1.0,)), ((1.0, 0.0), (1.0, 2.0, 3.0))])
def test_a_curve_that_does_not_fit_together_is_refused(
    edges: tuple[float, ...], contributions: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="curve f: expected"):
        Curve(feature="f", edges=edges, contributions=contributions, unknown=0.0)
