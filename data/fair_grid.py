"""A plan as a grid: slots down, places across."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from data.fair_agendas import place_of
from data.fair_plans import Meeting
from data.fair_store import FairContent
from matching.messages import Messages


@dataclass(frozen=True)
class GridRow:
    """One slot; of each place the meetings there, none where it is empty."""

    starts: datetime.datetime
    cells: tuple[tuple[Meeting, ...], ...]


@dataclass(frozen=True)
class Grid:
    """The places of a plan in words, and its slots."""

    places: tuple[str, ...]
    rows: tuple[GridRow, ...]


def grid_of(content: FairContent, meetings: Sequence[Meeting], messages: Messages) -> Grid:
    """Tables by number, then booths by name; a meeting of several slots stands in each of them."""
    places = sorted({(one.booth or "", one.table or 0) for one in meetings})
    column = {place: number for number, place in enumerate(places)}
    titles = {(one.booth or "", one.table or 0): place_of(one, messages) for one in meetings}
    rows = []
    for number, slot in enumerate(content.fair.slots):
        cells: list[list[Meeting]] = [[] for _ in places]
        for one in meetings:
            if number in one.covered():
                cells[column[one.booth or "", one.table or 0]].append(one)
        rows.append(GridRow(slot.starts, tuple(map(tuple, cells))))
    return Grid(tuple(titles[place] for place in places), tuple(rows))
