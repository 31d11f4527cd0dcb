"""Retraining on a large log: a million events of simulated users, read from a store, judged and fitted.

.venv/bin/python -m benchmarks.retrain [--events 1000000] [--folder var/retrain]
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from data import shipped
from data.collection import Collection
from data.database import DEFAULT_ORGANISATION, Database
from data.feedback_log import ACTIONS, FeedbackLog, read_log
from data.schema import EVENTS, IMPRESSIONS, MATCHES
from data.settings import Settings
from data.workspace import Models
from matching.features import named_features
from matching.ranker import GlassBoxRanker
from training.judgment_rules import JudgmentRules
from training.log_training import train_candidate
from training.ranker import JudgedCandidates, judged_candidates, unranked_matcher
from training.simulation import Shown, Users, simulate

_AT_ONCE = 20_000
# Busy ones: about three events a session.
_USERS = Users(decay=0.5, noise=0.2)
_REQUESTS, _CANDIDATES, _PLACES = 20_000, 30, 10


def main() -> None:
    """Write the log, then read and train in a process of its own, and print seconds and memory of that."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path("var/retrain"))
    options = parser.parse_args()
    url = f"sqlite:///{options.folder}/log.db"
    (options.folder / "log.db").unlink(missing_ok=True)
    context = multiprocessing.get_context("spawn")
    for target, arguments in ((_write, (url, options.events)), (_train, (url, str(options.folder)))):
        process = context.Process(target=target, args=arguments)
        process.start()
        process.join()


def _write(url: str, least_events: int) -> None:
    """A log over 20,000 requests of 30 candidates each, as rows of a store."""
    generator = np.random.default_rng(0)
    count = _REQUESTS * _CANDIDATES
    ranker = GlassBoxRanker.load(shipped.RANKER)
    features = _features(generator, count)
    scores = ranker.scores(ranker.terms(features))
    grades = np.digitize(scores + generator.normal(0, 1, count), np.quantile(scores, [0.7, 0.85, 0.95]))
    judged = JudgedCandidates(
        features, grades.astype(np.int64), np.repeat(np.arange(_REQUESTS), _CANDIDATES),
        np.tile(np.arange(_CANDIDATES), _REQUESTS),
    )  # fmt: skip
    shown = Shown.by(judged, generator.normal(size=count), _PLACES)
    trial = simulate(judged, shown, sessions=10_000, seed=0, users=_USERS)
    sessions = int(1.01 * least_events / len(trial.events) * 10_000)
    log = simulate(judged, shown, sessions=sessions, seed=0, users=_USERS, shuffled=0.1)
    _store(Database.open(url), log)
    print(f"{sessions} matches, {len(log.impressions)} impressions, {len(log.events)} events written")


def _features(generator: np.random.Generator, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Rows of the sample's feature values, each column drawn alone, so that no two are alike."""
    models, sample = Models.load(Settings()), Collection.read(shipped.SAMPLE)
    matcher = unranked_matcher(models.encoder, sample.suppliers, models.headings, models.rates)
    judged = judged_candidates(matcher, sample)
    drawn = [column[generator.integers(len(column), size=count)] for column in judged.features.T]
    columns = np.column_stack(drawn)
    return np.where(np.isfinite(columns), columns + generator.normal(0, 1e-3, columns.shape), columns)


def _store(database: Database, log: FeedbackLog) -> None:
    database.ensure_organisation(DEFAULT_ORGANISATION)
    moment, shown, events = database.clock(), log.impressions, log.events
    stamp = {"organisation_id": DEFAULT_ORGANISATION}
    with database.writing() as connection:
        for start in range(0, len(log.match_ids), _AT_ONCE):
            connection.execute(insert(MATCHES), [
                stamp | {
                    "id": log.match_ids[number], "request": {"text": f"request {log.match_requests[number]}"},
                    "ranking": [], "encoder_version": "e", "ranker_version": "r", "matched_at": moment,
                } for number in range(start, min(start + _AT_ONCE, len(log.match_ids)))
            ])  # fmt: skip
        for start in range(0, len(shown), _AT_ONCE):
            connection.execute(insert(IMPRESSIONS), [
                stamp | {
                    "match_id": log.match_ids[shown.matches[row]], "object_id": log.suppliers[shown.suppliers[row]],
                    "position": int(shown.positions[row]), "features": named_features(shown.features[row].tolist()),
                    "score": float(shown.scores[row]), "propensity": float(shown.propensities[row]),
                    "ranker_version": "r", "shown_at": moment,
                } for row in range(start, min(start + _AT_ONCE, len(shown)))
            ])  # fmt: skip
        for start in range(0, len(events), _AT_ONCE):
            connection.execute(insert(EVENTS), [
                stamp | {
                    "id": f"e{number}", "query_id": log.match_ids[shown.matches[events.impressions[number]]],
                    "object_id": log.suppliers[shown.suppliers[events.impressions[number]]],
                    "action_name": ACTIONS[events.actions[number]].value,
                    "document": {"user_id": f"u{events.actors[number]}"}, "happened_at": moment,
                    "received_at": moment,
                } for number in range(start, min(start + _AT_ONCE, len(events)))
            ])  # fmt: skip


def _train(url: str, folder: str) -> None:
    """Print what reading, judging, fitting and writing take, with a prior and without."""
    began = {"reading": time.perf_counter()}
    log = read_log(Database.open(url), DEFAULT_ORGANISATION)
    for name, prior in (("with a prior", GlassBoxRanker.load(shipped.RANKER)), ("without", None)):

        def note(stage: str, name: str = name) -> None:
            began[f"{stage} {name}"] = time.perf_counter()

        train_candidate(log, Path(folder) / "candidate", rules=JudgmentRules.read(), prior=prior, progress=note)
        note("end")
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        print(f"{name}: largest memory so far {memory:.2f} GB")
    moments = list(began.values())
    for stage, start, end in zip(began, moments, moments[1:], strict=False):
        print(f"{stage}: {end - start:.0f} s")


if __name__ == "__main__":
    main()
