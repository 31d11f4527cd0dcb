from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.exposure import ExposurePolicy, position_exposure
from matching.interleaving import Flags, InterleavedMatcher, team_draft
from matching.matcher import Matcher
from matching.profiles import BuyerRequest, Supplier
from matching.ranker import GlassBoxRanker
from matching.teams import Teams
from tests.conftest import HashingEncoder, simple_ranker

REQUEST = BuyerRequest(text="organic argan oil for kitchens")


def other_ranker() -> GlassBoxRanker:
    """Whoever says little stands in front."""
    curves = simple_ranker().curves
    turned = tuple(
        one.model_copy(update={"contributions": tuple(-part for part in one.contributions)}) for one in curves
    )
    return GlassBoxRanker("other", 0.5, turned, {})


def alternating(_text: str, count: int) -> Flags:
    """The tried ranker begins, then the one in use, and so on."""
    return np.arange(count) % 2 == 0


@pytest.fixture
def interleaved(encoder: HashingEncoder, ranker: GlassBoxRanker) -> InterleavedMatcher:
    words = ("argan", "oil", "organic", "kitchens", "pressed", "cold", "rug", "wool")
    suppliers = [
        Supplier(id=f"S{number}", name=f"Firm {number}", description=" ".join(words[number % 5 : 3 + number % 6]),
                 size="small" if number % 3 == 0 else "large")
        for number in range(12)
    ]  # fmt: skip
    return InterleavedMatcher(Matcher.build(encoder, suppliers, ranker), other_ranker(), alternating)


def test_each_ranker_places_its_best_that_has_no_place_yet() -> None:
    order, by_tried = team_draft(np.array([0, 1, 2, 3]), np.array([2, 0, 3, 1]), np.array([True, False]))
    assert order.tolist() == [2, 0, 1, 3]
    assert by_tried.tolist() == [True, False, False, True]


@given(st.permutations(range(9)), st.lists(st.booleans(), min_size=5, max_size=5))
def test_a_draft_has_everyone_once_and_teams_of_one_size(second: list[int], coins: list[bool]) -> None:
    order, by_tried = team_draft(np.arange(9), np.array(second), np.array(coins))
    assert sorted(order.tolist()) == list(range(9))
    for shown in (2, 4, 6, 8):
        assert int(by_tried[:shown].sum()) == shown // 2
    for place, (one, is_second) in enumerate(zip(order.tolist(), by_tried.tolist(), strict=True)):
        ranking = second if is_second else range(9)
        assert one == next(best for best in ranking if best not in order[:place].tolist())


@given(st.lists(st.booleans(), min_size=5, max_size=5))
def test_two_rankers_of_one_mind_draft_their_ranking(coins: list[bool]) -> None:
    assert team_draft(np.arange(9), np.arange(9), np.array(coins))[0].tolist() == list(range(9))


def test_every_match_is_scored_and_explained_by_the_ranker_that_placed_it(interleaved: InterleavedMatcher) -> None:
    scoring = interleaved.score(REQUEST)
    matches = interleaved.matches(scoring, range(len(scoring.rows)))
    assert [match.rank for match in matches] == list(range(1, 13))
    assert scoring.by_tried is not None
    rankers = {"simple": interleaved.ranker, "other": interleaved.tried}
    expected = ["other" if one else "simple" for one in scoring.by_tried.tolist()]
    assert [match.ranker_version for match in matches] == expected
    for match in matches:
        assert match.explanation is not None
        added = rankers[match.ranker_version].base
        for term in match.explanation.terms:
            added += term.contribution
        assert added == match.score
        assert match.probability == rankers[match.ranker_version].probabilities(np.array([match.score]))[0]


def test_a_match_is_compared_with_the_one_above_where_one_ranker_placed_both(interleaved: InterleavedMatcher) -> None:
    scoring = interleaved.score(REQUEST)
    matches = interleaved.matches(scoring, range(12))
    compared = 0
    for above, match in zip(matches, matches[1:], strict=False):
        assert match.explanation is not None
        if match.explanation.compared is not None:
            compared += 1
            assert match.explanation.compared.supplier_id == above.supplier.id
            assert match.ranker_version == above.ranker_version
    assert compared > 0


def test_what_is_listed_later_is_scored_as_it_was_drafted(interleaved: InterleavedMatcher) -> None:
    scoring = interleaved.score(REQUEST)
    assert scoring.by_tried is not None
    ids = [interleaved.catalogue.ids[row] for row in scoring.rows[4:9]]
    later = interleaved.placed(interleaved.score_listed(REQUEST, ids), scoring.by_tried[4:9])
    assert later.scores.tolist() == scoring.scores[4:9].tolist()
    assert later.terms.tolist() == scoring.terms[4:9].tolist()


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_a_floor_of_exposure_holds_on_what_is_shown(interleaved: InterleavedMatcher, share: float) -> None:
    """A share that they have anyway moves nobody; else they have the floor, or stand in front."""
    policy = ExposurePolicy.parse(f"size:small={share}")
    drafted, shared = interleaved.score(REQUEST), interleaved.score(REQUEST, exposure=policy)
    is_small = interleaved.catalogue.sizes[shared.rows[:10]] == "small"
    weights = position_exposure(10)
    floor = min(share * weights.sum(), weights[:4].sum())
    assert weights @ is_small >= floor - 1e-9
    if share == 0.0:
        assert shared.rows.tolist() == drafted.rows.tolist()
        assert shared.earned_ranks is None
    else:
        assert shared.earned_ranks is not None
        assert shared.rows.tolist() == drafted.rows[shared.earned_ranks - 1].tolist()
    by_row = dict(zip(drafted.rows.tolist(), drafted.by_tried.tolist(), strict=True))  # type: ignore[union-attr]
    assert [by_row[row] for row in shared.rows.tolist()] == shared.by_tried.tolist()  # type: ignore[union-attr]


def test_near_duplicates_have_one_place_in_a_draft(encoder: HashingEncoder, ranker: GlassBoxRanker) -> None:
    text = "argan oil pressed cold in the village by hand for kitchens and skin"
    twins = [Supplier(id=one, name="Tamount", description=text) for one in ("A", "B")]
    matcher = Matcher.build(encoder, [*twins, Supplier(id="C", name="Zellij")], ranker)
    plain, drafted = matcher.score(REQUEST), InterleavedMatcher(matcher, other_ranker(), alternating).score(REQUEST)
    assert sorted(drafted.rows.tolist()) == sorted(plain.rows.tolist())
    assert drafted.folded[0][0] == plain.folded[0][0]


def test_teams_come_back_as_they_were_stored() -> None:
    teams = Teams("simple", "other", (True, False, False))
    assert teams.document()["by_tried"] == "100"
    assert Teams.read(teams.document()) == teams
    assert replace(teams, by_tried=()) == Teams.read(replace(teams, by_tried=()).document())
