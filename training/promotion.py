"""The gate before a promotion: checks of relevance, fairness, time, and of the log that a candidate learnt from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field

from data.in_use import RANKER_FILE, training_data
from data.model_versions import Change, ModelKind, ModelVersion
from data.registry import Registry
from data.settings import Settings
from data.statement import learning_from
from matching.errors import InvalidInput, PromotionRefused
from matching.files import write_whole
from matching.messages import available_languages
from matching.ranker import GlassBoxRanker
from matching.statement import ranking_statement
from matching.statement_documents import STATEMENT_FORMS
from training.model_measures import Measures
from training.paired_change import Loss
from training.toml_files import NotNegative, Section, read_toml

DEFAULT_BOUNDS = Path(__file__).with_name("promotion_bounds.toml")
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class QualityBounds(Section):
    """Of relevance."""

    most_ndcg_lost: NotNegative
    never_ndcg_lost: NotNegative
    most_outcome_lost: NotNegative


class FairnessBounds(Section):
    """Of exposure."""

    most_gap_risen: NotNegative
    never_gap_risen: NotNegative


class LatencyBounds(Section):
    """Of the time of an answer."""

    most_ratio: Annotated[float, Field(ge=1.0)]
    slack_ms: NotNegative


class LogBounds(Section):
    """Of the log that a candidate learnt from."""

    most_of_bots: Share
    most_twice: Share
    most_one_supplier: Share
    most_unexplained: Share
    most_chosen: Share
    least_agreement: Share


class Bounds(Section):
    """All bounds, each in its section; `promotion_bounds.toml` says what they are of."""

    quality: QualityBounds
    fairness: FairnessBounds
    latency: LatencyBounds
    log: LogBounds

    @classmethod
    def read(cls, path: Path = DEFAULT_BOUNDS) -> Self:
        """Read a TOML file of every bound; UnreadableFile where it is none, InvalidInput for a wrong or missing one."""
        return read_toml(cls, path, "bounds")


@dataclass(frozen=True)
class Finding:
    """What a check found: the value, the bound that it may not pass, whether it does not."""

    check: str
    value: float
    bound: float
    passed: bool
    means: str

    def __str__(self) -> str:
        return f"{self.check}: {self.means} is {self.value:.4g}, the bound {self.bound:.4g}"

    def row(self) -> dict[str, Any]:
        """As a row of a table."""
        return {
            "check": self.check,
            "value": self.value,
            "bound": self.bound,
            "passed": "yes" if self.passed else "NO",
            "means": self.means,
        }


def findings(old: Measures, new: Measures, metrics: Mapping[str, Any], bounds: Bounds) -> tuple[Finding, ...]:
    """What every check finds of new models against those in use.

    metrics : of the candidate's manifest; what its log was like stands there since it was trained
    """
    return (*_of_models(old, new, bounds), *_of_log(metrics, bounds))


def refuse_failed(found: Sequence[Finding]) -> None:
    """Raise PromotionRefused where a check failed."""
    failed = [str(one) for one in found if not one.passed]
    if failed:
        raise PromotionRefused("the promotion is refused; " + "; ".join(failed))


def promote(
    registry: Registry,
    models: Sequence[ModelVersion],
    found: Sequence[Finding],
    *,
    who: str,
    note: str,
    force: bool,
    settings: Settings,
) -> Change:
    """Put versions in use and write the ranking statement beside them.

    Raises PromotionRefused where a check failed and it is not forced, InvalidInput where it is forced without a note.
    """
    if not force:
        refuse_failed(found)
    elif not note.strip():
        raise InvalidInput("--force needs a --note that says why")
    change = registry.promote(*models, who=who, note=note, findings=tuple(asdict(one) for one in found))
    for model in models:
        if model.kind is ModelKind.RANKER:
            _write_statements(model, change, settings)
    return change


def _of_models(old: Measures, new: Measures, bounds: Bounds) -> Iterator[Finding]:
    lost, quality = Loss.of_mean(old.ndcg - new.ndcg), bounds.quality
    yield from _of_loss("quality", lost, quality.most_ndcg_lost, quality.never_ndcg_lost, "nDCG@10 lost")
    risen, fairness = Loss.of_gap(old.attention, new.attention), bounds.fairness
    means = "rise of the shortfall in exposure of small firms"
    yield from _of_loss("fairness", risen, fairness.most_gap_risen, fairness.never_gap_risen, means)
    most = bounds.latency.most_ratio * old.latency_ms + bounds.latency.slack_ms
    yield Finding("latency", new.latency_ms, most, new.latency_ms <= most, "median time of an answer in ms")


def _of_loss(check: str, loss: Loss, most: float, never: float, means: str) -> Iterator[Finding]:
    """Refused where a loss beyond the one bound is shown, and where one beyond the other cannot be excluded."""
    yield Finding(check, loss.least, most, loss.least <= most, f"{means}, {loss.value:.4g} as measured: its lower end")
    yield Finding(
        f"{check}, unsure",
        loss.most,
        never,
        loss.most <= never,
        f"{means}, {loss.value:.4g} as measured: its upper end",
    )


def _of_log(metrics: Mapping[str, Any], bounds: Bounds) -> Iterator[Finding]:
    log, limits = metrics.get("log"), bounds.log
    if log is not None:
        for name, check, most, means in (
            ("of_bots", "bots", limits.most_of_bots, "share of the events in matches of programs"),
            ("twice", "duplicates", limits.most_twice, "share of the events that are there twice"),
            (
                "one_supplier",
                "one supplier",
                limits.most_one_supplier,
                "share of all choices that one supplier has",
            ),
            (
                "unexplained",
                "one supplier, places",
                limits.most_unexplained,
                "share of a supplier's choices that its places do not explain",
            ),
            ("chosen", "labels, too many", limits.most_chosen, "share of what was shown that was chosen"),
        ):
            # A candidate from before there was a measure has to be learnt anew.
            value = log.get(name, 1.0)
            yield Finding(check, value, most, value <= most, means)
        value, least = log["agreement"], limits.least_agreement
        yield Finding("labels, agreement", value, least, value >= least, "agreement of choices with the model in use")
    held_out = metrics.get("held out")
    if held_out is not None:
        high, least = held_out["gained_high"], -bounds.quality.most_outcome_lost
        yield Finding("held-out log", high, least, high >= least, "upper end of what is gained per later match")


def _write_statements(model: ModelVersion, change: Change, settings: Settings) -> None:
    """What can be told later of the ranking from this moment on, in every language."""
    ranker = GlassBoxRanker.load(model.files / RANKER_FILE)
    data = training_data(model.manifest)
    for language in available_languages():
        statement = ranking_statement(
            ranker, language=language, exposure=settings.exposure, learning=learning_from(data) if data else None,
            since=change.moment.date(),
        )  # fmt: skip
        for ending, written in STATEMENT_FORMS.items():
            path = model.folder / f"promoted-{change.number}" / f"statement.{language}{ending}"
            write_whole(path, written(statement).encode())
