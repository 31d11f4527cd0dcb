"""The command that erases, and prints the receipt."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from data.database import DEFAULT_ORGANISATION, Database
from data.erasure import Erasures, Subject, SubjectKind
from data.keys import Keys
from data.settings import Settings
from data.snapshot import forget_supplier
from data.store import Store
from data.workspace import snapshot_path
from matching.errors import InvalidInput

commands = typer.Typer()


@commands.command()
def erase(
    supplier: Annotated[str | None, typer.Option(help="Id of a supplier.")] = None,
    request: Annotated[str | None, typer.Option(help="Id of a buyer's request.")] = None,
    client: Annotated[
        str | None, typer.Option(help="client_id of events: they and the requests they are about.")
    ] = None,
    participant: Annotated[str | None, typer.Option(help="Id of a participant of fairs.")] = None,
    organisation: Annotated[str, typer.Option(help="Whose records.")] = DEFAULT_ORGANISATION,
) -> None:
    """Erase a supplier, a request, a client or a participant of fairs with every stored trace, and print the receipt.

    Running services follow within seconds.
    """
    named = {
        SubjectKind.SUPPLIER: supplier,
        SubjectKind.REQUEST: request,
        SubjectKind.CLIENT: client,
        SubjectKind.PARTICIPANT: participant,
    }
    given = [Subject(kind, value) for kind, value in named.items() if value]
    if len(given) != 1:
        raise InvalidInput("expected one of --supplier, --request, --client and --participant")
    settings = Settings()
    database = Database.open(settings.database_url)
    store = Store(database, organisation)
    receipt = Erasures(store, Keys(database, settings.key_pepper.get_secret_value())).erase(given[0])
    if given[0].kind is SubjectKind.SUPPLIER:
        forget_supplier(snapshot_path(settings, organisation), given[0].id)
    typer.echo(json.dumps(receipt.document(), indent=1))
