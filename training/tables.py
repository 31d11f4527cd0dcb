"""Rows of figures as a table on the terminal, or as Markdown for the documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table


def print_rows(rows: Sequence[Mapping[str, Any]], *, markdown: bool) -> None:
    """Print rows that all have the columns of the first; None is a dash, a fraction has three digits."""
    cells = [[_cell(value) for value in row.values()] for row in rows]
    if markdown:
        lines = [list(rows[0]), ["---"] * len(rows[0]), *cells]
        typer.echo("\n".join(f"| {' | '.join(line)} |" for line in lines))
        return
    table = Table(*rows[0])
    for line in cells:
        table.add_row(*line)
    Console().print(table)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
