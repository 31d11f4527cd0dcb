"""Suppliers: what is known of one."""

from __future__ import annotations

from fastapi import APIRouter, Request

from matching.matcher import Matcher
from matching.profiles import Supplier
from service.problems import Problem

router = APIRouter(prefix="/v1/suppliers", tags=["suppliers"], responses={404: {"model": Problem}})


@router.get("/{supplier_id}")
def supplier(supplier_id: str, request: Request) -> Supplier:
    """The whole profile of a supplier in service."""
    matcher: Matcher = request.app.state.live.matcher
    return matcher.catalogue.suppliers[matcher.catalogue.row(supplier_id)]
