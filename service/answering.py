"""A request answered: ranked, explained, and noted with what was shown, page by page."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from data.events import Impression, ShownMatch
from data.schema import Kind
from data.workspace import Models
from matching.certificates import current_day
from matching.features import named_features
from matching.interleaving import InterleavedMatcher
from matching.matcher import Match, Matcher, Scoring
from matching.profiles import BuyerRequest
from matching.stated_needs import standing_of, words_of
from matching.teams import Teams
from service import cursors
from service.access import Caller
from service.draw_schemas import DrawBody
from service.schemas import (
    AnswerOptions,
    HeadingAnswer,
    MatchAnswer,
    MatchBody,
    MatchOptions,
    NeedAnswer,
    RankingAnswer,
    Versions,
)
from service.shadowing import AnsweredMatch


@dataclass(frozen=True)
class Page:
    """Matches of a noted match; the places of `scoring` are those of the page's suppliers.

    last : number of the match that the next page begins with, from 0
    """

    match: ShownMatch
    scoring: Scoring
    matches: tuple[Match, ...]
    last: int


def answer(caller: Caller, body: MatchBody) -> RankingAnswer:
    """Answer a request given as text, structured or by its id; or go on where a cursor ended."""
    if body.cursor is not None:
        return _next_page(caller, body.cursor, body)
    return first_page(caller, asked_request(caller, body), body)


def first_page(caller: Caller, request: BuyerRequest, options: MatchOptions) -> RankingAnswer:
    """Rank suppliers for a request and note the ranking with what is shown of it."""
    workspace, today = caller.workspace, current_day()
    in_use, models = workspace.matcher, workspace.models
    matcher = _answering(in_use, models, request.text)
    with caller.live.turn:
        allowed = options.filters.allowed(matcher.catalogue, today)
        scoring = matcher.score(request, allowed=allowed, today=today, exposure=caller.live.exposure)
        shown = range(min(options.top, len(scoring.rows)))
        matches = matcher.matches(scoring, shown, explain=options.explain, language=options.language)
    ranking = tuple(map(matcher.catalogue.ids.__getitem__, scoring.rows.tolist()))
    earned = None if scoring.earned_ranks is None else tuple(scoring.earned_ranks.tolist())
    versions = matcher.encoder.fingerprint, matcher.ranker.version
    ranking, into = ranking + tuple(one for one, _ in scoring.folded), tuple(place for _, place in scoring.folded)
    match_id, asked = secrets.token_hex(16), scoring.query.request
    teams = _teams(matcher, scoring)
    noted = ShownMatch(match_id, asked, ranking, *versions, earned, folded_into=into, teams=teams)
    page = Page(noted, scoring, matches, options.top)
    caller.events.note_match(noted, impressions(page))
    answered = AnsweredMatch(caller.organisation, match_id, scoring, in_use, caller.live.exposure)
    caller.live.shadowing.offer(models.shadow, answered)
    return page_answer(page, matcher, options)


def _next_page(caller: Caller, cursor: str, options: MatchOptions) -> RankingAnswer:
    match_id, first = cursors.read_number(cursor)
    noted = caller.events.match(match_id)
    workspace = caller.workspace
    matcher = _answering(workspace.matcher, workspace.models, noted.request.text)
    listed = noted.ranking[first : min(first + options.top, noted.places)]
    scoring = matcher.score_listed(noted.request, listed)
    ranks_by_id = {supplier_id: rank for rank, supplier_id in enumerate(listed, start=first + 1)}
    ranks = [ranks_by_id[matcher.catalogue.ids[row]] for row in scoring.rows]
    if noted.teams is not None and isinstance(matcher, InterleavedMatcher) and matcher.drafts_as(noted.teams):
        by_tried = np.array(noted.teams.by_tried, np.bool_)[np.array(ranks, np.int64) - 1]
        scoring = matcher.placed(scoring, by_tried)
    if noted.earned_ranks is not None:
        scoring = replace(scoring, earned_ranks=np.array(noted.earned_ranks, np.int64)[np.array(ranks, np.int64) - 1])
    known = matcher.catalogue.row_by_id
    also_listed = {
        place: tuple(filter(known.__contains__, noted.also_listed(rank - 1))) for place, rank in enumerate(ranks)
    }
    scoring, places = replace(scoring, also_listed=also_listed), range(len(ranks))
    matches = matcher.matches(scoring, places, ranks=ranks, explain=options.explain, language=options.language)
    page = Page(noted, scoring, matches, first + options.top)
    caller.events.note_impressions(impressions(page))
    return page_answer(page, matcher, options)


def _answering(in_use: Matcher, models: Models, text: str) -> Matcher:
    """The matcher in use, or what a trial answers with where the request is one of its."""
    trial = models.trial
    return trial.beside(in_use) if trial and trial.takes(text) else in_use


def _teams(matcher: Matcher, scoring: Scoring) -> Teams | None:
    if scoring.by_tried is None or not isinstance(matcher, InterleavedMatcher):
        return None
    return Teams(matcher.ranker.version, matcher.tried.version, tuple(scoring.by_tried.tolist()))


def asked_request(caller: Caller, body: MatchBody | DrawBody) -> BuyerRequest:
    """The request that a body gives as text, structured, or by the id of a stored one."""
    if body.request_id is not None:
        return BuyerRequest.model_validate(caller.store.get(Kind.REQUESTS, body.request_id).document)
    return body.request or BuyerRequest(text=body.text or "")


def impressions(page: Page, propensities: Sequence[float] | None = None) -> Sequence[Impression]:
    """What a page shows, to be noted; without chance in it each supplier was certain to stand where it stands."""
    return [
        Impression(
            page.match.id,
            match.supplier.id,
            match.rank,
            named_features(page.scoring.features[place].tolist()),
            match.score,
            propensity,
            match.ranker_version,
        )
        for place, (match, propensity) in enumerate(
            zip(page.matches, propensities or [1.0] * len(page.matches), strict=True)
        )
    ]


def page_answer(page: Page, matcher: Matcher, options: AnswerOptions) -> RankingAnswer:
    """The answer that a page is."""
    query = page.scoring.query
    reader = options.language or query.request.language or "en"
    teams = _teams(matcher, page.scoring)
    tried = None if teams is None else teams.tried
    return RankingAnswer(
        match_id=page.match.id,
        request_id=query.request.id,
        language=query.request.language,
        needs=[
            NeedAnswer.of(need, words_of(need, query.request.text), standing_of(need, query.needs))
            for need in query.needs.found
        ],
        headings=[HeadingAnswer.of(chance, reader) for chance in matcher.likeliest_headings(query)],
        matches=[MatchAnswer.of(match, drafted=tried is not None) for match in page.matches],
        day=query.today,
        versions=Versions.of(matcher, tried=tried),
        next_cursor=cursors.written(page.match.id, page.last) if page.last < page.match.places else None,
    )
