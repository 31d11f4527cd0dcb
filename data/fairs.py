"""A trade fair as its organiser knows it: sessions, tables, participants, wishes, interpreters.

Times are local to the fair's zone and carry none. What is unknown never counts against anybody: who states no language
may be met by all, who states no hours is there all day.
"""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from matching.profiles import Count, Country, Identifier, Language, Name, Text

MAX_SLOTS = 1_000
MAX_PARTICIPANTS = 20_000
_YEARS = range(2000, 2100)


class Role(StrEnum):
    """On which side of the trade a participant stands."""

    BUYER = "buyer"
    EXHIBITOR = "exhibitor"


class Level(StrEnum):
    """How much a participant wants to meet another; MET says that they know each other already."""

    MUST = "must"
    LIKE = "like"
    MET = "met"
    NEVER = "never"


def _zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"{name!r} is not a time zone; expected one of the IANA list such as Africa/Casablanca"
        ) from None
    return name


def _local(value: object) -> object:
    """A moment of the fair's own clock: one with a zone could mean another."""
    moment = value if isinstance(value, datetime.datetime) else _moment(value)
    if moment is None or moment.tzinfo is not None or moment.year not in _YEARS:
        raise ValueError(f"{value!r} is not a local moment; expected one without zone such as 2026-10-07T09:20")
    return moment.replace(second=0, microsecond=0)


def _moment(value: object) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _day(value: object) -> object:
    moment = value if isinstance(value, datetime.date) else _moment(value)
    day = moment.date() if isinstance(moment, datetime.datetime) else moment
    if day is None or day.year not in _YEARS:
        raise ValueError(f"{value!r} is not a day; expected one such as 2026-10-07")
    return day


def _time(value: object) -> object:
    try:
        read = value if isinstance(value, datetime.time) else datetime.time.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        read = None
    if read is None or read.tzinfo is not None:
        raise ValueError(f"{value!r} is not a time of day; expected one such as 09:20")
    return read.replace(second=0, microsecond=0)


