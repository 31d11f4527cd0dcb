"""Cursors: where a list went up to, as an opaque string."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

from matching.errors import InvalidInput


def written(name: str, place: int | str) -> str:
    """The cursor of a place in a list of a name."""
    return urlsafe_b64encode(json.dumps([name, place]).encode()).decode().rstrip("=")


def read_number(cursor: str) -> tuple[str, int]:
    """The list and the place, a number from 0, of a cursor; InvalidInput where it is none of ours."""
    name, place = _read(cursor)
    if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < 10_000:
        raise _refused(cursor)
    return name, place


def read_text(cursor: str, name: str) -> str:
    """The place of a cursor of a list; InvalidInput where it is none of that list."""
    given, place = _read(cursor)
    if given != name or not isinstance(place, str) or "\x00" in place:
        raise _refused(cursor)
    return place


def _read(cursor: str) -> tuple[str, object]:
    try:
        name, place = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        str(place).encode()
    except (ValueError, TypeError, RecursionError):
        raise _refused(cursor) from None
    if not isinstance(name, str) or "\x00" in name:
        raise _refused(cursor)
    return name, place


def _refused(cursor: str) -> InvalidInput:
    return InvalidInput(f"cursor is {cursor[:40]!r}, expected one that an earlier answer gave")
