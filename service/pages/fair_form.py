"""The form by which an organiser states a fair, and the fair that it states."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from starlette.datastructures import FormData

from data.fairs import Fair
from service.pages.forms import stated

_PLAIN = ("id", "name", "venue", "time_zone", "slot_minutes", "buffer_minutes", "tables")
_LISTS = {
    "sessions": ("day", "starts", "ends"),
    "packages": ("name", "minimum", "maximum"),
    "interpreters": ("id", "languages"),
}
_NUMBERS = frozenset({"minimum", "maximum"})
_EMPTY_ROWS = {"sessions": 2, "packages": 2, "interpreters": 1}
_FEWEST_ROWS = {"sessions": 4, "packages": 2, "interpreters": 1}
_MOST_ROWS = 100


@dataclass(frozen=True)
class FairFields:
    """What stands in the form: plain fields by name, and the rows of each list."""

    plain: Mapping[str, str] = field(default_factory=lambda: {"slot_minutes": "20", "buffer_minutes": "5"})
    lists: Mapping[str, tuple[Mapping[str, str], ...]] = field(default_factory=dict)

    def rows(self, name: str) -> list[Mapping[str, str]]:
        """The rows of a list with empty ones behind them for more."""
        filled = list(self.lists.get(name, ()))
        return filled + [{}] * max(_EMPTY_ROWS[name], _FEWEST_ROWS[name] - len(filled))


def fields_of(fair: Fair) -> FairFields:
    """The form as a fair fills it in."""
    document = fair.model_dump(mode="json")
    plain = {name: str(document[name]) for name in _PLAIN}
    rows = {
        name: tuple({column: _written(row[column]) for column in columns} for row in document[name])
        for name, columns in _LISTS.items()
    }
    return FairFields(plain, rows)


def fields_typed(form: FormData) -> FairFields:
    """The form as somebody filled it in; rows left empty are none."""
    fields = stated(form)
    plain = {name: fields.get(name, "") for name in _PLAIN}
    rows = {}
    for name, columns in _LISTS.items():
        typed = (
            {column: fields.get(f"{name}.{number}.{column}", "") for column in columns} for number in range(_MOST_ROWS)
        )
        rows[name] = tuple(row for row in typed if any(row.values()))
    return FairFields(plain, rows)


def fair_stated(fields: FairFields, known: Fair | None = None) -> Fair:
    """The fair that the form states; what the form does not show stays as it was in the fair that is known.

    Raises ValidationError, which names fields as the form does.
    """
    document = known.model_dump(mode="json") if known else {}
    hours = {one["id"]: one["hours"] for one in document.get("interpreters", ())}
    document = {name: value for name, value in document.items() if name not in (*_PLAIN, *_LISTS)}
    document |= {name: value for name, value in fields.plain.items() if value}
    for name, rows in fields.lists.items():
        document[name] = [_row(row, hours) for row in rows]
    return Fair.model_validate(document)


@cache
def time_zones() -> tuple[str, ...]:
    """Every time zone of a place, by name."""
    return tuple(sorted(name for name in zoneinfo.available_timezones() if "/" in name and "Etc/" not in name))


def _row(row: Mapping[str, str], hours: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {name: value for name, value in row.items() if value}
    found |= {name: int(row[name]) for name in _NUMBERS & row.keys() if row[name].isdecimal()}
    if "languages" in row:
        found["languages"] = [one.strip() for one in row["languages"].replace(";", ",").split(",") if one.strip()]
        found |= {"hours": hours[row["id"]]} if row["id"] in hours else {}
    return found


def _written(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(value) if isinstance(value, list) else str(value)