TimeZone = Annotated[str, Field(max_length=60), AfterValidator(_zone)]
LocalMoment = Annotated[
    datetime.datetime,
    BeforeValidator(_local),
    PlainSerializer(lambda moment: f"{moment:%Y-%m-%dT%H:%M}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]$"}),
]
Day = Annotated[datetime.date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
TimeOfDay = Annotated[
    datetime.time,
    BeforeValidator(_time),
    PlainSerializer(lambda moment: f"{moment:%H:%M}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"}),
]
Minutes = Annotated[int, Field(ge=5, le=480)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(_Value):
    """A stretch of the fair's time."""

    starts: LocalMoment
    ends: LocalMoment

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts >= self.ends:
            raise ValueError(f"ends {self.ends:%Y-%m-%dT%H:%M} is not after starts {self.starts:%Y-%m-%dT%H:%M}")
        return self

    def covers(self, slot: Slot) -> bool:
        """Whether a slot lies wholly within."""
        return self.starts <= slot.starts and slot.ends <= self.ends

    def touches(self, slot: Slot) -> bool:
        """Whether a slot lies partly within."""
        return self.starts < slot.ends and slot.starts < self.ends


class Session(_Value):
    """A half-day of meetings; nobody waits from one to the next."""

    day: Day
    starts: TimeOfDay
    ends: TimeOfDay

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts >= self.ends:
            raise ValueError(f"ends {self.ends:%H:%M} is not after starts {self.starts:%H:%M}")
        return self


@dataclass(frozen=True)
class Slot:
    """Time of one meeting, without the buffer behind it; `session` counts from 0."""

    starts: datetime.datetime
    ends: datetime.datetime
    session: int


class Hours(_Value):
    """When somebody is there: within `present` where it is stated, and never within `absent`."""

    present: Annotated[tuple[Span, ...], Field(max_length=100)] = ()
    absent: Annotated[tuple[Span, ...], Field(max_length=100)] = ()

    def allow(self, slot: Slot) -> bool:
        """Whether the whole slot is free."""
        there = not self.present or any(span.covers(slot) for span in self.present)
        return there and not any(span.touches(slot) for span in self.absent)


class Package(_Value):
    """What a participant bought: so many meetings promised, so many at most."""

    name: Name
    minimum: Annotated[Count, Field(le=MAX_SLOTS)] = 0
    maximum: Annotated[Count, Field(le=MAX_SLOTS)] | None = None


class Interpreter(_Value):
    """Somebody who interprets between any two of the languages, one meeting at a time."""

    id: Identifier
    languages: Annotated[tuple[Language, ...], Field(min_length=2, max_length=20)]
    hours: Hours = Hours()


class Closure(_Value):
    """A table, counted from 1, that cannot be used for some time."""

    table: Annotated[int, Field(ge=1, le=5_000)]
    span: Span | None = Field(default=None, description="by default the whole fair")


class Fair(_Value):
    """A fair: its half-days cut into slots, its shared tables, what was sold and who interprets."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "F-1", "name": "Salon", "time_zone": "Africa/Casablanca", "tables": 5,
                    "sessions": [{"day": "2026-10-07", "starts": "09:00", "ends": "12:30"}],
                }
            ]
        }
    )  # fmt: skip

    id: Identifier
    name: Name
    venue: Text = ""
    time_zone: TimeZone
    sessions: Annotated[tuple[Session, ...], Field(min_length=1, max_length=60)]
    slot_minutes: Minutes = 20
    buffer_minutes: Annotated[int, Field(ge=0, le=120)] = 5
    tables: Annotated[int, Field(ge=0, le=5_000)] = 0
    least_chance: Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)] = Field(
        default=0.0, description="pairs that fit each other with less are proposed only where one of them wishes it"
    )
    closures: Annotated[tuple[Closure, ...], Field(max_length=1_000)] = ()
    packages: Annotated[tuple[Package, ...], Field(max_length=100)] = ()
    interpreters: Annotated[tuple[Interpreter, ...], Field(max_length=500)] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ordered = sorted(self.sessions, key=lambda one: (one.day, one.starts))
        for one, following in zip(ordered, ordered[1:], strict=False):
            if one.day == following.day and one.ends > following.starts:
                raise ValueError(f"sessions overlap on {one.day}; expected each to end before the next begins")
        if not 1 <= len(self.slots) <= MAX_SLOTS:
            raise ValueError(f"the sessions hold {len(self.slots)} slots; expected 1 to {MAX_SLOTS}")
        return self

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The zone of its clock."""
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every slot in order of time."""
        return _slots(self.sessions, self.slot_minutes, self.buffer_minutes)

    def slots_for(self, minutes: int | None) -> int:
        """Slots that a meeting of so many minutes lasts; one where none are stated."""
        step = self.slot_minutes + self.buffer_minutes
        return 1 if minutes is None else max(1, -(-(minutes + self.buffer_minutes) // step))

    def promised(self, participant: Participant) -> tuple[int, int]:
        """Fewest and most meetings of a participant: as stated, else as in its package, else from none to all slots."""
        sold = next((one for one in self.packages if one.name == participant.package), Package(name="none"))
        fewest = sold.minimum if participant.minimum is None else participant.minimum
        most = sold.maximum if participant.maximum is None else participant.maximum
        return fewest, len(self.slots) if most is None else most

    def open_tables(self, slot: Slot) -> tuple[int, ...]:
        """Tables, from 1, that can be used in a slot; those that are never closed first."""
        closed = {one.table for one in self.closures if one.span is None or one.span.touches(slot)}
        touched = {one.table for one in self.closures}
        tables = (table for table in range(1, self.tables + 1) if table not in closed)
        return tuple(sorted(tables, key=lambda table: (table in touched, table)))


class Participant(_Value):
    """Somebody with an agenda of its own: a buyer or an exhibitor, or one of several representatives of a firm.

    firm      : the same for representatives of one firm, who do not meet each other
    person    : the same for participants whom one person serves, who cannot be in two meetings at once
    exclusive : whoever meets one exclusive representative of a firm meets no other one of it
    booth     : where it receives; a meeting there needs no shared table
    language  : of its agenda
    text      : what it offers or looks for, in its own words
    """

    id: Identifier
    name: Name
    role: Role
    firm: Name | None = None
    person: Name | None = None
    exclusive: bool = False
    country: Country | None = None
    languages: Annotated[tuple[Language, ...], Field(max_length=50)] = ()
    language: Language | None = None
    text: Text = ""
    supplier_id: Identifier | None = None
    request_id: Identifier | None = None
    booth: Annotated[str, Field(max_length=100)] | None = None
    package: Name | None = None
    minimum: Annotated[Count, Field(le=MAX_SLOTS)] | None = None
    maximum: Annotated[Count, Field(le=MAX_SLOTS)] | None = None
    hours: Hours = Hours()
    cancelled: bool = False


class Wish(_Value):
    """What one participant wants of a meeting with another.

    minutes   : how long it is to last, where not one slot
    starts_at : when it is to begin, where that is fixed
    after     : another participant, whom `by` is to meet first
    """

    by: Identifier
    about: Identifier
    level: Level = Level.LIKE
    minutes: Minutes | None = None
    starts_at: LocalMoment | None = None
    after: Identifier | None = None

    @model_validator(mode="after")
    def _of_two(self) -> Self:
        if self.by == self.about:
            raise ValueError(f"{self.by!r} wishes to meet itself; expected another participant")
        return self


@lru_cache(maxsize=256)
def _slots(sessions: tuple[Session, ...], slot_minutes: int, buffer_minutes: int) -> tuple[Slot, ...]:
    length = datetime.timedelta(minutes=slot_minutes)
    step = length + datetime.timedelta(minutes=buffer_minutes)
    found: list[Slot] = []
    for number, session in enumerate(sorted(sessions, key=lambda one: (one.day, one.starts))):
        starts = datetime.datetime.combine(session.day, session.starts)
        ends = datetime.datetime.combine(session.day, session.ends)
        while starts + length <= ends:
            found.append(Slot(starts, starts + length, number))
            starts += step
    return tuple(found)


def share_a_language(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether two can talk; whoever states no language can talk to all."""
    mine, theirs = set(one), set(other)
    return not mine or not theirs or not mine.isdisjoint(theirs)
