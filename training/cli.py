"""Commands of the analyst: train the encoder and the ranker, measure them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from data import shipped
from data.cli import EncoderOption
from data.collection import Collection
from data.settings import Settings
from matching.encoder import load_encoder

commands = typer.Typer()
_train = typer.Typer(no_args_is_help=True, help="Train a model.")
commands.add_typer(_train, name="train")
_out = Console()


@commands.command()
def evaluate(
    collection: Annotated[Path, typer.Argument(help="Folder of a judged collection.")] = shipped.SAMPLE,
    seed: Annotated[int, typer.Option(help="Seed of the folds and of the fitting.")] = 0,
    markdown: Annotated[bool, typer.Option(help="Print the table as Markdown.")] = False,
    encoder: EncoderOption = None,
) -> None:
    """Measure word overlap, vectors and the whole pipeline on held-out requests of a judged collection."""
    from training.evaluation import evaluate as measure
    from training.ranker import unranked_matcher

    judged = Collection.read(collection)
    matcher = unranked_matcher(load_encoder(Settings.with_encoder(encoder).encoder), judged.suppliers)
    _print(measure(matcher, judged, seed=seed).table(), markdown=markdown)


@_train.command()
def ranker(
    collection: Annotated[Path, typer.Option(help="Folder of a judged collection.")] = shipped.SAMPLE,
    out: Annotated[Path, typer.Option(help="File to write the model to.")] = Path("var/ranker.json"),
    version: Annotated[str, typer.Option(help="Name of the model.")] = "sample-1",
    seed: Annotated[int, typer.Option(help="Seed of the fitting.")] = 0,
) -> None:
    """Fit the glass-box ranker to a judged collection."""
    from training.ranker import fit_ranker, judged_candidates, unranked_matcher

    judged = Collection.read(collection)
    matcher = unranked_matcher(load_encoder(Settings().encoder), judged.suppliers)
    fitted = fit_ranker(judged_candidates(matcher, judged), version=version, seed=seed)
    fitted.save(out)
    _out.print(f"ranker {version} fitted to {fitted.trained_on} and written to {out}")


def _print(rows: list[dict[str, Any]], *, markdown: bool) -> None:
    cells = [[f"{value:.3f}" if isinstance(value, float) else str(value) for value in row.values()] for row in rows]
    if markdown:
        lines = [list(rows[0]), ["---"] * len(rows[0]), *cells]
        typer.echo("\n".join(f"| {' | '.join(line)} |" for line in lines))
        return
    table = Table(*rows[0])
    for line in cells:
        table.add_row(*line)
    _out.print(table)
