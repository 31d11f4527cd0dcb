"""Records over HTTP: what a PUT, GET, DELETE or a list of suppliers and of requests have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from data.schema import Kind
from data.store import PROFILES, Outcome, Precondition, Stored
from matching.errors import InvalidInput, UnknownRecord
from matching.profiles import BuyerRequest, Identifier, Supplier
from service import cursors
from service.access import Caller
from service.problems import described
from service.record_schemas import WrittenAnswer, etag
from service.schemas import Cursor

MAX_PAGE = 1_000
_SCANNED_AT_MOST = 5_000
_ETAG = re.compile(r'(?:W/)?"(\d{1,18})"')
_STATUS = {
    Outcome.CREATED: HTTPStatus.CREATED, Outcome.REPLACED: HTTPStatus.OK, Outcome.UNCHANGED: HTTPStatus.OK
}  # fmt: skip

IfMatch = Annotated[str | None, Header(max_length=400, description="ETags the record must have, or *")]
IfNoneMatch = Annotated[str | None, Header(max_length=400, description="ETags the record must not have, or *")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="How many at most")]
After = Annotated[Cursor | None, Query(description="next_cursor of the page before")]


def _headers(*names: str) -> Mapping[str, Any]:
    """What OpenAPI says of the headers of an answer."""
    return {name: {"schema": {"type": "string"}} for name in names}


PUT_RESPONSES: dict[int | str, dict[str, Any]] = {
    **described(HTTPStatus.PRECONDITION_FAILED),
    200: {"headers": _headers("ETag"), "description": "Replaced, or the same already"},
    201: {"model": WrittenAnswer, "headers": _headers("ETag"), "description": "Created"},
}
GET_RESPONSES: dict[int | str, dict[str, Any]] = {
    **described(HTTPStatus.NOT_FOUND),
    200: {"headers": _headers("ETag", "Last-Modified")},
    304: {"description": "Not modified"},
}
DELETE_RESPONSES = described(HTTPStatus.NOT_FOUND, HTTPStatus.PRECONDITION_FAILED)


class SupplierBody(Supplier):
    """A supplier's profile; where `id` is given it must be that of the path."""

    id: Identifier | None = None  # type: ignore[assignment]


def put(caller: Caller, kind: Kind, record_id: str, body: BaseModel, only_if: Precondition) -> Response:
    """Insert or replace a record: 201 where it is new, else 200."""
    fields = body.model_dump(exclude_unset=True)
    if fields.get("id") not in (None, record_id):
        raise InvalidInput(f"id is {fields['id']!r}, expected {record_id!r} as in the path")
    record = PROFILES[kind].model_validate(fields | {"id": record_id})
    written = caller.store.put(kind, [record], only_if=only_if)[0]
    if written.outcome is not Outcome.UNCHANGED:
        caller.live.written()
    answer = WrittenAnswer(id=written.id, outcome=written.outcome, change=written.change)
    return JSONResponse(answer.model_dump(mode="json"), _STATUS[written.outcome], {"etag": answer.etag})


def get(caller: Caller, kind: Kind, record_id: str, if_none_match: str | None) -> Response:
    """A record with its ETag; 304 where the caller has it already."""
    stored = caller.store.get(kind, record_id)
    headers = {"etag": etag(stored.change), "last-modified": f"{stored.changed_at:%a, %d %b %Y %H:%M:%S} GMT"}
    if if_none_match is not None and (if_none_match.strip() == "*" or stored.change in _changes(if_none_match)):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return JSONResponse(profile_of(kind, stored).model_dump(mode="json"), headers=headers)


def delete(caller: Caller, kind: Kind, record_id: str, only_if: Precondition) -> Response:
    """Drop a record: 204, from when on no answer of this process has it; UnknownRecord where there is none."""
    if not caller.store.delete(kind, record_id, only_if=only_if):
        raise UnknownRecord(f"no record of {kind} has the id {record_id!r}")
    if kind is Kind.SUPPLIERS:
        caller.live.removed(caller.organisation)
        caller.live.written()
    return Response(status_code=HTTPStatus.NO_CONTENT)


def page(
    caller: Caller, kind: Kind, limit: int, cursor: str | None, admits: Callable[[Any], bool]
) -> tuple[list[Any], str | None]:
    """The next records that a filter admits, by id, and the cursor to go on with."""
    after = cursors.read_text(cursor, kind) if cursor else ""
    found: list[Any] = []
    for scanned, stored in enumerate(caller.store.each(kind, after=after), start=1):
        if admits(profile := profile_of(kind, stored)):
            found.append(profile)
        if len(found) == limit or scanned == _SCANNED_AT_MOST:
            return found, cursors.written(kind, stored.id)
    return found, None


def profile_of(kind: Kind, stored: Stored) -> Supplier | BuyerRequest:
    """The profile that a stored document is."""
    return PROFILES[kind].model_validate(stored.document)


def precondition(request: Request) -> Precondition:
    """What If-Match and If-None-Match ask of the stored record."""
    if_match, if_none_match = request.headers.get("if-match"), request.headers.get("if-none-match")
    if if_match is not None and if_match.strip() != "*":
        return Precondition(changes=_changes(if_match))
    if if_none_match is not None and if_none_match.strip() == "*":
        return Precondition(exists=False)
    return Precondition(exists=True) if if_match is not None else Precondition()


OnlyIf = Annotated[Precondition, Depends(precondition)]


def _changes(header: str) -> frozenset[int]:
    return frozenset(int(number) for number in _ETAG.findall(header))
