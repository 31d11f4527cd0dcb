from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.evidence import Evidence, Words, evidence
from tests.conftest import HashingEncoder

TEXTS = st.lists(st.sampled_from("argan oil huile bio 500 kg Hamburg wool rug zellige ecocert".split())).map(" ".join)


def _evidence(request: str, profile: str, pairs: int = 3) -> Evidence:
    encoder = HashingEncoder()
    asked, stated = (Words.of(text, encoder.token_vectors(text)) for text in (request, profile))
    return evidence(asked, stated, pairs=pairs)


@given(TEXTS, TEXTS)
def test_shares_of_pairs_and_rest_make_one(request: str, profile: str) -> None:
    found = _evidence(request, profile)
    assert sum(pair.share for pair in found.pairs) + found.rest == pytest.approx(1.0, abs=1e-9)


@given(TEXTS, TEXTS)
def test_spans_lie_in_their_texts_and_none_is_used_twice(request: str, profile: str) -> None:
    found = _evidence(request, profile)
    for side, text in (("request", request), ("profile", profile)):
        spans = sorted((getattr(pair, side) for pair in found.pairs), key=lambda span: span.start)
        assert all(span.text == text[span.start : span.end] != "" for span in spans)
        assert all(left.end <= right.start for left, right in zip(spans, spans[1:], strict=False))


def test_the_strongest_pair_is_the_same_words_on_both_sides() -> None:
    best = _evidence("we need argan oil soon", "cold pressed argan oil").pairs[0]
    assert (best.request.text, best.profile.text) == ("argan oil", "argan oil")


def test_no_span_runs_over_the_end_of_a_sentence() -> None:
    pairs = _evidence("argan oil", "argan oil\nargan oil. Argan oil").pairs
    assert {pair.profile.text.casefold() for pair in pairs} == {"argan oil"}


def test_a_single_common_word_is_exactly_its_part_of_the_cosine() -> None:
    encoder = HashingEncoder()
    request, profile = "argan", "argan wool"
    word, other = encoder.token_vectors(profile).vectors.astype(float)
    found = _evidence(request, profile, pairs=1)
    assert found.pairs[0].share == pytest.approx(word @ word / (word @ word + word @ other))
    assert found.exact


def test_texts_that_share_nothing_have_no_pairs() -> None:
    assert _evidence("argan", "") == Evidence((), 1.0, exact=True)
