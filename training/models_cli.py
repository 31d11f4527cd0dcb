"""Commands on the registry: what models there are, how they compare, which one serves."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from data import shipped
from data.collection import Collection
from data.database import DEFAULT_ORGANISATION
from data.in_use import in_use
from data.model_versions import Change, ChangeKind, ModelKind, ModelVersion
from data.registry import ROOT, Registry
from data.settings import Settings
from data.training_runs import TrainingRuns
from matching.errors import InvalidInput, SoukError
from matching.files import write_whole
from matching.ranker import GlassBoxRanker
from training.cli_options import MarkdownOption, NoteOption, WhoOption, registry_in_use
from training.learning_cli import STORE, OrganisationOption, log_of
from training.tables import print_rows
from training.trials_cli import commands as trials
from training.trials_cli import compare_online, compare_shadow

commands = typer.Typer()
evaluate = typer.Typer()
_models = typer.Typer(no_args_is_help=True, help="The model registry: list, compare, promote, roll back.")
commands.add_typer(_models, name="models")
_models.add_typer(trials)
_out = Console()
_err = Console(stderr=True)

Versions = Annotated[list[str], typer.Argument(help="Version of the registry; several of differing kinds at once.")]
CollectionOption = Annotated[Path, typer.Option(help="Folder of a judged collection.")]
BoundsOption = Annotated[Path | None, typer.Option(help="TOML file; default: training/promotion_bounds.toml.")]


@_models.command(name="list")
def list_models(markdown: MarkdownOption = False) -> None:
    """List every version with its state, the oldest first, and what is in use of each kind."""
    registry, settings = registry_in_use(), Settings()
    in_use_now = registry.pointer().versions
    rows = [_row(registry, model) for model in registry.versions()]
    roots = [
        {"version": ROOT, "kind": kind.value, "state": "retired" if kind in in_use_now else "active",
         "made": None, "parent": None, "learnt from": _root(settings, kind)}
        for kind in ModelKind
    ]  # fmt: skip
    print_rows([*roots, *rows], markdown=markdown)


@_models.command()
def show(version: str) -> None:
    """Show a version's manifest, its state, and the changes of the pointer that it had a part in."""
    registry = registry_in_use()
    model = registry.find(version)
    registry.check(model)
    changes = [_told(one) for one in registry.history() if version in {*one.before.values(), *one.after.values()}]
    told = {"state": registry.state(model).value, **model.manifest.model_dump(mode="json"), "changes": changes}
    typer.echo(json.dumps(told, indent=1, ensure_ascii=False))


@_models.command()
def history(markdown: MarkdownOption = False) -> None:
    """List who put what in service, when and why, the last first."""
    print_rows([_told(one) for one in reversed(registry_in_use().history())] or [{"number": None}], markdown=markdown)


@_models.command()
def add(
    folder: Annotated[Path, typer.Argument(help="Folder with ranker.json, or of an encoder.")],
    version: Annotated[str | None, typer.Option(help="Its name; default: the ranker's own, the fingerprint.")] = None,
    headings: Annotated[Path | None, typer.Option(help="Of an encoder: the model of headings made with it.")] = None,
    parent: Annotated[str | None, typer.Option(help="Version that it began from.")] = None,
) -> None:
    """Enter a model as a candidate; its files are copied and never change again."""
    from training.candidates import add_folder

    model = add_folder(registry_in_use(), folder, version=version, headings=headings, parent=parent)
    _out.print(f"{model.kind} {model.version} is a candidate now")


