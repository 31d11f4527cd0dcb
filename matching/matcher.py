"""The Matcher: request to candidates to scores to reasons, and the other direction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from matching.candidates import Filters, WordIndex, find_candidates
from matching.catalogue import Catalogue, Floats, Rows, encode_suppliers
from matching.clauses import clauses, goods_text
from matching.encoder import Encoder, TextKind, TokenVectors
from matching.errors import InvalidRequest
from matching.evidence import evidence
from matching.explanation import Explanation, findings_of, sentences_of, terms_of
from matching.features import Comparison, Query, feature_matrix
from matching.headings import HeadingChance, HeadingModel
from matching.index import FaissIndex, VectorIndex
from matching.language import detect_language
from matching.needs import Needs, needs_of
from matching.profiles import BuyerRequest, Product, Supplier
from matching.ranker import GlassBoxRanker, probabilities
from matching.words import words

_SHOWN_HEADINGS = 3


@dataclass(frozen=True)
class Match:
    """A supplier in its place for a request: score in log-odds of relevance, and that as a probability."""

    rank: int
    supplier: Supplier
    score: float
    probability: float
    explanation: Explanation | None


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
class RequestMatch:
    """A buyer request in its place for a supplier."""

    rank: int
    request: BuyerRequest
    score: float
    probability: float


class Matcher:
    """Composes encoder, catalogue, indexes and ranker; holds no state that a call changes."""

    def __init__(
        self,
        encoder: Encoder,
        catalogue: Catalogue,
        index: VectorIndex,
        word_index: WordIndex,
        ranker: GlassBoxRanker,
        headings: HeadingModel | None = None,
    ) -> None:
        self.encoder = encoder
        self.catalogue = catalogue
        self.index = index
        self.word_index = word_index
        self.ranker = ranker
        self.headings = headings

    @classmethod
    def build(
        cls,
        encoder: Encoder,
        suppliers: Sequence[Supplier],
        ranker: GlassBoxRanker,
        headings: HeadingModel | None = None,
    ) -> Self:
        """A matcher over suppliers, everything computed afresh; without `headings` it infers none."""
        vectors = encode_suppliers(suppliers, encoder)
        catalogue = Catalogue.build(suppliers, vectors, headings)
        index = FaissIndex(encoder.dimensions, encoder.fingerprint)
        index.add(catalogue.vector_rows, vectors)
        return cls(encoder, catalogue, index, WordIndex(suppliers), ranker, headings)

    def match(
        self,
        request: BuyerRequest,
        *,
        top: int = 10,
        explain: bool = True,
        language: str | None = None,
        filters: Filters | None = None,
    ) -> Ranking:
        """The `top` suppliers for a request, explained in `language` (else the request's own, else English).

        Raises InvalidRequest where the text holds no word.
        """
        return next(self.match_many([request], top=top, explain=explain, language=language, filters=filters))

    def match_many(
        self,
        requests: Iterable[BuyerRequest],
        *,
        top: int = 10,
        explain: bool = True,
        language: str | None = None,
        filters: Filters | None = None,
    ) -> Iterator[Ranking]:
        """Rankings of requests in their order, computed one by one as they are asked for."""
        allowed = filters.allowed(self.catalogue) if filters else None
        for request in requests:
            query = self.query(request)
            rows, features = self.compare(query, allowed=allowed)
            reader = (language or query.request.language or "en") if explain else None
            matches = self._ranked(query, rows, features, top, reader)
            yield Ranking(query.request, query.needs, matches, self._likeliest_headings(query))

    def requests_for(
        self, supplier_id: str, requests: Sequence[BuyerRequest], *, top: int = 10
    ) -> tuple[RequestMatch, ...]:
        """The open requests that fit a supplier best; UnknownSupplier where there is none of that id."""
        row = np.array([self.catalogue.row(supplier_id)], np.int64)
        queries = [self.query(request) for request in requests]
        features = [feature_matrix(Comparison(query, self.catalogue, row)) for query in queries]
        scores = self.ranker.scores(self.ranker.terms(np.concatenate(features))) if features else np.empty(0)
        order = np.argsort(-scores, kind="stable")[:top]
        chances = probabilities(scores)
        return tuple(
            RequestMatch(rank, requests[place], float(scores[place]), float(chances[place]))
            for rank, place in enumerate(order, start=1)
        )

    def query(self, request: BuyerRequest) -> Query:
        """A request made ready; InvalidRequest where its text holds no word."""
        if not words(request.text):
            raise InvalidRequest(f"text is {request.text[:40]!r}, expected at least one word")
        if request.language is None:
            request = request.model_copy(update={"language": detect_language(request.text)})
        needs = needs_of(request)
        goods = goods_text(request.text, needs)
        texts = [goods, *(clauses(goods) or [goods])]
        vectors = self.encoder.encode(texts, kind=TextKind.REQUEST)
        headings = self._asked_headings(needs, texts, vectors)
        return Query(request, needs, goods, vectors[0], vectors[1:], self.word_index.scores(request.text), headings)

    def compare(self, query: Query, *, allowed: Rows | None = None, limit: int = 200) -> tuple[Rows, Floats]:
        """Candidate rows (k,) of a query and their features (k, f)."""
        vectors = np.concatenate([query.vector[None, :], query.clause_vectors])
        rows = find_candidates(vectors, query.word_scores, self.index, allowed, limit=limit)
        return rows, feature_matrix(Comparison(query, self.catalogue, rows))

    def _asked_headings(
        self, needs: Needs, texts: Sequence[str], vectors: NDArray[np.float32]
    ) -> NDArray[np.float32] | None:
        if self.headings is None:
            return None
        stated = needs.constraints.hs
        return self.headings.stated(stated) if stated else self.headings.of_request(texts, vectors)

    def _likeliest_headings(self, query: Query) -> tuple[HeadingChance, ...]:
        stated = query.constraints.hs
        if stated:
            return (HeadingChance(stated[:4], 1.0, stated=True),)
        if self.headings is None or query.headings is None:
            return ()
        return self.headings.likeliest(query.headings, _SHOWN_HEADINGS)

    def _ranked(self, query: Query, rows: Rows, features: Floats, top: int, language: str | None) -> tuple[Match, ...]:
        terms = self.ranker.terms(features)
        scores = self.ranker.scores(terms)
        chances = probabilities(scores)
        order = np.lexsort((rows, -scores))[:top]
        request_tokens = self.encoder.token_vectors(query.goods, kind=TextKind.REQUEST) if language else None
        return tuple(
            Match(
                rank,
                self.catalogue.suppliers[rows[place]],
                float(scores[place]),
                float(chances[place]),
                self._explanation(query, request_tokens, int(rows[place]), features[place], terms[place], language)
                if language and request_tokens
                else None,
            )
            for rank, place in enumerate(order, start=1)
        )

    def _explanation(
        self,
        query: Query,
        request_tokens: TokenVectors,
        row: int,
        features: Floats,
        contributions: Floats,
        language: str,
    ) -> Explanation:
        supplier = self.catalogue.suppliers[row]
        profile = supplier.text()
        found = evidence(query.request.text, request_tokens, profile, self.encoder.token_vectors(profile))
        terms = terms_of(features, contributions)
        findings = findings_of(query, supplier, self._nearest_line(query, row), terms, language)
        return Explanation(self.ranker.base, terms, found, findings, sentences_of(supplier, found, findings, language))

    def _nearest_line(self, query: Query, row: int) -> Product | None:
        comparison = Comparison(query, self.catalogue, np.array([row], np.int64))
        place = int(comparison.lines[0] - self.catalogue.lines.starts[row])
        products = self.catalogue.suppliers[row].products
        return products[place] if products else None
