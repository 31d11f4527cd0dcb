"""Many records at once, in and out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from data.record_exports import MEDIA_TYPES, WRITERS, Format
from data.schema import Kind
from service.access import Exporting, Writing
from service.idempotency import IdempotencyKey, answered_once
from service.imports import import_file, import_stream
from service.problems import described
from service.record_schemas import ImportAnswer, Records
from service.records import profile_of

router = APIRouter(prefix="/v1", tags=["bulk"])


_STREAM: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/x-ndjson": {"schema": {}}}}}
_WRITTEN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The records",
        "content": {media_type: {"schema": {"type": "string"}} for media_type in MEDIA_TYPES.values()},
    }
}


@router.post("/imports/{kind}", responses=described(), openapi_extra=_STREAM)
async def import_records(kind: Records, request: Request, caller: Writing) -> ImportAnswer:
    """Store records from NDJSON, one JSON object a line, as it streams in; sent again, it changes nothing."""
    return await import_stream(caller, Kind(kind), request.stream())


@router.post("/imports/{kind}/file", response_model=ImportAnswer, responses=described())
def import_spreadsheet(
    kind: Records, file: UploadFile, request: Request, caller: Writing, idempotency_key: IdempotencyKey = None
) -> Response:
    """Store the rows of a CSV, Excel, JSON Lines or Parquet file."""
    content = file.file.read()
    name = (file.filename or "upload")[-100:]
    return answered_once(
        caller, request, idempotency_key, content, lambda: import_file(caller, Kind(kind), name, content)
    )


@router.get("/exports/{kind}", response_class=StreamingResponse, responses={**described(), **_WRITTEN})
async def export_records(
    kind: Records, caller: Exporting, format: Annotated[Format, Query()] = Format.NDJSON
) -> StreamingResponse:
    """Every record: NDJSON, or a CSV or Excel table that can be imported again."""
    parts = WRITERS[format](_profiles(caller, Kind(kind)))
    first = await run_in_threadpool(next, parts, b"")
    headers = {"content-disposition": f'attachment; filename="{kind}.{format}"'}
    return StreamingResponse(_after(first, parts), media_type=MEDIA_TYPES[format], headers=headers)


def _profiles(caller: Exporting, kind: Kind) -> Iterator[Any]:
    return (profile_of(kind, stored) for stored in caller.store.each(kind))


def _after(first: bytes, parts: Iterator[bytes]) -> Iterator[bytes]:
    """The first part was made before the answer began, so that a failure still is a problem."""
    yield first
    yield from parts
