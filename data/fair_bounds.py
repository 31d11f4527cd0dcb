"""What is known of how good a plan could be, and for how long that holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from data.fair_plans import Plan
from data.fair_problem import Setting
from data.fair_store import FairContent
from data.fairs import Level

_DIGEST = 16


def basis_of(setting: Setting) -> str:
    """What a bound rests on: the fair with its participants and wishes, and the pairs with their scores."""
    pairs = (f"{sorted(setting.ids(pair))} {pair.score!r}" for pair in setting.pairs)
    return f"{content_basis(setting.content)}-{_digest(pairs)}"


def content_basis(content: FairContent) -> str:
    """A digest of a fair with its participants and wishes."""
    values = (content.fair, *content.participants, *content.wishes)
    return _digest(one.model_dump_json(exclude_defaults=True) for one in values)


def bound_for(content: FairContent, plan: Plan, former: Plan) -> float | None:
    """The bound of a former plan where it holds for another one of the same fair, None where it need not.

    A bound is of plans that keep as many promises: what breaks more of them may score more.
    """
    if former.bound is None or former.basis is None:
        return None
    same = plan.basis == former.basis and former.basis.partition("-")[0] == content_basis(content)
    pairs, former_pairs = _required_lacking(content, plan), _required_lacking(content, former)
    no_more_broken = pairs <= former_pairs and sum(plan.short.values()) <= sum(former.short.values())
    return former.bound if same and no_more_broken else None


def _required_lacking(content: FairContent, plan: Plan) -> int:
    met = {frozenset((one.first, one.second)) for one in plan.meetings}
    required = {
        frozenset((wish.by, wish.about))
        for wish in content.wishes
        if wish.level is Level.MUST or (wish.starts_at is not None and wish.level is not Level.NEVER)
    }
    return len(required - met)


def _digest(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode())
        digest.update(b"\n")
    return digest.hexdigest()[:_DIGEST]
