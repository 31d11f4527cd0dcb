"""Commands on the whole database: back it up, restore it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from data.backup import Manifest, back_up, restore
from data.database import Database
from data.settings import Settings

commands = typer.Typer()
_out = Console(highlight=False)


@commands.command(name="backup")
def backup_database(
    file: Annotated[Path, typer.Argument(help="Archive to write; one that is there is replaced.")],
) -> None:
    """Write all records, keys, matches and events to one archive, while the service goes on."""
    _report(f"{file} holds", back_up(_opened(), file))


@commands.command(name="restore")
def restore_database(
    file: Annotated[Path, typer.Argument(help="Archive of `souk backup`, of SQLite or PostgreSQL.")],
    replace: Annotated[bool, typer.Option("--replace", help="Drop the records that the database holds now.")] = False,
) -> None:
    """Make the database what an archive says, after checking all of it; all or nothing."""
    _report("restored", restore(_opened(), file, replace=replace))


def _opened() -> Database:
    return Database.open(Settings().database_url)


def _report(what: str, manifest: Manifest) -> None:
    counts = ", ".join(f"{member.rows} {table}" for table, member in manifest.tables.items() if member.rows)
    _out.print(f"{what} {counts or 'no rows'} of {manifest.made_at:%Y-%m-%d %H:%M} UTC", markup=False, soft_wrap=True)
