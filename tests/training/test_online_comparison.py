from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.feedback_log import Events, FeedbackLog, Floats, Impressions, LogBuilder
from matching.features import FEATURE_NAMES
from matching.interleaving import team_draft
from matching.teams import Teams
from tests.training.conftest import CANDIDATES
from training.judgment_rules import JudgmentRules
from training.log_faults import with_bots
from training.online_comparison import drafted_rows, online_rows
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


# Drafted by two rankers


def _drafted(
    simulated: JudgedCandidates, in_use: Floats, tried: Floats, sessions: int, seed: int = 3
) -> tuple[FeedbackLog, dict[str, Teams]]:
    """Ten places of each request by turns of two rankers (n,) each, shown to simulated users."""
    generator, rows, teams = np.random.default_rng(seed), [], []
    for start in range(0, len(simulated.rows), CANDIDATES):
        ranked = [np.argsort(-scores[start : start + CANDIDATES], kind="stable") for scores in (in_use, tried)]
        order, by_tried = team_draft(ranked[0], ranked[1], generator.random((CANDIDATES + 1) // 2) < 0.5)
        rows.append(start + order[:10])
        teams.append(Teams("old", "new", tuple(by_tried.tolist())))
    placed = np.stack(rows)
    log = simulate(simulated, Shown(placed, in_use[placed]), sessions=sessions, seed=seed)
    drafts = dict(zip(log.match_ids, (teams[number] for number in log.match_requests), strict=True))
    return log, drafts


def _feature(simulated: JudgedCandidates, name: str) -> Floats:
    return simulated.features[:, FEATURE_NAMES.index(name)]


def test_users_find_the_better_of_two_rankers_in_a_few_hundred_drafts(
    simulated: JudgedCandidates, rules: JudgmentRules
) -> None:
    """Grades go with clause_similarity; profile_completeness says nothing of them."""
    poor, good = _feature(simulated, "profile_completeness"), _feature(simulated, "clause_similarity")
    for in_use, tried, is_better in ((poor, good, True), (good, poor, False)):
        log, drafts = _drafted(simulated, in_use, tried, sessions=300)
        for row in drafted_rows(log, drafts, "old", "new", rules):
            assert (row["low"] > 0.5, row["high"] < 0.5, row["p"] < 0.05) == (is_better, not is_better, True)
            assert row["tried won"] + row["in use won"] + row["neither"] == row["matches"]


def test_drafts_tell_a_small_difference_more_often_than_a_division_of_as_many_requests(rules: JudgmentRules) -> None:
    """Of ten logs of 600 sessions, with 600 requests that may be asked."""
    judged = _judged(600)
    good = _feature(judged, "clause_similarity")
    worse = good + 0.25 * _feature(judged, "profile_completeness")
    told_by_drafts, told_by_division = 0, 0
    for seed in range(10):
        log, drafts = _drafted(judged, worse, good, sessions=600, seed=seed)
        told_by_drafts += drafted_rows(log, drafts, "old", "new", rules)[0]["low"] > 0.5
        whole = [simulate(judged, Shown.by(judged, by, 10), sessions=600, seed=seed) for by in (worse, good)]
        told_by_division += _difference(_half_of_each(*whole), _divided(whole[0]), rules)[0] > 0
    assert told_by_drafts > told_by_division > 0


def _judged(requests: int) -> JudgedCandidates:
    features = np.random.default_rng(1).uniform(0, 1, (requests * CANDIDATES, len(FEATURE_NAMES)))
    grades = np.digitize(features[:, FEATURE_NAMES.index("clause_similarity")], [0.6, 0.8, 0.93])
    numbers, rows = np.repeat(np.arange(requests), CANDIDATES), np.tile(np.arange(CANDIDATES), requests)
    return JudgedCandidates(features, grades.astype(np.int64), numbers, rows)


def _half_of_each(old: FeedbackLog, new: FeedbackLog) -> FeedbackLog:
    """The matches of even requests from the one log, of odd ones from the other, of equal ids and requests."""
    parts = [log.of_matches(log.match_requests % 2 == number) for number, log in enumerate((old, new))]
    first, second = (part.impressions for part in parts)
    columns = (np.concatenate(pair) for pair in zip(vars(first).values(), vars(second).values(), strict=True))
    moved = replace(parts[1].events, impressions=parts[1].events.impressions + len(first))
    events = (np.concatenate(pair) for pair in zip(vars(parts[0].events).values(), vars(moved).values(), strict=True))
    return replace(old, impressions=Impressions(*columns), events=Events(*events))


def test_two_rankers_that_differ_in_nothing_that_counts_win_alike(
    simulated: JudgedCandidates, rules: JudgmentRules
) -> None:
    one, other = _feature(simulated, "profile_completeness"), _feature(simulated, "newcomer")
    log, drafts = _drafted(simulated, one, other, sessions=1_000)
    for row in drafted_rows(log, drafts, "old", "new", rules):
        assert row["low"] < 0.5 < row["high"]
        assert row["p"] > 0.05


def test_drafts_of_other_rankers_and_matches_of_one_alone_do_not_count(
    simulated: JudgedCandidates, rules: JudgmentRules
) -> None:
    good = _feature(simulated, "clause_similarity")
    log, drafts = _drafted(simulated, good, good[::-1], sessions=200)
    some = dict(list(drafts.items())[:50])
    others = {name: replace(teams, tried="another") for name, teams in list(drafts.items())[50:100]}
    rows = drafted_rows(log, some | others, "old", "new", rules)
    assert [row["matches"] for row in rows] == [50, 50]
    nothing = drafted_rows(log, {}, "old", "new", rules)[0]
    assert (nothing["matches"], nothing["tried won"]) == (0, 0)
    assert np.isnan([nothing["share won"], nothing["low"], nothing["high"], nothing["p"]]).all()


def test_a_match_goes_to_whoever_placed_what_was_chosen(rules: JudgmentRules) -> None:
    builder = LogBuilder()
    builder.add_matches([(f"m{number}", f"r{number}", 0.0) for number in range(3)])
    builder.add_impressions([(f"m{n}", f"S{place}", place, {}, 0.0, 1.0) for n in range(3) for place in (1, 2, 3)])
    builder.add_events([
        ("e1", "m0", "S1", "click", 0.0, 0, "anna"),
        ("e2", "m0", "S2", "click", 0.0, 0, "anna"),
        ("e3", "m0", "S2", "contact", 60.0, 0, "anna"),
        ("e4", "m1", "S3", "click", 0.0, 0, "ben"),
        ("e5", "m1", "S1", "click", 0.0, 0, "ben"),
    ])  # fmt: skip
    drafts = {f"m{number}": Teams("old", "new", (False, True, False)) for number in range(3)}
    choices, gain = drafted_rows(builder.build(), drafts, "old", "new", rules)
    assert (choices["tried won"], choices["in use won"], choices["neither"]) == (0, 1, 2)
    assert (gain["tried won"], gain["in use won"], gain["neither"]) == (1, 1, 1)
