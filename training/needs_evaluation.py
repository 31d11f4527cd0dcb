"""Measuring how well stated needs are read from requests, and whether what a request rules out stays behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from matching.lexicon import word_list
from matching.needs import MIN_CONFIDENCE, Need, NeedKind, find_needs
from matching.profiles import Money, Quantity
from matching.units import unit_name

_LISTS = frozenset(
    {NeedKind.CERTIFICATIONS, NeedKind.LANGUAGES, NeedKind.SUPPLIER_COUNTRIES, NeedKind.EXCLUDED_COUNTRIES}
)
_LEAST_COVERED = 0.5


class Half(StrEnum):
    """Which part of the labelled requests: the one whose errors are looked at, or the one kept unseen."""

    DEVELOPMENT = "development"
    HELD_OUT = "held out"


@dataclass(frozen=True)
class Statement:
    """One need at half-open offsets of a text; values that mean the same are equal, lists are sets of codes."""

    kind: NeedKind
    value: Any
    start: int
    end: int

    def overlaps(self, other: Statement) -> bool:
        """Whether the two share a character."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True)
class LabelledRequest:
    """A request text with the needs that a person finds in it."""

    id: str
    language: str
    text: str
    labels: tuple[Statement, ...]
    half: Half


@dataclass
class Count:
    """How many labels there are, how many needs were found, and how many of each agree with the other."""

    labels: int = 0
    labels_found: int = 0
    found: int = 0
    found_right: int = 0

    def row(self) -> dict[str, Any]:
        """Counts with precision and recall; an empty cell where nothing was there to divide by."""
        return {
            "labels": self.labels,
            "found": self.found,
            "precision": self.found_right / self.found if self.found else "",
            "recall": self.labels_found / self.labels if self.labels else "",
        }


@dataclass(frozen=True)
class NeedsEvaluation:
    """Counts by kind and by language of each half, and the statements of which nothing agrees on the other side."""

    by_kind: dict[tuple[Half, str], Count] = field(default_factory=dict)
    by_language: dict[tuple[Half, str], Count] = field(default_factory=dict)
    missed: list[tuple[LabelledRequest, Statement]] = field(default_factory=list)
    wrong: list[tuple[LabelledRequest, Statement]] = field(default_factory=list)

    def table(self) -> list[dict[str, Any]]:
        """Rows of each half: every kind by its name, all of them, every language."""
        return [
            {"half": half, "of": name} | count.row()
            for wanted in Half
            for counts in (self.by_kind, self.by_language)
            for (half, name), count in sorted(counts.items(), key=lambda item: item[0][1])
            if half is wanted
        ]


def read_requests(path: Path) -> tuple[LabelledRequest, ...]:
    """Labelled requests of a JSON Lines file; odd lines of each language are for development, even ones held out."""
    seen: dict[str, int] = {}
    requests = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        seen[row["language"]] = place = seen.get(row["language"], 0) + 1
        labels = tuple(_label(row["text"], need) for need in row["needs"])
        half = Half.DEVELOPMENT if place % 2 else Half.HELD_OUT
        requests.append(LabelledRequest(row["id"], row["language"], row["text"], labels, half))
    return tuple(requests)


def evaluate_needs(
    requests: Iterable[LabelledRequest], find: Callable[[str], Sequence[Need]] = find_needs
) -> NeedsEvaluation:
    """Compare the needs that count (confidence of at least MIN_CONFIDENCE) with the labels.

    A need agrees with a label of its kind where they overlap and have the same value. Of lists ("Morocco or Tunisia")
    each side agrees where the other names all of its codes; words ruled out agree where the other covers at least half
    of their characters. A price per piece is the same as one that names no unit.
    """
    evaluation = NeedsEvaluation()
    for request in requests:
        found = sure_statements(find(request.text))
        for label in request.labels:
            agreed = agrees(label, found)
            for count in _counts(evaluation, request, label.kind):
                count.labels += 1
                count.labels_found += agreed
            if not agreed:
                evaluation.missed.append((request, label))
        for need in found:
            agreed = agrees(need, request.labels)
            for count in _counts(evaluation, request, need.kind):
                count.found += 1
                count.found_right += agreed
            if not agreed:
                evaluation.wrong.append((request, need))
    return evaluation


def agrees(one: Statement, others: Iterable[Statement]) -> bool:
    """Whether statements of the other side say what this one says, at the same place."""
    near = [other for other in others if other.kind is one.kind and one.overlaps(other)]
    if one.kind in _LISTS:
        return bool(near) and one.value <= frozenset[str]().union(*(other.value for other in near))
    if one.kind is NeedKind.EXCLUSION:
        covered = {index for other in near for index in range(other.start, other.end)}
        return len(covered.intersection(range(one.start, one.end))) >= _LEAST_COVERED * (one.end - one.start)
    return any(other.value == one.value for other in near)


def sure_statements(needs: Iterable[Need]) -> list[Statement]:
    """The needs found in a text that are sure enough to count, in the form in which they are compared."""
    return [_statement(need) for need in needs if need.confidence >= MIN_CONFIDENCE]


def _statement(need: Need) -> Statement:
    assert need.start is not None and need.end is not None  # the form is not measured
    return Statement(need.kind, _comparable(need.value), need.start, need.end)


def _label(text: str, row: dict[str, Any]) -> Statement:
    kind, value, start = NeedKind(row["kind"]), row["value"], -1
    for _ in range(row.get("occurrence", 1)):
        start = text.index(row["words"], start + 1)
    if kind is NeedKind.QUANTITY:
        value = Quantity(value=value[0], unit=value[1])
    elif kind is NeedKind.MAX_PRICE:
        value = Money(value=value[0], currency=value[1], unit=value[2] if len(value) > 2 else None)
    elif kind in _LISTS:
        value = tuple(code for part in value for code in _codes(part))
    return Statement(kind, _comparable(value), start, start + len(row["words"]))


def _codes(part: str) -> list[str]:
    return word_list("regions")[part[1:]]["countries"].split() if part.startswith("@") else [part]


def _comparable(value: Any) -> Any:
    if isinstance(value, Quantity):
        return value.value, unit_name(value.unit) or value.unit
    if isinstance(value, Money):
        unit = unit_name(value.unit) or value.unit if value.unit else None
        return value.value, value.currency, None if unit == "piece" else unit
    return frozenset(value) if isinstance(value, tuple) else value


def _counts(evaluation: NeedsEvaluation, request: LabelledRequest, kind: NeedKind) -> Iterator[Count]:
    for counts, name in (
        (evaluation.by_kind, kind.value),
        (evaluation.by_language, request.language),
        (evaluation.by_kind, "all"),
    ):
        yield counts.setdefault((request.half, name), Count())
