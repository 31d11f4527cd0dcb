from __future__ import annotations

from matching.features import FEATURE_NAMES
from training.ranker import JudgedCandidates
from training.trial_evaluation import evaluate_trials


def test_verdicts_are_counted_for_each_way_and_fall_on_the_better_ranker(simulated: JudgedCandidates) -> None:
    """clause_similarity makes the grades; noise of twice its range hides them."""
    good = simulated.features[:, FEATURE_NAMES.index("clause_similarity")]
    rows = evaluate_trials(simulated, good, seeds=2, sessions=(400,))
    assert [(row["requests"], row["noise in use"], row["tried"]) for row in rows] == [
        (requests, *noise) for requests in (40, 400) for noise in ((0.5, 0.0), (1.0, 0.0), (2.0, 0.0), (1.0, 1.0))
    ]
    worst = rows[6]
    assert worst["nDCG@10 gained"] > 0.1
    assert tuple(worst[f"{way}, {who}"] for way in ("drafted", "divided") for who in ("tried", "in use")) == (
        2,
        0,
        2,
        0,
    )
