"""Commands of the analyst: train the encoder, the headings and the ranker, measure them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from data import shipped
from data.cli import EncoderOption
from data.collection import Collection
from data.database import DEFAULT_ORGANISATION
from data.in_use import in_use
from data.settings import Settings
from data.workspace import Models, headings_in_use
from matching.currencies import RateTable
from matching.encoder import load_encoder
from matching.errors import InvalidInput
from matching.exposure import ExposurePolicy
from matching.features import FEATURE_NAMES
from matching.matcher import Matcher
from matching.ranker import GlassBoxRanker
from training import learning_cli, models_cli, trials_cli
from training.tables import print_rows

commands = typer.Typer()
_train = typer.Typer(no_args_is_help=True, help="Train a model.")
_evaluate = typer.Typer(invoke_without_command=True)
_model = typer.Typer(no_args_is_help=True, help="Look into a model.")
commands.add_typer(_train, name="train")
commands.add_typer(_model, name="model")
commands.add_typer(_evaluate, name="evaluate")
commands.add_typer(learning_cli.commands)
commands.add_typer(models_cli.commands)
_train.add_typer(learning_cli.train)
_evaluate.add_typer(learning_cli.evaluate)
_evaluate.add_typer(models_cli.evaluate)
_evaluate.add_typer(trials_cli.evaluate)
_out = Console()
_err = Console(stderr=True)
_REFITS = 50

CollectionOption = Annotated[Path, typer.Option(help="Folder of a judged collection.")]
MarkdownOption = Annotated[bool, typer.Option(help="Print the table as Markdown.")]
CorporaOption = Annotated[Path | None, typer.Option(help="Folder of the corpora; without it no synset is measured.")]


@_evaluate.callback()
def evaluate(
    context: typer.Context,
    collection: CollectionOption = shipped.SAMPLE,
    seed: Annotated[int, typer.Option(help="Seed of the folds and of the fitting.")] = 0,
    markdown: MarkdownOption = False,
    encoder: EncoderOption = None,
) -> None:
    """Measure word overlap, vectors and the whole pipeline on held-out requests of a judged collection."""
    if context.invoked_subcommand is not None:
        return
    from training.evaluation import evaluate as measure

    judged = Collection.read(collection)
    settings = Settings.with_encoder(encoder)
    matcher = _unranked_matcher(settings, judged)
    measures = measure(matcher, judged, seed=seed)
    print_rows(measures.table(), markdown=markdown)
    typer.echo()
    print_rows(measures.calibration, markdown=markdown)


@_evaluate.command(name="rankers")
def evaluate_rankers(
    collection: CollectionOption = shipped.SAMPLE,
    seed: Annotated[int, typer.Option(help="Seed of the folds, the fitting and the test.")] = 0,
    markdown: MarkdownOption = False,
) -> None:
    """Measure the glass-box ranker beside LightGBM's LambdaMART, pairs of features and a logistic regression."""
    from training.ranker_comparison import compare_rankers

    judged = Collection.read(collection)
    print_rows(compare_rankers(_unranked_matcher(Settings(), judged), judged, seed=seed), markdown=markdown)


@_evaluate.command(name="ablation")
def evaluate_ablation(
    collection: CollectionOption = shipped.SAMPLE,
    seed: Annotated[int, typer.Option(help="Seed of the folds, the fitting and the test.")] = 0,
    markdown: MarkdownOption = False,
) -> None:
    """Measure what each part of the matcher is worth: text similarity, needs, words, HS, exclusions."""
    from training.ablation import ablation

    judged = Collection.read(collection)
    print_rows(ablation(_unranked_matcher(Settings(), judged), judged, seed=seed), markdown=markdown)


@_evaluate.command(name="faithfulness")
def evaluate_faithfulness(
    collection: CollectionOption = shipped.SAMPLE,
    seed: Annotated[int, typer.Option(help="Seed of what is drawn.")] = 0,
    markdown: MarkdownOption = False,
    matches: Annotated[int, typer.Option(help="How many random matches are looked at.")] = 2_000,
    changes: Annotated[int, typer.Option(help="How many advised changes are carried out.")] = 500,
) -> None:
    """Try whether reasons and advice of the matcher in use hold: by deleting, adding up, and carrying out."""
    from training.advice_evaluation import evaluate_advice
    from training.faithfulness_evaluation import faithfulness

    judged = Collection.read(collection)
    models = Models.load(Settings())
    matcher = Matcher.build(models.encoder, judged.suppliers, models.ranker, models.headings, rates=models.rates)
    print_rows(faithfulness(matcher, judged, matches=matches, seed=seed), markdown=markdown)
    print_rows(evaluate_advice(matcher, judged.requests, changes=changes, seed=seed), markdown=markdown)


