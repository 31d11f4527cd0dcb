from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from matching.ranker import Curve, GlassBoxRanker
from training.calibration import RELEVANT_GRADE, calibrated
from training.judgment_rules import JudgmentRules
from training.judgments import Judgments, judge
from training.log_calibration import recalibrated
from training.metrics import expected_calibration_error
from training.ranker import JudgedCandidates, fit_ranker
from training.simulation import Shown, simulate


@pytest.fixture(scope="module")
def prior(simulated: JudgedCandidates) -> GlassBoxRanker:
    return calibrated(fit_ranker(simulated, version="prior"), simulated)


@pytest.fixture(scope="module")
def held_out(simulated: JudgedCandidates, shown: Shown, rules: JudgmentRules) -> Judgments:
    return judge(simulate(simulated, shown, sessions=4_000, seed=1, shuffled=0.3), rules).judgments


def _flatter(ranker: GlassBoxRanker) -> GlassBoxRanker:
    """The same order at half the spread of scores: the calibration of before misreads it."""

    def halved(curve: Curve) -> Curve:
        contributions = tuple(0.5 * value for value in curve.contributions)
        return curve.model_copy(update={"contributions": contributions, "unknown": 0.5 * curve.unknown})

    curves = tuple(halved(curve) for curve in ranker.curves)
    return GlassBoxRanker("flatter", ranker.base, curves, {}, ranker.calibration)


def test_choices_on_held_out_requests_mend_probabilities_that_are_off(
    simulated: JudgedCandidates, prior: GlassBoxRanker, held_out: Judgments
) -> None:
    ranker = _flatter(prior)
    found = recalibrated(ranker, prior, held_out, seed=0)
    assert found.calibration is not None and found.told["of"] == "flatter"
    scores, relevant = ranker.scores(ranker.terms(simulated.features)), simulated.grades >= RELEVANT_GRADE
    before, after = (
        expected_calibration_error(one(scores), relevant) for one in (ranker.calibration, found.calibration) if one
    )
    assert after < 0.8 * before
    assert found.told["error after"] < found.told["error before"]


def test_with_few_held_out_requests_or_gains_the_calibration_stays(prior: GlassBoxRanker, held_out: Judgments) -> None:
    few = held_out.take(np.flatnonzero(held_out.requests < 3))
    for one in (few, replace(held_out, gains=held_out.gains * 1e-3)):
        found = recalibrated(_flatter(prior), prior, one, seed=0)
        assert found.calibration == prior.calibration
        assert found.told["kept"] == "too few held-out requests or gains"
