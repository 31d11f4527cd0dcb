"""Commands on API keys: create, list, revoke."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from data.database import DEFAULT_ORGANISATION, Database
from data.keys import Keys, Scope
from data.settings import Settings

commands = typer.Typer()
_keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")
commands.add_typer(_keys, name="keys")
_out = Console()


@_keys.command()
def create(
    name: Annotated[str, typer.Argument(help="Whom the key is for, for the list.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may be used for; repeatable.")],
    organisation: Annotated[str, typer.Option(help="Whose records it opens.")] = DEFAULT_ORGANISATION,
    requests_per_minute: Annotated[int | None, typer.Option(min=1, help="Its own allowance.")] = None,
) -> None:
    """Make a key and show it, this once."""
    typer.echo(_opened().create(organisation, name, scope, requests_per_minute=requests_per_minute))


@_keys.command(name="list")
def list_keys() -> None:
    """List keys, never their secrets."""
    table = Table("id", "organisation", "name", "scopes", "requests a minute", "created", "revoked")
    for key in _opened().all():
        table.add_row(
            key.id, key.organisation, key.name, ", ".join(sorted(key.scopes)), str(key.requests_per_minute or ""),
            f"{key.created_at:%Y-%m-%d %H:%M}", f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else "",
        )  # fmt: skip
    _out.print(table)


@_keys.command()
def revoke(key_id: Annotated[str, typer.Argument(help="Its id, as listed.")]) -> None:
    """Make a key useless from now on."""
    _opened().revoke(key_id)
    _out.print(f"key {key_id} is revoked")


def _opened() -> Keys:
    settings = Settings()
    return Keys(Database.open(settings.database_url), settings.key_pepper.get_secret_value())