@_evaluate.command(name="encoder")
def evaluate_encoder(
    corpora: CorporaOption = None,
    collection: CollectionOption = shipped.SAMPLE,
    markdown: MarkdownOption = False,
    encoder: EncoderOption = None,
) -> None:
    """Measure an encoder on what was kept out of training and on a judged collection, beside a baseline."""
    from training.encoder_report import encoder_report

    settings = Settings.with_encoder(encoder)
    loaded = load_encoder(settings.encoder, settings.encoder_options)
    if corpora is None:
        _err.print("no --corpora: held-out synsets are not measured")
    rows = encoder_report(loaded, Collection.read(collection), headings=settings.headings_path, corpora=corpora)
    print_rows(rows, markdown=markdown)


@_evaluate.command(name="exposure")
def evaluate_exposure(
    policy: Annotated[
        str | None, typer.Option(help="As SOUK_EXPOSURE; default: micro and small firms, by their number.")
    ] = None,
    collection: CollectionOption = shipped.SAMPLE,
    seed: Annotated[int, typer.Option(help="Seed of the folds and of the fitting.")] = 0,
    markdown: MarkdownOption = False,
    encoder: EncoderOption = None,
) -> None:
    """Measure how attention is shared on held-out requests, with and without a policy, and what the policy costs."""
    from training.exposure_evaluation import evaluate_exposure as measure

    judged = Collection.read(collection)
    matcher = _unranked_matcher(Settings.with_encoder(encoder), judged)
    found = measure(matcher, judged, ExposurePolicy.parse(policy) if policy else None, seed=seed)
    print_rows(found.groups, markdown=markdown)
    print_rows(found.ways, markdown=markdown)
    print_rows(found.windows, markdown=markdown)


@_evaluate.command(name="duplicates")
def evaluate_duplicates(
    collection: CollectionOption = shipped.SAMPLE, markdown: MarkdownOption = False, encoder: EncoderOption = None
) -> None:
    """Measure which copies of a collection's suppliers are found, and which distinct firms are taken for one."""
    from training.duplicates_evaluation import evaluate_duplicates as measure

    settings = Settings.with_encoder(encoder)
    loaded = load_encoder(settings.encoder, settings.encoder_options)
    print_rows(measure(loaded, Collection.read(collection).suppliers), markdown=markdown)


@_evaluate.command(name="adversarial")
def evaluate_adversarial(
    collection: CollectionOption = shipped.SAMPLE,
    seed: Annotated[int, typer.Option(help="Seed of the drawing of attackers.")] = 0,
    markdown: MarkdownOption = False,
) -> None:
    """Measure whether profiles written to be found get above the suppliers that sell what is asked."""
    from training.adversarial_evaluation import evaluate_adversarial as measure

    judged, models = Collection.read(collection), Models.load(Settings())
    matcher = Matcher.build(models.encoder, judged.suppliers, models.ranker, models.headings, rates=models.rates)
    print_rows(measure(matcher, judged, seed=seed), markdown=markdown)


@_evaluate.command(name="needs")
def evaluate_needs(
    labels: Annotated[Path, typer.Option(help="JSON Lines of requests with the needs that they state.")] = (
        shipped.NEEDS / "requests.jsonl"
    ),
    markdown: MarkdownOption = False,
) -> None:
    """Measure how well needs are read from requests: precision and recall by kind and by language."""
    from training.needs_evaluation import evaluate_needs as measure
    from training.needs_evaluation import read_requests

    print_rows(measure(read_requests(labels)).table(), markdown=markdown)


@_evaluate.command(name="exclusions")
def evaluate_exclusions(
    cases: Annotated[
        Path, typer.Option(help="JSON Lines of requests that rule something out, each with two suppliers.")
    ] = (shipped.NEEDS / "exclusions.jsonl"),
    markdown: MarkdownOption = False,
    encoder: EncoderOption = None,
) -> None:
    """Measure whether suppliers of what a request rules out stay behind those who do not sell it."""
    from training.exclusions_evaluation import evaluate_exclusions as measure
    from training.exclusions_evaluation import exclusions_table, read_cases

    models = Models.load(Settings.with_encoder(encoder))
    print_rows(exclusions_table(measure(read_cases(cases), models)), markdown=markdown)


