"""The command that makes both sides' lists of a fair and shows their price."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from data.cli import EncoderOption
from data.exports import write_workbook
from data.market_sheets import Fair, list_sheets, price_rows
from data.settings import Settings
from data.tables import Loaded, read_requests, read_suppliers
from data.workspace import Models
from matching.errors import InvalidInput
from matching.market_lists import Way, lists_for
from matching.markets import Attention, Price
from matching.matcher import Matcher
from matching.mutual import market_of
from matching.profiles import BuyerRequest, Supplier

T = TypeVar("T", bound=BaseModel)
commands = typer.Typer()
_out = Console()
_log = logging.getLogger(__name__)


@commands.command(name="lists")
def fair_lists(
    suppliers: Annotated[Path, typer.Option(help="File of the suppliers that take part.")],
    requests: Annotated[Path, typer.Option(help="File of the buyers' requests.")],
    out: Annotated[Path, typer.Option(help="Write the lists to this .xlsx file.")],
    way: Annotated[Way, typer.Option(help="How lists are made.")] = Way.NASH,
    top: Annotated[int, typer.Option(min=1, max=1000, help="Places of each list.")] = 10,
    encoder: EncoderOption = None,
) -> None:
    """Give every buyer a list of suppliers and every supplier one of buyers, and compare the four ways to make them.

    The files stand for themselves: nothing is stored, and stored suppliers take no part.
    """
    if out.suffix.lower() != ".xlsx":
        raise InvalidInput(f"{out}: cannot write {out.suffix or 'a file without suffix'}, expected .xlsx")
    fair = _fair(_kept(read_suppliers(suppliers)), _kept(read_requests(requests)), top, Settings.with_encoder(encoder))
    made = {each: lists_for(fair.market, each) for each in Way}
    prices = {str(each): Price.of(fair.market, Attention.under(fair.market, lists)) for each, lists in made.items()}
    write_workbook(list_sheets(fair, made[way], prices), out)
    _print_prices(prices)
    _out.print(
        f"{way} lists of {len(fair.requests)} buyers and {len(fair.suppliers)} suppliers written to {out}", markup=False
    )


def _fair(suppliers: tuple[Supplier, ...], requests: tuple[BuyerRequest, ...], top: int, settings: Settings) -> Fair:
    models = Models.load(settings)
    matcher = Matcher.build(models.encoder, suppliers, models.ranker, models.headings, rates=models.rates)
    return Fair(requests, suppliers, market_of(matcher, requests, top=top))


def _kept(loaded: Loaded[T]) -> tuple[T, ...]:
    for refused in loaded.refused:
        _log.warning("%s", refused)
    return loaded.profiles


def _print_prices(prices: Mapping[str, Price]) -> None:
    table = Table("")
    for way in prices:
        table.add_column(way, justify="right")
    ways = price_rows(prices)
    for name in list(ways[0])[1:]:
        table.add_row(name.replace("_", " "), *(str(row[name]) for row in ways))
    _out.print(table)
