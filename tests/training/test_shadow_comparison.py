from __future__ import annotations

import numpy as np
import pytest

from data.feedback_log import FeedbackLog
from data.shadows import NotedScore
from matching.features import FEATURE_NAMES
from matching.ranker import Curve, GlassBoxRanker
from training.judgment_rules import JudgmentRules
from training.ranker import JudgedCandidates
from training.shadow_comparison import ShadowedLog, differing_rows, estimate_rows, shadow_rows
from training.simulation import Shown, simulate


def _score(number: int, **figures: float) -> NotedScore:
    known = dict.fromkeys(
        ("in_use_seconds", "shadow_seconds", "stayed", "overlap", "in_use_small", "shadow_small"), 0.5
    )
    return NotedScore(f"m{number:02}", **(known | figures), request_id=f"R{number % 3}", request=f"r{number % 3}")


def _by(feature: str) -> GlassBoxRanker:
    """Orders by one feature alone."""
    edges = tuple(np.linspace(0.01, 0.99, 99).tolist())
    flat = Curve(feature="", edges=(), contributions=(0.0,), unknown=0.0)
    rising = flat.model_copy(update={"edges": edges, "contributions": tuple(np.linspace(0, 1, 100).tolist())})
    curves = ((rising if name == feature else flat).model_copy(update={"feature": name}) for name in FEATURE_NAMES)
    return GlassBoxRanker(feature, 0.0, tuple(curves), {})


def test_the_measures_stand_beside_each_other_with_intervals() -> None:
    scores = [_score(n, in_use_seconds=0.001 * n, shadow_small=0.5 + 0.1 * (n % 3)) for n in range(9)]
    rows = {row["measure"]: row for row in shadow_rows(scores)}
    assert rows["ms to rank, median"]["in use"] == pytest.approx(4.0)
    assert rows["ms to rank, median"]["shadow"] == pytest.approx(500.0)
    stay = rows["share of the first ten that stay"]
    assert (stay["in use"], stay["shadow"], stay["low"], stay["high"]) == (None, 0.5, 0.5, 0.5)
    small = rows["exposure of micro and small firms"]
    assert small["difference"] == pytest.approx((0.0 + 0.1 + 0.2) / 3)
    assert 0.0 <= small["low"] < small["difference"] < small["high"] <= 0.2 + 1e-9


def test_the_requests_whose_lists_differ_most_are_named_once_each() -> None:
    scores = [_score(n, overlap=0.9 - 0.1 * n, stayed=0.4) for n in range(6)]
    assert [(row["match"], row["request"]) for row in differing_rows(scores)] == [
        ("m05", "R2"), ("m04", "R1"), ("m03", "R0"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def log(simulated: JudgedCandidates, shown: Shown) -> FeedbackLog:
    """In three of ten matches the places are shuffled."""
    return simulate(simulated, shown, sessions=2_000, seed=5, shuffled=0.3)


def test_what_a_better_ranker_would_have_brought_is_estimated(log: FeedbackLog, rules: JudgmentRules) -> None:
    shadowed = ShadowedLog.of(log, log.match_ids[:1_500], rules)
    assert shadowed.lacks is None
    in_use, better = _by("profile_completeness"), _by("clause_similarity")
    for old, new, sign in ((in_use, better, 1), (better, in_use, -1), (in_use, in_use, 0)):
        for row in estimate_rows(shadowed, old, new):
            assert np.sign(row["difference"]) == np.sign(row["low"]) == np.sign(row["high"]) == sign
            assert row["in use"] + row["difference"] == pytest.approx(row["shadow"])


def test_where_nothing_changed_places_or_nothing_was_chosen_nothing_is_estimated(
    log: FeedbackLog, simulated: JudgedCandidates, shown: Shown, rules: JudgmentRules
) -> None:
    fixed = simulate(simulated, shown, sessions=500, seed=5)
    assert "hardly changed places" in (ShadowedLog.of(fixed, fixed.match_ids, rules).lacks or "")
    assert "no feedback" in (ShadowedLog.of(log, ["another"], rules).lacks or "")
