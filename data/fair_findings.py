"""What no plan of a fair can do, in words: whose numbers clash, and the smallest changes that would mend it."""

from __future__ import annotations

import numpy as np

from data.fair_planner import Planner
from data.fair_problem import Setting
from data.fairs import Level
from matching.meetings.hindrances import Change, Clash, Finding, Mend
from matching.messages import Messages, messages_in


def findings_of(setting: Setting, language: str = "en", planner: Planner | None = None) -> list[str]:
    """One sentence a finding, with what would mend it; none where all promises can be kept.

    planner : looks for them, in this process where it is not given
    """
    if not setting.participants or not setting.pairs:
        return []
    words = _Words(setting, messages_in(language))
    found = (planner or Planner()).findings(setting.problem, _forbidden(setting))
    return [words.finding(one) for one in found]


def _forbidden(setting: Setting) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    row = {one.id: number for number, one in enumerate(setting.participants)}
    found = [
        (row[wish.by], row[wish.about])
        for wish in setting.content.wishes
        if wish.level is Level.NEVER and wish.by in row and wish.about in row
    ]
    return np.array(found, np.int64).reshape(-1, 2)


class _Words:
    """Findings of one fair in one language."""

    def __init__(self, setting: Setting, messages: Messages) -> None:
        self._setting = setting
        self._messages = messages

    def finding(self, one: Finding) -> str:
        clash, changes = self._clash(one), "; ".join(map(self._mend, one.mends))
        if not changes:
            return clash
        mends = self._messages.text("Any of this would mend it: {changes}.", changes=changes)
        return f"{clash} {mends}"

    def _clash(self, one: Finding) -> str:
        text = self._messages.text
        numbers = {"needed": self._messages.number(one.needed), "there": self._messages.number(one.there)}
        who = self._messages.listing([self._name(row) for row in one.participants])
        sentences = {
            Clash.MINIMUM_MAXIMUM: text(
                "{who}: {needed} meetings are promised, but {there} at most are wished.", who=who, **numbers
            ),
            Clash.MINIMUM_SLOTS: text(
                "{who}: {needed} meetings are promised, but only {there} slots are free.", who=who, **numbers
            ),
            Clash.MINIMUM_PAIRS: text(
                "{who}: {needed} meetings are promised, but only {there} partners can be met.", who=who, **numbers
            ),
            Clash.REQUIRED_SLOT: text("{who} have to meet, but no slot allows it.", who=who),
            Clash.REQUIRED_MAXIMUM: text(
                "{who}: {needed} meetings are required, but {there} at most are wished.", who=who, **numbers
            ),
            Clash.REQUIRED_SLOTS: text(
                "{who}: required meetings take {needed} slots, but only {there} are free.", who=who, **numbers
            ),
            Clash.REQUIRED_EXCLUSIVE: text(
                "One meeting at most may be held, but {needed} are required: {who}.", who=who, **numbers
            ),
            Clash.TABLES: text(
                "{needed} meetings at tables are promised, but the tables hold {there} at most.", **numbers
            ),
            Clash.TOGETHER: text(
                "What {who} are promised cannot all be kept: of {needed} meetings {there} are possible.",
                who=who,
                **numbers,
            ),
        }
        return sentences[one.clash]

    def _mend(self, one: Mend) -> str:
        text, number = self._messages.text, self._messages.number(one.number)
        who = self._messages.listing([self._name(row) for row in one.participants])
        if one.change is Change.OPEN_SLOT:
            starts = self._setting.fair.slots[one.slot].starts
            time = f"{self._messages.day(starts.date())} {self._messages.clock(starts)}"
            return text("{who} is there on {time}", who=who, time=time)
        phrases = {
            Change.LOWER_MINIMUM: text("{who} is promised {number}", who=who, number=number),
            Change.RAISE_MAXIMUM: text("{who} holds up to {number}", who=who, number=number),
            Change.ADD_TABLES: text("tables are added: {number}", number=number),
            Change.RELEASE_PAIR: text("{who} need not meet", who=who),
            Change.LIFT_BAN: text("{who} may meet", who=who),
        }
        return phrases[one.change]

    def _name(self, row: int) -> str:
        return self._setting.participants[row].name
