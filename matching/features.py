"""FEATURES: what the ranker knows of a request and a candidate, each a named function of a Comparison.

Besides its number a feature has two states of its own, neither of them zero: UNKNOWN, where the request asks but
the supplier states nothing that can be compared, and NOT_ASKED, where the request asks nothing of the kind.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from matching.catalogue import Catalogue, Floats, Rows
from matching.certificates import satisfying
from matching.currencies import RateTable
from matching.exclusions import RuledOut
from matching.lines import line_texts
from matching.needs import Needs
from matching.profiles import BuyerRequest, Constraints
from matching.track_records import NO_TRACK_RECORDS, TrackRecords
from matching.units import in_base_units
from matching.words import words

UNKNOWN = np.nan
NOT_ASKED = np.inf


class Direction(IntEnum):
    """Which way a feature may move the score as it grows; the values are scikit-learn's `monotonic_cst`."""

    FREE = 0
    RISING = 1


@dataclass(frozen=True)
class Query:
    """A request made ready.

    goods          : its text without the stated needs, places kept
    vector         : float32 (d,) of `goods`
    clause_vectors : float32 (c, d) of the clauses of `goods`
    word_scores    : float64 (n,) over the whole catalogue
    today          : the day that certificates' dates are held against
    headings       : float32 (h,), probability of each heading, all on the stated one; None without a model of them
    rates          : None without a table of exchange rates
    track_records  : of the suppliers, as far as they are known
    ruled_out      : None where it rules nothing out
    """

    request: BuyerRequest
    needs: Needs
    goods: str
    vector: NDArray[np.float32]
    clause_vectors: NDArray[np.float32]
    word_scores: Floats
    today: datetime.date
    headings: NDArray[np.float32] | None = None
    rates: RateTable | None = None
    track_records: TrackRecords = NO_TRACK_RECORDS
    ruled_out: RuledOut | None = None

    @property
    def constraints(self) -> Constraints:
        """What the form and the text ask, merged."""
        return self.needs.constraints

    def rate(self, currency: str, into: str) -> float | None:
        """Units of `into` for one unit of a currency; None where no table of exchange rates has both."""
        if self.rates is None:
            return 1.0 if currency == into else None
        return self.rates.rate(currency, into)


@dataclass(frozen=True)
class Comparison:
    """A query beside k candidate rows; `lines` (k,) is the product line of each that is nearest to the request."""

    query: Query
    catalogue: Catalogue
    rows: Rows

    @cached_property
    def profile_similarity(self) -> Floats:
        """Cosine of the request with each whole profile (k,)."""
        return _cosines(self.catalogue.profile_vectors[self.rows].astype(np.float32), self.query.vector)

    @cached_property
    def all_lines(self) -> tuple[Rows, Rows]:
        """Every line of the candidates, and for each the position in `rows` that owns it."""
        return self.catalogue.lines.of_rows(self.rows)

    @cached_property
    def line_vectors(self) -> NDArray[np.float32]:
        """Vectors of `all_lines`, float32 (m, d)."""
        return self.catalogue.lines.vectors[self.all_lines[0]].astype(np.float32)

    @cached_property
    def _nearest(self) -> tuple[Rows, Floats]:
        lines, owners = self.all_lines
        similarities = _cosines(self.line_vectors, self.query.vector)
        order = np.lexsort((-similarities, owners))
        first = order[np.searchsorted(owners[order], np.arange(len(self.rows)))]
        return lines[first], similarities[first]

    @property
    def lines(self) -> Rows:
        """The line of each candidate nearest to the request (k,)."""
        return self._nearest[0]

    @cached_property
    def focus(self) -> Floats:
        """Share of what a line says that counts (k,): 1, but less for a firm that claims to sell everything."""
        return np.minimum(1.0, _WIDEST_TRADE / self.catalogue.lines.breadth[self.rows])

    @property
    def line_similarity(self) -> Floats:
        """Cosine of the request with that line, by focus (k,)."""
        return self._nearest[1] * self.focus

    @cached_property
    def clause_similarity(self) -> Floats:
        """Highest cosine of any clause of the request with any product line, by focus (k,)."""
        clauses = [_cosines(self.line_vectors, vector) for vector in self.query.clause_vectors]
        similarities = np.max(clauses, axis=0)
        best = np.full(len(self.rows), -1.0)
        np.maximum.at(best, self.all_lines[1], similarities)
        return best * self.focus

    @cached_property
    def track_records(self) -> TrackRecords:
        """Those of the candidates, a row each."""
        return self.query.track_records.take([self.catalogue.ids[row] for row in self.rows.tolist()])

    def line_text(self, position: int) -> str:
        """The words of the line nearest to the request, of the candidate at a position in `rows`."""
        row = int(self.rows[position])
        texts = line_texts(self.catalogue.suppliers[row])
        return texts[int(self.lines[position] - self.catalogue.lines.starts[row])]

    def nothing_asked(self) -> Floats:
        """NOT_ASKED for each candidate."""
        return np.full(len(self.rows), NOT_ASKED)


