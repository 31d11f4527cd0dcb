"""The ranking statement: what decides a supplier's place, in plain words, from the model itself.

Source: Regulation (EU) 2019/1150, Article 5, and the Commission's guidelines on ranking transparency, 2020/C 424/01.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from matching.explanation import FEATURE_TITLES
from matching.exposure import Column, ExposurePolicy
from matching.features import FEATURES, Direction
from matching.importance import Importance, importances
from matching.messages import Messages, messages_in
from matching.ranker import GlassBoxRanker

SIZE_TITLES = {
    "micro": "micro firms",
    "small": "small firms",
    "medium": "medium-sized firms",
    "large": "large firms",
}
DEALINGS = ("response_rate", "acceptance_rate", "newcomer")
ADVICE = "souk advise, /v1/suppliers/…/advice"


@dataclass(frozen=True)
class Learning:
    """What a model learnt from: a name of the data, and the day up to which it holds what users did, if it does."""

    data: str
    feedback_until: datetime.date | None = None


@dataclass(frozen=True)
class Parameter:
    """A row of the statement: `share` is of the importance of all parameters, the other texts are ready to be read."""

    title: str
    share: float
    importance: str
    asked: str


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it; a minor one belongs to the one before."""

    heading: str
    paragraphs: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    is_minor: bool = False


@dataclass(frozen=True)
class Statement:
    """A ranking statement in one language."""

    language: str
    direction: str
    title: str
    lead: str
    column_titles: tuple[str, str, str]
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class _Group:
    """Features that count for the same reason."""

    features: tuple[str, ...]
    heading: str
    reason: str


def ranking_statement(
    ranker: GlassBoxRanker,
    *,
    language: str = "en",
    exposure: ExposurePolicy | None = None,
    learning: Learning | None = None,
    since: datetime.date | None = None,
) -> Statement:
    """The statement on a model, in a language of the catalogues, else in English.

    Parameters
    ----------
    exposure : the policy in force; None where relevance alone decides
    learning : what the model was trained on; None where that is not known
    since    : the day from which the model serves; None where that is not known
    """
    messages = messages_in(language)
    found = importances(ranker)
    sections = (
        _parameters(ranker, bool(found), messages),
        *_groups(found, messages),
        _payment(messages),
        _learning(ranker, learning, since, messages),
        _chance(messages),
        _shared_attention(exposure, messages),
        _corrections(messages),
    )
    text = messages.text
    return Statement(
        language=str(messages.locale.language),
        direction=messages.direction,
        title=text("How suppliers are ranked"),
        lead=text(
            "This statement is written from the ranking model in service, anew for each model. It tells what decides a "
            "supplier's place, as Article 5 of Regulation (EU) 2019/1150 asks."
        ),
        column_titles=(text("Parameter"), text("Importance"), text("Requests that ask for it")),
        sections=sections,
    )


def _parameters(ranker: GlassBoxRanker, is_measured: bool, messages: Messages) -> Section:
    text = messages.text
    told = [
        text(
            "A request is compared with each profile. Each parameter below adds to the score of a supplier or takes "
            "from it, and suppliers stand by their scores. There are no other parameters. Every answer shows what each "
            "of them added for each supplier."
        ),
        text("How much each adds was learnt, not set by hand: so that suppliers known to be relevant stand in front."),
        text("One is a rule: whoever offers what a request rules out loses by it, as an order is no matter of taste."),
    ]
    if all(feature.direction is Direction.RISING for feature in FEATURES if feature.name not in DEALINGS):
        told.append(text("A closer likeness, or one need more that is met, never lowers a score."))
    if is_measured:
        told.append(
            text(
                "Importance says how far a parameter moves suppliers apart: the mean distance between what it adds for "
                "a supplier and what it adds on average, as a share of all parameters. It was measured on the pairs of "
                "a request and a supplier that the model was trained on (pairs: {pairs}; requests: {requests}).",
                pairs=_number(ranker, "candidates", messages),
                requests=_number(ranker, "requests", messages),
            )
        )
    else:
        told.append(text("This model does not hold what is needed to measure the importance of its parameters."))
    return Section(text("What decides the place"), tuple(told))


def _groups(found: Sequence[Importance], messages: Messages) -> list[Section]:
    by_name = {one.feature: one for one in found}
    sections = []
    for group in feature_groups(messages):
        ordered = sorted(group.features, key=lambda name: -by_name[name].share if name in by_name else 0.0)
        rows = tuple(_parameter(name, by_name.get(name), messages) for name in ordered)
        sections.append(Section(group.heading, (group.reason,), rows, is_minor=True))
    return sections


def _parameter(name: str, found: Importance | None, messages: Messages) -> Parameter:
    title = messages.text(FEATURE_TITLES[name])
    if found is None:
        return Parameter(title, 0.0, "–", "–")
    return Parameter(title, found.share, messages.percent(found.share), messages.percent(found.asked))


