"""Published instances of the B2B meeting scheduling problem: MiniZinc data files, read into agreed meetings."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from matching.errors import UnreadableFile
from matching.meetings.breaks import AgreedMeetings
from matching.meetings.problem import NONE, Flags, MeetingProblem, Numbers

MORNING, AFTERNOON = 1, 2
"""Third number of a requested meeting; any other means either."""
_COMMENT = re.compile(r"%[^\n]*")
_NUMBER = re.compile(r"-?\d+")
_SET = re.compile(r"\{([^}]*)\}|(\d+)\s*\.\.\s*(\d+)")


class _Instance:
    """The assignments of one file, by name in lower case."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = _COMMENT.sub("", path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise UnreadableFile(f"{path} cannot be read: {error}; expected a MiniZinc data file") from error
        parts = (part.partition("=") for part in text.split(";") if "=" in part)
        self.values = {name.strip().lower(): value.strip() for name, _, value in parts}

    def number(self, name: str, default: int | None = None) -> int:
        """A single number."""
        value = self.values.get(name.lower())
        if value is None and default is not None:
            return default
        if value is None or not _NUMBER.fullmatch(value):
            raise self.fault(f"{name} is {value!r}", "a number")
        return int(value)

    def numbers(self, name: str, *others: str) -> list[int]:
        """Every number of an array, of one or two dimensions; none where the file has no such array."""
        found = next((self.values[key.lower()] for key in (name, *others) if key.lower() in self.values), "[]")
        return [int(number) for number in _NUMBER.findall(_within(found))]

    def sets(self, name: str, count: int) -> list[list[int]]:
        """An array of sets, each empty where the file has no such array; 0 stands for nothing."""
        value = self.values.get(name.lower())
        if value is None:
            return [[] for _ in range(count)]
        found = [_members(match) for match in _SET.finditer(_within(value))]
        if len(found) != count:
            raise self.fault(f"{name} has {len(found)} sets", str(count))
        return found

    def fault(self, given: str, expected: str) -> UnreadableFile:
        return UnreadableFile(f"{self.path}: {given}, expected {expected}")


def read_agreed_meetings(path: Path) -> AgreedMeetings:
    """Read a file with nBusiness, nMeetings, nTables, nTotalSlots and requested, and with what it has beside these.

    requested     : two participants, and 1 for a meeting in the morning, 2 in the afternoon, 3 in either
    nMorningSlots : slots of the morning; all where it is missing
    forbidden     : for each participant the slots in which it is not there
    fixed         : for each meeting its slot, 0 where it is free
    precedences   : for each meeting those that end before it begins

    Raises UnreadableFile where one of the first five is missing, a count differs, or a number points nowhere.
    Source: Bofill et al., JAIR 74 (2022), and the instances published with it.
    """
    instance = _Instance(path)
    people, slots, tables = (instance.number(name) for name in ("nBusiness", "nTotalSlots", "nTables"))
    meetings = instance.number("nMeetings")
    requested = _requested(instance, meetings, people)
    fixed = np.array(instance.numbers("fixed", "fixat") or [0] * meetings, np.int64)
    if len(fixed) != meetings:
        raise instance.fault(f"fixed has {len(fixed)} numbers", str(meetings))
    _check(instance, "fixed", fixed, slots)
    problem = MeetingProblem(
        available=~_marked(instance, "forbidden", people, slots),
        minimum=np.zeros(people, np.int64),
        maximum=np.full(people, meetings),
        first=requested[:, 0] - 1,
        second=requested[:, 1] - 1,
        score=np.ones(meetings),
        required=np.ones(meetings, bool),
        half_day=np.zeros(slots, np.int64),
        tables=np.full(slots, tables),
        booth=np.zeros(people, bool),
        person=np.arange(people),
        length=np.ones(meetings, np.int64),
        fixed=np.where(fixed > 0, fixed - 1, NONE),
        interpreter=np.full(meetings, NONE),
        interpreters=np.zeros((0, slots), np.int64),
        before=np.argwhere(_marked(instance, "precedences", meetings, meetings))[:, ::-1].copy(),
    )
    return AgreedMeetings(problem, _open_to(requested[:, 2], slots, instance.number("nMorningSlots", slots)))


def _requested(instance: _Instance, meetings: int, people: int) -> Numbers:
    """Two participants and a half-day for each meeting. returns: int64 (meetings, 3)."""
    numbers = np.array(instance.numbers("requested"), np.int64)
    if len(numbers) != 3 * meetings or not meetings:
        raise instance.fault(f"requested has {len(numbers)} numbers", f"3 for each of {meetings} meetings")
    rows = numbers.reshape(meetings, 3)
    if rows[:, :2].min() < 1 or rows[:, :2].max() > people or (rows[:, 0] == rows[:, 1]).any():
        raise instance.fault("requested names a participant that is not there, or one twice", f"two of 1..{people}")
    return rows


def _open_to(half_days: Numbers, slots: int, morning_slots: int) -> Flags:
    """The slots of the half-day that each meeting is asked for. returns: bool (meetings, slots)."""
    morning = np.arange(slots) < morning_slots
    asked = half_days[:, None]
    opened: Flags = np.where(asked == MORNING, morning, np.where(asked == AFTERNOON, ~morning, True))
    return opened


def _marked(instance: _Instance, name: str, rows: int, columns: int) -> Flags:
    """An array of sets as a table of marks. returns: bool (rows, columns)."""
    marks = np.zeros((rows, columns), bool)
    for row, members in enumerate(instance.sets(name, rows)):
        _check(instance, name, np.array(members, np.int64), columns)
        marks[row, [member - 1 for member in members if member > 0]] = True
    return marks


def _check(instance: _Instance, name: str, numbers: Numbers, highest: int) -> None:
    if len(numbers) and not (numbers.min() >= 0 and numbers.max() <= highest):
        raise instance.fault(f"{name} has {numbers.min()}..{numbers.max()}", f"0..{highest}")


def _within(value: str) -> str:
    """What stands between the outermost brackets, as in array2d(1..2, 1..3, [1, 2, 3, 4, 5, 6])."""
    return value[value.find("[") + 1 : value.rfind("]")] if "[" in value else value


def _members(match: re.Match[str]) -> list[int]:
    """The numbers of one set, written out or as a range."""
    if match[1] is None:
        return list(range(int(match[2]), int(match[3]) + 1))
    return [number for part in match[1].split(",") for number in _spread(part)]


def _spread(part: str) -> list[int]:
    """One member of a set, or the range that stands for several."""
    bounds = [int(number) for number in _NUMBER.findall(part)]
    return list(range(bounds[0], bounds[-1] + 1)) if bounds else []