@_train.command(name="base-encoder")
def base_encoder(
    corpora: Annotated[Path, typer.Option(help="Folder of the corpora.")],
    out: Annotated[Path, typer.Option(help="Folder to write the encoder to.")] = Path("var/encoder"),
    seed: Annotated[int, typer.Option(help="Seed of the drawing and of the fitting.")] = 17,
    resume: Annotated[
        Path | None, typer.Option(help="Folder of checkpoints: the same call goes on from there after an interruption.")
    ] = None,
) -> None:
    """Train the multilingual static encoder on the corpora and the glossary."""
    from training.encoder import Recipe, train_encoder

    with Progress(console=_err) as bar:
        task = bar.add_task("training", total=None)
        train_encoder(
            corpora,
            out,
            recipe=Recipe(seed=seed),
            probe=shipped.ENCODER_PROBE,
            work=resume,
            progress=lambda done, steps: bar.update(task, completed=done, total=steps),
        )
    _out.print(f"encoder written to {out}; `souk train headings --encoder {out}` makes its model of headings")


@_train.command()
def headings(
    out: Annotated[Path | None, typer.Option(help="Folder to write to; default: the one in use.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the fitting.")] = 0,
    encoder: EncoderOption = None,
) -> None:
    """Train the model that infers HS headings from the glossary and an encoder's vectors."""
    from training.headings import Recipe, train_headings

    settings = Settings.with_encoder(encoder)
    folder = out or settings.headings_path
    measures = train_headings(
        load_encoder(settings.encoder, settings.encoder_options), folder, recipe=Recipe(seed=seed)
    )
    print_rows([{"measured on": name, **found} for name, found in measures.items()], markdown=False)
    _out.print(f"model of headings written to {folder}")


@_train.command()
def ranker(
    collection: CollectionOption = shipped.SAMPLE,
    out: Annotated[
        Path | None, typer.Option(help="Default: var/ranker.json; from a log the folder var/candidate.")
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="Name of the model; default: sample-1, from a log a new one.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the fitting.")] = 0,
    from_log: Annotated[
        str | None, typer.Option(help="Learn from feedback: the word store, or a .jsonl or .parquet file of a log.")
    ] = None,
    rules: learning_cli.RulesOption = None,
    prior: Annotated[bool, typer.Option(help="With a log: begin from the ranker in use.")] = True,
    organisation: learning_cli.OrganisationOption = DEFAULT_ORGANISATION,
    register: Annotated[
        bool, typer.Option(help="With a log: learn from its earlier part, and enter the model as a candidate.")
    ] = False,
) -> None:
    """Fit the glass-box ranker to a judged collection, or to what users did."""
    if from_log is not None and register:
        models_cli.learn_into_registry(
            from_log, version=version, seed=seed, rules=rules, with_prior=prior, organisation=organisation
        )
        return
    if from_log is not None:
        folder = out or Path("var/candidate")
        learning_cli.train_from_log(
            from_log, folder, version=version, seed=seed, rules=rules, with_prior=prior, organisation=organisation
        )
        return
    _train_on_collection(collection, out or Path("var/ranker.json"), version or "sample-1", seed)


def _train_on_collection(collection: Path, out: Path, version: str, seed: int) -> None:
    from training.calibration import calibrated
    from training.ranker import fit_ranker, judged_candidates

    judged = Collection.read(collection)
    settings = Settings()
    candidates = judged_candidates(_unranked_matcher(settings, judged), judged)
    fitted = calibrated(fit_ranker(candidates, version=version, seed=seed, refits=_REFITS), candidates, seed=seed)
    fitted.save(out)
    _out.print(f"ranker {version} fitted to {fitted.trained_on} and written to {out}")


@_model.command()
def show(
    png: Annotated[Path | None, typer.Option(help="Draw all curves into this PNG file instead.")] = None,
    feature: Annotated[str | None, typer.Option(help="Only the curve of this feature.")] = None,
) -> None:
    """Show the curves of the ranker in use: what each value adds to the score, on how much data."""
    from training.ranker_curves import draw, tables

    ranker = GlassBoxRanker.load(in_use(Settings()).ranker_path)
    if feature is not None and feature not in FEATURE_NAMES:
        raise InvalidInput(f"--feature is {feature!r}, expected one of {', '.join(FEATURE_NAMES)}")
    curves = [curve for curve in ranker.curves if feature in (None, curve.feature)]
    if png is not None:
        draw(curves, ranker.calibration, png)
        _out.print(f"{len(curves)} curves of {ranker.version} drawn into {png}")
        return
    _out.print(f"ranker {ranker.version}: base {ranker.base:+.3f}")
    for table in tables(curves, ranker.calibration):
        _out.print(table)


def _unranked_matcher(settings: Settings, judged: Collection) -> Matcher:
    """A matcher over a collection's suppliers with the models of the settings, without a ranker."""
    from training.ranker import unranked_matcher

    settings = in_use(settings)
    encoder = load_encoder(settings.encoder, settings.encoder_options)
    rates = RateTable.read(settings.rates_path)
    return unranked_matcher(encoder, judged.suppliers, headings_in_use(settings, encoder), rates)
