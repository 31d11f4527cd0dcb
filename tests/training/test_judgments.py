from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.events import Action
from data.feedback_log import FeedbackLog, LogBuilder
from matching.errors import InvalidInput, UnreadableFile
from training.bots import find_bots
from training.judgment_rules import DEFAULT_RULES, JudgmentRules
from training.judgments import gains_of, judge, report, without_double_clicks
from training.log_faults import with_bots, with_events_twice, with_flipped_labels
from training.propensities import Method, Propensities
from training.ranker import JudgedCandidates
from training.simulation import Shown, simulate

DAY = 86_400.0
Done = tuple[str, str, Action, float]


def small_log(done: Sequence[Done], *, matches: int = 2, requests: Sequence[str] = ("r", "r")) -> FeedbackLog:
    """Matches m0, m1 and on, a day apart, that showed S0, S1 and S2; (match, supplier, action, seconds) are done."""
    builder = LogBuilder()
    builder.add_matches([(f"m{number}", requests[number], number * DAY) for number in range(matches)])
    builder.add_impressions(
        [(f"m{number}", f"S{place}", place + 1, {}, 0.0, 1.0) for number in range(matches) for place in range(3)]
    )
    builder.add_events(
        [
            (f"e{number}", match, supplier, action.value, moment, 0, match)
            for number, (match, supplier, action, moment) in enumerate(done)
        ]
    )
    return builder.build()


def test_an_impression_has_its_best_grade_and_what_went_wrong(rules: JudgmentRules) -> None:
    log = small_log(
        [
            ("m0", "S0", Action.CLICK, 1.0),
            ("m0", "S0", Action.CONTACT, 60.0),
            ("m0", "S1", Action.MEETING_ACCEPTED, 1.0),
            ("m0", "S1", Action.MEETING_NO_SHOW, 9.0),
        ]
    )
    gains, chosen = gains_of(log, rules)
    assert gains[:3].tolist() == [2.0 / 3, (2.0 - 3.0) / 3, 0.0]
    assert chosen[:3].tolist() == [True, True, False]


def test_a_meeting_held_a_day_after_another_about_the_same_request_is_a_second_one(rules: JudgmentRules) -> None:
    same = [("m0", "S0", Action.MEETING_HELD, 0.0), ("m1", "S0", Action.MEETING_HELD, DAY)]
    assert gains_of(small_log(same), rules)[0][[0, 3]].tolist() == [2.5 / 3, 1.0]
    assert gains_of(small_log(same, requests=("r", "other")), rules)[0][[0, 3]].tolist() == [2.5 / 3, 2.5 / 3]


def test_a_double_click_counts_once_and_a_later_click_again() -> None:
    events = small_log([("m0", "S0", Action.CLICK, second) for second in (0.0, 3.0, 30.0, 60.0)]).events
    assert without_double_clicks(events, 10.0).happened_at.tolist() == [0.0, 30.0, 60.0]


def test_a_gain_counts_over_the_propensity_of_its_position_clipped(rules: JudgmentRules) -> None:
    log = small_log([("m0", f"S{place}", Action.CLICK, 1.0) for place in range(3)], matches=1, requests=("r",))
    attention = Propensities(Method.NONE, np.array([1.0, 0.5, 0.01]), np.zeros((3, 3)), 0)
    found = judge(log, rules, propensities=attention)
    judgments = found.judgments
    np.testing.assert_allclose(judgments.positive / judgments.evidence, [1 / 3, 1 / 3 / 0.5, 1 / 3 / 0.04])
    np.testing.assert_allclose(judgments.positive + judgments.negative, judgments.evidence)
    assert found.counts["gains clipped"] == 1


