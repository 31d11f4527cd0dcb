from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from data.database import Database
from data.events import Action
from data.feedback_log import fingerprint, read_log
from data.workspace import Models
from matching.profiles import BuyerRequest
from tests.conftest import HashingEncoder, simple_ranker
from training.cli import commands
from training.judgment_rules import JudgmentRules
from training.judgments import gains_of
from training.learning_evaluation import Trial, evaluate_learning
from training.log_calibration_evaluation import evaluate_log_calibration
from training.log_length_evaluation import SESSIONS, evaluate_log_lengths
from training.ranker import JudgedCandidates
from training.simulation import Firms, Shown, UserModel, Users, simulate
from training.simulation_store import store_simulated


def test_the_same_seed_gives_the_same_log(simulated: JudgedCandidates, shown: Shown) -> None:
    logs = [simulate(simulated, shown, sessions=50, seed=seed, shuffled=0.5) for seed in (1, 1, 2)]
    assert logs[0].fingerprint == logs[1].fingerprint != logs[2].fingerprint


def test_users_choose_as_often_as_attention_times_relevance(simulated: JudgedCandidates, shown: Shown) -> None:
    users = Users(decay=0.7)
    log = simulate(simulated, shown, sessions=20_000, seed=1, users=users)
    _, chosen = gains_of(log, JudgmentRules.read())
    expected = (users.chance(simulated.grades[shown.rows]) * users.attention(10)).mean(axis=0)
    np.testing.assert_allclose(chosen.reshape(-1, 10).mean(axis=0), expected, atol=0.012)


def test_in_a_cascade_who_has_chosen_goes_on_less_often(simulated: JudgedCandidates, shown: Shown) -> None:
    satisfied = Users(UserModel.CASCADE, goes_on=1.0, goes_on_after=0.0)
    log = simulate(simulated, shown, sessions=300, seed=1, users=satisfied)
    _, chosen = gains_of(log, JudgmentRules.read())
    assert chosen.reshape(-1, 10).sum(axis=1).max() == 1


def test_propensities_are_those_of_the_shuffling(simulated: JudgedCandidates, shown: Shown) -> None:
    log = simulate(simulated, shown, sessions=2_000, seed=1, shuffled=0.4)
    own = log.impressions.suppliers.reshape(-1, 10) == simulated.rows[shown.rows[log.match_requests]]
    assert set(log.impressions.propensities.round(9)) == {0.04, 0.64}
    assert own.mean() == pytest.approx(0.64, abs=0.01)


def test_firms_that_do_not_come_are_met_by_nobody(simulated: JudgedCandidates, shown: Shown) -> None:
    count = len(simulated.rows)
    log = simulate(simulated, shown, sessions=500, seed=1, firms=Firms(np.ones(count), np.ones(count)))
    assert log.events.are(Action.MEETING_NO_SHOW).any()
    assert not log.events.are(Action.MEETING_HELD, Action.DEAL).any()


def test_a_simulated_log_in_the_store_is_read_as_it_was_made(
    simulated: JudgedCandidates, shown: Shown, tmp_path: Path
) -> None:
    requests = [BuyerRequest(id=f"R{number}", text=f"request {number}") for number in range(40)]
    names = [fingerprint(request.text) for request in requests]
    log = simulate(simulated, shown, sessions=30, seed=1, requests=names)
    database = Database.open(f"sqlite:///{tmp_path}/souk.db")
    store_simulated(database, "acme", log, requests, Models(HashingEncoder(), simple_ranker()))
    read = read_log(database, "acme")
    assert len(read.events) == len(log.events)
    rules = JudgmentRules.read()
    assert sorted(gains_of(read, rules)[0].tolist()) == sorted(gains_of(log, rules)[0].tolist())
    assert sorted(read.requests[number] for number in read.match_requests) == sorted(
        names[number] for number in log.match_requests
    )


def test_a_simulated_file_trains_a_candidate(tmp_path: Path) -> None:
    log, out = str(tmp_path / "log.parquet"), tmp_path / "candidate"
    run = CliRunner().invoke(commands, ["simulate", log, "--sessions", "150", "--shuffled", "0.3"])
    assert run.exit_code == 0, run.output
    run = CliRunner().invoke(commands, ["train", "ranker", "--from-log", log, "--out", str(out)])
    assert run.exit_code == 0, run.output
    assert "candidate log-" in run.output
    assert sorted(path.name for path in out.iterdir()) == ["ranker.json", "training.json"]


def test_the_figures_are_made_of_requests_held_out(simulated: JudgedCandidates) -> None:
    tables = evaluate_learning(simulated, Trial(seeds=2, coverage_seeds=2, sessions=300, places=10))
    recovered = {row["trained on"]: row["mean"] for row in tables["nDCG@10 of training on feedback"]}
    assert recovered["true judgments"] > recovered["the poor ranker itself"]
    assert [row["position"] for row in tables["propensities"]] == list(range(1, 11))
    assert {row["seeds"] for row in tables["off-policy intervals"]} == {2}


def test_with_a_prior_a_short_log_costs_next_to_nothing(simulated: JudgedCandidates) -> None:
    rows = evaluate_log_lengths(simulated, seeds=2)
    assert [row["sessions"] for row in rows] == list(SESSIONS)
    assert rows[0]["gained with it as prior"] > max(rows[0]["gained without a prior"], -0.05)


def test_probabilities_are_held_against_the_grades_of_requests_nobody_asked(simulated: JudgedCandidates) -> None:
    rows = evaluate_log_calibration(simulated, seeds=2, sessions=500)
    assert [row["of"] for row in rows] == ["all candidates"] * 3 + ["the first 10"] * 3
    assert all(0.0 <= row["ECE"] < 0.5 for row in rows)
