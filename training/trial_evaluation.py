"""Ways of trying a ranker put to the test: how often simulated users tell the better of two, or one where none is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.feedback_log import Events, FeedbackLog, Floats, Impressions, Numbers
from matching.interleaving import team_draft
from matching.teams import Teams
from training.judgment_rules import JudgmentRules
from training.learning_evaluation import mean_ndcg
from training.online_comparison import drafted_rows, online_rows
from training.ranker import JudgedCandidates
from training.simulation import Shown, simulate

SESSIONS = (300, 1_000, 3_000)
_COPIES = (1, 10)
# Of the ranker in use and of the tried one; with as much in both none is better.
_NOISE = ((0.5, 0.0), (1.0, 0.0), (2.0, 0.0), (1.0, 1.0))
_PLACES = 10
_IN_USE, _TRIED = "in use", "tried"


@dataclass(frozen=True)
class Contest:
    """Two rankers by their scores of all candidates (n,): the one in use, and a tried one."""

    in_use: Floats
    tried: Floats


def evaluate_trials(
    judged: JudgedCandidates,
    scores: Floats,
    *,
    seeds: int = 20,
    sessions: Sequence[int] = SESSIONS,
    progress: Callable[[int, int], None] | None = None,
) -> list[dict[str, Any]]:
    """A row per number of requests, noise and number of sessions: of the seeds, how many verdicts went to whom.

    Both rankers score as `scores` (n,) with noise of a standard deviation each, drawn anew for each seed. Requests are
    those judged, and copies of them that count as other requests. A verdict is a 95 % interval that leaves no
    difference out, by choices of simulated users who go by position.
    """
    settings = [(copies, noise, count) for copies in _COPIES for noise in _NOISE for count in sessions]
    rows: list[dict[str, Any]] = []
    for copies, noise, count in settings:
        asked, verdicts, gained = _copied(judged, copies), [], []
        for seed in range(seeds):
            contest = Contest(*(_noisy(np.tile(scores, copies), one, [seed, side]) for side, one in enumerate(noise)))
            gained.append(mean_ndcg(asked, contest.tried) - mean_ndcg(asked, contest.in_use))
            verdicts.append((_by_drafts(asked, contest, count, seed), _by_division(asked, contest, count, seed)))
            if progress is not None:
                progress(len(rows) * seeds + seed + 1, len(settings) * seeds)
        drafted, divided = zip(*verdicts, strict=True)
        rows.append(
            {
                "requests": len(np.unique(asked.requests)),
                "noise in use": noise[0],
                "tried": noise[1],
                "nDCG@10 gained": float(np.mean(gained)),
                "sessions": count,
                "drafted, tried": drafted.count(1),
                "drafted, in use": drafted.count(-1),
                "divided, tried": divided.count(1),
                "divided, in use": divided.count(-1),
                "of": seeds,
            }
        )
    return rows


def _copied(judged: JudgedCandidates, copies: int) -> JudgedCandidates:
    count = int(judged.requests.max()) + 1
    return JudgedCandidates(
        features=np.tile(judged.features, (copies, 1)),
        grades=np.tile(judged.grades, copies),
        requests=np.concatenate([judged.requests + count * copy for copy in range(copies)]),
        rows=np.tile(judged.rows, copies),
    )


def _noisy(scores: Floats, deviation: float, seed: list[int]) -> Floats:
    return scores + deviation * np.random.default_rng(seed).normal(size=len(scores))


def _by_drafts(judged: JudgedCandidates, contest: Contest, sessions: int, seed: int) -> int:
    """1 where drafts say that the tried ranker is better, -1 the one in use, 0 neither."""
    places, teams = _drafted(judged, contest, np.random.default_rng([seed, 1]))
    log = simulate(judged, Shown(places, contest.in_use[places]), sessions=sessions, seed=seed)
    drafts = dict(zip(log.match_ids, (teams[number] for number in log.match_requests), strict=True))
    row = drafted_rows(log, drafts, _IN_USE, _TRIED, JudgmentRules.read())[0]
    return int(row["low"] > 0.5) - int(row["high"] < 0.5)


def _by_division(judged: JudgedCandidates, contest: Contest, sessions: int, seed: int) -> int:
    """The same of a division of the requests in two halves, by the share of matches with a choice."""
    old, new = (
        simulate(judged, Shown.by(judged, scores, _PLACES), sessions=sessions, seed=seed)
        for scores in (contest.in_use, contest.tried)
    )
    is_tried = np.random.default_rng([seed, 1]).random(len(old.requests)) < 0.5
    log = _divided(old, new, is_tried[old.match_requests])
    versions = {
        name: _TRIED if tried else _IN_USE
        for name, tried in zip(log.match_ids, is_tried[log.match_requests].tolist(), strict=True)
    }
    rows = online_rows(log, versions, _IN_USE, _TRIED, JudgmentRules.read())
    row = next(one for one in rows if (one["outcome"], one["of"]) == ("matches with a choice", "difference"))
    return int(row["low"] > 0) - int(row["high"] < 0)


def _drafted(
    judged: JudgedCandidates, contest: Contest, generator: np.random.Generator
) -> tuple[Numbers, tuple[Teams, ...]]:
    """Candidates at the first places (r, _PLACES) of each request, drafted by both, and who placed them."""
    shown, teams = [], []
    for rows in np.split(np.arange(len(judged.rows)), np.flatnonzero(np.diff(judged.requests)) + 1):
        ranked = [np.argsort(-scores[rows], kind="stable") for scores in (contest.in_use, contest.tried)]
        order, by_tried = team_draft(ranked[0], ranked[1], generator.random((len(rows) + 1) // 2) < 0.5)
        shown.append(rows[order[:_PLACES]])
        teams.append(Teams(_IN_USE, _TRIED, tuple(by_tried[:_PLACES].tolist())))
    return np.stack(shown), tuple(teams)


def _divided(in_use: FeedbackLog, tried: FeedbackLog, is_tried: NDArray[np.bool_]) -> FeedbackLog:
    """Of two logs of the same sessions, each match (k,) from the one or from the other."""
    first, second = in_use.of_matches(~is_tried), tried.of_matches(is_tried)
    moved = replace(second.events, impressions=second.events.impressions + len(first.impressions))
    shown = zip(vars(first.impressions).values(), vars(second.impressions).values(), strict=True)
    done = zip(vars(first.events).values(), vars(moved).values(), strict=True)
    return replace(
        in_use,
        impressions=Impressions(*(np.concatenate(pair) for pair in shown)),
        events=Events(*(np.concatenate(pair) for pair in done)),
    )
