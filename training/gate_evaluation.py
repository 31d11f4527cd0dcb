"""The gate put to the test: candidates that learnt from sound, poisoned and broken logs of simulated users."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from data.collection import Collection
from data.feedback_log import FeedbackLog, Numbers
from data.registry import Registry
from data.settings import Settings
from data.workspace import Models
from matching.matcher import Matcher
from matching.ranker import GlassBoxRanker
from training.candidates import LogTraining, learn
from training.judgment_rules import JudgmentRules
from training.learning_evaluation import scores_of
from training.log_faults import with_bots, with_events_twice, with_flipped_labels
from training.model_measures import measure
from training.promotion import Bounds, findings
from training.ranker import HIGHEST_GRADE, JudgedCandidates, fit_ranker, judged_candidates, unranked_matcher
from training.simulation import Shown, simulate

_SHARES = (0.25, 0.25, 0.3)
_SHUFFLED = 0.3
_VISITS, _FEW_VISITS = 0.2, 0.05

Fault = Callable[[FeedbackLog, int, int], FeedbackLog]
"""A log, the supplier that bots push, and a seed -> the log with the fault."""


def _bots(visits: float, *, named: bool) -> Fault:
    def fault(log: FeedbackLog, supplier: int, seed: int) -> FeedbackLog:
        return with_bots(log, supplier, visits=round(visits * len(log.match_ids)), seed=seed, named=named)

    return fault


def _none(log: FeedbackLog, _supplier: int, _seed: int) -> FeedbackLog:
    return log


@dataclass(frozen=True)
class Case:
    """What happens in a log.

    shuffled : share of the lists in random order
    liked    : whether everybody really wants the supplier that bots push in other cases
    """

    fault: Fault = _none
    shuffled: float = _SHUFFLED
    liked: bool = False


CASES: dict[str, Case] = {
    "none": Case(),
    "none, one supplier that everybody wants": Case(liked=True),
    "none, nothing shuffled": Case(shuffled=0.0),
    "a bot on one supplier": Case(_bots(_VISITS, named=True)),
    "bots on one supplier, each visit another user": Case(_bots(_VISITS, named=False)),
    "the same, a quarter as many": Case(_bots(_FEW_VISITS, named=False)),
    "the same, a quarter as many, nothing shuffled": Case(_bots(_FEW_VISITS, named=False), shuffled=0.0),
    "all events twice": Case(lambda log, _supplier, _seed: with_events_twice(log)),
    "half of the labels flipped": Case(lambda log, _supplier, seed: with_flipped_labels(log, 0.5, seed=seed)),
}


@dataclass(frozen=True)
class _Parts:
    """Requests for the ranker in use, the log, the gate's judged collection, and the truth, none in two of them."""

    in_use: Numbers
    log: Numbers
    judged: Numbers
    truth: Numbers

    @classmethod
    def drawn(cls, requests: int, seed: int) -> _Parts:
        mixed = np.random.default_rng(seed).permutation(requests)
        cuts = np.cumsum([round(share * requests) for share in _SHARES])
        return cls(*(np.sort(part) for part in np.split(mixed, cuts)))


def evaluate_gate(
    settings: Settings,
    collection: Collection,
    bounds: Bounds,
    *,
    seeds: int,
    sessions: int,
    progress: Callable[[int, int], None],
    first_seed: int = 0,
) -> list[dict[str, Any]]:
    """A row per case: nDCG@10 in use and of the candidate, what was refused and by whom.

    Both are measured on requests that no ranker and no check has seen; a candidate is worse where it loses more there
    than the bound allows. Time is not measured here: rankers take the same.
    """
    models = Models.load(settings)
    matcher = unranked_matcher(models.encoder, collection.suppliers, models.headings, models.rates)
    judged = judged_candidates(matcher, collection)
    offered: dict[str, list[dict[str, Any]]] = {name: [] for name in CASES}
    for seed in range(first_seed, first_seed + seeds):
        parts = _Parts.drawn(len(collection.requests), seed)
        ranker = fit_ranker(judged.of_requests(parts.in_use), version="in-use", seed=seed)
        shown = Shown.by(judged, scores_of(ranker, judged.features))
        pushed = _irrelevant(shown, judged, parts.log)
        for name, case in CASES.items():
            wanted, asked = (judged, collection) if not case.liked else _liking(pushed, judged, collection)
            log = simulate(
                wanted, shown, sessions=sessions, seed=seed, shuffled=case.shuffled, asked=parts.log.tolist(),
                suppliers=matcher.catalogue.ids,
            )  # fmt: skip
            log = case.fault(log, pushed, seed)
            offered[name].append(_offer(matcher, wanted, asked, parts, ranker, log, bounds, seed))
            done = sum(map(len, offered.values()))
            progress(done, seeds * len(CASES))
    return [_row(name, found, bounds) for name, found in offered.items()]


