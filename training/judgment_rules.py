"""The rules by which events become judgments: a TOML file, `judgment_rules.toml` beside this module by default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field

from training.toml_files import NotNegative, Section, read_toml

DEFAULT_RULES = Path(__file__).with_name("judgment_rules.toml")
Grade = Annotated[float, Field(ge=-3.0, le=3.0)]
Share = Annotated[float, Field(gt=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]


class GradeRules(Section):
    """What each event says of a supplier, -3 to 3."""

    impression: Grade
    click: Grade
    shortlist: Grade
    contact: Grade
    meeting_accepted: Grade
    meeting_declined: Grade
    meeting_held: Grade
    second_meeting: Grade
    meeting_no_show: Grade
    deal: Grade
    rating_1: Grade
    rating_2: Grade
    rating_3: Grade
    rating_4: Grade
    rating_5: Grade


class EventRules(Section):
    """Which events are one, and how they age."""

    double_click_seconds: NotNegative
    second_meeting_hours: NotNegative
    half_life_days: Positive


class BotRules(Section):
    """Who is taken for a program."""

    most_events_per_minute: Annotated[int, Field(ge=1)]
    least_events: Annotated[int, Field(ge=2)]
    most_share_of_shown: Share
    most_share_on_one: Share


class PositionRules(Section):
    """How position bias is estimated and corrected."""

    least_propensity: Share
    smoothness: Positive


class EvidenceRules(Section):
    """How much what was seen again and again may say."""

    pair_looks: Positive


class PriorRules(Section):
    """Weights of the priors, in impressions that were surely seen."""

    supplier: NotNegative
    pair: NotNegative
    step: NotNegative


class JudgmentRules(Section):
    """All rules."""

    grades: GradeRules
    events: EventRules
    bots: BotRules
    position: PositionRules
    evidence: EvidenceRules
    prior: PriorRules

    @classmethod
    def read(cls, path: Path = DEFAULT_RULES) -> Self:
        """Read a TOML file of every rule; UnreadableFile where it is none, InvalidInput for a wrong or missing rule."""
        return read_toml(cls, path, "rules")