def test_the_same_request_and_supplier_again_and_again_says_no_more_than_a_few_looks(rules: JudgmentRules) -> None:
    evidence = {
        matches: judge(
            small_log([("m0", "S0", Action.CLICK, 1.0)], matches=matches, requests=["r"] * matches), rules,
            propensities=Propensities.none(), now=0.0,
        ).judgments.evidence[0]
        for matches in (1, 10, 1_000)
    }  # fmt: skip
    most = rules.evidence.pair_looks
    assert evidence == {n: pytest.approx(n / (1 + n / most)) for n in (1, 10, 1_000)}
    assert evidence[1_000] < most


def test_nothing_is_gained_beyond_what_can_have_been_looked_at(rules: JudgmentRules) -> None:
    """A deal at each of 50 places that were looked at once in twenty-five: a program's, not people's."""
    done = [(f"m{number}", "S2", Action.DEAL, number * DAY) for number in range(50)]
    attention = Propensities(Method.NONE, np.array([1.0, 0.5, 0.04]), np.zeros((3, 3)), 0)
    log = small_log(done, matches=50, requests=["r"] * 50)
    found = judge(log, rules, propensities=attention, now=0.0).judgments
    looks = found.looked_at[2]
    assert found.gains[2] > 10 * looks
    assert found.positive[2] == pytest.approx(found.weights[2] * (looks + 2 * np.sqrt(looks)))


def test_evidence_of_half_a_year_ago_counts_half(rules: JudgmentRules) -> None:
    log = small_log([("m0", "S0", Action.CLICK, 0.0)], matches=1, requests=("r",))
    found = judge(log, rules, propensities=Propensities.none(), now=180 * DAY).judgments
    np.testing.assert_allclose(found.impressions, 0.5)
    np.testing.assert_allclose(found.gains, [0.5 / 3, 0.0, 0.0])


def test_nothing_speaks_against_what_a_client_did_not_report_as_seen(rules: JudgmentRules) -> None:
    done = [("m0", "S0", Action.IMPRESSION, 0.0), ("m0", "S2", Action.CLICK, 5.0)]
    found = judge(small_log(done), rules, propensities=Propensities.none())
    assert found.counts["impressions reported as not seen"] == 1
    seen = {int(found.judgments.suppliers[row]): round(float(n)) for row, n in enumerate(found.judgments.impressions)}
    assert seen == {0: 2, 1: 1, 2: 2}


def test_a_supplier_of_two_events_is_shrunk_to_its_prior(rules: JudgmentRules) -> None:
    """Two choices of two: not the grade that says, but near the mean; as many of many: what they say."""
    often = [(f"m{number}", "S0", Action.DEAL, number * DAY) for number in range(50)]
    thin = [(f"m{number}", "S1", Action.DEAL, number * DAY) for number in range(2)]
    log = small_log(often, matches=50, requests=["r"] * 50)
    few = small_log([*thin, ("m5", "S0", Action.CLICK, 0.0)], requests=["r"] * 50, matches=50).of_matches(
        np.arange(50) < 2
    )
    full = judge(log, rules, propensities=Propensities.none(), now=0.0).judgments
    assert full.grades(rules)[0] > 2.8
    shrunk = judge(few, rules, propensities=Propensities.none(), now=0.0).judgments
    mean = 3 * shrunk.gains.sum() / shrunk.looked_at.sum()
    of_supplier = (2 + 5 * mean / 3) / (2 + 5)
    assert shrunk.gains[1] == 2.0
    assert shrunk.grades(rules)[1] == pytest.approx(3 * (2 + 5 * of_supplier) / (2 + 5))
    assert shrunk.grades(rules)[1] < 2.0


@pytest.mark.parametrize(
    ("rule", "log"),
    [
        ("too fast", [(f"m{number % 2}", f"S{number % 3}", Action.CLICK, 1.5 * number) for number in range(40)]),
        ("on one supplier alone", None),
    ],
)
def test_programs_are_found_by_their_way_of_acting(
    rules: JudgmentRules, simulated: JudgedCandidates, shown: Shown, rule: str, log: list[Done] | None
) -> None:
    if log is not None:
        done = [("m0", supplier, action, moment) for _, supplier, action, moment in log]
        assert find_bots(small_log(done), rules.bots).by_rule[rule].tolist() == [0]
        return
    people = simulate(simulated, shown, sessions=400, seed=1)
    clicking = with_bots(people, 3, visits=60, seed=2)
    assert find_bots(people, rules.bots).actors.tolist() == []
    assert find_bots(clicking, rules.bots).by_rule[rule].tolist() == [people.events.actors.max() + 1]


