"""What everybody of a fair is handed out: a PDF and a calendar each, as files or as one archive."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence

from data.fair_agendas import agenda_calendar, agenda_of, agenda_pdf
from data.fair_publication import PublishedMeeting
from data.fair_store import FairContent


def agenda_files(
    content: FairContent, published: Sequence[PublishedMeeting], organisation: str
) -> Iterator[tuple[str, bytes]]:
    """Name and content of a PDF and an .ics file for everybody who has or had a meeting, each in its language.

    Raises OutputUnavailable where the library that sets text is not there.
    """
    met: dict[str, list[PublishedMeeting]] = {}
    for one in published:
        for who in (one.meeting.first, one.meeting.second):
            met.setdefault(who, []).append(one)
    for who, mine in sorted(met.items()):
        name, agenda = re.sub(r"[^\w.-]", "_", who), agenda_of(content, mine, who)
        yield f"{name}.pdf", agenda_pdf(agenda)
        yield f"{name}.ics", agenda_calendar(agenda, organisation)


def archived(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """A zip archive of files, piece by piece as they are made, so that it begins at once and none waits in memory."""
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
            yield pieces.taken()
    yield pieces.taken()


class _Pieces(io.RawIOBase):
    """Where an archive is written to that cannot be turned back."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, content: object) -> int:
        piece = bytes(content)  # type: ignore[call-overload]
        self._written.append(piece)
        return len(piece)

    def taken(self) -> bytes:
        """What was written since the last time."""
        piece = b"".join(self._written)
        self._written.clear()
        return piece
