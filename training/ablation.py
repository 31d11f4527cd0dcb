"""What each part of the matcher is worth: the ranker fitted without it, on the same requests and folds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from data.collection import Collection
from matching.catalogue import Floats
from matching.features import FEATURE_NAMES, NOT_ASKED
from matching.matcher import Matcher
from matching.needs import NeedKind, Needs, needs_of
from matching.profiles import BuyerRequest
from training.calibration import out_of_fold_scores
from training.evaluation import MEASURES, measured, ranked_by_scores
from training.metrics import randomisation_p
from training.ranker import JudgedCandidates, judged_candidates

PARTS: dict[str, tuple[str, ...]] = {
    "text similarity": ("profile_similarity", "product_similarity", "clause_similarity"),
    "needs": (
        "certificates_held", "delivery_country_served", "quantity_against_moq", "lead_time_kept",
        "price_within_ceiling", "language_in_common", "supplier_country_wanted", "incoterm_offered",
    ),
    "words": ("word_overlap",),
    "HS": ("hs_agreement", "heading_agreement"),
}  # fmt: skip
"""The features of each part that is left out in turn; the candidates stay those of the whole."""
_EXCLUDING = (NeedKind.EXCLUSION, NeedKind.EXCLUDED_COUNTRIES)


def ablation(matcher: Matcher, collection: Collection, *, seed: int = 0) -> list[dict[str, Any]]:
    """nDCG@10 on held-out requests without each part, and its difference from the whole.

    Without exclusions a request is read as if what it rules out were asked for; its candidates are found so as well.
    changed : requests whose nDCG@10 is another; p is that of the paired randomisation test, by request.
    """
    judged = judged_candidates(matcher, collection)
    collections = {"nothing": judged} | {part: without(judged, features) for part, features in PARTS.items()}
    collections["exclusions"] = judged_candidates(matcher, collection, read_needs=needs_without_exclusions)
    values = {part: _ndcg(matcher, collection, found, seed) for part, found in collections.items()}
    return [_row(part, found, values["nothing"], seed) for part, found in values.items()]


def without(judged: JudgedCandidates, features: tuple[str, ...]) -> JudgedCandidates:
    """The same candidates, of whom nothing is asked by some features: those add nothing."""
    return replace(judged, features=np.where(np.isin(FEATURE_NAMES, features), NOT_ASKED, judged.features))


def needs_without_exclusions(request: BuyerRequest) -> Needs:
    """The needs of a request as if nothing were ruled out."""
    needs = needs_of(request)
    found = tuple(need for need in needs.found if need.kind not in _EXCLUDING)
    return replace(needs, found=found, exclusions=(), excluded_countries=())


def _ndcg(matcher: Matcher, collection: Collection, judged: JudgedCandidates, seed: int) -> Floats:
    ranked = ranked_by_scores(matcher, judged, out_of_fold_scores(judged, seed=seed))
    return measured(ranked, collection)[:, list(MEASURES).index("nDCG@10")]


def _row(part: str, values: Floats, whole: Floats, seed: int) -> dict[str, Any]:
    row = {"left out": part, "nDCG@10": float(values.mean()), "difference": None, "p": None, "changed": None}
    if part == "nothing":
        return row
    differences = values - whole
    tested = {"difference": float(differences.mean()), "p": randomisation_p(differences, seed=seed)}
    return row | tested | {"changed": int((differences != 0).sum())}