@dataclass(frozen=True)
class Feature:
    """One row of the table: how a feature is computed, how its curve may run, where its steps lie.

    compute : Comparison of k candidates -> float64 (k,), with UNKNOWN and NOT_ASKED where they apply
    steps   : ascending upper edges of the ordinal steps; None lets training place them by quantiles
    rule    : contribution of each of those steps, where it is set and not fitted
    """

    name: str
    meaning: str
    compute: Callable[[Comparison], Floats]
    direction: Direction = Direction.RISING
    steps: tuple[float, ...] | None = None
    rule: tuple[float, ...] | None = None


def profile_similarity(comparison: Comparison) -> Floats:
    """Cosine of request and whole profile, -1 to 1."""
    return comparison.profile_similarity


def product_similarity(comparison: Comparison) -> Floats:
    """Cosine of request and the nearest product line, -1 to 1."""
    return comparison.line_similarity


def clause_similarity(comparison: Comparison) -> Floats:
    """Highest cosine of any clause of the request and any product line, -1 to 1: one lot of a list, one line."""
    return comparison.clause_similarity


def word_overlap(comparison: Comparison) -> Floats:
    """BM25 of the request's words in the profile, per distinct word of the request; 0 where none is shared."""
    distinct = len(set(words(comparison.query.request.text)))
    return comparison.query.word_scores[comparison.rows] / max(distinct, 1)


def hs_agreement(comparison: Comparison) -> Floats:
    """HS digits in common with the best product line, 0, 2, 4 or 6; unknown where either side states none."""
    asked = comparison.query.constraints.hs
    if asked is None:
        return comparison.nothing_asked()
    lines, owners = comparison.all_lines
    stated = comparison.catalogue.lines.hs[lines]
    digits = np.sum([2.0 * np.char.startswith(stated, asked[:length]) for length in (2, 4, 7)], axis=0)
    best = np.full(len(comparison.rows), -np.inf)
    np.maximum.at(best, owners, np.where(stated == "", -np.inf, digits))
    return np.where(np.isfinite(best), best * comparison.focus, UNKNOWN)


def heading_agreement(comparison: Comparison) -> Floats:
    """Probability of the request's headings that falls on those of the best line, stated or inferred, 0 to 1.

    Unknown without a model of headings.
    """
    asked, offered = comparison.query.headings, comparison.catalogue.lines.headings
    if asked is None or offered is None:
        return np.full(len(comparison.rows), UNKNOWN)
    lines, owners = comparison.all_lines
    best = np.zeros(len(comparison.rows))
    np.maximum.at(best, owners, (asked[offered.places[lines]] * offered.shares[lines]).sum(axis=1))
    return best * comparison.focus


