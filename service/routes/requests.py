"""Buyers' requests: put, read, list, delete."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from data.schema import Kind
from matching.profiles import BuyerRequest, Country, Identifier, Language
from service import records
from service.access import Reading, Writing
from service.problems import described
from service.record_schemas import PageAnswer, WrittenAnswer
from service.records import After, IfMatch, IfNoneMatch, Limit, OnlyIf

router = APIRouter(prefix="/v1/requests", tags=["requests"])


@router.put(
    "/{request_id}",
    response_model=WrittenAnswer,
    responses=records.PUT_RESPONSES,
)
def put_request(
    request_id: Identifier,
    body: BuyerRequest,
    caller: Writing,
    only_if: OnlyIf,
    if_match: IfMatch = None,  # noqa: ARG001
    if_none_match: IfNoneMatch = None,  # noqa: ARG001
) -> Response:
    """Insert or replace a request. The same again is no change."""
    return records.put(caller, Kind.REQUESTS, request_id, body, only_if)


@router.get(
    "/{request_id}",
    response_model=BuyerRequest,
    responses=records.GET_RESPONSES,
)
def request(request_id: Identifier, caller: Reading, if_none_match: IfNoneMatch = None) -> Response:
    """A whole request."""
    return records.get(caller, Kind.REQUESTS, request_id, if_none_match)


@router.delete(
    "/{request_id}",
    status_code=204,
    response_class=Response,
    responses=records.DELETE_RESPONSES,
)
def delete_request(request_id: Identifier, caller: Writing, only_if: OnlyIf, if_match: IfMatch = None) -> Response:  # noqa: ARG001
    """Drop a request."""
    return records.delete(caller, Kind.REQUESTS, request_id, only_if)


@router.get("", responses=described())
def requests(
    caller: Reading,
    limit: Limit = 100,
    cursor: After = None,
    country: Annotated[Country | None, Query()] = None,
    language: Annotated[Language | None, Query()] = None,
) -> PageAnswer[BuyerRequest]:
    """Requests by id, those of a buyer's country and of a language where given."""

    def admits(one: BuyerRequest) -> bool:
        return country in (None, one.country) and language in (None, one.language)

    found, following = records.page(caller, Kind.REQUESTS, limit, cursor, admits)
    return PageAnswer[BuyerRequest](records=found, next_cursor=following)
