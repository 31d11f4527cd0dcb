"""Simulated users over a judged collection, for tests, teaching and capacity planning: they leave a feedback log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from data.events import Action
from data.feedback_log import ACTIONS, Events, FeedbackLog, Floats, Impressions, Numbers
from training.ranker import HIGHEST_GRADE, JudgedCandidates

START = 1_767_225_600.0
"""1 January 2026 in UTC, seconds since 1970."""
_DAY_SECONDS = 86_400.0
_SECONDS_PER_PLACE = 15.0


class UserModel(StrEnum):
    """How users go through a list."""

    POSITION = "position"
    CASCADE = "cascade"


@dataclass(frozen=True)
class Users:
    """What users do.

    decay         : by position, place k is looked at with probability 1 / k**decay, whatever stands above
    goes_on       : in a cascade, probability to go on to the next place where nothing was chosen
    goes_on_after : and after a choice
    noise         : probability that an irrelevant supplier which is looked at is chosen; of a grade g it is
                    noise + (1 - noise) (2**g - 1) / 7
    contact       : probability that who chose a supplier of the highest grade writes to it; falls with the grade
    accepted      : that a meeting follows
    sessions_each : sessions of one user
    Sources: Richardson, Dominowska & Ragno, WWW 2007, doi:10.1145/1242572.1242643 (position); Guo, Liu & Wang,
    WSDM 2009, doi:10.1145/1498759.1498818 (cascade with several choices); Chapelle et al., CIKM 2009,
    doi:10.1145/1645953.1646033 (grades).
    """

    model: UserModel = UserModel.POSITION
    decay: float = 1.0
    goes_on: float = 0.85
    goes_on_after: float = 0.5
    noise: float = 0.05
    contact: float = 0.6
    accepted: float = 0.5
    sessions_each: int = 3

    def attention(self, places: int) -> Floats:
        """Probability that each place is looked at (places,) by users who go by position."""
        return np.asarray(np.arange(1.0, places + 1.0) ** -self.decay, dtype=np.float64)

    def chance(self, grades: NDArray[np.int64]) -> Floats:
        """Probability that a supplier of each grade is chosen once it is looked at."""
        return np.asarray(
            self.noise + (1.0 - self.noise) * (2.0**grades - 1.0) / (2.0**HIGHEST_GRADE - 1.0), np.float64
        )


@dataclass(frozen=True)
class Firms:
    """How suppliers keep appointments, one probability per candidate row (n,): not to come, to be met again."""

    no_show: Floats
    second: Floats

    @classmethod
    def alike(cls, count: int) -> Firms:
        """One in ten appointments missed, one in five meetings followed by another."""
        return cls(np.full(count, 0.1), np.full(count, 0.2))


@dataclass(frozen=True)
class Shown:
    """What a ranking shows: candidate rows (r, places) of each request, best first, and the scores behind it."""

    rows: Numbers
    scores: Floats

    @classmethod
    def by(cls, judged: JudgedCandidates, scores: Floats, places: int = 20) -> Shown:
        """The first candidates of each request by scores (n,); every request must have that many."""
        order = np.lexsort((judged.rows, -scores, judged.requests))
        starts = np.searchsorted(judged.requests[order], np.unique(judged.requests))
        rows = order[starts[:, None] + np.arange(places)]
        return cls(rows, scores[rows])

    def reordered(self, scores: Floats) -> Shown:
        """The same suppliers of each request in the order of other scores (n,)."""
        order = np.argsort(-scores[self.rows], axis=1, kind="stable")
        rows = np.take_along_axis(self.rows, order, axis=1)
        return Shown(rows, scores[rows])


def simulate(
    judged: JudgedCandidates,
    shown: Shown,
    *,
    sessions: int,
    seed: int,
    users: Users = Users(),
    firms: Firms | None = None,
    shuffled: float = 0.0,
    asked: Sequence[int] | None = None,
    days: float = 90.0,
    requests: Sequence[str] = (),
    suppliers: Sequence[str] = (),
) -> FeedbackLog:
    """The log of as many sessions, each of one request drawn at random.

    shuffled  : share of the sessions that get their list in random order; the propensities tell
    asked     : places in `shown` that requests are drawn from; by default all
    requests  : fingerprint of each request of `shown`; suppliers : id of each row of the catalogue
    """
    generator = np.random.default_rng(seed)
    count, places = shown.rows.shape
    drawn = generator.choice(np.arange(count) if asked is None else np.asarray(asked), sessions)
    order = np.tile(np.arange(places), (sessions, 1))
    mixed = generator.random(sessions) < shuffled
    order[mixed] = np.argsort(generator.random((int(mixed.sum()), places)), axis=1)
    candidates = np.take_along_axis(shown.rows[drawn], order, axis=1)
    chosen = _chosen(users.chance(judged.grades[candidates]), users, generator)
    matched_at = START + np.sort(generator.random(sessions)) * days * _DAY_SECONDS
    rows = candidates.ravel()
    propensities = (1.0 - shuffled) * (order == np.arange(places)) + shuffled / places
    impressions = Impressions(
        matches=np.repeat(np.arange(sessions), places),
        suppliers=judged.rows[rows].astype(np.int64),
        positions=np.tile(np.arange(1, places + 1), sessions),
        features=judged.features[rows],
        scores=np.take_along_axis(shown.scores[drawn], order, axis=1).ravel(),
        propensities=propensities.ravel(),
    )
    events = _events(judged, rows, np.flatnonzero(chosen.ravel()), matched_at, users, firms, generator)
    names = suppliers or [f"S{row}" for row in range(int(judged.rows.max()) + 1)]
    return FeedbackLog(
        match_ids=tuple(f"sim{seed}-{number}" for number in range(sessions)),
        match_requests=drawn.astype(np.int64),
        matched_at=matched_at,
        requests=tuple(requests) or tuple(f"r{number}" for number in range(count)),
        suppliers=tuple(names),
        impressions=impressions,
        events=events,
    )


def _chosen(chances: Floats, users: Users, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Which places are chosen (sessions, places)."""
    liked = generator.random(chances.shape) < chances
    if users.model is UserModel.POSITION:
        return liked & (generator.random(chances.shape) < users.attention(chances.shape[1]))
    goes_on = generator.random(chances.shape) < np.where(liked, users.goes_on_after, users.goes_on)
    looked_at = np.ones(chances.shape, np.bool_)
    looked_at[:, 1:] = np.cumprod(goes_on[:, :-1], axis=1)
    return liked & looked_at


