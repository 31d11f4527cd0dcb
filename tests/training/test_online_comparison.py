from __future__ import annotations

import numpy as np
import pytest

from data.feedback_log import FeedbackLog
from training.judgment_rules import JudgmentRules
from training.log_faults import with_bots
from training.online_comparison import online_rows
from training.ranker import JudgedCandidates
from training.simulation import Shown, simulate


@pytest.fixture(scope="module")
def log(simulated: JudgedCandidates, shown: Shown) -> FeedbackLog:
    return simulate(simulated, shown, sessions=2_000, seed=5)


def _difference(log: FeedbackLog, versions: dict[str, str], rules: JudgmentRules) -> tuple[float, float, float]:
    rows = online_rows(log, versions, "old", "new", rules)
    found = next(row for row in rows if (row["outcome"], row["of"]) == ("matches with a choice", "difference"))
    return found["low"], found["mean"], found["high"]


def _divided(log: FeedbackLog) -> dict[str, str]:
    """Every other request to the new ranker."""
    return {
        name: "new" if request % 2 else "old"
        for name, request in zip(log.match_ids, log.match_requests.tolist(), strict=True)
    }


def test_the_interval_holds_no_difference_where_both_do_the_same(log: FeedbackLog, rules: JudgmentRules) -> None:
    low, _, high = _difference(log, _divided(log), rules)
    assert low < 0 < high


def test_what_users_choose_less_of_one_is_seen(log: FeedbackLog, rules: JudgmentRules) -> None:
    of_new = np.array([version == "new" for version in _divided(log).values()])
    kept = ~of_new[log.impressions.matches[log.events.impressions]] | (np.arange(len(log.events)) % 3 == 0)
    low, mean, high = _difference(log.with_events(log.events.take(np.flatnonzero(kept))), _divided(log), rules)
    assert low < mean < high < 0


def test_matches_of_programs_and_of_other_rankers_count_for_neither(log: FeedbackLog, rules: JudgmentRules) -> None:
    versions = _divided(log)
    before = online_rows(log, versions, "old", "new", rules)
    botted = with_bots(log, int(log.impressions.suppliers[0]), visits=100, seed=1)
    everything = versions | {f"bot{number}": "new" for number in range(100)}
    after = online_rows(botted, everything, "old", "new", rules)
    assert [row["mean"] for row in after] == pytest.approx([row["mean"] for row in before])
