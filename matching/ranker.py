"""GlassBoxRanker: a score that is the sum of one curve per feature, so that it is its own explanation.

The model is an additive one (Zhuang et al., Interpretable Ranking with Generalized Additive Models, WSDM 2021)
kept as plain JSON: for each feature the edges of its steps, the contribution of each step, and that of a value
which is not known. What the request does not ask adds nothing. Beside the curves stands how much data they rest on,
and a table that turns scores into probabilities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from matching.errors import ModelDamaged, ModelMissing
from matching.features import FEATURE_NAMES, NOT_ASKED
from matching.files import write_whole

Floats = NDArray[np.float64]
FORMAT_VERSION = 2
_READ_FORMATS = (1, 2)
"""Format 1 had neither support nor calibration; such a model is read without them."""
_FEW_CANDIDATES = 30
"""Fewer cannot make a step of their own in training: they share that of their neighbours."""
_FEW_REQUESTS = 20


class Support(BaseModel):
    """The data behind a curve: one entry per step, then one for UNKNOWN.

    candidates : training candidates whose value lies there
    requests   : training requests that have such a candidate
    low, high  : 5th and 95th percentile of the contribution when the requests are drawn anew and the curve refitted
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    candidates: tuple[int, ...]
    requests: tuple[int, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def few_data(self) -> tuple[bool, ...]:
        """Where fewer than 30 candidates lie, or those of fewer than 20 requests."""
        return tuple(
            candidates < _FEW_CANDIDATES or requests < _FEW_REQUESTS
            for candidates, requests in zip(self.candidates, self.requests, strict=True)
        )


class Curve(BaseModel):
    """Contribution of one feature: step i holds for values above edges[i - 1] up to edges[i].

    edges         : ascending, one fewer than contributions
    contributions : log-odds added to the score, one per step
    unknown       : log-odds added where the value is UNKNOWN; NOT_ASKED adds 0
    support       : the data behind it; None in a model of format 1
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    feature: str
    edges: tuple[float, ...]
    contributions: tuple[float, ...]
    unknown: float
    support: Support | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        name, steps = f"curve {self.feature}", len(self.contributions)
        _check_steps(name, self.edges, {"contributions": self.contributions})
        for field, entries in self.support or ():
            if len(entries) != steps + 1:
                raise ValueError(f"{name}: expected {steps + 1} entries of support.{field}")
        return self

    def __call__(self, values: Floats) -> Floats:
        """Contribution of each value (k,)."""
        steps = np.searchsorted(np.array(self.edges, np.float64), values, side="left")
        table = np.array(self.contributions, np.float64)
        known = table[np.minimum(steps, len(table) - 1)]
        return np.where(np.isnan(values), self.unknown, np.where(values == NOT_ASKED, 0.0, known))


class Calibration(BaseModel):
    """Probability of relevance by score: step i holds for scores above edges[i - 1] up to edges[i].

    relevant_grade : a grade from this one on counts as relevant (2: sells what is asked)
    edges          : ascending scores, one fewer than probabilities
    probabilities  : rising, each the share of relevant candidates among those that scored there unseen
    candidates     : how many scored there
    low, high      : 95 % interval of each probability
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    relevant_grade: int
    edges: tuple[float, ...]
    probabilities: tuple[Annotated[float, Field(ge=0.0, le=1.0)], ...]
    candidates: tuple[int, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        steps = {name: getattr(self, name) for name in ("probabilities", "candidates", "low", "high")}
        _check_steps("calibration", self.edges, steps)
        if any(right < left for left, right in zip(self.probabilities, self.probabilities[1:], strict=False)):
            raise ValueError("calibration: expected probabilities that never fall")
        return self

    def __call__(self, scores: Floats) -> Floats:
        """Probability of each score (k,); a higher score never has a lower one."""
        return np.array(self.probabilities, np.float64)[np.searchsorted(self.edges, scores, side="left")]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    format: int
    version: str
    base: float
    curves: tuple[Curve, ...]
    calibration: Calibration | None = None
    trained_on: Mapping[str, str | int | float]

    @field_validator("format")
    @classmethod
    def _can_be_read(cls, value: int) -> int:
        if value not in _READ_FORMATS:
            raise ValueError(f"format {value}, expected {' or '.join(map(str, _READ_FORMATS))}")
        return value


class GlassBoxRanker:
    """Scores candidates as base + the sum of one contribution per feature, to the last digit.

    version     : name of the model, given back with each answer
    base        : log-odds of relevance before anything is known of a candidate
    curves      : one per feature, in the order of matching.features.FEATURES
    trained_on  : what the model was made from, for whoever reads the file
    calibration : turns scores into probabilities; None leaves them the logistic form of the score
    """

    def __init__(
        self,
        version: str,
        base: float,
        curves: tuple[Curve, ...],
        trained_on: Mapping[str, str | int | float],
        calibration: Calibration | None = None,
    ) -> None:
        self.version = version
        self.base = base
        self.curves = curves
        self.trained_on = trained_on
        self.calibration = calibration

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

    def probabilities(self, scores: Floats) -> Floats:
        """Probability of relevance of scores (k,), each in 0..1; scores may tie there, never turn round."""
        return logistic(scores) if self.calibration is None else self.calibration(scores)

    def save(self, path: Path) -> None:
        """Write the model as JSON."""
        document = _Document(
            format=FORMAT_VERSION,
            version=self.version,
            base=self.base,
            curves=self.curves,
            calibration=self.calibration,
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
        return cls(document.version, document.base, document.curves, document.trained_on, document.calibration)


def logistic(scores: Floats) -> Floats:
    """Probability of log-odds (k,), each in 0..1."""
    return 1.0 / (1.0 + np.exp(-scores))


def _check_steps(name: str, edges: tuple[float, ...], steps: Mapping[str, Sequence[float]]) -> None:
    for field, entries in steps.items():
        if len(entries) != len(edges) + 1:
            raise ValueError(f"{name}: expected one of {field} more than edges")
    if any(right <= left for left, right in zip(edges, edges[1:], strict=False)):
        raise ValueError(f"{name}: expected ascending edges")


def _check_fits(path: Path, document: _Document) -> None:
    names = tuple(curve.feature for curve in document.curves)
    if names != FEATURE_NAMES:
        odd = sorted(set(names) ^ set(FEATURE_NAMES)) or ["their order"]
        raise ModelDamaged(f"{path}: its features differ from those of this version in {', '.join(odd)}")
