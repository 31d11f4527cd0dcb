"""What the HTTP API takes and gives, as pydantic models with examples for OpenAPI."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from data.trade_glossary import heading_names
from matching.filters import Filters
from matching.messages import available_languages
from matching.profile_changes import ProfileField
from matching.profiles import BuyerRequest, HeldCertificate, Identifier, PriceRange, Quantity, Size, Supplier
from matching.reasons import Standing, State, Status

if TYPE_CHECKING:
    from matching.advice import SupplierAdvice
    from matching.headings import HeadingChance
    from matching.matcher import Match, Matcher
    from matching.needs import Need

MAX_BATCH = 100


def _written_in(language: str) -> str:
    if language not in available_languages():
        raise ValueError(f"{language!r} is not offered; expected one of {', '.join(available_languages())}")
    return language


ReaderLanguage = Annotated[str, AfterValidator(_written_in)]


Cursor = Annotated[str, Field(min_length=1, max_length=400, pattern=r"^[A-Za-z0-9_-]+$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class AnswerOptions(_Body):
    """Who may be a match, and how matches are explained."""

    filters: Filters = Filters()
    language: ReaderLanguage | None = Field(
        default=None, description="Language of the reasons; by default that of the request"
    )
    explain: bool = Field(default=True, strict=True, description="Whether each match carries its reasons")


class MatchOptions(AnswerOptions):
    """How matches are wanted."""

    top: int = Field(default=10, ge=1, le=100, strict=True, description="How many matches at most")


class MatchBody(MatchOptions):
    """One of: a request as plain `text`, structured as `request`, stored under `request_id`; or a `cursor`.

    A cursor goes on where an earlier answer ended; filters are those of that answer.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "Wir suchen Bio-Arganöl, 500 Liter pro Monat, Ecocert, Lieferung nach Hamburg", "top": 5},
                {
                    "request": {
                        "text": "Huile d'olive vierge extra en vrac",
                        "constraints": {"delivery_country": "FR", "quantity": {"value": 20, "unit": "t"}},
                    },
                    "filters": {"countries": ["Maroc", "TN"]},
                    "language": "fr",
                },
                {"request_id": "R1"},
            ]
        }
    )

    text: str | None = None
    request: BuyerRequest | None = None
    request_id: Identifier | None = None
    cursor: Cursor | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        given = (self.text, self.request, self.request_id, self.cursor)
        if sum(value is not None for value in given) != 1:
            raise ValueError("expected one of text, request, request_id and cursor")
        return self


class BatchBody(MatchOptions):
    """Several requests with the same options."""

    requests: Annotated[list[BuyerRequest], Field(min_length=1, max_length=MAX_BATCH)]


class SupplierCard(_Answer):
    """The part of a supplier's profile that a list of matches shows."""

    id: str
    name: str
    country: str | None
    city: str | None
    size: Size | None
    profile_language: str | None
    description: str
    products: list[str]
    certifications: list[HeldCertificate]

    @classmethod
    def of(cls, supplier: Supplier) -> Self:
        """Card of a supplier."""
        fields = supplier.model_dump(include=set(cls.model_fields) - {"products"})
        return cls(products=[product.name for product in supplier.products], **fields)


class TermAnswer(_Answer):
    """One feature's part of the score, in log-odds."""

    feature: str
    state: State
    value: float | None
    contribution: float


class SpanAnswer(_Answer):
    """A stretch of a text, in characters."""

    start: int
    end: int
    text: str


class SpanPairAnswer(_Answer):
    """A span of the request and the span of the profile that answers it."""

    request: SpanAnswer
    profile: SpanAnswer
    share: float


class EvidenceAnswer(_Answer):
    """Strongest span pairs; their shares and `rest` make 1. Profile spans count in name, products, description."""

    pairs: list[SpanPairAnswer]
    rest: float
    exact: bool


class FindingAnswer(_Answer):
    """A stated need and how it stands with the supplier."""

    need: str
    status: Status
    text: str


class TermDifferenceAnswer(_Answer):
    """How much more one feature adds to the score of the supplier above, in log-odds."""

    feature: str
    difference: float