@_models.command()
def compare(
    versions: Annotated[list[str] | None, typer.Argument(help="Versions of the registry, of differing kinds.")] = None,
    online: Annotated[bool, typer.Option(help="Say what the running trial shows so far.")] = False,
    shadow: Annotated[bool, typer.Option(help="Say what the ranker in the shadow would have changed so far.")] = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    collection: CollectionOption = shipped.SAMPLE,
    bounds: BoundsOption = None,
    markdown: MarkdownOption = False,
) -> None:
    """Measure versions beside what is in use, and say what the checks before a promotion would."""
    if online or shadow:
        if online:
            compare_online(organisation, markdown=markdown)
        if shadow:
            compare_shadow(organisation, markdown=markdown)
        return
    if not versions:
        raise InvalidInput("expected a version, --online or --shadow")
    from training.comparison_rows import measure_rows

    side, found = _checked([registry_in_use().find(version) for version in versions], collection, bounds)
    if side.promoted:
        _out.print(f"in service already; beside what was there before: ranker {side.old.ranker.version}")
    print_rows(measure_rows(side), markdown=markdown)
    typer.echo()
    print_rows([one.row() for one in found], markdown=markdown)


@_models.command()
def report(
    versions: Versions,
    out: Annotated[Path, typer.Option(help="File of HTML to write; it needs no network.")] = Path("report.html"),
    collection: CollectionOption = shipped.SAMPLE,
    bounds: BoundsOption = None,
) -> None:
    """Write all that is known of a version beside what is in use into one page, the verdict first."""
    from training.report import report_page

    models = [registry_in_use().find(version) for version in versions]
    side, found = _checked(models, collection, bounds)
    write_whole(out, report_page(side, models, found).encode())
    _out.print(f"report on {', '.join(versions)} written to {out}")


@_models.command()
def promote(
    versions: Versions,
    note: NoteOption = "",
    force: Annotated[bool, typer.Option(help="Promote in spite of failed checks; needs --note.")] = False,
    who: WhoOption = None,
    collection: CollectionOption = shipped.SAMPLE,
    bounds: BoundsOption = None,
) -> None:
    """Put a version in service, unless a check refuses it."""
    from training.promotion import promote as put_in_service

    registry = registry_in_use()
    models = [registry.find(version) for version in versions]
    for model in models:
        registry.check(model)
    _, found = _checked(models, collection, bounds)
    print_rows([one.row() for one in found], markdown=False)
    change = put_in_service(
        registry, models, found, who=who or getpass.getuser(), note=note, force=force, settings=Settings()
    )
    _out.print(f"in service now: {_named(change)}")


@_models.command()
def rollback(note: NoteOption = "", who: WhoOption = None) -> None:
    """Put back in service what was there before the last promotion."""
    change = registry_in_use().rollback(who=who or getpass.getuser(), note=note)
    _out.print(f"in service now: {_named(change)}")


@_models.command(hidden=True)
def run(run_id: str) -> None:
    """Carry out a training run that the service was asked for."""
    runs = TrainingRuns(registry_in_use().folder)
    asked = runs.of_process(run_id)
    with runs.carried_out(asked):
        try:
            model = learn_into_registry(
                STORE, version=None, seed=asked.seed, rules=None, with_prior=asked.with_prior,
                organisation=asked.organisation,
            )  # fmt: skip
        except SoukError as error:
            runs.failed(asked, str(error))
            raise
        except Exception:
            runs.failed(asked, f"an unforeseen failure; it is in {runs.folder / asked.id}.log on the service's machine")
            raise
        runs.done(asked, model.version)


