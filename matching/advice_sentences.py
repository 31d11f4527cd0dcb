"""Advice in words: each begins with "if", because only the supplier knows what is true of it."""

from __future__ import annotations

from collections.abc import Sequence

from matching.messages import Messages, messages_in
from matching.profile_changes import Change, ProfileField
from matching.profiles import PriceRange, Quantity, Supplier

PART_TITLES = {
    "country": "country",
    "size": "size of the firm",
    "languages": "languages spoken",
    "description": "a description of 80 characters or more",
    "hs": "customs code (HS)",
    "moq": "minimum order",
    "price": "price",
    "certifications": "certificates",
    "incoterms": "Incoterm",
    "markets": "countries delivered to",
}


def advice_sentence(
    supplier: Supplier, changes: Sequence[Change], requests: int, best_rank: int, first: int, language: str
) -> str:
    """What to state, on which condition, and what it would have brought."""
    messages = messages_in(language)
    return messages.plural(
        "State it {conditions}: you would newly be among the first {first} for {count} recent request"
        " (best place: {rank}).",
        "State it {conditions}: you would newly be among the first {first} for {count} recent requests"
        " (best place: {rank}).",
        requests,
        conditions=messages.listing([_condition(supplier, change, messages) for change in changes]),
        first=messages.number(first),
        rank=messages.number(best_rank),
    )


def gaps_sentence(gaps: Sequence[str], language: str) -> str | None:
    """Which parts of a profile are not filled in; None where all are."""
    messages = messages_in(language)
    listed = messages.listing([messages.text(PART_TITLES[part]) for part in gaps])
    return messages.text("Your profile does not state: {parts}.", parts=listed) if gaps else None


def _condition(supplier: Supplier, change: Change, messages: Messages) -> str:
    if change.product is not None:
        return _condition_on_a_product(supplier.products[change.product].name, change, messages)
    value = str(change.value)
    match change.field:
        case ProfileField.CERTIFICATIONS:
            return messages.text("if you hold the certificate {name}", name=value)
        case ProfileField.MARKETS:
            return messages.text("if you deliver to {country}", country=messages.country(value))
        case ProfileField.INCOTERMS:
            return messages.text("if you sell on the terms {incoterm}", incoterm=value)
        case _:
            return messages.text("if you speak {language}", language=messages.language(value))


def _condition_on_a_product(product: str, change: Change, messages: Messages) -> str:
    value = change.value
    if isinstance(value, Quantity):
        quantity = messages.quantity(value)
        return messages.text("if you accept orders of {quantity} for “{product}”", product=product, quantity=quantity)
    if isinstance(value, PriceRange):
        return messages.text(
            "if you can sell “{product}” at {price} or less", product=product, price=messages.price(value)
        )
    if isinstance(value, int):
        return messages.plural(
            "if you can deliver “{product}” within {count} day",
            "if you can deliver “{product}” within {count} days",
            value,
            product=product,
        )
    return messages.text("if “{product}” belongs to the HS heading {heading}", product=product, heading=str(value)[:4])
