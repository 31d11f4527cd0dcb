from __future__ import annotations

from datetime import date

import pytest

from matching.filters import Filters
from matching.matcher import Matcher
from matching.profiles import Supplier

TODAY = date(2026, 11, 24)


def _allowed_ids(matcher: Matcher, filters: Filters) -> list[str]:
    rows = filters.allowed(matcher.catalogue, TODAY)
    assert rows is not None
    return [matcher.catalogue.suppliers[row].id for row in rows]


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (Filters(countries=("Maroc",)), ["S1", "S2"]),
        (Filters(certifications=("ecocert",)), ["S1"]),
        (Filters(certifications=("Ecocert", "GoodWeave")), []),
        (Filters(sizes=("small",)), ["S3"]),
        (Filters(languages=("en", "tr")), ["S2", "S3"]),
        (Filters(hs=("570210",)), ["S3"]),
        (Filters(ids=("S4", "S1", "gone")), ["S1", "S4"]),
        (Filters(countries=("MA",), languages=("en",)), ["S2"]),
    ],
)
def test_a_filter_leaves_out_whoever_does_not_state_what_it_asks(
    matcher: Matcher, filters: Filters, ids: list[str]
) -> None:
    assert _allowed_ids(matcher, filters) == ids


@pytest.mark.parametrize(("expires", "ids"), [("2026-11-24", ["S1", "S9"]), ("2026-11-23", ["S1"])])
def test_a_certificate_that_has_expired_passes_no_filter(matcher: Matcher, expires: str, ids: list[str]) -> None:
    dated = {"id": "S9", "name": "Ziz", "certifications": [{"scheme": "Ecocert", "expires": expires}]}
    changed = matcher.with_changes((), [Supplier.model_validate(dated)])
    assert _allowed_ids(changed, Filters(certifications=("Ecocert",))) == ids


def test_an_empty_filter_filters_nothing(matcher: Matcher) -> None:
    assert Filters().allowed(matcher.catalogue, TODAY) is None
