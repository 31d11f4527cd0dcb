"""The agenda of a participant, in its language: for a page, as PDF and as iCalendar."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from data.fair_plans import Meeting, MeetingState
from data.fair_publication import PublishedMeeting
from data.fair_store import FairContent
from data.fairs import Fair, Participant
from matching.errors import OutputUnavailable
from matching.messages import Messages, messages_in

_TEMPLATES = Path(__file__).parent / "templates"
_YEAR = datetime.timedelta(days=366)
_PANGO = "pango cannot be loaded; install the packages libpango-1.0-0 and libpangoft2-1.0-0 (Debian) or pango (others)"


@dataclass(frozen=True)
class Appointment:
    """A meeting as one of the two sees it; starts and ends are by the fair's clock."""

    published: PublishedMeeting
    partner: Participant
    starts: datetime.datetime
    ends: datetime.datetime

    @property
    def meeting(self) -> Meeting:
        """The meeting."""
        return self.published.meeting

    @property
    def is_cancelled(self) -> bool:
        """Whether it does not take place."""
        return self.published.state is MeetingState.CANCELLED


@dataclass(frozen=True)
class Agenda:
    """Appointments of a participant in order of time, cancelled ones too."""

    fair: Fair
    participant: Participant
    appointments: tuple[Appointment, ...]
    language: str

    @property
    def messages(self) -> Messages:
        """Sentences in its language."""
        return messages_in(self.language)

    @property
    def days(self) -> list[tuple[datetime.date, list[Appointment]]]:
        """What takes place, by day."""
        held = (one for one in self.appointments if not one.is_cancelled)
        return [(day, list(some)) for day, some in groupby(held, key=lambda one: one.starts.date())]


def agenda_of(
    content: FairContent, published: Sequence[PublishedMeeting], participant_id: str, language: str | None = None
) -> Agenda:
    """The agenda of a participant, in the language given, its own, or English.

    Raises UnknownRecord where there is no participant of that id.
    """
    participant = content.participant(participant_id)
    by_id = {one.id: one for one in content.participants}
    found = []
    for one in published:
        if one.meeting.of(participant_id):
            time = one.meeting.time(content.fair)
            found.append(Appointment(one, by_id[one.meeting.partner(participant_id)], time.starts, time.ends))
    in_order = tuple(sorted(found, key=lambda one: (one.starts, one.meeting.id)))
    own = participant.language or next(iter(participant.languages), None)
    return Agenda(content.fair, participant, in_order, language or own or "en")


def place_of(meeting: Meeting, messages: Messages) -> str:
    """Where a meeting is, in words."""
    if meeting.booth is not None:
        return messages.text("Booth {booth}", booth=meeting.booth)
    return messages.text("Table {number}", number=str(meeting.table)) if meeting.table is not None else ""


def agenda_html(agenda: Agenda) -> str:
    """The agenda as a page to print, in the direction of its language."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True)
    values = {"agenda": agenda, "messages": agenda.messages, "text": agenda.messages.text, "place_of": place_of}
    return environment.get_template("agenda.html").render(values)


def agenda_pdf(agenda: Agenda) -> bytes:
    """The agenda as PDF; OutputUnavailable where the library that sets text is not there."""
    try:
        from weasyprint import HTML
    except OSError as error:
        raise OutputUnavailable(f"an agenda cannot be made as PDF: {_PANGO}") from error
    content: bytes = HTML(string=agenda_html(agenda), url_fetcher=_refused).write_pdf()
    return content


def agenda_calendar(agenda: Agenda, organisation: str) -> bytes:
    """The agenda as iCalendar (RFC 5545): UIDs that stay, SEQUENCE that rises, cancelled meetings as cancelled.

    Moments have the fair's zone, which is told too.
    """
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//Souk//Meetings//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", agenda.fair.name)
    calendar.add("x-wr-timezone", agenda.fair.time_zone)
    for one in agenda.appointments:
        calendar.add_component(_event(agenda, one, organisation))
    if agenda.appointments:
        days = [one.starts.date() for one in agenda.appointments]
        calendar.add_missing_timezones(min(days) - _YEAR, max(days) + _YEAR)
    content: bytes = calendar.to_ical()
    return content


def _event(agenda: Agenda, one: Appointment, organisation: str) -> Any:
    from icalendar import Event

    fair, messages = agenda.fair, agenda.messages
    event = Event()
    event.add("uid", uid_of(fair, one.meeting, organisation))
    event.add("sequence", one.published.sequence)
    event.add("dtstamp", one.published.changed_at)
    event.add("last-modified", one.published.changed_at)
    event.add("dtstart", one.starts.replace(tzinfo=fair.zone))
    event.add("dtend", one.ends.replace(tzinfo=fair.zone))
    event.add("summary", _named(one.partner))
    event.add("location", ", ".join(filter(None, (place_of(one.meeting, messages), fair.venue))))
    event.add("status", "CANCELLED" if one.is_cancelled else "CONFIRMED")
    lines = [one.partner.text[:500]]
    if one.meeting.interpreter is not None:
        lines.insert(0, messages.text("Interpreter: {name}", name=one.meeting.interpreter))
    event.add("description", "\n".join(filter(None, lines)))
    return event


def uid_of(fair: Fair, meeting: Meeting, organisation: str) -> str:
    """The same for a meeting as long as the fair is published, and for no meeting of another fair."""
    key = f"souk:{organisation}:{fair.id}:{fair.slots[0].starts.isoformat()}:{meeting.id}"
    return f"{uuid.uuid5(uuid.NAMESPACE_URL, key)}@souk"


def _named(partner: Participant) -> str:
    firm = partner.firm if partner.firm and partner.firm != partner.name else None
    return f"{partner.name} ({firm})" if firm else partner.name


def _refused(url: str, *_: object, **__: object) -> Mapping[str, object]:
    """An agenda refers to nothing outside itself."""
    raise ValueError(f"{url} is not fetched")
