"""Why a supplier stands where it stands: terms, evidence, needs met or not, and sentences in the reader's language."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from matching.catalogue import Floats
from matching.certificates import held_by, satisfying
from matching.evidence import Evidence
from matching.features import FEATURE_NAMES, KEPT_AT_LEAST, NOT_ASKED, Query
from matching.messages import Messages, messages_in
from matching.profiles import Money, Product, Supplier
from matching.reasons import Compared, Finding, State, Status, Term, TermDifference

FEATURE_TITLES = {
    "profile_similarity": "the whole profile",
    "product_similarity": "the nearest product",
    "clause_similarity": "one part of your request and one product",
    "word_overlap": "words in common",
    "hs_agreement": "customs code (HS)",
    "heading_agreement": "the same HS heading",
    "certificates_held": "certificates",
    "delivery_country_served": "delivery country",
    "quantity_against_moq": "quantity and minimum order",
    "lead_time_kept": "lead time",
    "price_within_ceiling": "price",
    "language_in_common": "language in common",
    "supplier_country_wanted": "supplier country",
    "incoterm_offered": "Incoterm",
    "exclusions_kept": "what you rule out",
    "profile_completeness": "completeness of the profile",
    "response_rate": "how often the supplier answers",
    "acceptance_rate": "how often the supplier accepts a meeting",
    "newcomer": "new among the suppliers",
}
_COMPARED_TERMS = 3


@dataclass(frozen=True)
class Explanation:
    """The reasons of one match; base + the terms' contributions, added in order, are the score exactly.

    compared : beside the match one place above it; None for the first of an answer
    """

    base: float
    terms: tuple[Term, ...]
    evidence: Evidence
    findings: tuple[Finding, ...]
    sentences: tuple[str, ...]
    compared: Compared | None = None


def terms_of(features: Floats, contributions: Floats) -> tuple[Term, ...]:
    """Terms of one candidate from its feature row (f,) and contributions (f,)."""
    rows = zip(FEATURE_NAMES, features.tolist(), contributions.tolist(), strict=True)
    return tuple(Term(name, *_stated(value), contribution) for name, value, contribution in rows)


def _stated(value: float) -> tuple[State, float | None]:
    if math.isnan(value):
        return State.UNKNOWN, None
    return (State.NOT_ASKED, None) if value == NOT_ASKED else (State.KNOWN, value)


def findings_of(
    query: Query, supplier: Supplier, line: Product | None, terms: Sequence[Term], language: str
) -> tuple[Finding, ...]:
    """What the request needs, each met, broken or unknown; read from the same feature values that were scored.

    line : the product line nearest to the request, None where the supplier names no product
    """
    values = {term.feature: term.value for term in terms}
    messages = messages_in(language)
    found = [*_certificate_findings(query, supplier, messages), *_exclusion_findings(query, values, messages)]
    for need, (feature, threshold, describe) in _NEEDS.items():
        text = describe(query, line, messages)
        if text is not None:
            found.append(Finding(need, _status(values[feature], threshold), text))
    return tuple(found)


def compared_with(above: Supplier, differences: Floats, score_difference: float, language: str) -> Compared:
    """What puts a match below another: `differences` (f,) are how much more each term adds to the one above."""
    foremost = (-differences).argsort(kind="stable")[:_COMPARED_TERMS].tolist()
    terms = tuple(
        TermDifference(FEATURE_NAMES[place], float(differences[place])) for place in foremost if differences[place] > 0
    )
    return Compared(above.id, score_difference, terms, _compared_sentence(above, terms, score_difference, language))


def sentences_of(supplier: Supplier, evidence: Evidence, findings: Sequence[Finding], language: str) -> tuple[str, ...]:
    """One to three sentences: what answers the request, what is met, what is not met or not stated."""
    messages = messages_in(language)
    written = (
        _evidence_sentence(supplier, evidence, messages),
        _listing(messages, "Meets: {needs}.", findings, Status.MET),
        " ".join(
            filter(
                None,
                (
                    _listing(messages, "Does not meet: {needs}.", findings, Status.BROKEN),
                    _listing(messages, "Not stated: {needs}.", findings, Status.UNKNOWN),
                ),
            )
        ),
    )
    return tuple(sentence for sentence in written if sentence)


def _compared_sentence(above: Supplier, terms: Sequence[TermDifference], score_difference: float, language: str) -> str:
    messages = messages_in(language)
    if score_difference == 0:
        return messages.text("Scores the same as {supplier}, one place above.", supplier=above.name)
    titles = [messages.text(FEATURE_TITLES[term.feature]) for term in terms]
    return messages.text(
        "Below {supplier} mainly because of: {terms}.", supplier=above.name, terms=messages.listing(titles)
    )


def _evidence_sentence(supplier: Supplier, evidence: Evidence, messages: Messages) -> str:
    if not evidence.pairs:
        return messages.text("{supplier} shares no words or meaning with your request.", supplier=supplier.name)
    best = evidence.pairs[0]
    return messages.text(
        "{supplier}: “{offered}” comes closest to your “{asked}” ({share} of the text similarity).",
        supplier=supplier.name,
        offered=best.profile.text,
        asked=best.request.text,
        share=messages.percent(best.share),
    )


def _listing(messages: Messages, sentence: str, findings: Sequence[Finding], status: Status) -> str:
    items = [finding.text for finding in findings if finding.status is status]
    return messages.text(sentence, needs=messages.listing(items)) if items else ""


def _status(value: float | None, threshold: float) -> Status:
    if value is None:
        return Status.UNKNOWN
    return Status.MET if value >= threshold else Status.BROKEN


def _certificate_findings(query: Query, supplier: Supplier, messages: Messages) -> Iterator[Finding]:
    held = held_by(supplier)
    for required in query.constraints.certifications:
        counting = satisfying(held, required, query.today)
        status = Status.MET if counting else Status.BROKEN if held else Status.UNKNOWN
        last_days = [one.expires for one in counting or satisfying(held, required, datetime.date.min)]
        yield Finding("certifications", status, _certificate(required, status, last_days, messages))


def _exclusion_findings(query: Query, values: Mapping[str, float | None], messages: Messages) -> Iterator[Finding]:
    """What is ruled out, where the supplier seems to offer it; of one that does not mention it nobody can say more."""
    kept = values["exclusions_kept"]
    if query.ruled_out is None or kept is None or kept > KEPT_AT_LEAST:
        return
    words = [query.request.text[start:end] for start, end in query.needs.exclusions]
    yield Finding("exclusion", Status.BROKEN, messages.text("without “{words}”", words=messages.listing(words)))


def _certificate(name: str, status: Status, last_days: Sequence[datetime.date | None], messages: Messages) -> str:
    """A certificate, with the day on which the best of those held for it expires or expired."""
    dated = [day for day in last_days if day is not None]
    if not dated or len(dated) < len(last_days):
        return messages.text("certificate {name}", name=name)
    date = messages.day(max(dated))
    if status is Status.MET:
        return messages.text("certificate {name} (valid until {date})", name=name, date=date)
    return messages.text("certificate {name} (expired on {date})", name=name, date=date)


def _delivery(query: Query, _line: Product | None, messages: Messages) -> str | None:
    country = query.constraints.delivery_country
    return messages.text("delivery to {country}", country=messages.country(country)) if country else None


def _quantity(query: Query, line: Product | None, messages: Messages) -> str | None:
    asked = query.constraints.quantity
    if asked is None:
        return None
    if line is None or line.moq is None:
        return messages.text("quantity {quantity}", quantity=messages.quantity(asked))
    return messages.text(
        "quantity {quantity} (minimum order {minimum})",
        quantity=messages.quantity(asked),
        minimum=messages.quantity(line.moq),
    )


def _lead_time(query: Query, line: Product | None, messages: Messages) -> str | None:
    allowed = query.constraints.max_lead_time_days
    if allowed is None:
        return None
    asked = messages.plural("delivery within {count} day", "delivery within {count} days", allowed)
    if line is None or line.lead_time_days is None:
        return asked
    stated = messages.plural("states {count} day", "states {count} days", line.lead_time_days)
    return f"{asked} ({stated})"


def _price(query: Query, line: Product | None, messages: Messages) -> str | None:
    ceiling = query.constraints.max_price
    if ceiling is None:
        return None
    if line is None or line.price is None:
        return messages.text("price up to {ceiling}", ceiling=messages.price(ceiling))
    rate = query.rate(line.price.currency, ceiling.currency)
    if query.rates is not None and rate is not None and line.price.currency != ceiling.currency:
        converted = Money(value=line.price.min * rate, currency=ceiling.currency, unit=line.price.unit)
        return messages.text(
            "price up to {ceiling} (from {price}, which is {converted} at {rate} of {date})",
            ceiling=messages.price(ceiling),
            price=messages.price(line.price),
            converted=messages.price(converted),
            rate=messages.rate(line.price.currency, ceiling.currency, rate),
            date=messages.day(query.rates.date),
        )
    return messages.text(
        "price up to {ceiling} (from {price})", ceiling=messages.price(ceiling), price=messages.price(line.price)
    )


def _language(query: Query, _line: Product | None, messages: Messages) -> str | None:
    names = [messages.language(code) for code in query.constraints.languages]
    return messages.text("contact in {languages}", languages=messages.listing(names)) if names else None


def _country(query: Query, _line: Product | None, messages: Messages) -> str | None:
    names = [messages.country(code) for code in query.constraints.supplier_countries]
    if names:
        return messages.text("supplier from {countries}", countries=messages.listing(names))
    unwanted = [messages.country(code) for code in query.needs.excluded_countries]
    return messages.text("supplier not from {countries}", countries=messages.listing(unwanted)) if unwanted else None


def _incoterm(query: Query, _line: Product | None, messages: Messages) -> str | None:
    term = query.constraints.incoterm
    return messages.text("terms {incoterm}", incoterm=term) if term else None


_Describe = Callable[[Query, Product | None, Messages], str | None]
_NEEDS: dict[str, tuple[str, float, _Describe]] = {
    "delivery_country": ("delivery_country_served", 1.0, _delivery),
    "quantity": ("quantity_against_moq", 0.0, _quantity),
    "max_lead_time_days": ("lead_time_kept", 0.0, _lead_time),
    "max_price": ("price_within_ceiling", 0.0, _price),
    "languages": ("language_in_common", 1.0, _language),
    "supplier_countries": ("supplier_country_wanted", 1.0, _country),
    "incoterm": ("incoterm_offered", 1.0, _incoterm),
}