class ComparedAnswer(_Answer):
    """A match beside the supplier one place above it: at most three terms that speak most for that one."""

    supplier_id: str
    score_difference: float = Field(description="The sum of the differences of all terms")
    terms: list[TermDifferenceAnswer]
    sentence: str


class ExplanationAnswer(_Answer):
    """Why a supplier stands where it stands; base plus the contributions, added in order, are the score."""

    base: float
    terms: list[TermAnswer]
    evidence: EvidenceAnswer
    findings: list[FindingAnswer]
    sentences: list[str]
    compared: ComparedAnswer | None = Field(description="Null for the first match of an answer")


class MatchAnswer(_Answer):
    """A supplier in its place."""

    rank: int
    supplier: SupplierCard
    score: float = Field(description="Log-odds of relevance")
    probability: float = Field(description="Probability of relevance, 0 to 1")
    explanation: ExplanationAnswer | None
    moved_from: int | None = Field(
        default=None, description="Rank by relevance alone, where the match was moved so that attention is shared"
    )
    also_listed_as: list[str] = Field(
        default=[], description="Ids of its near-duplicates, which have no place of their own"
    )
    placed_by: str | None = Field(
        default=None, description="Version of the ranker that placed it and whose score this is, where two take turns"
    )

    @classmethod
    def of(cls, match: Match, *, drafted: bool = False) -> Self:
        """Answer of a match; `drafted` where two rankers placed suppliers in turns."""
        explanation = match.explanation and ExplanationAnswer.model_validate(match.explanation)
        return cls(
            rank=match.rank,
            supplier=SupplierCard.of(match.supplier),
            score=match.score,
            probability=match.probability,
            explanation=explanation,
            moved_from=match.moved_from,
            also_listed_as=list(match.also_listed_as),
            placed_by=match.ranker_version if drafted else None,
        )


class NeedAnswer(_Answer):
    """A need that was read from the request's text or form."""

    kind: str
    value: Any
    words: str | None = Field(description="What it was read from; null where the form states it")
    start: int | None
    end: int | None
    confidence: float
    source: str
    standing: Standing = Field(
        description="Whether it counts, is too unsure to count, or is outweighed by another value of its kind"
    )

    @classmethod
    def of(cls, need: Need, words: str, standing: Standing) -> Self:
        """Answer of a need, with the words it was read from."""
        return cls(**vars(need), words=words or None, standing=standing)


class HeadingAnswer(_Answer):
    """A heading of the Harmonized System that a text may be about; to correct it, state `constraints.hs`."""

    heading: str = Field(examples=["1515"], description="Four digits")
    name: str | None = Field(examples=["argan oil"])
    probability: float
    stated: bool = Field(description="Whether the request states it; then the probability is 1")

    @classmethod
    def of(cls, chance: HeadingChance, language: str) -> Self:
        """Answer of a heading, named in a language of the glossary."""
        name = heading_names(language).get(chance.heading)
        return cls(heading=chance.heading, name=name, probability=chance.probability, stated=chance.stated)