def _offer(
    matcher: Matcher,
    judged: JudgedCandidates,
    collection: Collection,
    parts: _Parts,
    ranker: GlassBoxRanker,
    log: FeedbackLog,
    bounds: Bounds,
    seed: int,
) -> dict[str, Any]:
    """Learn from a log and ask the gate."""
    with tempfile.TemporaryDirectory() as folder:
        model = learn(
            Registry(Path(folder)), log, LogTraining(JudgmentRules.read(), ranker, seed=seed), version="candidate"
        )
        found = GlassBoxRanker.load(model.files / "ranker.json")
    everywhere = np.sort(np.concatenate([parts.in_use, parts.log, parts.judged]))
    (old, new), (seen_old, seen_new), (true_old, true_new) = (
        [measure(matcher.ranked_by(one), candidates, asked) for one in (ranker, found)]
        for asked, candidates in (_part(collection, judged, part) for part in (parts.judged, everywhere, parts.truth))
    )
    old, new = replace(old, attention=seen_old.attention), replace(new, attention=seen_new.attention)
    failed = [one.check for one in findings(old, new, model.manifest.metrics, bounds) if not one.passed]
    return {"old": float(true_old.ndcg.mean()), "new": float(true_new.ndcg.mean()), "failed": failed}


def _part(collection: Collection, judged: JudgedCandidates, numbers: Numbers) -> tuple[Collection, JudgedCandidates]:
    """Some requests of a collection with their candidates, numbered anew."""
    kept = judged.of_requests(numbers)
    requests = tuple(collection.requests[number] for number in numbers)
    anew = np.searchsorted(numbers, kept.requests)
    return Collection(collection.suppliers, requests, collection.grades), JudgedCandidates(
        kept.features, kept.grades, anew, kept.rows
    )


def _irrelevant(shown: Shown, judged: JudgedCandidates, asked: Numbers) -> int:
    """The supplier that most of the requests asked are shown, of those that no request wanted."""
    count = int(judged.rows.max()) + 1
    times = np.bincount(judged.rows[shown.rows[asked].ravel()], minlength=count)
    wanted = np.bincount(judged.rows, judged.grades, minlength=count) > 0
    return int(np.argmax(np.where(wanted, -1, times)))


def _liking(supplier: int, judged: JudgedCandidates, collection: Collection) -> tuple[JudgedCandidates, Collection]:
    """The same, where a supplier answers every request fully for which it is a candidate."""
    theirs = judged.rows == supplier
    name = collection.suppliers[supplier].id
    grades = {request: dict(found) for request, found in collection.grades.items()}
    for number in np.unique(judged.requests[theirs]).tolist():
        grades.setdefault(str(collection.requests[number].id), {})[name] = HIGHEST_GRADE
    graded = replace(judged, grades=np.where(theirs, HIGHEST_GRADE, judged.grades))
    return graded, Collection(collection.suppliers, collection.requests, grades)


def _row(name: str, offered: list[dict[str, Any]], bounds: Bounds) -> dict[str, Any]:
    worse = [one["old"] - one["new"] > bounds.quality.most_ndcg_lost for one in offered]
    refused = [bool(one["failed"]) for one in offered]
    promoted = [one["new"] - one["old"] for one in offered if not one["failed"]]
    checks = Counter(check for one in offered for check in one["failed"])
    return {
        "fault": name,
        "seeds": len(offered),
        "in use": float(np.mean([one["old"] for one in offered])),
        "candidate": float(np.mean([one["new"] for one in offered])),
        "worse": sum(worse),
        "refused": sum(refused),
        "worse, promoted": sum(bad and not no for bad, no in zip(worse, refused, strict=True)),
        "gained by the promoted": float(np.mean(promoted)) if promoted else None,
        "refused by": ", ".join(f"{check} {count}" for check, count in checks.most_common()) or None,
    }
