"""Candidates for the registry: a ranker learnt from a log, with what the log was like, or models made elsewhere."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import matching
from data.feedback_log import FeedbackLog
from data.in_use import HEADINGS_FOLDER, RANKER_FILE
from data.model_versions import ModelKind, ModelVersion
from data.registry import Registry
from matching.encoder import EncoderOptions, load_encoder
from matching.errors import InvalidInput
from matching.headings import HeadingModel
from matching.ranker import GlassBoxRanker
from training.judgment_rules import JudgmentRules
from training.judgments import judge
from training.log_calibration import recalibrated
from training.log_checks import LogMeasures, held_out_gain
from training.log_split import split_by_time_and_request
from training.log_training import TRAINING, Candidate, train_candidate


@dataclass(frozen=True)
class LogTraining:
    """How a candidate is learnt from a log.

    in_use      : the ranker in service, its prior if with_prior, and what its log is held against anyway
    exported_at : when the log was taken from the store; None for a file
    """

    rules: JudgmentRules
    in_use: GlassBoxRanker
    with_prior: bool = True
    seed: int = 0
    exported_at: datetime | None = None


def learn(
    registry: Registry,
    log: FeedbackLog,
    training: LogTraining,
    *,
    version: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> ModelVersion:
    """Learn a ranker from the earlier part of a log and enter it as a candidate.

    What the log was like, and what the candidate gains on later requests, goes into its manifest: the checks before a
    promotion read it there.
    version : by default log-, and the beginning of the log's fingerprint
    """
    fingerprint = log.fingerprint
    version = version or f"log-{fingerprint[:12]}"
    seen, held_out = split_by_time_and_request(log)
    with tempfile.TemporaryDirectory() as folder:
        made = train_candidate(
            seen, Path(folder), rules=training.rules, version=version,
            prior=training.in_use if training.with_prior else None, seed=training.seed, progress=progress,
        )  # fmt: skip
        told = json.loads((Path(folder) / TRAINING).read_bytes())
        of_log = LogMeasures.of(seen, made.judged, training.rules, training.in_use)
        gain = held_out_gain(held_out, training.rules, made.judged.propensities, made.ranker, seed=training.seed)
        calibration = _recalibrate(made, held_out, training, Path(folder) / RANKER_FILE)
        return registry.add(
            ModelKind.RANKER,
            version,
            Path(folder),
            code=code_version(),
            data={
                "fingerprint": fingerprint,
                "exported_at": training.exported_at.isoformat() if training.exported_at else None,
            },
            parameters={"seed": training.seed, "rules": told["rules"]},
            metrics={
                "log": asdict(of_log),
                "held out": gain,
                "counts": told["counts"],
                "propensities": told["propensities"],
                "calibration": calibration,
            },
            parent=told["parent"],
        )


def _recalibrate(made: Candidate, held_out: FeedbackLog, training: LogTraining, file: Path) -> dict[str, Any] | None:
    """Write a ranker that keeps the scale of its prior with what the held-out log says of its probabilities."""
    if not training.with_prior:
        return None
    judgments = judge(held_out, training.rules, propensities=made.judged.propensities, seed=training.seed).judgments
    found = recalibrated(made.ranker, training.in_use, judgments, seed=training.seed)
    ranker = made.ranker
    GlassBoxRanker(ranker.version, ranker.base, ranker.curves, ranker.trained_on, found.calibration).save(file)
    return found.told


def add_folder(
    registry: Registry, folder: Path, *, version: str | None, headings: Path | None, parent: str | None
) -> ModelVersion:
    """Enter a ranker or an encoder that lies in a folder.

    version  : by default the ranker's own name, or the encoder's fingerprint
    headings : model of headings made with the encoder, to be swapped with it
    Raises InvalidInput where the folder holds neither or a ranker is to have another name than its own, ModelDamaged
    where a model cannot be loaded or the headings are of another encoder.
    """
    if (folder / RANKER_FILE).is_file():
        ranker = GlassBoxRanker.load(folder / RANKER_FILE)
        if version not in (None, ranker.version):
            raise InvalidInput(f"{folder}: the ranker is named {ranker.version!r}, expected no other --version")
        if (folder / TRAINING).is_file():
            raise InvalidInput(
                f"{folder}: was learnt from a log, and what that was like is checked before a promotion; "
                "`souk train ranker --from-log … --register` enters it with that"
            )
        return registry.add(
            ModelKind.RANKER, ranker.version, folder, code=code_version(),
            parameters={"trained_on": dict(ranker.trained_on)}, parent=parent,
        )  # fmt: skip
    if not folder.is_dir():
        raise InvalidInput(f"{folder}: no folder, expected one with {RANKER_FILE} or an encoder")
    encoder = load_encoder(folder, EncoderOptions())
    if headings is not None:
        HeadingModel.load(headings, encoder=encoder.fingerprint)
    return registry.add(
        ModelKind.ENCODER, version or encoder.fingerprint, folder, code=code_version(),
        beside={HEADINGS_FOLDER: headings} if headings is not None else None, parent=parent,
        parameters={"fingerprint": encoder.fingerprint, "dimensions": encoder.dimensions},
    )  # fmt: skip


def code_version() -> str:
    """Version of the package, and a digest of the code that computes features and scores."""
    digest = hashlib.sha256()
    for path in sorted(Path(str(matching.__file__)).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return f"{version_of('souk-matchmaking')}+{digest.hexdigest()[:12]}"
