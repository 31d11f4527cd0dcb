from __future__ import annotations

import bm25s
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.profiles import Supplier
from matching.word_index import WordIndex
from matching.words import words

WORDS = st.lists(st.sampled_from("argan oil wool rug kilim zellij paniers".split()), max_size=6).map(" ".join)


def _firms(texts: list[str], first: int = 0) -> list[Supplier]:
    return [Supplier(id=f"S{n}", name=f"firm{n}", description=text) for n, text in enumerate(texts, start=first)]


def test_words_give_nothing_to_a_profile_that_shares_none(suppliers: tuple[Supplier, ...]) -> None:
    scores = WordIndex(suppliers).scores("rug from Fassi")
    assert (scores > 0).tolist() == [False, False, True, True]


def test_words_are_found_whatever_their_case_and_accents(suppliers: tuple[Supplier, ...]) -> None:
    index = WordIndex(suppliers)
    np.testing.assert_array_equal(index.scores("ZELLIJ"), index.scores("zéllij"))


@settings(max_examples=30)
@given(texts=st.lists(WORDS, min_size=1, max_size=8), query=WORDS)
def test_scores_are_those_of_bm25s(texts: list[str], query: str) -> None:
    firms = _firms(texts)
    twin = bm25s.BM25()
    twin.index([words(firm.text()) for firm in firms], show_progress=False)
    known = [word for word in words(query) if word in twin.vocab_dict]
    expected = twin.get_scores(known) if known else np.zeros(len(firms))
    np.testing.assert_allclose(WordIndex(firms).scores(query), expected, rtol=1e-5)


@settings(max_examples=30)
@given(
    texts=st.lists(WORDS, max_size=6), more=st.lists(WORDS, max_size=6), gone=st.sets(st.integers(0, 5)), query=WORDS
)
def test_after_changes_scores_are_those_of_an_index_made_anew(
    texts: list[str], more: list[str], gone: set[int], query: str
) -> None:
    old, new = _firms(texts), _firms(more, first=len(texts))
    removed = np.array([row for row in sorted(gone) if row < len(old)], np.int64)
    living = np.array([row for row in range(len(old) + len(new)) if row not in removed], np.int64)
    changed = WordIndex(old).with_changes(removed, new)
    anew = WordIndex([(old + new)[row] for row in living])
    np.testing.assert_array_equal(changed.scores(query)[living], anew.scores(query))
    np.testing.assert_array_equal(changed.take(living).scores(query), anew.scores(query))
    assert changed.scores(query)[removed].sum() == 0


def test_an_index_of_nobody_scores_nobody() -> None:
    assert WordIndex([]).scores("argan").tolist() == []


@pytest.mark.parametrize("query", ["", "unheard"])
def test_a_text_without_a_known_word_scores_nothing(suppliers: tuple[Supplier, ...], query: str) -> None:
    assert WordIndex(suppliers).scores(query).tolist() == [0, 0, 0, 0]
