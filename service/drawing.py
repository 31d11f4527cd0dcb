"""A request answered by a fair draw: scored, drawn, explained, and noted with the propensities of the draw."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import numpy as np

from data.events import ShownMatch
from matching.certificates import current_day
from matching.draw import draw_suppliers
from matching.lots import LARGEST_SEED, Draw
from matching.matcher import Matcher, Scoring
from service.access import Caller
from service.answering import Page, asked_request, impressions, page_answer
from service.draw_schemas import DrawAnswer, DrawBody


def drawn(caller: Caller, body: DrawBody) -> DrawAnswer:
    """Draw suppliers for a request and note them as shown, each with its probability to be drawn at its place."""
    matcher, today = caller.workspace.matcher, current_day()
    request, owed = asked_request(caller, body), caller.live.debts.of(caller.organisation)
    with caller.live.turn:
        allowed = body.filters.allowed(matcher.catalogue, today)
        scoring = matcher.score(request, allowed=allowed, today=today)
        made = _draw(body, matcher, scoring, owed)
        page = _page(made, matcher, scoring, body)
    chances = [lot.place_propensity or 0.0 for lot in made.drawn]
    caller.events.note_match(page.match, impressions(page, chances))
    return DrawAnswer(**dict(page_answer(page, matcher, body)), draw=made)


def _draw(body: DrawBody, matcher: Matcher, scoring: Scoring, owed: Mapping[str, float]) -> Draw:
    ids = [matcher.catalogue.ids[row] for row in scoring.rows]
    return draw_suppliers(
        scoring.query.request.text,
        ids,
        matcher.ranker.probabilities(scoring.scores),
        np.array([owed.get(one, 0.0) for one in ids], np.float64),
        k=body.k,
        seed=secrets.randbelow(LARGEST_SEED + 1) if body.seed is None else body.seed,
        threshold=body.threshold,
    )


def _page(made: Draw, matcher: Matcher, scoring: Scoring, body: DrawBody) -> Page:
    ids = tuple(lot.supplier_id for lot in made.drawn)
    places = {matcher.catalogue.ids[row]: place for place, row in enumerate(scoring.rows.tolist())}
    shown = scoring.take(np.array([places[one] for one in ids], np.int64))
    matches = matcher.matches(shown, range(len(ids)), explain=body.explain, language=body.language)
    versions = matcher.encoder.fingerprint, matcher.ranker.version
    ranking, into = ids + tuple(one for one, _ in shown.folded), tuple(place for _, place in shown.folded)
    noted = ShownMatch(secrets.token_hex(16), scoring.query.request, ranking, *versions, draw=made, folded_into=into)
    return Page(noted, shown, matches, len(ids))
