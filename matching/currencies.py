"""Money of one currency in another, by a dated table of rates that the user can replace."""

from __future__ import annotations

import csv
import datetime
import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Self

from matching.codes import currency_code
from matching.errors import UnreadableFile

_COLUMNS = ("date", "currency", "units_per_eur")
_EURO = "EUR"


@dataclass(frozen=True)
class RateTable:
    """Rates of one day.

    per_euro : by ISO 4217 code, how many units of the currency one euro is; the euro's own is 1
    """

    date: datetime.date
    per_euro: Mapping[str, float]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a CSV of date, currency, units_per_eur, every row of one date.

        Raises UnreadableFile where it is missing, or naming the row, field, value and what was expected.
        """
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise UnreadableFile(f"{path}: {error}; expected a table of exchange rates as CSV in UTF-8") from error
        rows = csv.DictReader(StringIO(text, newline=""))
        missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            found = ",".join(rows.fieldnames or ()) or "nothing"
            raise UnreadableFile(f"{path} row 1: headings are {found!r}, expected {','.join(_COLUMNS)}")
        return cls(*_checked(path, rows))

    @property
    def version(self) -> str:
        """The date and a digest of the rates: two tables of one version convert alike."""
        written = ",".join(f"{currency}={rate!r}" for currency, rate in sorted(self.per_euro.items()))
        return f"{self.date.isoformat()}-{hashlib.blake2b(written.encode(), digest_size=4).hexdigest()}"

    def rate(self, currency: str, into: str) -> float | None:
        """How many units of `into` one unit of a currency is; None where the table lacks one of the two."""
        if currency == into:
            return 1.0
        if currency not in self.per_euro or into not in self.per_euro:
            return None
        return self.per_euro[into] / self.per_euro[currency]


def _checked(path: Path, rows: csv.DictReader[str]) -> tuple[datetime.date, Mapping[str, float]]:
    per_euro: dict[str, float] = {_EURO: 1.0}
    days: dict[datetime.date, None] = {}
    stated: set[str] = set()
    for number, row in _numbered(rows):
        where = f"{path} row {number}"
        days[_date(where, row["date"])] = None
        currency, rate = _currency(where, row["currency"]), _rate(where, row["units_per_eur"])
        if len(days) > 1:
            raise UnreadableFile(f"{where}: date is {row['date']!r}, expected {next(iter(days))} as above")
        if currency in stated:
            raise UnreadableFile(f"{where}: currency is {currency!r}, expected one that no row above has")
        if currency == _EURO and rate != 1.0:
            raise UnreadableFile(f"{where}: units_per_eur is {row['units_per_eur']!r}, expected 1 for EUR")
        stated.add(currency)
        per_euro[currency] = rate
    if not days:
        raise UnreadableFile(f"{path}: no rates; expected a row for each currency below {','.join(_COLUMNS)}")
    return next(iter(days)), per_euro


def _numbered(rows: csv.DictReader[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows by the number that a user sees, cells trimmed; a cell that is not there is an empty one."""
    for row in rows:
        yield rows.line_num, {name: (row[name] or "").strip() for name in _COLUMNS}


def _date(where: str, text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise UnreadableFile(f"{where}: date is {text!r}, expected a day such as 2025-06-30") from None


def _currency(where: str, text: str) -> str:
    try:
        return currency_code(text)
    except ValueError:
        raise UnreadableFile(f"{where}: currency is {text!r}, expected an ISO 4217 code such as USD") from None


def _rate(where: str, text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 < rate < math.inf:
        raise UnreadableFile(f"{where}: units_per_eur is {text!r}, expected a number above 0 such as 1.172")
    return rate
