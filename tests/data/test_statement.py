from __future__ import annotations

from datetime import UTC, datetime

from data import shipped
from data.database import Database
from data.events import TrainingData, note_model_version, served_model
from data.statement import statement_in_service
from matching.ranker import GlassBoxRanker
from matching.statement import Statement

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EXPORT = datetime(2026, 2, 1, tzinfo=UTC)


def _facts(statement: Statement) -> dict[str, str]:
    return {name: value for section in statement.sections for name, value in section.facts}


def test_a_statement_tells_since_when_the_model_serves_and_what_it_learnt_from(
    database_url: str, ranker: GlassBoxRanker
) -> None:
    database = Database.open(database_url, clock=lambda: NOON)
    note_model_version(database, "ranker", ranker.version, TrainingData("export-7", EXPORT))
    assert served_model(database, "ranker", ranker.version).trained_on == TrainingData("export-7", EXPORT)  # type: ignore[union-attr]
    statement = statement_in_service(database, ranker, exposure=None, language="en")
    assert _facts(statement) == {
        "Model": "simple", "In service since": "March 1, 2026", "Training data": "export-7",
    }  # fmt: skip
    assert "up to February 1, 2026" in str(statement.sections)


def test_of_a_model_that_never_served_only_the_shipped_one_is_known(database_url: str, ranker: GlassBoxRanker) -> None:
    database = Database.open(database_url)
    assert _facts(statement_in_service(database, ranker, exposure=None, language="en")) == {"Model": "simple"}
    known = statement_in_service(database, GlassBoxRanker.load(shipped.RANKER), exposure=None, language="en")
    assert _facts(known)["Training data"] == "the shipped corpora and sample"
