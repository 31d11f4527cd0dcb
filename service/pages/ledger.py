"""The exposure ledger as a page: attention received beside attention earned, and who is owed most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from data.ledger import Attention
from matching.matcher import Matcher
from matching.messages import Messages
from matching.statement import SIZE_TITLES
from service.access import Analysing
from service.pages.layout import ReaderMessages, page

router = APIRouter(include_in_schema=False)
_SHOWN_GROUPS = 12
_SHOWN_SUPPLIERS = 20
_LEAST_SHOWN = 0.05


@dataclass(frozen=True)
class ShownAttention:
    """A group or supplier by its name in the reader's language; `percent` is what it received of what it earned."""

    title: str
    received: float
    earned: float
    percent: str | None


@dataclass(frozen=True)
class ShownColumn:
    """All groups of one kind: the first ones, and the further ones that are folded away."""

    heading: str
    note: str | None
    first: tuple[ShownAttention, ...]
    further: tuple[ShownAttention, ...]
    longest: float


@router.get("/ledger", response_class=HTMLResponse)
def ledger(request: Request, caller: Analysing, messages: ReaderMessages) -> HTMLResponse:
    """Attention by size, country and newness, and the suppliers that were given least of theirs."""
    found, matcher = caller.ledger, caller.workspace.matcher
    owed = [one for one in found.suppliers(_SHOWN_SUPPLIERS) if one.earned - one.received >= _LEAST_SHOWN]
    content = {
        "title": messages.text("Attention given to suppliers"),
        "columns": _columns(found.groups(), messages),
        "owed": [_shown(_name(one, matcher), one, messages) for one in owed],
    }
    return page(request, "ledger.html", messages, content)


def _columns(groups: Mapping[str, Sequence[Attention]], messages: Messages) -> list[ShownColumn]:
    text = messages.text
    newness = {"newcomer": text("new suppliers"), "established": text("established suppliers")}
    sizes = {size: text(title) for size, title in SIZE_TITLES.items()}
    countries = {one.name: messages.country(one.name) for one in groups["country"] if one.name}
    note = text("New are those that were first stored within the last year.")
    columns = (
        _column(text("By size of the firm"), groups["size"], sizes, messages),
        _column(text("By country"), groups["country"], countries, messages),
        _column(text("By newness"), groups["newness"], newness, messages, note),
    )
    return [column for column in columns if column.first]


def _column(
    heading: str, groups: Sequence[Attention], titles: Mapping[str, str], messages: Messages, note: str | None = None
) -> ShownColumn:
    ordered = sorted(groups, key=lambda one: (one.name is None, -one.earned))
    not_stated = messages.text("not stated")
    shown = tuple(_shown(titles.get(one.name or "", one.name or not_stated), one, messages) for one in ordered)
    longest = max((max(one.received, one.earned) for one in groups), default=1.0)
    return ShownColumn(heading, note, shown[:_SHOWN_GROUPS], shown[_SHOWN_GROUPS:], longest)


def _shown(title: str, one: Attention, messages: Messages) -> ShownAttention:
    percent = messages.percent(one.received / one.earned) if one.earned else None
    return ShownAttention(title, one.received, one.earned, percent)


def _name(one: Attention, matcher: Matcher) -> str:
    """The supplier's name; its id where it is no longer in the catalogue."""
    row = matcher.catalogue.row_by_id.get(one.name or "")
    return one.name or "" if row is None else matcher.catalogue.suppliers[row].name
