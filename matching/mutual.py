"""The market of a matcher's suppliers and some requests: one ranker, read from both sides."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import numpy as np

from matching.catalogue import Floats
from matching.errors import InvalidInput
from matching.features import FEATURE_NAMES, Comparison, feature_matrix
from matching.markets import Market
from matching.matcher import Matcher
from matching.profiles import BuyerRequest
from matching.ranker import GlassBoxRanker, logistic

BUYERS_CONCERNS = ("certificates_held", "supplier_country_wanted", "profile_completeness", "response_rate", "newcomer")
_UNTYING = 0.001


def market_of(
    matcher: Matcher, requests: Sequence[BuyerRequest], *, top: int | None = None, today: datetime.date | None = None
) -> Market:
    """The market of requests and of the catalogue's living suppliers, both in their order.

    A buyer's liking is the calibrated probability that the supplier is relevant. A supplier's is an estimate from the
    same pair, since nothing is known of what it accepts: the same score without the terms of BUYERS_CONCERNS, which
    are the buyer's affair alone. What stays is whether the goods are the supplier's, and order, place, price, terms and
    language within what it states. The calibration was made for whole scores, so that this side is in order, not exact.

    top : places of a list that are shown; None for all

    Raises InvalidInput where either side is empty, InvalidRequest where a text holds no word.
    """
    suppliers = np.flatnonzero(matcher.catalogue.alive).astype(np.int64)
    if not requests or not len(suppliers):
        raise InvalidInput(f"{len(requests)} requests and {len(suppliers)} suppliers, expected one or more of each")
    suppliers_keep = ~np.isin(FEATURE_NAMES, BUYERS_CONCERNS)
    liking = np.empty((2, len(requests), len(suppliers)))
    for place, request in enumerate(requests):
        query = matcher.query(request, today)
        terms = matcher.ranker.terms(feature_matrix(Comparison(query, matcher.catalogue, suppliers)))
        liking[0, place] = _chances(matcher.ranker, terms)
        liking[1, place] = _chances(matcher.ranker, terms * suppliers_keep)
    return Market(liking[0], liking[1], top)


def _chances(ranker: GlassBoxRanker, terms: Floats) -> Floats:
    scores = ranker.scores(terms)
    # Calibrated probabilities come in steps; a grain of the score itself keeps the order within a step.
    return (1.0 - _UNTYING) * ranker.probabilities(scores) + _UNTYING * logistic(scores)