def certificates_held(comparison: Comparison) -> Floats:
    """Share of the required certificates that the supplier holds; unknown where it states no certificate at all.

    An expired one is not held.
    """
    required = comparison.query.constraints.certifications
    if not required:
        return comparison.nothing_asked()
    certificates = comparison.catalogue.certificates
    answering = [satisfying(certificates.rows_by_value, wanted, comparison.query.today) for wanted in required]
    held = [certificates.holds_any(comparison.rows, found) for found in answering]
    return np.where(certificates.stated[comparison.rows], np.mean(held, axis=0), UNKNOWN)


def delivery_country_served(comparison: Comparison) -> Floats:
    """1 where the supplier ships to the delivery country or sits in it, 0 where its markets leave it out."""
    country = comparison.query.constraints.delivery_country
    if country is None:
        return comparison.nothing_asked()
    markets, rows = comparison.catalogue.markets, comparison.rows
    served = markets.holds_any(rows, [country]) | (comparison.catalogue.countries[rows] == country)
    return np.where(served | markets.stated[rows], served.astype(np.float64), UNKNOWN)


def quantity_against_moq(comparison: Comparison) -> Floats:
    """log10 of quantity over minimum order on the nearest line, cut to -2..2: 0 is just enough, -1 a tenth of it.

    Litres against kilograms are compared where they differ by more than goods differ in density; unknown otherwise.
    """
    asked = comparison.query.constraints.quantity
    base = in_base_units(asked.value, asked.unit) if asked else None
    if base is None or base[0] <= 0:
        return comparison.nothing_asked()
    moq, lines = comparison.catalogue.lines.moq, comparison.lines
    stated, dimensions = moq.values[lines], moq.dimensions[lines]
    ratio = np.divide(base[0], stated, out=np.full(len(lines), UNKNOWN), where=(dimensions == base[1]) & (stated > 0))
    into, per_unit = _BY_WATER.get(base[1], ("", 1.0))
    by_water = np.divide(base[0] * per_unit, stated, out=ratio.copy(), where=(dimensions == into) & (stated > 0))
    clear = (ratio == by_water) | (np.abs(np.log10(by_water)) > _DENSITY_SPREAD)
    return np.asarray(np.clip(np.log10(np.where(clear, by_water, UNKNOWN)), -2.0, 2.0), np.float64)


def lead_time_kept(comparison: Comparison) -> Floats:
    """log2 of the allowed over the stated lead time on the nearest line, cut to -2..2: 0 or above is in time."""
    allowed = comparison.query.constraints.max_lead_time_days
    if allowed is None:
        return comparison.nothing_asked()
    stated = comparison.catalogue.lines.lead_time_days[comparison.lines]
    return np.clip(np.log2(max(allowed, 0.5) / np.maximum(stated, 0.5)), -2.0, 2.0)


def price_within_ceiling(comparison: Comparison) -> Floats:
    """log2 of the price ceiling over the lowest price on the nearest line, cut to -2..2: 0 or above is affordable.

    Another currency is converted. Unknown where there is no rate for it, or units cannot be compared.
    """
    query, ceiling = comparison.query, comparison.query.constraints.max_price
    if ceiling is None or ceiling.value <= 0:
        return comparison.nothing_asked()
    lines, rows = comparison.catalogue.lines, comparison.lines
    rates = _by_distinct(lines.price_currency[rows], lambda stated: query.rate(stated, ceiling.currency) or np.nan)
    units = _by_distinct(lines.price_unit[rows], lambda stated: _units_per(stated, ceiling.unit))
    per_unit = lines.price_min[rows] * rates / units
    ratio = np.divide(ceiling.value, per_unit, out=np.full(len(rows), UNKNOWN), where=per_unit > 0)
    return np.asarray(np.clip(np.log2(ratio), -2.0, 2.0), np.float64)


