"""A candidate ranker from a feedback log: a folder with the model and with what it was made from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.feedback_log import FeedbackLog
from matching.errors import InvalidInput
from matching.files import write_whole
from matching.ranker import GlassBoxRanker
from training.judgment_rules import JudgmentRules
from training.judgments import Judged, judge, report
from training.log_ranker import PriorModel, fit_from_judgments

RANKER, TRAINING = "ranker.json", "training.json"
STAGES = ("judging", "fitting", "writing")


@dataclass(frozen=True)
class Candidate:
    """A ranker that is not in service, and the judgments it was made from."""

    ranker: GlassBoxRanker
    judged: Judged


def train_candidate(
    log: FeedbackLog,
    out: Path,
    *,
    rules: JudgmentRules,
    version: str | None = None,
    prior: GlassBoxRanker | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Candidate:
    """Judge, fit and write `ranker.json` and `training.json` into the folder `out`; the same for the same log and seed.

    version  : by default log-, and the beginning of the log's fingerprint
    progress : called with each of STAGES as it begins
    Raises InvalidInput where nobody chose anything that is left after bots are taken out: there is nothing to learn.
    """
    tell = progress or (lambda _: None)
    tell(STAGES[0])
    judged = judge(log, rules, seed=seed)
    if not judged.judgments.gains.any():
        raise InvalidInput(f"the log holds no choice of a person to learn from: {dict(judged.counts)}")
    fingerprint = log.fingerprint
    tell(STAGES[1])
    base = PriorModel(prior, rules.prior.step) if prior is not None else None
    ranker = fit_from_judgments(judged.judgments, version=version or f"log-{fingerprint[:12]}", seed=seed, prior=base)
    ranker = GlassBoxRanker(
        ranker.version, ranker.base, ranker.curves, {**ranker.trained_on, "log": fingerprint}, ranker.calibration
    )
    tell(STAGES[2])
    ranker.save(out / RANKER)
    made_from: dict[str, Any] = {
        "version": ranker.version,
        "parent": prior.version if prior is not None else None,
        "log": fingerprint,
        "seed": seed,
        **report(judged, rules),
    }
    write_whole(out / TRAINING, json.dumps(made_from, indent=1).encode() + b"\n")
    return Candidate(ranker, judged)
