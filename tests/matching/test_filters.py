from __future__ import annotations

import pytest

from matching.filters import Filters
from matching.matcher import Matcher


def _allowed_ids(matcher: Matcher, filters: Filters) -> list[str]:
    rows = filters.allowed(matcher.catalogue)
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


def test_an_empty_filter_filters_nothing(matcher: Matcher) -> None:
    assert Filters().allowed(matcher.catalogue) is None
