"""Advice to a supplier: what its profile does not state and would have put it among the first ten, by re-scoring.

Nothing is guessed: each change is scored as the supplier itself would be with it, beside the other candidates of a
real request. Certificates, markets and figures are no part of the text that is encoded, so that the candidates and
their scores stay what they are, whatever is changed. A request counts where the supplier would be among the first and
more likely than not what is asked: else whoever sells oil would be told to have its lorries certified.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.advice_sentences import advice_sentence, gaps_sentence
from matching.catalogue import Catalogue, Floats, Rows, unfilled_parts
from matching.certificates import held_by, satisfying
from matching.errors import InvalidRequest
from matching.features import FEATURE_NAMES, NOT_ASKED, Comparison, Query, feature_matrix
from matching.matcher import Matcher, Scoring
from matching.profile_changes import Change, ProfileField
from matching.profiles import BuyerRequest, PriceRange, Product, Quantity, Supplier
from matching.units import in_base_units

LEAST_CHANCE = 0.5
_MOST_CHANGES = 60
_PAIRED = 8
_SHOWN_REQUESTS = 3
_ROUNDING = 1e-9
# The features that may move with a change of those fields, one of them in each change at most.
_MOVED = np.isin(
    FEATURE_NAMES,
    (
        "certificates_held", "delivery_country_served", "incoterm_offered", "language_in_common",
        "quantity_against_moq", "lead_time_kept", "price_within_ceiling", "hs_agreement", "heading_agreement",
        "profile_completeness",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Advice:
    """What a change, or two together, would have brought.

    requests     : of how many requests the supplier would newly have been among the first
    examples     : ids of up to three of them, best place first
    best_rank    : the best place it would have had in one of them
    score_gained : in log-odds, mean over them
    sentence     : the same in the reader's language
    """

    changes: tuple[Change, ...]
    requests: int
    examples: tuple[str, ...]
    best_rank: int
    score_gained: float
    sentence: str


@dataclass(frozen=True)
class SupplierAdvice:
    """All advice to a supplier, what brings most first.

    requests      : how many were looked at
    placed        : of how many it is among the first already
    pair          : the best two changes that together win a request which neither wins alone
    gaps          : the parts of its profile that are not filled in, as `completeness` counts them
    gaps_sentence : the same in the reader's language, None where there are none
    """

    supplier: Supplier
    requests: int
    placed: int
    advice: tuple[Advice, ...]
    pair: Advice | None
    gaps: tuple[str, ...]
    gaps_sentence: str | None


def advise(
    matcher: Matcher,
    supplier_id: str,
    requests: Iterable[BuyerRequest],
    *,
    first: int = 10,
    top: int = 5,
    language: str | None = None,
) -> SupplierAdvice:
    """The `top` changes that would have put a supplier among the `first` of most requests, each one scored.

    language : of the sentences; by default that of the profile, else English

    Requests without any word are passed over. UnknownSupplier where there is none of that id.
    """
    return advise_among(matcher, supplier_id, scorings(matcher, requests), first=first, top=top, language=language)


def advise_among(
    matcher: Matcher,
    supplier_id: str,
    scored: Iterable[Scoring],
    *,
    first: int = 10,
    top: int = 5,
    language: str | None = None,
) -> SupplierAdvice:
    """The same for requests that the matcher has scored already, for whoever advises many suppliers."""
    row = matcher.catalogue.row(supplier_id)
    supplier = matcher.catalogue.suppliers[row]
    reader = language or supplier.profile_language or "en"
    looked_at, placed, contests = 0, 0, []
    for scoring in scored:
        looked_at += 1
        place = next(iter(np.flatnonzero(scoring.rows == row).tolist()), None)
        if place is not None and place < first:
            placed += 1
        elif place is not None and _in_reach(matcher, scoring, place, first):
            contests.append(_contest(matcher, scoring, place))
    trial = _Trial(matcher, row, contests, first, reader)
    ordered = trial.ordered([(change,) for change in _candidates(supplier, contests)])
    pair = trial.best_pair([changes[0] for changes in ordered[:_PAIRED]])
    advice = tuple(trial.advice(changes) for changes in ordered[:top] if trial.won(changes).any())
    gaps = unfilled_parts(supplier)
    return SupplierAdvice(supplier, looked_at, placed, advice, pair, gaps, gaps_sentence(gaps, reader))


def scorings(matcher: Matcher, requests: Iterable[BuyerRequest]) -> Iterator[Scoring]:
    """Requests scored, one by one as they are asked for; those without any word are left out."""
    for request in requests:
        with suppress(InvalidRequest):
            yield matcher.score(request, fold_duplicates=False)


@dataclass(frozen=True)
class _Contest:
    """A request that the supplier is a candidate for, but not among the first.

    query  : with one word score, the supplier's
    line   : place of the product line nearest to the request
    heading: what that line is inferred to be about, None without a model
    rivals : scores of the other candidates (r,), and whether each comes first where scores are equal
    """

    query: Query
    score: float
    line: int
    heading: str | None
    rivals: Floats
    comes_first: NDArray[np.bool_]

    def places(self, scores: Floats) -> Rows:
        """The place, from 1, that each of some scores (k,) would have among the rivals."""
        ahead = (self.rivals > scores[:, None]) | ((self.rivals == scores[:, None]) & self.comes_first)
        return np.asarray(1 + ahead.sum(axis=1), np.int64)


def _in_reach(matcher: Matcher, scoring: Scoring, place: int, first: int) -> bool:
    """Whether the best that any change can do to the score would be enough; most requests are for other goods."""
    best = np.array([max(curve.contributions) for curve in matcher.ranker.curves])
    moved = _MOVED & (scoring.features[place] != NOT_ASKED)
    gain = np.maximum(best - scoring.terms[place], 0.0)[moved].sum()
    score = scoring.scores[[place]] + gain + _ROUNDING
    return bool(score[0] >= scoring.scores[first - 1] and matcher.ranker.probabilities(score)[0] >= LEAST_CHANCE)


def _contest(matcher: Matcher, scoring: Scoring, place: int) -> _Contest:
    catalogue, row = matcher.catalogue, scoring.rows[place]
    nearest = Comparison(scoring.query, catalogue, np.array([row])).lines[0]
    ties = np.delete(catalogue.tie_breakers[scoring.rows], place)
    headings = catalogue.lines.headings
    return _Contest(
        replace(scoring.query, word_scores=scoring.query.word_scores[[row]]),
        float(scoring.scores[place]),
        int(nearest - catalogue.lines.starts[row]),
        str(matcher.headings.codes[headings.places[nearest, 0]]) if matcher.headings and headings else None,
        np.delete(scoring.scores, place),
        ties < catalogue.tie_breakers[row],
    )


class _Trial:
    """A supplier as it would be, put beside its rivals; each set of changes is scored once."""

    def __init__(self, matcher: Matcher, row: int, contests: Sequence[_Contest], first: int, language: str) -> None:
        self._matcher = matcher
        self._row = row
        self._supplier = matcher.catalogue.suppliers[row]
        self._contests = contests
        self._first = first
        self._language = language
        self._scores: dict[tuple[Change, ...], Floats] = {}
        self._places: dict[tuple[Change, ...], Rows] = {}

    def won(self, changes: tuple[Change, ...]) -> NDArray[np.bool_]:
        """Which contests (c,) would put it among the first, and as one that is likely what is asked."""
        likely = self._matcher.ranker.probabilities(self._scores[changes]) >= LEAST_CHANCE
        return np.asarray((self._places[changes] <= self._first) & likely)

    def ordered(self, sets: Sequence[tuple[Change, ...]]) -> list[tuple[Change, ...]]:
        """Sets of changes, after scoring them: what wins most first, then what gains most.

        Of several figures for the same, the one that wins most, then the one that demands least.
        """
        self._score(sets)
        best: dict[Any, tuple[Change, ...]] = {}
        for changes in sorted(sets, key=lambda one: (-self._wins(one), -sum(map(_leniency, one)))):
            best.setdefault(tuple(change.subject for change in changes), changes)
        return sorted(best.values(), key=lambda one: (-self._wins(one), -float(self._scores[one].sum())))

    def best_pair(self, singles: Sequence[Change]) -> Advice | None:
        """The best two of some changes, where they win together what neither wins alone."""
        for pair in self.ordered(list(combinations(singles, 2))):
            alone = self.won(pair[:1]) | self.won(pair[1:])
            if (self.won(pair) & ~alone).any():
                return self.advice(pair)
        return None

    def advice(self, changes: tuple[Change, ...]) -> Advice:
        """What a set of changes would have brought; it must win at least one contest."""
        places, scores, won = self._places[changes], self._scores[changes], self.won(changes)
        order = [at for at in np.argsort(places, kind="stable").tolist() if won[at]]
        ids = (self._contests[at].query.request.id for at in order)
        best = int(places[order[0]])
        return Advice(
            changes,
            len(order),
            tuple(found for found in ids if found is not None)[:_SHOWN_REQUESTS],
            best,
            float(np.mean([scores[at] - self._contests[at].score for at in order])),
            advice_sentence(self._supplier, changes, len(order), best, self._first, self._language),
        )

    def _wins(self, changes: tuple[Change, ...]) -> int:
        return int(self.won(changes).sum())

    def _score(self, sets: Sequence[tuple[Change, ...]]) -> None:
        if not sets:
            return
        catalogue, rows = self._catalogue(sets), np.arange(len(sets))
        own = self._matcher.track_records.shared(self._supplier.id, catalogue.ids)
        queries = [
            replace(contest.query, word_scores=np.repeat(contest.query.word_scores, len(sets)), track_records=own)
            for contest in self._contests
        ]
        features = np.concatenate([feature_matrix(Comparison(query, catalogue, rows)) for query in queries])
        scores = self._matcher.ranker.scores(self._matcher.ranker.terms(features)).reshape(len(queries), len(sets))
        places = np.stack([contest.places(one) for contest, one in zip(self._contests, scores, strict=True)])
        self._scores |= dict(zip(sets, scores.T, strict=True))
        self._places |= dict(zip(sets, places.T, strict=True))

    def _catalogue(self, sets: Sequence[tuple[Change, ...]]) -> Catalogue:
        """The supplier once for each set of changes, with its own vectors: they do not depend on what is changed."""
        own = self._matcher.catalogue
        lines = own.lines.vectors[own.lines.starts[self._row] : own.lines.starts[self._row + 1]]
        vectors = [own.profile_vectors[[self._row] * len(sets)], np.tile(lines, (len(sets), 1))]
        changed = [_changed(self._supplier, changes, str(place)) for place, changes in enumerate(sets)]
        return Catalogue.build(changed, np.concatenate(vectors), self._matcher.headings)


def _leniency(change: Change) -> float:
    """How little a figure demands of the supplier, beside others for the same: larger asks less."""
    value = change.value
    if isinstance(value, Quantity):
        base = in_base_units(value.value, value.unit)
        return base[0] if base else 0.0
    if isinstance(value, PriceRange):
        return value.min
    return float(value) if isinstance(value, int) else 0.0


def _changed(supplier: Supplier, changes: Iterable[Change], supplier_id: str) -> Supplier:
    for change in changes:
        supplier = change.applied_to(supplier)
    return supplier.model_copy(update={"id": supplier_id})


def _candidates(supplier: Supplier, contests: Sequence[_Contest]) -> list[Change]:
    """What the requests ask and the profile does not state, asked most often first."""
    asked = Counter(chain.from_iterable(_asked(supplier, contest) for contest in contests))
    return [change for change, _ in asked.most_common(_MOST_CHANGES)]


def _asked(supplier: Supplier, contest: _Contest) -> Iterator[Change]:
    yield from _asked_of_the_firm(supplier, contest.query)
    if supplier.products:
        yield from _asked_of_a_product(supplier.products[contest.line], contest)


def _asked_of_the_firm(supplier: Supplier, query: Query) -> Iterator[Change]:
    asked = query.constraints
    for certificate in asked.certifications:
        if not satisfying(held_by(supplier), certificate, query.today):
            yield Change(ProfileField.CERTIFICATIONS, certificate)
    if asked.delivery_country and asked.delivery_country not in (supplier.country, *supplier.markets):
        yield Change(ProfileField.MARKETS, asked.delivery_country)
    if asked.incoterm and asked.incoterm not in supplier.incoterms:
        yield Change(ProfileField.INCOTERMS, asked.incoterm)
    acceptable = asked.languages or tuple(filter(None, [query.request.language]))
    if set(acceptable).isdisjoint(supplier.languages):
        yield from (Change(ProfileField.LANGUAGES, language) for language in acceptable)


def _asked_of_a_product(product: Product, contest: _Contest) -> Iterator[Change]:
    asked, line = contest.query.constraints, contest.line
    if asked.quantity and product.moq is None and in_base_units(asked.quantity.value, asked.quantity.unit):
        yield Change(ProfileField.MOQ, asked.quantity, line)
    if asked.max_lead_time_days is not None and product.lead_time_days is None:
        yield Change(ProfileField.LEAD_TIME, asked.max_lead_time_days, line)
    if asked.max_price and product.price is None:
        ceiling = asked.max_price
        price = PriceRange(min=ceiling.value, max=ceiling.value, currency=ceiling.currency, unit=ceiling.unit)
        yield Change(ProfileField.PRICE, price, line)
    if contest.heading and product.hs is None:
        # The six digits are for the supplier to say; a code of that heading and no known subheading scores least.
        yield Change(ProfileField.HS, f"{contest.heading}.00", line)
