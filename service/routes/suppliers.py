"""Suppliers: put, read, list, delete; and the open requests that fit one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from data.schema import Kind
from data.store import NEWEST_REQUESTS
from matching.advice import advise
from matching.certificates import certificate_name, current_day, held_by
from matching.filters import Filters
from matching.profiles import BuyerRequest, Identifier, Supplier
from service import records
from service.access import Caller, Matching, Reading, Writing
from service.problems import described
from service.record_schemas import PageAnswer, WrittenAnswer
from service.records import After, IfMatch, IfNoneMatch, Limit, OnlyIf, SupplierBody
from service.schemas import ReaderLanguage, RequestMatchAnswer, RequestsAnswer, SupplierAdviceAnswer, Versions

router = APIRouter(prefix="/v1/suppliers", tags=["suppliers"])
Values = Annotated[list[str], Query(max_length=50)]


@router.put(
    "/{supplier_id}",
    response_model=WrittenAnswer,
    responses=records.PUT_RESPONSES,
)
def put_supplier(
    supplier_id: Identifier,
    body: SupplierBody,
    caller: Writing,
    only_if: OnlyIf,
    if_match: IfMatch = None,  # noqa: ARG001
    if_none_match: IfNoneMatch = None,  # noqa: ARG001
) -> Response:
    """Insert or replace a supplier; matchable within a second. The same again is no change."""
    return records.put(caller, Kind.SUPPLIERS, supplier_id, body, only_if)


@router.get(
    "/{supplier_id}",
    response_model=Supplier,
    responses=records.GET_RESPONSES,
)
def supplier(supplier_id: Identifier, caller: Reading, if_none_match: IfNoneMatch = None) -> Response:
    """The whole profile of a supplier."""
    return records.get(caller, Kind.SUPPLIERS, supplier_id, if_none_match)


@router.delete(
    "/{supplier_id}",
    status_code=204,
    response_class=Response,
    responses=records.DELETE_RESPONSES,
)
def delete_supplier(supplier_id: Identifier, caller: Writing, only_if: OnlyIf, if_match: IfMatch = None) -> Response:  # noqa: ARG001
    """Drop a supplier; it is in no further answer of this process."""
    return records.delete(caller, Kind.SUPPLIERS, supplier_id, only_if)


@router.get("", responses=described())
def suppliers(
    caller: Reading,
    limit: Limit = 100,
    cursor: After = None,
    country: Values = [],  # noqa: B006
    certification: Values = [],  # noqa: B006
    size: Values = [],  # noqa: B006
    language: Values = [],  # noqa: B006
    hs: Values = [],  # noqa: B006
) -> PageAnswer[Supplier]:
    """Suppliers by id, those that pass every filter given."""
    given: dict[str, Any] = {
        "countries": country, "certifications": certification, "sizes": size, "languages": language, "hs": hs
    }  # fmt: skip
    filters = Filters.model_validate(given)
    found, following = records.page(caller, Kind.SUPPLIERS, limit, cursor, lambda one: _admits(filters, one))
    return PageAnswer[Supplier](records=found, next_cursor=following)


@router.get("/{supplier_id}/requests", responses=described(HTTPStatus.NOT_FOUND))
def requests_for_supplier(
    supplier_id: Identifier, caller: Matching, top: Annotated[int, Query(ge=1, le=100)] = 10
) -> RequestsAnswer:
    """The stored requests that fit a supplier best, of the 500 changed last."""
    matcher = caller.workspace.matcher
    found = matcher.requests_for(supplier_id, _newest_requests(caller), top=top)
    return RequestsAnswer(
        supplier_id=supplier_id,
        matches=[RequestMatchAnswer.model_validate(match) for match in found],
        versions=Versions.of(matcher),
    )


@router.get("/{supplier_id}/advice", responses=described(HTTPStatus.NOT_FOUND))
def advice_to_supplier(
    supplier_id: Identifier,
    caller: Matching,
    first: Annotated[int, Query(ge=1, le=100, description="Which places count")] = 10,
    top: Annotated[int, Query(ge=1, le=100, description="How many pieces of advice at most")] = 5,
    language: Annotated[ReaderLanguage | None, Query(description="By default that of the profile")] = None,
) -> SupplierAdviceAnswer:
    """What the profile does not state and would have put it among the first of the 500 requests changed last.

    Each piece is found by scoring the supplier as it would be; what its profile lacks whoever asks is named beside.
    """
    matcher = caller.workspace.matcher
    found = advise(matcher, supplier_id, _newest_requests(caller), first=first, top=top, language=language)
    return SupplierAdviceAnswer.of(found, matcher)


def _newest_requests(caller: Caller) -> list[BuyerRequest]:
    newest = caller.store.newest(Kind.REQUESTS, limit=NEWEST_REQUESTS)
    return [BuyerRequest.model_validate(one.document) for one in newest]


def _admits(filters: Filters, one: Supplier) -> bool:
    today = current_day()
    held = {certificate.name for certificate in held_by(one) if certificate.counts_on(today)}
    return (
        (not filters.countries or one.country in filters.countries)
        and (not filters.sizes or one.size in filters.sizes)
        and (not filters.languages or not set(filters.languages).isdisjoint(one.languages))
        and (not filters.hs or any(product.hs in filters.hs for product in one.products))
        and held.issuperset(map(certificate_name, filters.certifications))
    )
