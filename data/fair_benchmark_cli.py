"""The command that measures the planner on published instances: `souk fair benchmark FILE.dzn`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

commands = typer.Typer()


@commands.command()
def benchmark(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="MiniZinc data files (.dzn).")],
    seed: Annotated[int, typer.Option(min=0, help="Another one gives another search.")] = 0,
    starts: Annotated[int, typer.Option(min=1, help="Searches from plans of their own.")] = 8,
    seconds: Annotated[float, typer.Option(min=0, help="Time for each file.")] = 60.0,
    most: Annotated[int | None, typer.Option(min=0, help="Breaks that nobody should exceed.")] = None,
) -> None:
    """Place agreed meetings with the fewest breaks, and print breaks and time. Exit code 3: a meeting has no slot."""
    from data.meeting_instances import read_agreed_meetings
    from matching.meetings.breaks import fewest_breaks

    complete = True
    for file in files:
        agreed, began = read_agreed_meetings(file), time.perf_counter()
        plan = fewest_breaks(agreed, seed=seed, starts=starts, most=most, until=time.monotonic() + seconds)
        took = time.perf_counter() - began
        left = f", {plan.unplaced} meetings without a slot" if plan.unplaced else ""
        proven = ", the fewest there can be" if plan.proven else ""
        typer.echo(f"{file.name}: {plan.total} breaks, {plan.breaks.max()} at most, {took:.2f} s{left}{proven}")
        complete = complete and not plan.unplaced
    if not complete:
        raise typer.Exit(3)
