"""Commands of learning from feedback: export and simulate logs, train on them, fine-tune the encoder, measure both."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import Progress

from data import shipped
from data.cli import EncoderOption
from data.collection import Collection
from data.database import DEFAULT_ORGANISATION, Database
from data.feedback_log import FeedbackLog, fingerprint, read_log
from data.in_use import in_use
from data.log_files import read_log_file, write_log_file
from data.settings import Settings
from data.workspace import Models
from matching.errors import InvalidInput
from matching.ranker import GlassBoxRanker
from training.tables import print_rows

commands = typer.Typer()
train = typer.Typer()
evaluate = typer.Typer()
_out = Console()
_err = Console(stderr=True)
STORE = "store"

RulesOption = Annotated[Path | None, typer.Option(help="TOML file of rules; default: training/judgment_rules.toml.")]
OrganisationOption = Annotated[str, typer.Option(help="Whose log of the store.")]
MarkdownOption = Annotated[bool, typer.Option(help="Print the tables as Markdown.")]
CollectionOption = Annotated[Path, typer.Option(help="Folder of a judged collection.")]


@commands.command(name="export-log")
def export_log(
    file: Annotated[Path, typer.Argument(help="A .jsonl or .parquet file to write.")],
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
) -> None:
    """Write what was shown and what users did into one file, without the texts of requests."""
    rows = write_log_file(log_of(STORE, organisation), file)
    _out.print(f"{rows} rows written to {file}")


@commands.command()
def simulate(
    file: Annotated[Path | None, typer.Argument(help="A .jsonl or .parquet file to write.")] = None,
    into_store: Annotated[bool, typer.Option(help="Write into the store of the settings instead.")] = False,
    sessions: Annotated[int, typer.Option(min=1, max=10_000_000)] = 10_000,
    places: Annotated[int, typer.Option(min=2, max=100, help="Suppliers shown in each session.")] = 20,
    users: Annotated[Literal["position", "cascade"], typer.Option(help="How users go through a list.")] = "position",
    shuffled: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of lists in random order.")] = 0.0,
    poor: Annotated[
        bool, typer.Option(help="Rank by words in common and completeness, not by the ranker in use.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the users.")] = 0,
    collection: CollectionOption = shipped.SAMPLE,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
) -> None:
    """Let simulated users work through a judged collection and leave a log, for trying out and for capacity plans."""
    from training.learning_evaluation import poor_scores, scores_of
    from training.ranker import judged_candidates, unranked_matcher
    from training.simulation import Shown, UserModel, Users
    from training.simulation import simulate as run
    from training.simulation_store import store_simulated

    if (file is None) != into_store:
        raise InvalidInput("expected either a FILE or --into-store")
    judged, models = Collection.read(collection), Models.load(Settings())
    matcher = unranked_matcher(models.encoder, judged.suppliers, models.headings, models.rates)
    candidates = judged_candidates(matcher, judged)
    scores = poor_scores(candidates) if poor else scores_of(models.ranker, candidates.features)
    log = run(
        candidates, Shown.by(candidates, scores, places), sessions=sessions, seed=seed, users=Users(UserModel(users)),
        shuffled=shuffled, requests=[fingerprint(request.text) for request in judged.requests],
        suppliers=matcher.catalogue.ids,
    )  # fmt: skip
    if file is not None:
        _out.print(f"{write_log_file(log, file)} rows written to {file}")
        return
    store_simulated(Database.open(Settings().database_url), organisation, log, judged.requests, models)
    _out.print(f"{sessions} matches with {len(log.events)} events stored for {organisation}")


@evaluate.command(name="learning")
def evaluate_learning(
    collection: CollectionOption = shipped.SAMPLE,
    seeds: Annotated[int, typer.Option(min=2, help="Of trainings.")] = 10,
    coverage_seeds: Annotated[int, typer.Option(min=1, help="Of off-policy estimates.")] = 100,
    sessions: Annotated[int, typer.Option(min=100)] = 10_000,
    markdown: MarkdownOption = False,
) -> None:
    """Put learning from feedback to the test on simulated users of a poor ranker, on requests held out."""
    from training.learning_evaluation import Trial
    from training.learning_evaluation import evaluate_learning as measure
    from training.log_calibration_evaluation import evaluate_log_calibration
    from training.log_length_evaluation import evaluate_log_lengths
    from training.ranker import judged_candidates, unranked_matcher

    judged, models = Collection.read(collection), Models.load(Settings())
    matcher = unranked_matcher(models.encoder, judged.suppliers, models.headings, models.rates)
    candidates = judged_candidates(matcher, judged)
    with Progress(console=_err) as bar:
        task = bar.add_task("simulating", total=None)
        tables = measure(
            candidates,
            Trial(seeds=seeds, coverage_seeds=coverage_seeds, sessions=sessions),
            lambda done, steps: bar.update(task, completed=done, total=steps),
        )
        task = bar.add_task("logs of other lengths", total=seeds)
        tables["nDCG@10 by length of the log"] = evaluate_log_lengths(
            candidates, seeds=seeds, progress=lambda: bar.advance(task)
        )
        probabilities = bar.add_task("probabilities", total=seeds)
        tables["expected calibration error of rankers learnt from a log"] = evaluate_log_calibration(
            candidates, seeds=seeds, sessions=sessions, progress=lambda: bar.advance(probabilities)
        )
    for name, rows in tables.items():
        typer.echo(f"\n{name}\n")
        print_rows(rows, markdown=markdown)


@evaluate.command(name="fine-tuning")
def evaluate_fine_tuning(
    collection: CollectionOption = shipped.SAMPLE,
    seed: Annotated[int, typer.Option(help="Seed of the folds and of the training.")] = 17,
    markdown: MarkdownOption = False,
    encoder: EncoderOption = None,
) -> None:
    """Measure what fine-tuning the encoder brings to requests it never saw, and what it costs in general quality."""
    from training.fine_tuning import FineTuning
    from training.fine_tuning_evaluation import evaluate_fine_tuning as measure

    base = Settings.with_encoder(encoder).encoder
    with Progress(console=_err) as bar:
        task = bar.add_task("folds", total=None)
        rows = measure(
            base,
            Collection.read(collection),
            recipe=FineTuning(seed=seed),
            progress=lambda done, folds: bar.update(task, completed=done, total=folds),
        )
    print_rows(rows, markdown=markdown)


@train.command(name="encoder")
def train_encoder(
    out: Annotated[Path, typer.Option(help="Folder to write to; never that of the encoder in use.")] = Path(
        "var/candidate-encoder"
    ),
    collection: CollectionOption = shipped.SAMPLE,
    from_log: Annotated[
        bool, typer.Option(help="Learn from what was accepted in the store, not a collection.")
    ] = False,
    rules: RulesOption = None,
    seed: Annotated[int, typer.Option(help="Seed of the drawing and of the fitting.")] = 17,
    resume: Annotated[
        Path | None, typer.Option(help="Folder of checkpoints: the same call goes on from there after an interruption.")
    ] = None,
    encoder: EncoderOption = None,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
) -> None:
    """Fine-tune the encoder on requests and the suppliers that they accepted."""
    from training.accepted import accepted_in_store
    from training.fine_tuning import Accepted, FineTuning, fine_tune
    from training.judgment_rules import DEFAULT_RULES, JudgmentRules

    settings = Settings.with_encoder(encoder)
    if from_log:
        database = Database.open(settings.database_url)
        accepted = accepted_in_store(database, organisation, JudgmentRules.read(rules or DEFAULT_RULES))
    else:
        judged = Collection.read(collection)
        accepted = Accepted(judged.requests, judged.suppliers, judged.grades)
    with Progress(console=_err) as bar:
        task = bar.add_task("fine-tuning", total=None)
        made = fine_tune(
            settings.encoder, accepted, out, recipe=FineTuning(seed=seed), work=resume,
            progress=lambda done, steps: bar.update(task, completed=done, total=steps),
        )  # fmt: skip
    _out.print(f"fine-tuned on {made['pairs']} rows of accepted pairs and written to {out}; it is not in service")
    _out.print(f"`souk train headings --encoder {out} --out DIR` makes its model of headings")


def train_from_log(
    source: str,
    out: Path,
    *,
    version: str | None,
    seed: int,
    rules: Path | None,
    with_prior: bool,
    organisation: str,
) -> None:
    """Train a candidate ranker on the log of the store or of a file, and say what it was made from."""
    from training.judgment_rules import DEFAULT_RULES, JudgmentRules
    from training.log_training import STAGES, train_candidate

    read = JudgmentRules.read(rules or DEFAULT_RULES)
    prior = GlassBoxRanker.load(in_use(Settings()).ranker_path) if with_prior else None
    with Progress(console=_err) as bar:
        task = bar.add_task("reading", total=len(STAGES) + 1)
        log = log_of(source, organisation)
        made = train_candidate(
            log, out, rules=read, version=version, prior=prior, seed=seed,
            progress=lambda stage: bar.update(task, advance=1, description=stage),
        )  # fmt: skip
        bar.update(task, advance=1, description="done")
    counts: list[dict[str, Any]] = [{"what": name, "number": count} for name, count in made.judged.counts.items()]
    print_rows(counts, markdown=False)
    print_rows(made.judged.propensities.table(), markdown=False)
    _out.print(f"propensities by {made.judged.propensities.method}")
    _out.print(f"candidate {made.ranker.version} written to {out}; it is not in service")


def log_of(source: str, organisation: str) -> FeedbackLog:
    """The log of the store, or of a file."""
    if source != STORE:
        return read_log_file(Path(source))
    return read_log(Database.open(Settings().database_url), organisation)
