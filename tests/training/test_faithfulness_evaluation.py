from __future__ import annotations

import numpy as np
import pytest

from data.collection import Collection
from matching.encoder import TextKind, TokenVectors
from matching.matcher import Matcher
from matching.profiles import BuyerRequest, Supplier
from matching.ranker import GlassBoxRanker
from tests.conftest import HashingEncoder
from training.faithfulness_evaluation import faithfulness

TEXTS = ("organic argan oil", "hand knotted wool rugs", "kilim", "zellij")


class Boasting(HashingEncoder):
    """Tells the pieces of a request otherwise than it encodes them."""

    def token_vectors(self, text: str, *, kind: TextKind = TextKind.PROFILE) -> TokenVectors:
        found = super().token_vectors(text, kind=kind)
        weights = np.linspace(0.5, 2.0, len(found.starts))[:, None] if kind is TextKind.REQUEST else 1.0
        return TokenVectors(found.starts, found.ends, (found.vectors * weights).astype(np.float32), exact=True)


@pytest.fixture
def collection(suppliers: tuple[Supplier, ...]) -> Collection:
    return Collection(suppliers, tuple(BuyerRequest(id=text, text=text, language="en") for text in TEXTS), {})


def test_every_random_match_is_tried_and_holds(matcher: Matcher, collection: Collection) -> None:
    rows = {row["what is tried"]: row for row in faithfulness(matcher, collection, matches=12)}
    assert rows["terms added up"]["matches"] == rows["terms added up"]["within tolerance"] == 12
    for name in ("best spans deleted, token by token", "best spans deleted, texts encoded anew"):
        assert 4 < rows[name]["matches"] == rows[name]["within tolerance"]


def test_evidence_that_is_not_that_of_the_vectors_is_found_out(
    collection: Collection, suppliers: tuple[Supplier, ...], ranker: GlassBoxRanker
) -> None:
    spans, *_ = faithfulness(Matcher.build(Boasting(), suppliers, ranker), collection, matches=16)
    assert spans["within tolerance"] < spans["matches"]
