from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.errors import InvalidRequest, UnknownSupplier
from matching.filters import Filters
from matching.matcher import Matcher
from matching.profiles import BuyerRequest, Certificate, Supplier
from matching.ranker import GlassBoxRanker
from tests.conftest import HashingEncoder

REQUESTS = st.lists(
    st.sampled_from("organic argan oil wool rug kilim 500 kg Ecocert FOB Germany zellij kitchens".split()), min_size=1
).map(" ".join)


def _ids(matcher: Matcher, text: str, filters: Filters | None = None) -> list[str]:
    return [match.supplier.id for match in matcher.match(BuyerRequest(text=text), filters=filters).matches]


def test_the_supplier_of_what_is_asked_comes_first(matcher: Matcher) -> None:
    assert _ids(matcher, "hand knotted wool rugs")[0] == "S3"
    assert _ids(matcher, "argan oil organic")[0] == "S1"


def test_one_who_breaks_a_need_comes_after_one_who_keeps_it(
    encoder: HashingEncoder, suppliers: tuple[Supplier, ...], ranker: GlassBoxRanker
) -> None:
    twin = suppliers[0].model_copy(
        update={"id": "S0", "country": "TN", "certifications": (Certificate(scheme="Halal"),)}
    )
    matcher = Matcher.build(encoder, (twin, *suppliers), ranker)
    request = BuyerRequest.model_validate({"text": "organic argan oil", "constraints": {"certifications": ["Ecocert"]}})
    ids = [match.supplier.id for match in matcher.match(request).matches]
    assert ids.index("S1") < ids.index("S0")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=REQUESTS)
def test_terms_make_the_score_and_shares_make_one_for_every_match(matcher: Matcher, text: str) -> None:
    for match in matcher.match(BuyerRequest(text=text)).matches:
        assert match.explanation is not None
        total = match.explanation.base
        for term in match.explanation.terms:
            total += term.contribution
        assert total == match.score
        shares = [pair.share for pair in match.explanation.evidence.pairs]
        assert sum(shares) + match.explanation.evidence.rest == pytest.approx(1.0, abs=1e-9)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=REQUESTS)
def test_matches_are_ranked_by_falling_score_and_numbered_from_one(matcher: Matcher, text: str) -> None:
    matches = matcher.match(BuyerRequest(text=text), explain=False).matches
    assert [match.rank for match in matches] == list(range(1, len(matches) + 1))
    assert all(left.score >= right.score for left, right in zip(matches, matches[1:], strict=False))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(text=REQUESTS, order=st.permutations(range(4)))
def test_the_same_request_gets_the_same_answer_in_whatever_order_suppliers_came(
    matcher: Matcher, suppliers: tuple[Supplier, ...], text: str, order: list[int]
) -> None:
    other = Matcher.build(matcher.encoder, [suppliers[place] for place in order], matcher.ranker, matcher.headings)
    answer = matcher.match(BuyerRequest(text=text))
    assert answer == matcher.match(BuyerRequest(text=text)) == other.match(BuyerRequest(text=text))


def test_fewer_matches_are_the_beginning_of_more(matcher: Matcher) -> None:
    request = BuyerRequest(text="argan oil and wool rug")
    assert matcher.match(request, top=2).matches == matcher.match(request, top=4).matches[:2]


def test_a_batch_gives_what_single_requests_give(matcher: Matcher) -> None:
    requests = [BuyerRequest(text="argan oil", id="R1"), BuyerRequest(text="kilim", id="R2")]
    assert list(matcher.match_many(requests)) == [matcher.match(request) for request in requests]


def test_filters_leave_only_what_they_allow(matcher: Matcher) -> None:
    assert _ids(matcher, "argan oil", Filters(countries=("TR",))) == ["S3"]
    assert _ids(matcher, "argan oil", Filters(ids=("nobody",))) == []


def test_reasons_default_to_the_language_of_the_request(matcher: Matcher) -> None:
    request = BuyerRequest.model_validate({"text": "argan oil", "language": "de", "constraints": {"incoterm": "FOB"}})
    explanation = matcher.match(request, top=1).matches[0].explanation
    assert explanation is not None
    assert "Erfüllt: Lieferbedingung FOB." in explanation.sentences


def test_reasons_are_left_out_on_wish(matcher: Matcher) -> None:
    assert matcher.match(BuyerRequest(text="argan oil"), explain=False).matches[0].explanation is None


def test_a_request_without_any_word_is_refused(matcher: Matcher) -> None:
    with pytest.raises(InvalidRequest, match=r"text is '\?\? !!', expected at least one word"):
        matcher.match(BuyerRequest(text="?? !!"))


def test_an_empty_catalogue_matches_nothing(encoder: HashingEncoder, ranker: GlassBoxRanker) -> None:
    assert Matcher.build(encoder, [], ranker).match(BuyerRequest(text="argan oil")).matches == ()


def test_open_requests_are_ranked_for_a_supplier(matcher: Matcher) -> None:
    requests = [BuyerRequest(text=text, id=text) for text in ("spare parts", "wool rugs", "argan oil")]
    found = matcher.requests_for("S3", requests, top=2)
    assert [(match.rank, match.request.id) for match in found][0] == (1, "wool rugs")
    assert len(found) == 2


def test_a_supplier_scores_the_same_from_both_sides(matcher: Matcher) -> None:
    request = BuyerRequest(text="argan oil", language="en")
    forward = {match.supplier.id: match.score for match in matcher.match(request).matches}
    assert matcher.requests_for("S1", [request])[0].score == forward["S1"]


def test_nothing_is_open_for_a_supplier_without_requests(matcher: Matcher) -> None:
    assert matcher.requests_for("S1", []) == ()


def test_an_unknown_supplier_is_named(matcher: Matcher) -> None:
    with pytest.raises(UnknownSupplier, match="no supplier has the id 'S9'"):
        matcher.requests_for("S9", [])


def test_no_call_changes_what_the_next_one_gives(matcher: Matcher) -> None:
    before = matcher.match(BuyerRequest(text="kilim"))
    for text in ("argan oil", "zellij", "wool"):
        matcher.match(BuyerRequest(text=text))
    assert matcher.match(BuyerRequest(text="kilim")) == before
    assert np.isfinite([match.score for match in before.matches]).all()
