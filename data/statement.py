"""The ranking statement on the ranker in service, with what the store notes of it."""

from __future__ import annotations

from data.database import Database
from data.events import TrainingData, served_model
from data.workspace import training_of_ranker
from matching.exposure import ExposurePolicy
from matching.ranker import GlassBoxRanker
from matching.statement import Learning, Statement, ranking_statement


def statement_in_service(
    database: Database, ranker: GlassBoxRanker, *, exposure: ExposurePolicy | None, language: str
) -> Statement:
    """The statement on a ranker: since when it serves and what it learnt from, as far as the store notes it."""
    served = served_model(database, "ranker", ranker.version)
    training = (served.trained_on if served else None) or training_of_ranker(ranker)
    return ranking_statement(
        ranker,
        language=language,
        exposure=exposure,
        learning=learning_from(training) if training else None,
        since=served.first_served_at.date() if served else None,
    )


def learning_from(training: TrainingData) -> Learning:
    """What a statement says of training data: what was taken from the store holds what users did."""
    return Learning(training.fingerprint, training.exported_at.date() if training.exported_at else None)
