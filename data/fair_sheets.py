"""An organiser's spreadsheets loaded into a fair: participants, wishes, hours."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from data.fair_store import FairStore
from data.fair_tables import read_hours, read_participants, read_wishes
from data.fairs import Participant, Role, Wish
from data.rows import Source
from data.tables import Loaded


class FairSheet(StrEnum):
    """What the rows of a fair's spreadsheet are."""

    PARTICIPANTS = "participants"
    WISHES = "wishes"
    HOURS = "hours"


def load_sheet(
    fairs: FairStore,
    fair_id: str,
    sheet: FairSheet,
    source: Source,
    *,
    role: Role | None = None,
    mapping: Mapping[str, str] | None = None,
) -> Loaded[Participant] | Loaded[Wish]:
    """Store the good rows of a spreadsheet; what it gave, with each fault of a refused row.

    role : of participants whose rows state none
    Raises UnknownRecord without such a fair, UnreadableFile where no row can be read.
    """
    known = fairs.content(fair_id)
    if sheet is FairSheet.WISHES:
        wishes = read_wishes(source, known.participants, mapping=mapping)
        fairs.put_wishes(fair_id, wishes.profiles)
        return wishes
    if sheet is FairSheet.HOURS:
        found = read_hours(source, known.fair, known.participants, mapping=mapping)
    else:
        found = read_participants(source, role=role, mapping=mapping)
    fairs.put_participants(fair_id, found.profiles)
    return found
