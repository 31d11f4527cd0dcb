"""GlassBoxRanker: a score that is the sum of one curve per feature, so that it is its own explanation.

The model is an additive one (Zhuang et al., Interpretable Ranking with Generalized Additive Models, WSDM 2021)
kept as plain JSON: for each feature the edges of its steps, the contribution of each step, and that of a value
which is not known. What the request does not ask adds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from matching.errors import ModelDamaged, ModelMissing
from matching.features import FEATURE_NAMES, NOT_ASKED
from matching.files import write_whole

Floats = NDArray[np.float64]
FORMAT_VERSION = 1


class Curve(BaseModel):
    """Contribution of one feature: step i holds for values above edges[i - 1] up to edges[i].

    edges         : ascending, one fewer than contributions
    contributions : log-odds added to the score, one per step
    unknown       : log-odds added where the value is UNKNOWN; NOT_ASKED adds 0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    feature: str
    edges: tuple[float, ...]
    contributions: tuple[float, ...]
    unknown: float

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(self.contributions) != len(self.edges) + 1:
            raise ValueError(f"curve {self.feature}: expected one contribution more than edges")
        if any(right <= left for left, right in zip(self.edges, self.edges[1:], strict=False)):
            raise ValueError(f"curve {self.feature}: expected ascending edges")
        return self

    def __call__(self, values: Floats) -> Floats:
        """Contribution of each value (k,)."""
        steps = np.searchsorted(np.array(self.edges, np.float64), values, side="left")
        table = np.array(self.contributions, np.float64)
        known = table[np.minimum(steps, len(table) - 1)]
        return np.where(np.isnan(values), self.unknown, np.where(values == NOT_ASKED, 0.0, known))


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    format: int
    version: str
    base: float
    curves: tuple[Curve, ...]
    trained_on: Mapping[str, str | int | float]


class GlassBoxRanker:
    """Scores candidates as base + the sum of one contribution per feature, to the last digit.

    version    : name of the model, given back with each answer
    base       : log-odds of relevance before anything is known of a candidate
    curves     : one per feature, in the order of matching.features.FEATURES
    trained_on : what the model was made from, for whoever reads the file
    """

    def __init__(
        self, version: str, base: float, curves: tuple[Curve, ...], trained_on: Mapping[str, str | int | float]
    ) -> None:
        self.version = version
        self.base = base
        self.curves = curves
        self.trained_on = trained_on

    def terms(self, features: Floats) -> Floats:
        """Contribution of each feature of k candidates: float64 (k, f) in, (k, f) out."""
        return np.column_stack([curve(features[:, column]) for column, curve in enumerate(self.curves)])

    def scores(self, terms: Floats) -> Floats:
        """Log-odds of relevance (k,): base plus the terms (k, f), added one by one from left to right.

        A reader who adds the terms of an answer in their order reaches the same floating-point number.
        """
        scores = np.full(len(terms), self.base)
        for contribution in terms.T:
            scores += contribution
        return scores

    def save(self, path: Path) -> None:
        """Write the model as JSON."""
        document = _Document(
            format=FORMAT_VERSION,
            version=self.version,
            base=self.base,
            curves=self.curves,
            trained_on=self.trained_on,
        )
        write_whole(path, document.model_dump_json(indent=1).encode() + b"\n")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a model; ModelMissing where there is none, ModelDamaged where its content or features do not fit."""
        try:
            document = _Document.model_validate_json(path.read_bytes())
        except FileNotFoundError as error:
            raise ModelMissing(f"{path}: no ranking model there; `souk train ranker` makes one") from error
        except ValidationError as error:
            raise ModelDamaged(f"{path}: not a ranking model: {error.errors()[0]['msg']}") from error
        _check_fits(path, document)
        return cls(document.version, document.base, document.curves, document.trained_on)


def probabilities(scores: Floats) -> Floats:
    """Probability of relevance of log-odds (k,), each in 0..1."""
    return 1.0 / (1.0 + np.exp(-scores))


def _check_fits(path: Path, document: _Document) -> None:
    if document.format != FORMAT_VERSION:
        raise ModelDamaged(f"{path}: format {document.format}, expected {FORMAT_VERSION}")
    names = tuple(curve.feature for curve in document.curves)
    if names != FEATURE_NAMES:
        odd = sorted(set(names) ^ set(FEATURE_NAMES)) or ["their order"]
        raise ModelDamaged(f"{path}: its features differ from those of this version in {', '.join(odd)}")