class HeadingsBody(_Body):
    """A product or a request in any language."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "huile d'argan", "top": 3, "language": "en"}]})

    text: str
    top: int = Field(default=5, ge=1, le=100, description="How many headings at most")
    language: ReaderLanguage | None = Field(
        default=None, description="Language of the headings' names; by default that of the text"
    )


class HeadingsAnswer(BaseModel):
    """Headings, likeliest first, and the encoder whose vectors they were inferred from."""

    headings: list[HeadingAnswer]
    encoder: str


class Versions(BaseModel):
    """What made an answer: same input, same versions and, for certificates that expire, same day give the same."""

    encoder: str
    ranker: str
    rates: str | None = Field(examples=["2025-06-30-5d1f03aa"], description="Table of exchange rates, by its date")
    tried: str | None = Field(
        default=None, description="A second ranker that is tried, where both place suppliers in turns"
    )

    @classmethod
    def of(cls, matcher: Matcher, *, tried: str | None = None) -> Self:
        """Versions of what a matcher stands on, and of a ranker that takes turns with its own."""
        rates, ranker = matcher.rates and matcher.rates.version, matcher.ranker.version
        return cls(encoder=matcher.encoder.fingerprint, ranker=ranker, rates=rates, tried=tried)


class RankingAnswer(BaseModel):
    """The matches of one request, best first; feedback names match_id as its query_id."""

    match_id: str
    request_id: str | None
    language: str | None
    needs: list[NeedAnswer]
    headings: list[HeadingAnswer]
    matches: list[MatchAnswer]
    day: date = Field(description="The day, in UTC, by which certificates were held to be valid or expired")
    versions: Versions
    next_cursor: str | None = Field(description="Ask with it for the matches that follow; null after the last")


class BatchAnswer(BaseModel):
    """Rankings in the order of the requests."""

    rankings: list[RankingAnswer]


class RequestMatchAnswer(_Answer):
    """A stored request in its place for a supplier."""

    rank: int
    request: BuyerRequest
    score: float = Field(description="Log-odds of relevance")
    probability: float = Field(description="Probability of relevance, 0 to 1")


class RequestsAnswer(BaseModel):
    """The stored requests that fit a supplier, best first."""

    supplier_id: str
    matches: list[RequestMatchAnswer]
    versions: Versions


class ChangeAnswer(_Answer):
    """One thing more that a profile would state; of an HS heading the first four digits count."""

    field: ProfileField
    value: str | int | Quantity | PriceRange
    product: int | None = Field(description="Place of the product line from 0; null for what is said of the firm")


class AdviceAnswer(_Answer):
    """What a change, or two together, would have brought, found by scoring the supplier as it would be."""

    changes: list[ChangeAnswer]
    requests: int = Field(description="Of how many requests it would newly have been among the first")
    examples: list[str] = Field(description="Ids of up to three of them, best place first")
    best_rank: int
    score_gained: float = Field(description="In log-odds, mean over those requests")
    sentence: str


class SupplierAdviceAnswer(BaseModel):
    """All advice to a supplier, what brings most first."""

    supplier_id: str
    requests: int = Field(description="How many were looked at")
    placed: int = Field(description="Of how many it is among the first already")
    advice: list[AdviceAnswer]
    pair: AdviceAnswer | None = Field(description="Two changes that win together what neither wins alone")
    gaps: list[str] = Field(description="Parts of the profile that are not filled in")
    gaps_sentence: str | None
    versions: Versions

    @classmethod
    def of(cls, found: SupplierAdvice, matcher: Matcher) -> Self:
        """Answer of all advice to a supplier."""
        return cls(
            supplier_id=found.supplier.id,
            requests=found.requests,
            placed=found.placed,
            advice=[AdviceAnswer.model_validate(one) for one in found.advice],
            pair=AdviceAnswer.model_validate(found.pair) if found.pair else None,
            gaps=list(found.gaps),
            gaps_sentence=found.gaps_sentence,
            versions=Versions.of(matcher),
        )


class AttentionAnswer(_Answer):
    """Attention of a supplier or a group: the exposure of the places shown at, and what relevance earned."""

    name: str | None = Field(description="Id, size, country, newcomer or established; null where nothing is stated")
    received: float = Field(description="Sum of 1 / log2(1 + position)")
    earned: float = Field(description="Part of its matches' attention in proportion to its expected relevance")


class ExposureAnswer(BaseModel):
    """The exposure ledger: groups by size, country and newness; suppliers, the largest debt first."""

    groups: dict[str, list[AttentionAnswer]]
    suppliers: list[AttentionAnswer]


class Health(BaseModel):
    """State of the process, or of the catalogues in service; while they load, how many suppliers of `of` are done."""

    status: str
    suppliers: int | None = None
    of: int | None = None
    detail: str | None = None


class Fault(BaseModel):
    """One field that cannot be used."""

    field: str = Field(examples=["request.country"])
    value: str = Field(examples=["Atlantis"])
    expected: str = Field(examples=["'Atlantis' is not a country; expected an ISO 3166 code such as MA"])


class Problem(BaseModel):
    """A failure as RFC 9457 lays it out; `faults` names each field that cannot be used."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    faults: list[Fault] = []