def language_in_common(comparison: Comparison) -> Floats:
    """1 where the sales team speaks an acceptable language (else the request's own), 0 where it states others."""
    request = comparison.query.request
    acceptable = comparison.query.constraints.languages or ((request.language,) if request.language else ())
    if not acceptable:
        return comparison.nothing_asked()
    languages, rows = comparison.catalogue.languages, comparison.rows
    return np.where(languages.stated[rows], languages.holds_any(rows, acceptable).astype(np.float64), UNKNOWN)


def supplier_country_wanted(comparison: Comparison) -> Floats:
    """1 where the supplier sits in a wanted country and in no unwanted one, else 0."""
    wanted, unwanted = comparison.query.constraints.supplier_countries, comparison.query.needs.excluded_countries
    if not wanted and not unwanted:
        return comparison.nothing_asked()
    countries = comparison.catalogue.countries[comparison.rows]
    agreed = (np.isin(countries, wanted) if wanted else True) & ~np.isin(countries, unwanted)
    return np.where(countries == "", UNKNOWN, agreed.astype(np.float64))


def incoterm_offered(comparison: Comparison) -> Floats:
    """1 where the supplier offers the asked Incoterm, 0 where it states others."""
    term = comparison.query.constraints.incoterm
    if term is None:
        return comparison.nothing_asked()
    incoterms, rows = comparison.catalogue.incoterms, comparison.rows
    return np.where(incoterms.stated[rows], incoterms.holds_any(rows, [term]).astype(np.float64), UNKNOWN)


def exclusions_kept(comparison: Comparison) -> Floats:
    """How little of anything that the request rules out the nearest line says: 1 is nothing, 0 the very thing.

    0 in a country ruled out; unknown where only countries are, and the supplier states none.
    """
    ruled_out, unwanted = comparison.query.ruled_out, comparison.query.needs.excluded_countries
    if ruled_out is None and not unwanted:
        return comparison.nothing_asked()
    countries = comparison.catalogue.countries[comparison.rows]
    if ruled_out is None:
        kept = np.where(countries == "", UNKNOWN, 1.0)
    else:
        vectors = comparison.catalogue.lines.vectors[comparison.lines].astype(np.float32)
        kept = 1.0 - ruled_out.offered(vectors, comparison.line_text)
    return np.where(np.isin(countries, unwanted), 0.0, kept)


def profile_completeness(comparison: Comparison) -> Floats:
    """Share of the profile's ten parts that are filled in, 0 to 1."""
    return comparison.catalogue.completeness[comparison.rows]


def response_rate(comparison: Comparison) -> Floats:
    """Share of those who wrote to the supplier that were answered, 0 to 1; unknown where nobody did."""
    return comparison.track_records.response_rates


def acceptance_rate(comparison: Comparison) -> Floats:
    """Share of the meetings it decided on that the supplier accepted, 0 to 1; unknown where there were none."""
    return comparison.track_records.acceptance_rates


def newcomer(comparison: Comparison) -> Floats:
    """1 where the supplier joined lately, 0 where it did not; unknown where its joining was not noted."""
    return comparison.track_records.newcomers


# Base units of the other dimension for one of the first, at a kilogram a litre; most goods weigh 0.6 to 1.6 kg a litre.
_BY_WATER = {"[length] ** 3": ("[mass]", 1_000.0), "[mass]": ("[length] ** 3", 0.001)}
_DENSITY_SPREAD = float(np.log10(1.0 / 0.6))
# A firm of the sample has a breadth of at most 3.3; all lines of one of its chapters together 3 to 11, all of them 41.
_WIDEST_TRADE = 6.0
_NO_OR_YES = (0.5,)
_SHARE_STEPS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.35, 0.5, 0.7)
_RATE_STEPS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
# What a buyer rules out is an order and no matter of taste, and few requests of a collection rule out anything: its
# curve is a rule. Words of another language for the very thing lie up to 0.35; up to 0.6 it may be its neighbour.
_KEPT_STEPS = (0.35, 0.45, 0.6)
_KEPT_RULE = (-9.0, -2.0, -1.0, 0.0)
KEPT_AT_LEAST = _KEPT_STEPS[0]
_LOG_RATIO_STEPS = (-1.0, -0.5, -0.15, -1e-9, 0.5, 1.0)

