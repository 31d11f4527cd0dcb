"""Measuring whether whoever sells what a request rules out stays behind whoever does not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.workspace import Models
from matching.matcher import Matcher
from matching.needs import NeedKind, find_needs
from matching.profiles import BuyerRequest, Supplier
from training.needs_evaluation import Statement, agrees, sure_statements


@dataclass(frozen=True)
class ExclusionCase:
    """A request that rules something out, a supplier who offers that, and one who does not."""

    id: str
    language: str
    request: BuyerRequest
    label: Statement
    excluded: Supplier
    clean: Supplier


@dataclass(frozen=True)
class ExclusionOutcome:
    """What became of one case.

    found : whether the words ruled out were found, and nothing beside them
    held  : whether the clean supplier stands above the other
    """

    case: ExclusionCase
    found: bool
    held: bool


def read_cases(path: Path) -> tuple[ExclusionCase, ...]:
    """Cases of a JSON Lines file."""
    return tuple(_case(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines())


def evaluate_exclusions(cases: Sequence[ExclusionCase], models: Models) -> tuple[ExclusionOutcome, ...]:
    """Match each request in one market of all suppliers of all cases; scores that are equal do not hold."""
    suppliers = [supplier for case in cases for supplier in (case.excluded, case.clean)]
    matcher = Matcher.build(models.encoder, suppliers, models.ranker, models.headings, rates=models.rates)
    return tuple(ExclusionOutcome(case, _is_found(case), _is_held(case, matcher)) for case in cases)


def exclusions_table(outcomes: Sequence[ExclusionOutcome]) -> list[dict[str, Any]]:
    """A row per language and one of all: how many requests, shares found and held, ids of those that failed."""
    languages = list(dict.fromkeys(outcome.case.language for outcome in outcomes))
    groups = {language: [one for one in outcomes if one.case.language == language] for language in languages}
    return [_row(name, members) for name, members in (*groups.items(), ("all", outcomes))]


def _row(name: str, members: Sequence[ExclusionOutcome]) -> dict[str, Any]:
    failed = [one.case.id for one in members if not (one.found and one.held)]
    return {
        "language": name,
        "requests": len(members),
        "found": sum(one.found for one in members) / len(members),
        "held": sum(one.held for one in members) / len(members),
        "failed": " ".join(failed),
    }


def _case(row: dict[str, Any]) -> ExclusionCase:
    start = row["text"].index(row["words"])
    excluded, clean = (
        Supplier.model_validate(
            {"id": f"{row['id']}-{part}", "name": "Supplier", "country": None} | _profile(row[part])
        )
        for part in ("excluded", "clean")
    )
    kind = NeedKind(row["kind"])
    value = frozenset({row["excluded"].get("country", "")}) if kind is NeedKind.EXCLUDED_COUNTRIES else row["words"]
    label = Statement(kind, value, start, start + len(row["words"]))
    request = BuyerRequest(id=row["id"], text=row["text"], language=row["language"])
    return ExclusionCase(row["id"], row["language"], request, label, excluded, clean)


def _profile(row: dict[str, Any]) -> dict[str, Any]:
    return {field: row[field] for field in ("description", "country") if field in row} | {
        "languages": (row["language"],)
    }


def _is_found(case: ExclusionCase) -> bool:
    found = [one for one in sure_statements(find_needs(case.request.text)) if one.kind is case.label.kind]
    near = [one for one in found if one.overlaps(case.label)]
    return agrees(case.label, found) and all(agrees(one, [case.label]) for one in near)


def _is_held(case: ExclusionCase, matcher: Matcher) -> bool:
    ranking = matcher.match(case.request, top=matcher.catalogue.count, explain=False)
    scores = {match.supplier.id: match.score for match in ranking.matches}
    clean = scores.get(case.clean.id, float("-inf"))
    return clean > scores.get(case.excluded.id, float("-inf"))
