"""Commands that let a ranker stand beside the one in use, on users or in the shadow, and tell what came of it."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from data import shipped
from data.collection import Collection
from data.database import Database
from data.feedback_log import read_log
from data.in_use import RANKER_FILE, in_use
from data.model_versions import Change, ModelKind, Shadow, Trial, TrialWay, running_since
from data.registry import Registry
from data.settings import Settings
from data.shadows import Misses, ShadowLog
from data.trials import drafts, ranker_versions
from data.workspace import Models
from matching.errors import InvalidInput, SoukError
from matching.ranker import GlassBoxRanker
from training.cli_options import MarkdownOption, NoteOption, WhoOption, registry_in_use
from training.judgment_rules import JudgmentRules
from training.tables import print_rows

commands = typer.Typer()
evaluate = typer.Typer()
_out = Console()


@commands.command(name="try")
def try_version(
    version: Annotated[str | None, typer.Argument(help="Ranker to try; none ends the trial.")] = None,
    interleave: Annotated[bool, typer.Option(help="Let both rankers place suppliers in turns.")] = False,
    share: Annotated[
        float, typer.Option(min=0.001, max=1.0, help="Share of the requests that it has a part in.")
    ] = 0.5,
    note: NoteOption = "",
    who: WhoOption = None,
) -> None:
    """Let a ranker answer a share of the requests, or its turns in them; without a version the trial ends."""
    registry = registry_in_use()
    way = TrialWay.INTERLEAVE if interleave else TrialWay.SPLIT
    trial = Trial(version=_candidate(registry, version), way=way, share=share) if version else None
    registry.try_beside(trial, who=who or getpass.getuser(), note=note)
    _out.print(_told(trial) if trial else "nothing is tried now", soft_wrap=True)


@commands.command()
def shadow(
    version: Annotated[str | None, typer.Argument(help="Ranker to score beside; none ends it.")] = None,
    share: Annotated[float, typer.Option(min=0.001, max=1.0, help="Share of the requests that it scores.")] = 0.1,
    note: NoteOption = "",
    who: WhoOption = None,
) -> None:
    """Let a ranker score a share of the requests beside the answers, which stay as they are; without a version end."""
    registry = registry_in_use()
    running = Shadow(version=_candidate(registry, version), share=share) if version else None
    registry.shadow(running, who=who or getpass.getuser(), note=note)
    _out.print(f"{version} scores {share:.0%} of the requests now" if version else "nothing scores in the shadow now")


@evaluate.command(name="trials")
def evaluate_trials(
    collection: Annotated[Path, typer.Option(help="Folder of a judged collection.")] = shipped.SAMPLE,
    seeds: Annotated[int, typer.Option(min=1)] = 20,
    markdown: MarkdownOption = False,
) -> None:
    """Try better and equal rankers on simulated users, drafted and divided: how often the verdict is right."""
    from training.learning_evaluation import scores_of
    from training.ranker import judged_candidates, unranked_matcher
    from training.trial_evaluation import evaluate_trials as measure

    judged, models = Collection.read(collection), Models.load(Settings())
    matcher = unranked_matcher(models.encoder, judged.suppliers, models.headings, models.rates)
    candidates = judged_candidates(matcher, judged)
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("simulating", total=None)
        rows = measure(
            candidates, scores_of(models.ranker, candidates.features), seeds=seeds,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    print_rows(rows, markdown=markdown)


def compare_online(organisation: str, *, markdown: bool) -> None:
    """Print what the running trial shows so far; InvalidInput where there is none."""
    from training.online_comparison import drafted_rows, online_rows

    registry, settings = registry_in_use(), Settings()
    trial, since = registry.pointer().trial, _since(registry, lambda change: change.trial)
    if trial is None or since is None:
        raise InvalidInput("nothing is tried now; `souk models try VERSION` begins a trial")
    database, rules = Database.open(settings.database_url), JudgmentRules.read()
    log, ranker = read_log(database, organisation), GlassBoxRanker.load(in_use(settings).ranker_path)
    _out.print(f"{_told(trial)}, since {since:%Y-%m-%d %H:%M} UTC\n", soft_wrap=True)
    if trial.way is TrialWay.INTERLEAVE:
        rows = drafted_rows(log, drafts(database, organisation, since), ranker.version, trial.version, rules)
    else:
        versions = ranker_versions(database, organisation, since)
        rows = online_rows(log, versions, ranker.version, trial.version, rules)
    print_rows(rows, markdown=markdown)


def compare_shadow(organisation: str, *, markdown: bool) -> None:
    """Print what the ranker in the shadow found so far, on all replicas; InvalidInput where there is none."""
    from training.shadow_comparison import ShadowedLog, differing_rows, estimate_rows, shadow_rows

    registry, settings = registry_in_use(), Settings()
    running, since = registry.pointer().shadow, _since(registry, lambda change: change.shadow)
    if running is None or since is None:
        raise InvalidInput("nothing scores in the shadow now; `souk models shadow VERSION` begins it")
    database = Database.open(settings.database_url)
    noted = ShadowLog(database, organisation)
    scores, misses = noted.scores(running.version, since), noted.misses(running.version, since)
    _out.print(
        f"{running.version} scores {running.share:.0%} of the requests since {since:%Y-%m-%d %H:%M} UTC", soft_wrap=True
    )
    _out.print(f"{_counted(len(scores), misses)}\n", soft_wrap=True)
    candidate = _loaded(registry, running.version)
    if not scores:
        return
    print_rows(shadow_rows(scores), markdown=markdown)
    typer.echo()
    print_rows(differing_rows(scores), markdown=markdown)
    typer.echo()
    if candidate is None:
        return
    shadowed = ShadowedLog.of(
        read_log(database, organisation), [score.match_id for score in scores], JudgmentRules.read()
    )
    if shadowed.lacks is not None:
        _out.print(f"what it would have brought cannot be estimated: {shadowed.lacks}", soft_wrap=True)
        return
    ranker = GlassBoxRanker.load(in_use(settings).ranker_path)
    print_rows(estimate_rows(shadowed, ranker, candidate), markdown=markdown)


def _candidate(registry: Registry, version: str) -> str:
    if registry.find(version).kind is not ModelKind.RANKER:
        raise InvalidInput(f"{version} is no ranker: only a ranker can stand beside the one in use")
    if version == registry.pointer().versions.get(ModelKind.RANKER):
        raise InvalidInput(f"{version} is in use: expected another ranker beside it")
    return version


def _since(registry: Registry, running: Callable[[Change], object]) -> datetime | None:
    return running_since(registry.history(), running)


def _told(trial: Trial) -> str:
    if trial.way is TrialWay.INTERLEAVE:
        return f"{trial.version} places suppliers in turns with the ranker in use, in {trial.share:.0%} of the requests"
    return f"{trial.version} answers {trial.share:.0%} of the requests"


def _counted(scored: int, misses: Misses) -> str:
    told = f"{scored} requests scored, {misses.dropped} dropped because too many came at once, {misses.failed} failed"
    return f"{told}; the last because of: {misses.fault}" if misses.fault else told


def _loaded(registry: Registry, version: str) -> GlassBoxRanker | None:
    """The ranker in the shadow, checked; None, having said why, where it is damaged."""
    try:
        model = registry.find(version)
        registry.check(model)
        return GlassBoxRanker.load(model.files / RANKER_FILE)
    except SoukError as fault:
        _out.print(f"[bold]{version} is damaged:[/bold] {fault}", soft_wrap=True)
        return None
