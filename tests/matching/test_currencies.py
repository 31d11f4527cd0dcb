from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from data import shipped
from matching.currencies import RateTable
from matching.errors import UnreadableFile

HEADINGS = "date,currency,units_per_eur\n"
ASKED = (
    "EUR", "USD", "GBP", "CHF", "CNY", "JPY", "MAD", "TND", "DZD", "EGP", "TRY", "SAR", "AED", "INR", "BRL", "MXN",
    "CAD", "AUD", "PLN", "SEK", "NOK", "DKK", "CZK", "HUF", "RON", "KRW", "VND", "IDR", "THB", "MYR", "ZAR", "NGN",
    "KES", "XOF",
)  # fmt: skip


def _table(tmp_path: Path, rows: str) -> RateTable:
    path = tmp_path / "rates.csv"
    path.write_text(rows, encoding="utf-8")
    return RateTable.read(path)


def test_rates_go_through_the_euro_in_either_direction(tmp_path: Path) -> None:
    table = _table(tmp_path, HEADINGS + "2025-06-30,USD,1.25\n2025-06-30,MAD,10\n")
    assert table.date == date(2025, 6, 30)
    assert (table.rate("EUR", "MAD"), table.rate("MAD", "EUR")) == (10.0, 1 / 10)
    assert table.rate("USD", "MAD") == 10 / 1.25


def test_a_currency_that_is_not_listed_is_worth_only_itself(tmp_path: Path) -> None:
    table = _table(tmp_path, HEADINGS + "2025-06-30,USD,1.25\n")
    assert table.rate("KES", "USD") is table.rate("USD", "KES") is None
    assert table.rate("KES", "KES") == 1.0


def test_the_version_names_the_date_and_changes_with_any_rate(tmp_path: Path) -> None:
    first, second = (_table(tmp_path, f"{HEADINGS}2025-06-30,USD,{rate}\n").version for rate in ("1.25", "1.26"))
    assert first.startswith("2025-06-30-") and second.startswith("2025-06-30-") and first != second


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("2025-06-30,USD,1\n2025-06-30,Taler,2\n", "row 3: currency is 'Taler', expected an ISO 4217 code such as USD"),
        ("2025-06-30,USD,dear\n", "row 2: units_per_eur is 'dear', expected a number above 0"),
        ("2025-06-30,USD,0\n", "row 2: units_per_eur is '0', expected a number above 0"),
        ("2025-06-30,USD\n", "row 2: units_per_eur is '', expected a number above 0"),
        ("2025-06-30,EUR,2\n", "row 2: units_per_eur is '2', expected 1 for EUR"),
        ("yesterday,USD,1.17\n", "row 2: date is 'yesterday', expected a day such as 2025-06-30"),
        ("2025-06-30,USD,1\n2025-07-01,GBP,1\n", "row 3: date is '2025-07-01', expected 2025-06-30 as above"),
        ("2025-06-30,USD,1\n2025-06-30,usd,1\n", "row 3: currency is 'USD', expected one that no row above has"),
        ("", "no rates; expected a row for each currency"),
    ],
)  # fmt: skip
def test_a_bad_table_is_refused_by_row_field_value_and_what_was_expected(tmp_path: Path, rows: str, fault: str) -> None:
    with pytest.raises(UnreadableFile, match=rf"rates\.csv:? {fault}"):
        _table(tmp_path, HEADINGS + rows)


def test_other_headings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="row 1: headings are 'Date,USD', expected date,currency,units_per_eur"):
        _table(tmp_path, "Date,USD\n2025-06-30,1.17\n")


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"none\.csv: .*expected a table of exchange rates"):
        RateTable.read(tmp_path / "none.csv")


def test_the_shipped_table_has_the_currencies_of_trade() -> None:
    table = RateTable.read(shipped.RATES)
    assert set(ASKED) <= set(table.per_euro)
    assert table.rate("EUR", "XOF") == 655.957