def test_nothing_of_what_a_program_was_shown_counts(
    rules: JudgmentRules, simulated: JudgedCandidates, shown: Shown
) -> None:
    people = simulate(simulated, shown, sessions=400, seed=1)
    now = people.matched_at.max()
    without = judge(people, rules, propensities=Propensities.none(), now=now)
    found = judge(with_bots(people, 3, visits=60, seed=2), rules, propensities=Propensities.none(), now=now)
    assert found.counts["impressions in matches of bots"] == 60 * 10
    np.testing.assert_allclose(found.judgments.positive, without.judgments.positive)
    np.testing.assert_allclose(found.judgments.negative, without.judgments.negative)


def test_every_event_twice_changes_nothing(rules: JudgmentRules, simulated: JudgedCandidates, shown: Shown) -> None:
    log = simulate(simulated, shown, sessions=300, seed=1)
    now = log.matched_at.max()
    once, twice = (
        judge(one, rules, propensities=Propensities.none(), now=now) for one in (log, with_events_twice(log))
    )
    np.testing.assert_array_equal(once.judgments.positive, twice.judgments.positive)
    assert twice.counts["double clicks"] == len(log.events)


def test_flipped_labels_turn_choices_round_in_their_share_of_matches(
    simulated: JudgedCandidates, shown: Shown, rules: JudgmentRules
) -> None:
    log = simulate(simulated, shown, sessions=300, seed=1)
    before, after = (gains_of(one, rules)[1].reshape(300, 10) for one in (log, with_flipped_labels(log, 0.5, seed=1)))
    turned = (before != after).any(axis=1)
    assert (before[turned] == ~after[turned]).all()
    assert 100 < turned.sum() < 200


@settings(max_examples=20)
@given(st.integers(0, 2**31))
def test_rows_of_one_request_and_supplier_add_up_to_the_log(seed: int) -> None:
    generator, rules = np.random.default_rng(seed), JudgmentRules.read()
    done = [
        (
            f"m{generator.integers(4)}",
            f"S{generator.integers(3)}",
            list(Action)[generator.integers(1, 9)],
            float(second),
        )
        for second in range(12)
    ]
    log = small_log(done, matches=4, requests=["a", "b", "a", "b"])
    found = judge(log, rules, propensities=Propensities.none(), now=0.0).judgments
    gains, _ = gains_of(log, rules)
    assert len(found) == 2 * 3
    assert found.gains.sum() == pytest.approx(gains.sum())
    twin = sum(gains[i] for i in range(12) if log.request_of_impressions[i] == 1 and log.impressions.suppliers[i] == 2)
    assert found.gains[(found.requests == 1) & (found.suppliers == 2)].sum() == pytest.approx(twin)


def test_the_report_tells_rules_counts_and_propensities_with_intervals(rules: JudgmentRules) -> None:
    told = report(judge(small_log([("m0", "S0", Action.CLICK, 0.0)]), rules), rules)
    assert told["rules"]["grades"]["click"] == 1.0
    assert told["counts"]["events"] == 1
    assert {"position", "propensity", "low", "high"} == set(told["propensities"]["positions"][0])


def test_a_wrong_rule_is_named_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(DEFAULT_RULES.read_text(encoding="utf-8").replace("deal = 3.0", "deal = 30"), encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"rules.toml: grades.deal: .*less than or equal to 3"):
        JudgmentRules.read(path)
    with pytest.raises(UnreadableFile, match=r"none\.toml"):
        JudgmentRules.read(tmp_path / "none.toml")
