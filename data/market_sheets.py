"""Both sides' lists of a market as the sheets of a workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from data.exports import Row
from matching.markets import Attention, Lists, Market, Price, expected_matches
from matching.profiles import BuyerRequest, Supplier


@dataclass(frozen=True)
class Fair:
    """Who takes part, in the order of the market's rows and columns."""

    requests: Sequence[BuyerRequest]
    suppliers: Sequence[Supplier]
    market: Market


def list_sheets(fair: Fair, lists: Lists, prices: Mapping[str, Price]) -> dict[str, list[Row]]:
    """Rows of the sheets Buyers and Suppliers, one a place that is shown, and Price, one a way of making lists.

    mutual_chance  : chance that both like each other
    expected_match : chance that they match, how far each reads its list counted in
    """
    market = fair.market
    pairs = expected_matches(market, Attention.under(market, lists))

    def figures(buyer: int, supplier: int) -> Row:
        return {
            "buyer_likes": round(float(market.buyers_like[buyer, supplier]), 4),
            "supplier_likes": round(float(market.suppliers_like[buyer, supplier]), 4),
            "mutual_chance": round(float(market.mutual[buyer, supplier]), 4),
            "expected_match": round(float(pairs[buyer, supplier]), 4),
        }

    asked = [_request_cells(request) for request in fair.requests]
    offered = [_supplier_cells(supplier) for supplier in fair.suppliers]
    buyers, suppliers = lists.for_buyers[:, : market.top].tolist(), lists.for_suppliers[:, : market.top].tolist()
    return {
        "Buyers": [
            asked[buyer] | {"rank": rank} | offered[supplier] | figures(buyer, supplier)
            for buyer, shown in enumerate(buyers)
            for rank, supplier in enumerate(shown, start=1)
        ],
        "Suppliers": [
            offered[supplier] | {"rank": rank} | asked[buyer] | figures(buyer, supplier)
            for supplier, shown in enumerate(suppliers)
            for rank, buyer in enumerate(shown, start=1)
        ],
        "Price": price_rows(prices),
    }


def price_rows(prices: Mapping[str, Price]) -> list[Row]:
    """A row for each way of making lists."""
    return [
        {"way": way} | {name: round(value, 3) for name, value in price.row().items()} for way, price in prices.items()
    ]


def _request_cells(request: BuyerRequest) -> Row:
    return {"request_id": request.id, "buyer": request.buyer, "request": request.text}


def _supplier_cells(supplier: Supplier) -> Row:
    return {"supplier_id": supplier.id, "supplier": supplier.name, "country": supplier.country}