def feature_groups(messages: Messages) -> tuple[_Group, ...]:
    """All features, by the reason for which they count."""
    text = messages.text
    return (
        _Group(
            (
                "profile_similarity", "product_similarity", "clause_similarity", "word_overlap", "hs_agreement",
                "heading_agreement",
            ),
            text("Likeness of the goods"),
            text(
                "It counts because a supplier can only help with goods that it offers; these are compared by meaning, "
                "by words and by customs codes."
            ),
        ),
        _Group(
            (
                "certificates_held", "delivery_country_served", "quantity_against_moq", "lead_time_kept",
                "price_within_ceiling", "language_in_common", "supplier_country_wanted", "incoterm_offered",
                "exclusions_kept",
            ),
            text("Needs of the request"),
            text(
                "They count because they decide whether the two can do business. A need counts only where the request "
                "states it. What a profile leaves open counts as unknown, which is not the same as unmet."
            ),
        ),
        _Group(
            ("profile_completeness",),
            text("The profile itself"),
            text("A fuller profile tells a buyer more; the table says how much this model makes of it."),
        ),
        _Group(
            DEALINGS,
            text("Dealings so far"),
            text(
                "They count because a buyer who writes wants an answer. Answers and accepted meetings are added up "
                "over all users, and a few of them weigh little. Where there were none, that counts as unknown."
            ),
        ),
    )  # fmt: skip


def _payment(messages: Messages) -> Section:
    text = messages.text
    return Section(
        text("Payment"),
        (
            text(
                "No payment has any effect on a place, direct or indirect: no parameter knows of fees, commissions, "
                "subscriptions or advertisements. The price of goods counts only against the ceiling that a request "
                "states."
            ),
            text("The order is the same for whoever asks: no parameter knows the user or what the user did before."),
        ),
    )


def _learning(
    ranker: GlassBoxRanker, learning: Learning | None, since: datetime.date | None, messages: Messages
) -> Section:
    text = messages.text
    if learning is None:
        told = text("What the model was trained on is not noted.")
    elif learning.feedback_until is None:
        told = text("The model was trained on judged pairs of requests and suppliers, and not on what users did.")
    else:
        told = text(
            "The model was trained on what users did, such as clicks, contacts and meetings, up to {date}.",
            date=messages.day(learning.feedback_until),
        )
    facts = [(text("Model"), ranker.version)]
    facts += [(text("In service since"), messages.day(since))] if since else []
    facts += [(text("Training data"), learning.data)] if learning else []
    return Section(
        text("Learning"),
        (told, text("What users do changes no place by itself: only a new model does, and it has a new statement.")),
        facts=tuple(facts),
    )


def _chance(messages: Messages) -> Section:
    text = messages.text
    return Section(
        text("Chance"),
        (
            text("A ranking holds no chance: the same request, profiles, models and day give the same order."),
            text(
                "Chance decides only where a draw is asked for. The request then goes to a few of the suppliers that "
                "qualify, drawn by relevance and by the attention that they are owed. The answer states the seed of "
                "the draw and how likely each supplier was to be drawn, so that anyone can carry it out again."
            ),
        ),
    )


def _shared_attention(exposure: ExposurePolicy | None, messages: Messages) -> Section:
    text = messages.text
    heading = text("Shared attention")
    if exposure is None:
        told = [text("No group of suppliers is promised a share of the attention: relevance alone decides.")]
        return Section(heading, tuple(told))
    share = text("as much as its relevance earns") if exposure.share is None else messages.percent(exposure.share)
    told = [
        text(
            "A group of suppliers is owed a share of the attention that the first places of each ranking get (places: "
            "{places}). The group: {group}. Its share: {share}.",
            places=messages.number(exposure.top),
            group=_group_named(exposure, messages),
            share=share,
        ),
        text("Whoever is moved for it is marked in the answer, with the place that relevance alone would give."),
    ]
    return Section(heading, tuple(told))


def _group_named(exposure: ExposurePolicy, messages: Messages) -> str:
    text, values = messages.text, exposure.values
    if exposure.column is Column.SIZE:
        return messages.listing([text(SIZE_TITLES[size]) for size in values])
    if exposure.column is Column.COUNTRY:
        return text("suppliers from {countries}", countries=messages.listing([messages.country(c) for c in values]))
    if exposure.column is Column.LANGUAGE:
        names = messages.listing([messages.language(code) for code in values])
        return text("suppliers whose profile is written in {languages}", languages=names)
    return text("suppliers founded in {year} or later", year=min(values))


def _corrections(messages: Messages) -> Section:
    text = messages.text
    return Section(
        text("Corrections"),
        (
            text(
                "A buyer sees what was read from the request, and can state it otherwise and ask again; what a form "
                "states wins over the text."
            ),
            text(
                "A supplier can have its profile changed at any time; the change counts within seconds. The advice "
                "({advice}) tells what the profile lacks and what would have brought it among the first for recent "
                "requests.",
                advice=ADVICE,
            ),
            text(
                "Whoever finds a fault in a ranking can give its match_id to the operator of this service, who can "
                "look up what was shown and why."
            ),
        ),
    )


def _number(ranker: GlassBoxRanker, name: str, messages: Messages) -> str:
    value = ranker.trained_on.get(name)
    return messages.number(value) if isinstance(value, int | float) else "–"
