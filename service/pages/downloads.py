"""Files that a page hands out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from fastapi.responses import Response, StreamingResponse


def download(content: bytes | dict[str, Any], media_type: str, name: str) -> Response:
    """A file to be kept under a name."""
    body = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
    return Response(body, media_type=media_type, headers=_kept_as(name))


def streamed(pieces: Iterator[bytes], media_type: str, name: str) -> Response:
    """A file that is sent while it is made."""
    return StreamingResponse(pieces, media_type=media_type, headers=_kept_as(name))


def _kept_as(name: str) -> dict[str, str]:
    """The header of RFC 6266 that keeps letters of every script."""
    return {"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
