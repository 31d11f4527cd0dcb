"""A whole meeting plan as a workbook to hand out: an overview, and sheets by slot, by table and by participant."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from data.exports import neutralised
from data.fair_agendas import place_of
from data.fair_exports import quality_words, reason_words, state_words
from data.fair_plans import Meeting, Plan
from data.fair_store import FairContent, PlanHead
from matching.messages import Messages, messages_in

Cell = str | int | float | datetime.date | None
Row = list[Cell]
_WIDTHS = {"day": 12, "time": 14, "place": 14, "who": 34, "number": 12, "text": 60}
_TITLE_CHARACTERS = 31
_A4 = 9


@dataclass(frozen=True)
class Sheet:
    """Rows under headings; each column has a heading and the kind that its width goes by."""

    title: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[Row]
    is_table: bool = True


def plan_workbook(content: FairContent, head: PlanHead, plan: Plan, language: str = "en") -> bytes:
    """The plan as .xlsx; a cell that a spreadsheet program would run is made plain text."""
    from openpyxl import Workbook

    view = _View(content, messages_in(language))
    book = Workbook(write_only=True)
    for one in view.sheets(head, plan):
        sheet = book.create_sheet(one.title[:_TITLE_CHARACTERS])
        _lay_out(sheet, one, rtl=view.messages.direction == "rtl")
        for row in one.rows:
            sheet.append([neutralised(cell) for cell in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _lay_out(sheet: Any, one: Sheet, *, rtl: bool) -> None:
    """Headings that stay in sight and on each printed page, columns as wide as what is in them, A4 across."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet.sheet_view.rightToLeft = rtl
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", _A4
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.oddFooter.center.text = "&A   &P / &N"
    for number, (_, kind) in enumerate(one.columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTHS[kind]
    if one.is_table and len(one.rows) > 1:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(one.columns))}{len(one.rows) + 1}"
    headings = [WriteOnlyCell(sheet, value=heading) for heading, _ in one.columns]
    for cell in headings:
        cell.font = Font(bold=True)
    sheet.append(headings)


class _View:
    """The rows of a plan's sheets in one language."""

    def __init__(self, content: FairContent, messages: Messages) -> None:
        self._fair = content.fair
        self._slots = content.fair.slots
        self._by_id = {one.id: one for one in content.participants}
        self.messages = messages

    def sheets(self, head: PlanHead, plan: Plan) -> list[Sheet]:
        text = self.messages.text
        day, time, place = (text("Day"), "day"), (text("Time"), "time"), (text("Place"), "place")
        company = (text("Company"), "who")
        two = [(text("Buyer"), "who"), company, (text("Exhibitor"), "who"), company, (text("Interpreter"), "place")]
        by_slot = sorted(plan.meetings, key=lambda one: (one.slot, one.booth or "", one.table or 0, one.id))
        by_table = sorted(plan.meetings, key=lambda one: (one.booth or "", one.table or 0, one.slot, one.id))
        wishes: list[Row] = [[*self._who(one.by), *self._who(one.about), reason_words(one.reason, self.messages)]
                  for one in plan.unscheduled]  # fmt: skip
        return [
            Sheet(text("Overview"), [(self._fair.name, "who"), ("", "text")], self._overview(head, plan), False),
            Sheet(text("By slot"), [day, time, place, *two], [[*self._when(one), *self._row(one)] for one in by_slot]),
            Sheet(text("By table"), [place, day, time, *two], [self._at_table(one) for one in by_table]),
            Sheet(
                text("By participant"),
                [(text("Participant"), "who"), company, day, time, (text("With"), "who"), company, place,
                 (text("Interpreter"), "place")],
                self._by_participant(plan.meetings),
            ),
            Sheet(
                text("Unfulfilled wishes"),
                [(text("Wish of"), "who"), company, (text("With"), "who"), company, (text("Reason"), "text")],
                wishes,
            ),
        ]  # fmt: skip

    def _overview(self, head: PlanHead, plan: Plan) -> list[Row]:
        text, number = self.messages.text, self.messages.number
        rows: list[Row] = [
            [text("Venue"), self._fair.venue],
            [text("Time zone"), self._fair.time_zone],
            [text("Plan"), head.name],
            [text("State"), state_words(head.state, self.messages)],
            [text("Version"), head.version],
            [text("Meetings"), len(plan.meetings)],
            [text("Unfulfilled wishes"), len(plan.unscheduled)],
            [text("Score"), round(plan.score, 3)],
        ]
        rows += [[None, words] for words in quality_words(plan, self.messages)]
        rows += [
            [self._who(who)[0], text("{number} of the promised meetings are missing.", number=number(missing))]
            for who, missing in sorted(plan.short.items())
        ]
        return rows

    def _row(self, one: Meeting) -> Row:
        return [place_of(one, self.messages), *self._who(one.first), *self._who(one.second), one.interpreter]

    def _at_table(self, one: Meeting) -> Row:
        place, *rest = self._row(one)
        return [place, *self._when(one), *rest]

    def _by_participant(self, meetings: Iterable[Meeting]) -> list[Row]:
        found = [(who, one) for one in meetings for who in (one.first, one.second)]
        found.sort(key=lambda pair: (self._who(pair[0])[0].casefold(), pair[0], pair[1].slot))
        return [
            [*self._who(who), *self._when(one), *self._who(one.partner(who)), place_of(one, self.messages),
             one.interpreter]
            for who, one in found
        ]  # fmt: skip

    def _when(self, one: Meeting) -> list[Cell]:
        first, last = self._slots[one.slot], self._slots[one.covered()[-1]]
        return [first.starts.date(), f"{first.starts:%H:%M}–{last.ends:%H:%M}"]

    def _who(self, participant_id: str) -> tuple[str, str | None]:
        """Name and company, which is left out where it is the name."""
        found = self._by_id.get(participant_id)
        if found is None:
            return participant_id, None
        return found.name, found.firm if found.firm != found.name else None
