"""The Matcher: request to candidates to scores to reasons, and the other direction."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from matching.candidates import find_candidates
from matching.catalogue import Catalogue, Floats, Halves, Rows, Vectors, encode_suppliers
from matching.certificates import current_day
from matching.clauses import goods_texts, wanted_text
from matching.currencies import RateTable
from matching.duplicates import also_listed_sentence, fold
from matching.encoder import Encoder, TextKind
from matching.errors import InvalidRequest
from matching.evidence import Words, evidence
from matching.exclusions import RuledOut
from matching.explanation import Explanation, compared_with, findings_of, sentences_of, terms_of
from matching.exposure import ExposurePolicy, moved_sentence
from matching.features import Comparison, Query, feature_matrix
from matching.filters import Filters
from matching.headings import HeadingChance, HeadingModel
from matching.index import LayeredIndex, settled_index
from matching.language import detect_language
from matching.needs import Needs, needs_of
from matching.profiles import BuyerRequest, Supplier
from matching.ranker import GlassBoxRanker, logistic
from matching.reasons import Compared
from matching.track_records import NO_TRACK_RECORDS, TrackRecords
from matching.word_index import WordIndex
from matching.words import words

_BATCH = 1_000
_RECENT_ROWS = 1_000
_RECENT_SHARE = 0.1
_SHOWN_HEADINGS = 3


class Stage(StrEnum):
    """The steps of answering a request, for whoever measures them."""

    ENCODE = "encode"
    RECALL = "recall"
    FEATURES = "features"
    RANK = "rank"
    EXPLAIN = "explain"


Observer = Callable[[Stage], AbstractContextManager[None]]


def unobserved(_stage: Stage) -> AbstractContextManager[None]:
    """Measures nothing."""
    return nullcontext()


@dataclass(frozen=True)
class Match:
    """A supplier in its place for a request: score in log-odds of relevance, and that as a probability.

    moved_from     : rank by relevance alone, where an exposure policy moved it
    also_listed_as : ids of its near-duplicates, which have no place of their own
    ranker_version : of the ranker whose score it is
    """

    rank: int
    supplier: Supplier
    score: float
    probability: float
    explanation: Explanation | None
    moved_from: int | None
    also_listed_as: tuple[str, ...]
    ranker_version: str


@dataclass(frozen=True)
class Ranking:
    """The matches of one request, best first, with the needs that were read from it.

    headings : what the request may be about, likeliest first; the stated one alone where the form states a code
    """

    request: BuyerRequest
    needs: Needs
    matches: tuple[Match, ...]
    headings: tuple[HeadingChance, ...] = ()


@dataclass(frozen=True)
class Scoring:
    """The candidates of a request in their order: rows (k,), features and terms (k, f), scores (k,).

    earned_ranks : int64 (k,), rank of each by relevance alone, where an exposure policy made the order
    also_listed  : ids of near-duplicates that are folded into the supplier at a place
    by_tried     : bool (k,), whether the ranker that is tried placed each, where the order is a draft of two
    """

    query: Query
    rows: Rows
    features: Floats
    terms: Floats
    scores: Floats
    earned_ranks: Rows | None = None
    also_listed: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    by_tried: NDArray[np.bool_] | None = None

    def take(self, places: Rows) -> Scoring:
        """Some of the candidates only, in the order of `places`, counted from 0."""
        listed = {new: self.also_listed[old] for new, old in enumerate(places.tolist()) if old in self.also_listed}
        return replace(
            self,
            rows=self.rows[places],
            features=self.features[places],
            terms=self.terms[places],
            scores=self.scores[places],
            earned_ranks=None if self.earned_ranks is None else self.earned_ranks[places],
            also_listed=listed,
            by_tried=None if self.by_tried is None else self.by_tried[places],
        )

    @property
    def folded(self) -> tuple[tuple[str, int], ...]:
        """Ids of all near-duplicates that have no place, each with the place of the one that stays for it."""
        return tuple((supplier_id, place) for place, ids in self.also_listed.items() for supplier_id in ids)

    def moved_from(self, place: int, rank: int) -> int | None:
        """Rank by relevance alone of whoever stands at a place, from 0, of this scoring; None where it is `rank`."""
        earned = rank if self.earned_ranks is None else int(self.earned_ranks[place])
        return None if earned == rank else earned


@dataclass(frozen=True)
class RequestMatch:
    """A buyer request in its place for a supplier."""

    rank: int
    request: BuyerRequest
    score: float
    probability: float


class Matcher:
    """Composes encoder, catalogue, indexes and ranker; holds no state that a call changes.

    observe       : called around each stage of an answer
    rates         : converts prices; without it only those of one currency are compared
    track_records : of the suppliers, as far as they are known
    """

    def __init__(
        self,
        encoder: Encoder,
        catalogue: Catalogue,
        index: LayeredIndex,
        word_index: WordIndex,
        ranker: GlassBoxRanker,
        headings: HeadingModel | None = None,
        observe: Observer = unobserved,
        rates: RateTable | None = None,
        track_records: TrackRecords = NO_TRACK_RECORDS,
    ) -> None:
        self.encoder = encoder
        self.catalogue = catalogue
        self.index = index
        self.word_index = word_index
        self.ranker = ranker
        self.headings = headings
        self.observe = observe
        self.rates = rates
        self.track_records = track_records

    @classmethod
    def build(
        cls,
        encoder: Encoder,
        suppliers: Iterable[Supplier],
        ranker: GlassBoxRanker,
        headings: HeadingModel | None = None,
        *,
        encode: Callable[[Sequence[Supplier]], Halves] | None = None,
        observe: Observer = unobserved,
        rates: RateTable | None = None,
        track_records: TrackRecords = NO_TRACK_RECORDS,
    ) -> Matcher:
        """A matcher over suppliers, read batch by batch; without `headings` it infers none.

        encode : vectors of a batch, as `encode_suppliers` gives them, from wherever they are to be had
        """
        encode = encode or partial(encode_suppliers, encoder=encoder)
        catalogue = Catalogue.build((), np.empty((0, encoder.dimensions), np.float16), headings)
        word_index, remaining = WordIndex(()), iter(suppliers)
        while batch := list(islice(remaining, _BATCH)):
            catalogue = catalogue.with_changes((), Catalogue.build(batch, encode(batch), headings))
            word_index = word_index.with_changes(np.empty(0, np.int64), batch)
        word_index = word_index.take(np.arange(len(catalogue)))
        index = _settled(catalogue)
        return cls(encoder, catalogue, index, word_index, ranker, headings, observe, rates, track_records)

    def with_changes(self, removed: Collection[str], added: Sequence[Supplier]) -> Matcher:
        """A matcher over the suppliers as they are after a change, in time that grows with the change.

        removed : ids to leave out; one that is not there is no error
        added   : suppliers, of differing ids, in place of those of the same ids
        """
        old = self.catalogue
        came = Catalogue.build(added, encode_suppliers(added, self.encoder), self.headings)
        dropped = {*removed, *came.row_by_id} & old.row_by_id.keys()
        rows = np.array([old.row_by_id[supplier_id] for supplier_id in dropped], np.int64)
        vectors = np.concatenate([came.profile_vectors, came.lines.vectors])
        changed = self._over(
            old.with_changes(dropped, came),
            self.index.with_more(came.vector_rows + len(old), vectors) if len(came) else self.index,
            self.word_index.with_changes(rows, added),
        )
        return changed.settled() if changed._is_worn() else changed

    def settled(self) -> Matcher:
        """The same suppliers laid out anew, nothing left of those that were replaced or removed."""
        rows = np.flatnonzero(self.catalogue.alive).astype(np.int64)
        catalogue = self.catalogue.take(rows)
        return self._over(catalogue, _settled(catalogue, self.index), self.word_index.take(rows))

    def match(
        self,
        request: BuyerRequest,
        *,
        top: int = 10,
        explain: bool = True,
        language: str | None = None,
        filters: Filters | None = None,
        today: datetime.date | None = None,
        exposure: ExposurePolicy | None = None,
    ) -> Ranking:
        """The `top` suppliers for a request, explained in `language` (else the request's own, else English).

        today    : the day that certificates' dates are held against; by default the day now in UTC
        exposure : how attention is to be shared; by default everyone stands by relevance alone

        Raises InvalidRequest where the text holds no word.
        """
        rankings = self.match_many(
            [request], top=top, explain=explain, language=language, filters=filters, today=today, exposure=exposure
        )  # fmt: skip
        return next(rankings)

    def match_many(
        self,
        requests: Iterable[BuyerRequest],
        *,
        top: int = 10,
        explain: bool = True,
        language: str | None = None,
        filters: Filters | None = None,
        today: datetime.date | None = None,
        exposure: ExposurePolicy | None = None,
    ) -> Iterator[Ranking]:
        """Rankings of requests in their order, computed one by one as they are asked for."""
        today = today or current_day()
        allowed = (filters or Filters()).allowed(self.catalogue, today)
        for request in requests:
            scoring = self.score(request, allowed=allowed, today=today, exposure=exposure)
            matches = self.matches(scoring, range(min(top, len(scoring.rows))), explain=explain, language=language)
            query = scoring.query
            yield Ranking(query.request, query.needs, matches, self.likeliest_headings(query))

    def score(
        self,
        request: BuyerRequest,
        *,
        allowed: Rows | None = None,
        today: datetime.date | None = None,
        exposure: ExposurePolicy | None = None,
        fold_duplicates: bool = True,
    ) -> Scoring:
        """The candidates of a request, best first; equals in one order, whatever their rows.

        exposure        : moves candidates where a group would otherwise have less exposure than it is owed
        fold_duplicates : whether only one of near-duplicates has a place
        """
        query = self.query(request, today)
        rows, features = self.compare(query, allowed=allowed)
        found = Scoring(query, rows, features, np.empty_like(features), np.empty(len(rows)))
        with self.observe(Stage.RANK):
            return self.rank(found, exposure=exposure, fold_duplicates=fold_duplicates)

    def rank(
        self, scoring: Scoring, *, exposure: ExposurePolicy | None = None, fold_duplicates: bool = True
    ) -> Scoring:
        """The candidates of a scoring, whatever their order, terms and scores, ranked by this matcher's ranker."""
        terms = self.ranker.terms(scoring.features)
        scores = self.ranker.scores(terms)
        order = np.lexsort((self.catalogue.tie_breakers[scoring.rows], -scores))
        ranked = replace(scoring, terms=terms, scores=scores, earned_ranks=None).take(order)
        if fold_duplicates:
            kept = fold(self.catalogue, ranked.rows, ranked.scores)
            ranked = replace(ranked, also_listed=kept.also_listed).take(kept.places)
        if exposure is None:
            return ranked
        protected = exposure.protects(self.catalogue, ranked.rows)
        # The expected grade, not the probability shown: of that, near scores have the same.
        moved = exposure.order(logistic(ranked.scores), protected).order
        shared = ranked.take(moved)
        return replace(shared, earned_ranks=moved + 1) if (np.diff(moved) != 1).any() else shared

    def score_listed(self, request: BuyerRequest, supplier_ids: Iterable[str]) -> Scoring:
        """Suppliers scored for a request in the order in which they are listed; whoever is gone is left out."""
        query = self.query(request)
        found = self.catalogue.row_by_id
        rows = np.array([found[supplier_id] for supplier_id in supplier_ids if supplier_id in found], np.int64)
        features = feature_matrix(Comparison(query, self.catalogue, rows))
        terms = self.ranker.terms(features)
        return Scoring(query, rows, features, terms, self.ranker.scores(terms))

    def matches(
        self,
        scoring: Scoring,
        places: range,
        *,
        ranks: Sequence[int] | None = None,
        explain: bool = True,
        language: str | None = None,
    ) -> tuple[Match, ...]:
        """The suppliers at some places of a scoring, counted from 0, with their reasons.

        ranks : at which each is shown, where that is not its place plus one
        """
        shown = [place + 1 for place in places] if ranks is None else ranks
        chances = self.ranker.probabilities(scoring.scores)
        with self.observe(Stage.EXPLAIN):
            reader = language or scoring.query.request.language or "en"
            # Read once: each is shown, explained, and spoken of by the one below.
            read = range(max(0, places.start - 1), places.stop)
            suppliers = {place: self.catalogue.suppliers[scoring.rows[place]] for place in read}
            reasons = self._explanations(scoring, suppliers, places, reader) if explain else [None] * len(places)
            return tuple(
                _marked(
                    Match(
                        rank,
                        suppliers[place],
                        float(scoring.scores[place]),
                        float(chances[place]),
                        reason,
                        scoring.moved_from(place, rank),
                        scoring.also_listed.get(place, ()),
                        self.ranker.version,
                    ),
                    reader,
                )
                for place, rank, reason in zip(places, shown, reasons, strict=True)
            )

    def likeliest_headings(self, query: Query) -> tuple[HeadingChance, ...]:
        """What a request may be about; the heading it states alone, where it does; none without a model of them."""
        stated = query.constraints.hs
        if stated:
            return (HeadingChance(stated[:4], 1.0, stated=True),)
        if self.headings is None or query.headings is None:
            return ()
        return self.headings.likeliest(query.headings, _SHOWN_HEADINGS)

    def requests_for(
        self, supplier_id: str, requests: Sequence[BuyerRequest], *, top: int = 10
    ) -> tuple[RequestMatch, ...]:
        """The open requests that fit a supplier best; UnknownSupplier where there is none of that id."""
        row = np.array([self.catalogue.row(supplier_id)], np.int64)
        queries = [self.query(request) for request in requests]
        features = [feature_matrix(Comparison(query, self.catalogue, row)) for query in queries]
        scores = self.ranker.scores(self.ranker.terms(np.concatenate(features))) if features else np.empty(0)
        order = np.argsort(-scores, kind="stable")[:top]
        chances = self.ranker.probabilities(scores)
        return tuple(
            RequestMatch(rank, requests[place], float(scores[place]), float(chances[place]))
            for rank, place in enumerate(order, start=1)
        )

    def query(self, request: BuyerRequest, today: datetime.date | None = None, *, needs: Needs | None = None) -> Query:
        """A request made ready, for a day or for the day now in UTC; InvalidRequest where its text holds no word.

        needs : as they were read before; by default they are read here
        """
        if not words(request.text):
            raise InvalidRequest(f"text is {request.text[:40]!r}, expected at least one word")
        with self.observe(Stage.ENCODE):
            if request.language is None:
                request = request.model_copy(update={"language": detect_language(request.text)})
            needs = needs or needs_of(request)
            texts = goods_texts(request.text, needs)
            vectors = self.encoder.encode(texts, kind=TextKind.REQUEST)
            headings = self._asked_headings(needs, texts, vectors)
            phrases = [request.text[start:end] for start, end in needs.exclusions]
            ruled_out = RuledOut.of(phrases, texts[0], vectors[0], self.encoder)
        with self.observe(Stage.RECALL):
            word_scores = self.word_index.scores(wanted_text(request.text, needs))
        day = today or current_day()
        return Query(
            request, needs, texts[0], vectors[0], vectors[1:], word_scores, day, headings, self.rates,
            self.track_records, ruled_out,
        )  # fmt: skip

    def compare(self, query: Query, *, allowed: Rows | None = None, limit: int = 200) -> tuple[Rows, Floats]:
        """Candidate rows (k,) of a query and their features (k, f)."""
        with self.observe(Stage.RECALL):
            living = self.catalogue.living if allowed is None else allowed
            vectors = np.concatenate([query.vector[None, :], query.clause_vectors])
            rows = find_candidates(
                vectors, query.word_scores, self.index, living, limit=limit,
                tie_breakers=self.catalogue.tie_breakers,
            )  # fmt: skip
        with self.observe(Stage.FEATURES):
            return rows, feature_matrix(Comparison(query, self.catalogue, rows))

    def _asked_headings(self, needs: Needs, texts: Sequence[str], vectors: Vectors) -> NDArray[np.float32] | None:
        if self.headings is None:
            return None
        stated = needs.constraints.hs
        return self.headings.stated(stated) if stated else self.headings.of_request(texts, vectors)

    def _explanations(
        self, scoring: Scoring, suppliers: Mapping[int, Supplier], places: range, language: str
    ) -> list[Explanation]:
        query, rows = scoring.query, scoring.rows[places.start : places.stop]
        asked = Words.of(query.request.text, self.encoder.token_vectors(query.goods, kind=TextKind.REQUEST))
        nearest = Comparison(query, self.catalogue, rows).lines - self.catalogue.lines.starts[rows]
        return [
            self._explanation(scoring, suppliers, asked, place, line, language)
            for place, line in zip(places, nearest.tolist(), strict=True)
        ]

    def _explanation(
        self,
        scoring: Scoring,
        suppliers: Mapping[int, Supplier],
        asked: Words,
        place: int,
        line: int,
        language: str,
    ) -> Explanation:
        supplier = suppliers[place]
        profile = supplier.text()
        found = evidence(asked, Words.of(profile, self.encoder.token_vectors(profile)))
        terms = terms_of(scoring.features[place], scoring.terms[place])
        product = supplier.products[line] if supplier.products else None
        findings = findings_of(scoring.query, supplier, product, terms, language)
        sentences = sentences_of(supplier, found, findings, language)
        compared = _compared(scoring, suppliers, place, language)
        return Explanation(self.ranker.base, terms, found, findings, sentences, compared)

    def observed_by(self, observe: Observer) -> Matcher:
        """The same over the same suppliers, its stages measured by another."""
        return Matcher(
            self.encoder, self.catalogue, self.index, self.word_index, self.ranker, self.headings, observe, self.rates,
            self.track_records,
        )  # fmt: skip

    def with_track_records(self, track_records: TrackRecords) -> Matcher:
        """The same over the same suppliers, their dealings known anew."""
        return Matcher(
            self.encoder, self.catalogue, self.index, self.word_index, self.ranker, self.headings, self.observe,
            self.rates, track_records,
        )  # fmt: skip

    def _is_worn(self) -> bool:
        """Whether so many rows are dead or recent that laying everything out anew pays."""
        dead = len(self.catalogue) - self.catalogue.count
        recent = self.index.recent_vectors
        return dead + recent > max(_RECENT_ROWS, _RECENT_SHARE * len(self.index))

    def ranked_by(self, ranker: GlassBoxRanker) -> Matcher:
        """The same catalogue under another ranker."""
        return Matcher(
            self.encoder, self.catalogue, self.index, self.word_index, ranker, self.headings, self.observe, self.rates,
            self.track_records,
        )  # fmt: skip

    def _over(self, catalogue: Catalogue, index: LayeredIndex, word_index: WordIndex) -> Matcher:
        """The same models over another state of the suppliers."""
        return Matcher(
            self.encoder, catalogue, index, word_index, self.ranker, self.headings, self.observe, self.rates,
            self.track_records,
        )  # fmt: skip


def _compared(scoring: Scoring, suppliers: Mapping[int, Supplier], place: int, language: str) -> Compared | None:
    # Who stands above may score less: moved up for its group's share, or changed since the first page was ordered.
    if place == 0 or scoring.scores[place - 1] < scoring.scores[place]:
        return None
    differences = scoring.terms[place - 1] - scoring.terms[place]
    score_difference = float(scoring.scores[place - 1] - scoring.scores[place])
    return compared_with(suppliers[place - 1], differences, score_difference, language)


def _marked(match: Match, language: str) -> Match:
    """The match, its reasons followed by why it was moved and under which further ids it is listed, where so."""
    said = []
    if match.moved_from is not None:
        said.append(moved_sentence(match.rank, match.moved_from, language))
    if match.also_listed_as:
        said.append(also_listed_sentence(match.also_listed_as, language))
    if match.explanation is None or not said:
        return match
    return replace(match, explanation=replace(match.explanation, sentences=(*match.explanation.sentences, *said)))


def _settled(catalogue: Catalogue, like: LayeredIndex | None = None) -> LayeredIndex:
    rows, lines = np.arange(len(catalogue)), catalogue.lines
    blocks = [(rows, catalogue.profile_vectors), (np.repeat(rows, np.diff(lines.starts)), lines.vectors)]
    return LayeredIndex(settled_index(blocks, like.settled if like else None))
