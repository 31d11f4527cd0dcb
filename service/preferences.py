"""What a caller would like of an answer: the Prefer header (RFC 7240), of which the service knows how long to wait."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Header

LONGEST_WAIT_SECONDS = 60
_WAIT = re.compile(r"\bwait\s*=\s*\"?(\d{1,9})\"?", re.IGNORECASE)
_ASYNC = re.compile(r"\brespond-async\b", re.IGNORECASE)
Prefer = Annotated[
    str | None,
    Header(description="`wait=N`: seconds to wait for the result, 60 at most; `respond-async`: not at all (RFC 7240)"),
]


def wait_seconds(prefer: str | None, default: int) -> int:
    """Seconds that the caller would wait for a result; what is not understood is passed over, as the standard says."""
    stated = _WAIT.search(prefer or "")
    if stated is not None:
        return min(int(stated[1]), LONGEST_WAIT_SECONDS)
    return 0 if _ASYNC.search(prefer or "") else default
