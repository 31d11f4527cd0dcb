"""A small judged collection without texts: candidates whose grade goes with one similarity."""

from __future__ import annotations

import numpy as np
import pytest

from matching.features import FEATURE_NAMES
from training.judgment_rules import JudgmentRules
from training.ranker import JudgedCandidates
from training.simulation import Shown

REQUESTS, CANDIDATES = 40, 30


@pytest.fixture(scope="session")
def simulated() -> JudgedCandidates:
    """40 requests of 30 candidates each; clause_similarity makes the grade, the others are noise."""
    generator = np.random.default_rng(0)
    features = generator.uniform(0, 1, (REQUESTS * CANDIDATES, len(FEATURE_NAMES)))
    grades = np.digitize(features[:, FEATURE_NAMES.index("clause_similarity")], [0.6, 0.8, 0.93])
    rows = np.tile(np.arange(CANDIDATES), REQUESTS)
    return JudgedCandidates(features, grades.astype(np.int64), np.repeat(np.arange(REQUESTS), CANDIDATES), rows)


@pytest.fixture(scope="session")
def shown(simulated: JudgedCandidates) -> Shown:
    """Ten of each request in the order of what says nothing of relevance."""
    return Shown.by(simulated, simulated.features[:, FEATURE_NAMES.index("profile_completeness")], 10)


@pytest.fixture(scope="session")
def rules() -> JudgmentRules:
    return JudgmentRules.read()
