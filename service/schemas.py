"""What the HTTP API takes and gives, as pydantic models with examples for OpenAPI."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from data.trade_glossary import heading_names
from matching.candidates import Filters
from matching.explanation import State, Status
from matching.headings import HeadingChance
from matching.matcher import Match, Matcher, Ranking
from matching.messages import available_languages
from matching.needs import Need
from matching.profiles import BuyerRequest, Size, Supplier

MAX_BATCH = 100


def _written_in(language: str) -> str:
    if language not in available_languages():
        raise ValueError(f"{language!r} is not offered; expected one of {', '.join(available_languages())}")
    return language


ReaderLanguage = Annotated[str, AfterValidator(_written_in)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class MatchOptions(_Body):
    """How matches are wanted."""

    filters: Filters = Filters()
    top: int = Field(default=10, ge=1, le=100, description="How many matches at most")
    language: ReaderLanguage | None = Field(
        default=None, description="Language of the reasons; by default that of the request"
    )
    explain: bool = Field(default=True, description="Whether each match carries its reasons")


class MatchBody(MatchOptions):
    """A request as plain `text` or structured as `request`, never both."""

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
            ]
        }
    )

    text: str | None = None
    request: BuyerRequest | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.text is None) == (self.request is None):
            raise ValueError("expected either text or request")
        return self

    def buyer_request(self) -> BuyerRequest:
        """The request to be matched; ValidationError where the text cannot be one."""
        return self.request or BuyerRequest(text=self.text or "")


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
    certifications: list[str]

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


class ExplanationAnswer(_Answer):
    """Why a supplier stands where it stands; base plus the contributions, added in order, are the score."""

    base: float
    terms: list[TermAnswer]
    evidence: EvidenceAnswer
    findings: list[FindingAnswer]
    sentences: list[str]


class MatchAnswer(_Answer):
    """A supplier in its place."""

    rank: int
    supplier: SupplierCard
    score: float = Field(description="Log-odds of relevance")
    probability: float = Field(description="Probability of relevance, 0 to 1")
    explanation: ExplanationAnswer | None

    @classmethod
    def of(cls, match: Match) -> Self:
        """Answer of a match."""
        explanation = match.explanation and ExplanationAnswer.model_validate(match.explanation)
        return cls(
            rank=match.rank,
            supplier=SupplierCard.of(match.supplier),
            score=match.score,
            probability=match.probability,
            explanation=explanation,
        )


class NeedAnswer(_Answer):
    """A need that was read from the request's text or form."""

    kind: str
    value: Any
    start: int | None
    end: int | None
    confidence: float
    source: str

    @classmethod
    def of(cls, need: Need) -> Self:
        """Answer of a need."""
        return cls.model_validate(need)


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
    """What made an answer: same input and same versions give the same answer."""

    encoder: str
    ranker: str

    @classmethod
    def of(cls, matcher: Matcher) -> Self:
        """Versions of the models in a matcher."""
        return cls(encoder=matcher.encoder.fingerprint, ranker=matcher.ranker.version)


class RankingAnswer(BaseModel):
    """The matches of one request, best first."""

    request_id: str | None
    language: str | None
    needs: list[NeedAnswer]
    headings: list[HeadingAnswer]
    matches: list[MatchAnswer]
    versions: Versions

    @classmethod
    def of(cls, ranking: Ranking, matcher: Matcher, language: str | None = None) -> Self:
        """Answer of a ranking; headings are named in `language`, else in that of the request."""
        reader = language or ranking.request.language or "en"
        return cls(
            request_id=ranking.request.id,
            language=ranking.request.language,
            needs=[NeedAnswer.of(need) for need in ranking.needs.found],
            headings=[HeadingAnswer.of(chance, reader) for chance in ranking.headings],
            matches=[MatchAnswer.of(match) for match in ranking.matches],
            versions=Versions.of(matcher),
        )


class BatchAnswer(BaseModel):
    """Rankings in the order of the requests."""

    rankings: list[RankingAnswer]


class Health(BaseModel):
    """State of the process, or of the matcher in service."""

    status: str
    suppliers: int | None = None
    detail: str | None = None