@evaluate.command(name="gate")
def evaluate_gate(
    collection: CollectionOption = shipped.SAMPLE,
    seeds: Annotated[int, typer.Option(min=1)] = 10,
    sessions: Annotated[int, typer.Option(min=100)] = 10_000,
    first_seed: Annotated[int, typer.Option(min=0)] = 0,
    bounds: BoundsOption = None,
    markdown: MarkdownOption = False,
) -> None:
    """Offer the gate candidates that learnt from sound, poisoned and broken logs, and count what it lets through."""
    from training.gate_evaluation import evaluate_gate as measure
    from training.promotion import DEFAULT_BOUNDS, Bounds

    read = Bounds.read(bounds or DEFAULT_BOUNDS)
    with Progress(console=_err) as bar:
        task = bar.add_task("simulating", total=None)
        rows = measure(
            in_use(Settings()), Collection.read(collection), read, seeds=seeds, sessions=sessions,
            first_seed=first_seed,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    print_rows(rows, markdown=markdown)


@evaluate.command(name="rollback")
def evaluate_rollback(
    collection: CollectionOption = shipped.SAMPLE,
    requests: Annotated[int, typer.Option(min=1)] = 500,
) -> None:
    """Promote another ranker and roll it back: how many answers are what they were before, byte for byte."""
    from training.rollback_evaluation import evaluate_rollback as measure

    print_rows(measure(in_use(Settings()), Collection.read(collection), requests), markdown=False)


def learn_into_registry(
    source: str, *, version: str | None, seed: int, rules: Path | None, with_prior: bool, organisation: str
) -> ModelVersion:
    """Learn a ranker from the log of the store or of a file and enter it as a candidate."""
    from training.candidates import LogTraining, learn
    from training.judgment_rules import DEFAULT_RULES, JudgmentRules
    from training.log_training import STAGES

    exported_at = datetime.now(UTC) if source == STORE else None
    ranker = GlassBoxRanker.load(in_use(Settings()).ranker_path)
    training = LogTraining(JudgmentRules.read(rules or DEFAULT_RULES), ranker, with_prior, seed, exported_at)
    with Progress(console=_err) as bar:
        task = bar.add_task("reading", total=len(STAGES) + 1)
        model = learn(
            registry_in_use(), log_of(source, organisation), training, version=version,
            progress=lambda stage: bar.update(task, advance=1, description=stage),
        )  # fmt: skip
        bar.update(task, advance=1, description="done")
    _out.print(f"ranker {model.version} is a candidate now; `souk models compare {model.version}` measures it")
    return model


def _checked(models: list[ModelVersion], collection: Path, bounds: Path | None) -> tuple[Any, Any]:
    from training.model_measures import side_by_side
    from training.promotion import DEFAULT_BOUNDS, Bounds, findings

    if len({model.kind for model in models}) < len(models):
        raise InvalidInput("expected versions of differing kinds: of each kind one is in service")
    read = Bounds.read(bounds or DEFAULT_BOUNDS)
    side = side_by_side(Settings(), models, Collection.read(collection))
    metrics = {name: value for model in models for name, value in model.manifest.metrics.items()}
    return side, findings(side.old_measures, side.new_measures, metrics, read)


def _row(registry: Registry, model: ModelVersion) -> dict[str, Any]:
    manifest = model.manifest
    return {
        "version": model.version,
        "kind": model.kind.value,
        "state": registry.state(model).value,
        "made": f"{manifest.created_at:%Y-%m-%d %H:%M}",
        "parent": manifest.parent,
        "learnt from": (manifest.data.get("fingerprint") or "–")[:12],
    }


def _root(settings: Settings, kind: ModelKind) -> str:
    return str(settings.ranker_path if kind is ModelKind.RANKER else settings.encoder)


def _told(change: Change) -> dict[str, Any]:
    return {
        "number": change.number,
        "what": _moved(change),
        "moment": f"{change.moment:%Y-%m-%d %H:%M:%S}",
        "who": change.who,
        "in service": _named(change),
        "refused by": ", ".join(one["check"] for one in change.findings if not one["passed"]) or None,
        "note": change.note,
    }


def _moved(change: Change) -> str:
    """What a change did; of a trial and a shadow with the version, or that it ended."""
    beside = {ChangeKind.TRIAL: change.trial, ChangeKind.SHADOW: change.shadow}
    if change.kind not in beside:
        return change.kind.value
    begun = beside[change.kind]
    return f"{change.kind.value} of {begun.version}" if begun else f"end of {change.kind.value}"


def _named(change: Change) -> str:
    return ", ".join(f"{kind.value} {change.after.get(kind, ROOT)}" for kind in ModelKind)
