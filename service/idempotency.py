"""A POST that came under an Idempotency-Key is done once, and answered alike each time it comes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated

from fastapi import Header, Request, Response
from pydantic import BaseModel

from data.answers import Answer
from service.access import Caller

IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$", description="Sent again, the first answer holds"),
]


def answered_once(
    caller: Caller, request: Request, key: str | None, body: bytes, work: Callable[[], BaseModel]
) -> Response:
    """The answer of `work` as JSON, or the one given before under the key.

    Raises KeyUsedOtherwise where the key came with another request. Whatever raises is not kept.
    """
    digest = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + body).hexdigest()
    known = caller.answers.find(key, digest) if key else None
    if known is not None:
        headers = {"idempotent-replayed": "true"}
        return Response(known.body, known.status, headers, media_type="application/json")
    answer = Answer(200, work().model_dump_json())
    if key:
        caller.answers.keep(key, digest, answer)
    return Response(answer.body, answer.status, media_type="application/json")
