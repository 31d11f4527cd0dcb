from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from data.feedback_log import FeedbackLog
from matching.errors import InvalidInput
from matching.features import FEATURE_NAMES
from matching.ranker import GlassBoxRanker
from tests.conftest import simple_ranker
from training.judgment_rules import JudgmentRules
from training.judgments import judge
from training.log_ranker import MOST_BOOSTED_ROWS, PriorModel, fit_from_judgments
from training.log_training import train_candidate
from training.propensities import Propensities
from training.ranker import JudgedCandidates, fit_ranker
from training.simulation import Firms, Shown, simulate

RELEVANT = FEATURE_NAMES.index("clause_similarity")
SHOWN_FIRST = FEATURE_NAMES.index("profile_completeness")


@pytest.fixture(scope="module")
def log(simulated: JudgedCandidates, shown: Shown) -> FeedbackLog:
    return simulate(simulated, shown, sessions=4_000, seed=2, shuffled=0.3)


def _spread(ranker: GlassBoxRanker, column: int) -> float:
    return float(np.ptp(ranker.curves[column].contributions))


def test_the_correction_gives_no_credit_for_standing_in_front(log: FeedbackLog, rules: JudgmentRules) -> None:
    corrected, without = (
        fit_from_judgments(judge(log, rules, propensities=given).judgments, version="v")
        for given in (None, Propensities.none())
    )
    credit = [_spread(one, SHOWN_FIRST) / _spread(one, RELEVANT) for one in (corrected, without)]
    assert credit[0] < credit[1] / 2


def test_a_short_log_leaves_the_prior_and_a_long_one_moves_it(
    simulated: JudgedCandidates, shown: Shown, log: FeedbackLog, rules: JudgmentRules
) -> None:
    prior = simple_ranker()
    short = simulate(simulated, shown, sessions=5, seed=3)
    features = simulated.features[:400]
    said = prior.scores(prior.terms(features))

    def agreement(one: FeedbackLog) -> float:
        judgments = judge(one, rules, propensities=Propensities.none()).judgments
        found = fit_from_judgments(judgments, version="v", prior=PriorModel(prior, rules.prior.step))
        return float(np.corrcoef(found.scores(found.terms(features)), said)[0, 1])

    assert agreement(short) > 0.95 > agreement(log)


def test_a_candidate_tells_the_data_behind_each_step_of_the_prior_and_of_the_log(
    simulated: JudgedCandidates, log: FeedbackLog, rules: JudgmentRules
) -> None:
    """The steps of a curve share out what was looked at, and each keeps what the prior's step rested on."""
    prior = fit_ranker(simulated, version="prior", refits=3)
    judgments = judge(log, rules).judgments
    found = fit_from_judgments(judgments, version="v", prior=PriorModel(prior, rules.prior.step))
    before, after = (one.curves[RELEVANT].support for one in (prior, found))
    assert before is not None and after is not None
    edges, steps = (np.array(one.curves[RELEVANT].edges) for one in (prior, found))
    rested = np.array(before.candidates)[np.append(np.searchsorted(edges, np.append(steps, np.inf)), -1)]
    added = np.array(after.candidates) - rested
    assert (added >= 0).all()
    assert added.sum() == pytest.approx(np.minimum(judgments.looked_at, 1.0).sum(), abs=len(added))
    shown = np.array([*found.curves[RELEVANT].contributions, found.curves[RELEVANT].unknown])
    assert (np.array(after.low) <= shown + 1e-3).all() and (shown - 1e-3 <= np.array(after.high)).all()


def test_no_shows_push_down_and_second_meetings_up(
    simulated: JudgedCandidates, shown: Shown, rules: JudgmentRules
) -> None:
    speaks = simulated.features[:, FEATURE_NAMES.index("language_in_common")] > 0.5
    firms = Firms(np.where(speaks, 0.0, 0.9), np.where(speaks, 0.8, 0.0))
    log = simulate(simulated, shown, sessions=4_000, seed=2, shuffled=0.3, firms=firms)
    silent = rules.grades.model_copy(update={"meeting_no_show": 0.0, "meeting_held": 2.0, "second_meeting": 2.0})
    rankers = [
        fit_from_judgments(judge(log, used).judgments, version="v")
        for used in (rules, rules.model_copy(update={"grades": silent}))
    ]
    credit = [_spread(one, FEATURE_NAMES.index("language_in_common")) / _spread(one, RELEVANT) for one in rankers]
    assert credit[0] > 2 * credit[1]


def test_of_very_many_rows_some_are_drawn_and_weigh_the_more(log: FeedbackLog, rules: JudgmentRules) -> None:
    judgments = judge(log, rules).judgments
    whole, half = (fit_from_judgments(judgments, version="v", most_rows=len(judgments) // part) for part in (1, 2))
    assert half.trained_on["judged rows"] == len(judgments) // 2
    assert _spread(half, RELEVANT) == pytest.approx(_spread(whole, RELEVANT), rel=0.3)


def test_evidence_below_zero_is_fitted_in_a_log_of_any_size(log: FeedbackLog, rules: JudgmentRules) -> None:
    few = judge(log.of_matches(np.arange(4_000) < 200), rules).judgments
    many = few.take(np.arange(MOST_BOOSTED_ROWS + 1) % len(few))
    assert (many.negative < 0).any()
    assert fit_from_judgments(many, version="v").trained_on["judged rows"] == MOST_BOOSTED_ROWS


def test_a_candidate_folder_is_the_same_for_the_same_log_and_seed(
    log: FeedbackLog, rules: JudgmentRules, tmp_path: Path
) -> None:
    stages: list[str] = []
    for name in ("a", "b"):
        train_candidate(log, tmp_path / name, rules=rules, prior=simple_ranker(), seed=7, progress=stages.append)
    for file in ("ranker.json", "training.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    told = json.loads((tmp_path / "a" / "training.json").read_text(encoding="utf-8"))
    assert told["parent"] == "simple"
    assert GlassBoxRanker.load(tmp_path / "a" / "ranker.json").version == told["version"] == f"log-{told['log'][:12]}"
    assert stages == ["judging", "fitting", "writing"] * 2


def test_a_log_without_choices_trains_nothing(log: FeedbackLog, rules: JudgmentRules, tmp_path: Path) -> None:
    silent = log.with_events(log.events.take(np.empty(0, np.int64)))
    with pytest.raises(InvalidInput, match="no choice of a person"):
        train_candidate(silent, tmp_path / "out", rules=rules)
    assert not (tmp_path / "out").exists()