FEATURES: tuple[Feature, ...] = (
    Feature("profile_similarity", "the request resembles the whole profile", profile_similarity),
    Feature("product_similarity", "the request resembles one product line", product_similarity),
    Feature("clause_similarity", "one clause of the request resembles one product line", clause_similarity),
    Feature("word_overlap", "words in common", word_overlap),
    Feature("hs_agreement", "HS digits in common", hs_agreement, steps=(1.0, 3.0, 5.0)),
    Feature("heading_agreement", "the same HS heading", heading_agreement, steps=_SHARE_STEPS),
    Feature("certificates_held", "required certificates held", certificates_held, steps=(0.01, 0.5, 0.99)),
    Feature("delivery_country_served", "delivery country served", delivery_country_served, steps=_NO_OR_YES),
    Feature("quantity_against_moq", "quantity against minimum order", quantity_against_moq, steps=_LOG_RATIO_STEPS),
    Feature("lead_time_kept", "lead time", lead_time_kept, steps=_LOG_RATIO_STEPS),
    Feature("price_within_ceiling", "price", price_within_ceiling, steps=_LOG_RATIO_STEPS),
    Feature("language_in_common", "language in common", language_in_common, steps=_NO_OR_YES),
    Feature("supplier_country_wanted", "supplier country", supplier_country_wanted, steps=_NO_OR_YES),
    Feature("incoterm_offered", "Incoterm offered", incoterm_offered, steps=_NO_OR_YES),
    Feature("exclusions_kept", "nothing ruled out", exclusions_kept, steps=_KEPT_STEPS, rule=_KEPT_RULE),
    Feature("profile_completeness", "profile completeness", profile_completeness),
    Feature("response_rate", "how often it answers", response_rate, steps=_RATE_STEPS),
    Feature("acceptance_rate", "how often it accepts a meeting", acceptance_rate, steps=_RATE_STEPS),
    Feature("newcomer", "joined lately", newcomer, Direction.FREE, steps=_NO_OR_YES),
)
FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)


def named_features(values: Sequence[float]) -> dict[str, float | None]:
    """A feature row as an impression has it: None where UNKNOWN, without what is NOT_ASKED."""
    named = zip(FEATURE_NAMES, values, strict=True)
    return {name: None if math.isnan(value) else value for name, value in named if value != NOT_ASKED}


def feature_matrix(comparison: Comparison) -> Floats:
    """Features of k candidates, float64 (k, len(FEATURES)), columns in the order of FEATURES."""
    return np.column_stack([feature.compute(comparison) for feature in FEATURES])


def _cosines(vectors: NDArray[np.float32], vector: NDArray[np.float32]) -> Floats:
    """Row by row, unlike `@`: a supplier scores the same to the last digit whatever rows stand around its own."""
    return np.asarray(np.einsum("ij,j->i", vectors, vector), np.float64)


def _units_per(stated_unit: str, wanted_unit: str | None) -> float:
    """How many wanted units one stated unit holds; 1 where neither or both name the same, NaN where incomparable."""
    wanted = in_base_units(1.0, wanted_unit) if wanted_unit else None
    stated = in_base_units(1.0, stated_unit) if stated_unit else None
    if wanted is None or stated is None:
        return 1.0 if (stated_unit or None) == wanted_unit else np.nan
    return stated[0] / wanted[0] if stated[1] == wanted[1] else np.nan


def _by_distinct(texts: NDArray[np.str_], value: Callable[[str], float]) -> Floats:
    """A number for each text, each distinct one looked up once."""
    distinct, positions = np.unique(texts, return_inverse=True)
    return np.array([value(str(text)) for text in distinct], np.float64)[positions]
