from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from matching.errors import ModelDamaged, ModelMissing
from matching.features import FEATURE_NAMES, NOT_ASKED
from matching.ranker import Curve, GlassBoxRanker, probabilities
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


def test_probability_is_a_half_at_a_score_of_zero_and_rises_with_it() -> None:
    chances = probabilities(np.array([-700.0, -1.0, 0.0, 1.0]))
    assert chances[2] == 0.5
    assert (np.diff(chances) > 0).all()


def test_a_saved_ranker_scores_the_same_when_loaded(tmp_path: Path) -> None:
    ranker = simple_ranker()
    ranker.save(tmp_path / "ranker.json")
    features = np.random.default_rng(0).normal(size=(20, len(FEATURE_NAMES)))
    loaded = GlassBoxRanker.load(tmp_path / "ranker.json")
    np.testing.assert_array_equal(loaded.terms(features), ranker.terms(features))
    assert (loaded.version, loaded.base) == (ranker.version, ranker.base)


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
