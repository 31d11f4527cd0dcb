from __future__ import annotations

import numpy as np
import pytest

from matching.errors import InvalidInput
from matching.features import FEATURE_NAMES
from matching.matcher import Matcher
from matching.mutual import BUYERS_CONCERNS, market_of
from matching.profiles import BuyerRequest

ARGAN = BuyerRequest(id="R1", text="organic argan oil, Ecocert, delivered to Hamburg", language="en")
RUGS = BuyerRequest(id="R2", text="wool rugs", language="en")


def test_a_buyers_liking_is_the_probability_that_is_shown_for_the_match(matcher: Matcher) -> None:
    market = market_of(matcher, [ARGAN, RUGS], top=2)
    for place, request in enumerate((ARGAN, RUGS)):
        for match in matcher.match(request, explain=False).matches:
            liking = market.buyers_like[place, matcher.catalogue.row(match.supplier.id)]
            assert liking == pytest.approx(match.probability, abs=0.001)
    assert market.top == 2


def test_a_suppliers_liking_leaves_out_what_is_the_buyers_affair(matcher: Matcher) -> None:
    scoring = matcher.score_listed(ARGAN, ["S1"])
    left_out = [FEATURE_NAMES.index(name) for name in BUYERS_CONCERNS]
    log_odds = scoring.scores[0] - scoring.terms[0, left_out].sum()
    liking = market_of(matcher, [ARGAN]).suppliers_like[0, matcher.catalogue.row("S1")]
    assert liking == pytest.approx(1 / (1 + np.exp(-log_odds)))


def test_suppliers_that_are_gone_take_no_part(matcher: Matcher) -> None:
    assert market_of(matcher.with_changes(["S2"], []), [RUGS]).mutual.shape == (1, 3)


def test_a_market_needs_both_sides(matcher: Matcher) -> None:
    with pytest.raises(InvalidInput, match="0 requests and 4 suppliers"):
        market_of(matcher, [])
