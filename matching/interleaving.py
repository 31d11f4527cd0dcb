"""Two rankers in one answer: suppliers are placed in turns by one and the other, and each place knows by which.

What users choose then speaks for the ranker that placed it, within one request and before the same eyes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from matching.catalogue import Rows
from matching.exposure import ExposurePolicy
from matching.matcher import Match, Matcher, Scoring
from matching.ranker import GlassBoxRanker, logistic
from matching.teams import Teams

Flags = NDArray[np.bool_]
Coins = Callable[[str, int], Flags]
"""Text of a request and how many -> whether the tried ranker places first, in each round."""


def team_draft(first: Rows, second: Rows, coins: Flags) -> tuple[Rows, Flags]:
    """Both rankings in one: in each round each places its best that has no place yet, in the order that a coin says.

    first, second : the same candidates (k,), best first
    coins         : bool, whether the second goes first in a round; at least (k + 1) // 2
    returns       : the candidates (k,) in their drafted order, and whether the second placed each

    Source: Radlinski, Kurup & Joachims, How Does Clickthrough Data Reflect Retrieval Quality?, CIKM 2008,
    doi:10.1145/1458082.1458092.
    """
    queues = iter(first.tolist()), iter(second.tolist())
    turns = np.stack([coins, ~coins], axis=1).ravel()[: len(first)].tolist()
    taken: set[int] = set()
    drafted: list[int] = []
    for is_second in turns:
        pick = next(one for one in queues[is_second] if one not in taken)
        taken.add(pick)
        drafted.append(pick)
    return np.array(drafted, np.int64), np.array(turns, np.bool_)


class InterleavedMatcher(Matcher):
    """A matcher whose answers are drafted by its ranker and another one, in turns.

    Near-duplicates are folded as the ranker in use folds them. The first places give a group the exposure that it is
    owed after the draft, so that a floor holds on what is shown; who moves is decided by the mean of what both rankers
    expect of a supplier, whoever placed it, so that neither team gains by it.
    """

    def __init__(self, matcher: Matcher, tried: GlassBoxRanker, coins: Coins) -> None:
        super().__init__(
            matcher.encoder, matcher.catalogue, matcher.index, matcher.word_index, matcher.ranker, matcher.headings,
            matcher.observe, matcher.rates, matcher.track_records,
        )  # fmt: skip
        self.tried = tried
        self._coins = coins

    def rank(
        self, scoring: Scoring, *, exposure: ExposurePolicy | None = None, fold_duplicates: bool = True
    ) -> Scoring:
        """The candidates in the order that both drafted, the terms and scores of each by the ranker that placed it."""
        first = super().rank(scoring, fold_duplicates=fold_duplicates)
        order = self.ranked_by(self.tried).rank(first, fold_duplicates=False)
        places = {int(row): place for place, row in enumerate(first.rows)}
        second = np.array([places[int(row)] for row in order.rows], np.int64)
        coins = self._coins(scoring.query.request.text, (len(second) + 1) // 2)
        drafted, by_tried = team_draft(np.arange(len(second)), second, coins)
        if exposure is None:
            return self.placed(first.take(drafted), by_tried)
        expected = logistic(first.scores)[drafted]
        expected = (expected + logistic(self.tried.scores(self.tried.terms(first.features)))[drafted]) / 2
        moved = exposure.order(expected, exposure.protects(self.catalogue, first.rows[drafted])).order
        shared = self.placed(first.take(drafted[moved]), by_tried[moved])
        return replace(shared, earned_ranks=moved + 1) if (np.diff(moved) != 1).any() else shared

    def drafts_as(self, teams: Teams) -> bool:
        """Whether these two rankers placed the suppliers of an earlier answer."""
        return (self.ranker.version, self.tried.version) == (teams.in_use, teams.tried)

    def placed(self, scoring: Scoring, by_tried: Flags) -> Scoring:
        """A scoring by the ranker in use, in which some (k,) were placed by the one that is tried."""
        terms = np.where(by_tried[:, None], self.tried.terms(scoring.features), scoring.terms)
        scores = np.where(by_tried, self.tried.scores(terms), scoring.scores)
        return replace(scoring, terms=terms, scores=scores, by_tried=by_tried)

    def matches(
        self,
        scoring: Scoring,
        places: range,
        *,
        ranks: Sequence[int] | None = None,
        explain: bool = True,
        language: str | None = None,
    ) -> tuple[Match, ...]:
        """As `Matcher.matches`; a match is compared with the one above where one ranker placed both."""
        by_tried = scoring.by_tried
        if by_tried is None:
            return super().matches(scoring, places, ranks=ranks, explain=explain, language=language)
        shown = np.array([place + 1 for place in places] if ranks is None else ranks, np.int64)
        found: dict[int, Match] = {}
        for matcher, of_team in ((self.ranked_by(self.ranker), ~by_tried), (self.ranked_by(self.tried), by_tried)):
            team = np.flatnonzero(of_team[places.start : places.stop])
            taken = scoring.take(team + places.start)
            told = matcher.matches(
                taken, range(len(team)), ranks=shown[team].tolist(), explain=explain, language=language
            )
            found |= dict(zip(team.tolist(), told, strict=True))
        ordered = [found[place] for place in range(len(places))]
        above = [None, *(match.supplier.id for match in ordered)]
        return tuple(_beside(match, one) for match, one in zip(ordered, above, strict=False))


def _beside(match: Match, above: str | None) -> Match:
    """The match, compared with nobody but the supplier right above it."""
    told = match.explanation
    if told is None or told.compared is None or told.compared.supplier_id == above:
        return match
    return replace(match, explanation=replace(told, compared=None))