def _events(
    judged: JudgedCandidates,
    rows: Numbers,
    clicked: Numbers,
    matched_at: Floats,
    users: Users,
    firms: Firms | None,
    generator: np.random.Generator,
) -> Events:
    """A click for each choice; then contact, meeting, no-show, second meeting and deal with their chances."""
    firms = firms or Firms.alike(len(judged.rows))
    grades = judged.grades[rows]
    reached = {Action.CLICK: (clicked, 0.0)}

    def after(places: Numbers, chances: Floats | float) -> Numbers:
        return places[generator.random(len(places)) < chances]

    contacted = after(clicked, users.contact * grades[clicked] / HIGHEST_GRADE)
    accepted = after(contacted, users.accepted)
    missed = after(accepted, firms.no_show[rows[accepted]])
    held = np.setdiff1d(accepted, missed)
    reached |= {Action.CONTACT: (contacted, 0.01), Action.MEETING_ACCEPTED: (accepted, 0.5)}
    reached |= {Action.MEETING_NO_SHOW: (missed, 5.0), Action.MEETING_HELD: (held, 5.0)}
    again = after(held, firms.second[rows[held]])
    reached |= {Action.DEAL: (after(held, 0.3 * (grades[held] == HIGHEST_GRADE)), 20.0)}
    stages = [*((action, *stage) for action, stage in reached.items()), (Action.MEETING_HELD, again, 12.0)]
    places = np.concatenate([found for _, found, _ in stages])
    actions = np.repeat([ACTIONS.index(action) for action, _, _ in stages], [len(found) for _, found, _ in stages])
    later = np.repeat([days * _DAY_SECONDS for _, _, days in stages], [len(found) for _, found, _ in stages])
    size = len(rows) // len(matched_at)
    matches = places // size
    moments = matched_at[matches] + _SECONDS_PER_PLACE * (places % size) + later
    actors = generator.integers(max(len(matched_at) // users.sessions_each, 1), size=len(matched_at))[matches]
    order = np.lexsort((moments, places))
    events = Events(places, actions, moments, np.zeros(len(places), np.int64), actors)
    return events.take(order)
