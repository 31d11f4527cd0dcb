"""How well participants of a fair fit each other, by the matcher in both directions; and what feedback is held to."""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from data.events import EventLog, Impression, ShownMatch
from data.fairs import Participant, Role
from data.schema import RECORDS, Kind
from data.store import Store
from data.workspace import Models
from matching.errors import InvalidRequest
from matching.features import FEATURE_NAMES, NOT_ASKED
from matching.matcher import Matcher
from matching.profiles import MAX_TEXT_CHARACTERS, BuyerRequest, Supplier

Floats = NDArray[np.float64]
# What is told of somebody of whom no text is known: some chance, so that a plan may still fill a slot with it.
_UNKNOWN_CHANCE = 0.01
_IDS_A_QUERY = 500


@dataclass(frozen=True)
class Fit:
    """Mutual fit of buyers and exhibitors: `chances` (buyers, exhibitors) in 0..1, rows and columns by id."""

    buyers: tuple[str, ...]
    exhibitors: tuple[str, ...]
    chances: Floats

    def among(self, ids: Collection[str]) -> Fit:
        """The fit of some of them."""
        rows = [row for row, name in enumerate(self.buyers) if name in ids]
        columns = [column for column, name in enumerate(self.exhibitors) if name in ids]
        buyers, exhibitors = (tuple(names[one] for one in found) for names, found in
                              ((self.buyers, rows), (self.exhibitors, columns)))  # fmt: skip
        return Fit(buyers, exhibitors, self.chances[np.ix_(rows, columns)])


NO_FIT = Fit((), (), np.zeros((0, 0)))
"""For changes of a plan that no score decides."""


class FairMatcher:
    """The matcher over the exhibitors of a fair, and over its buyers for the other direction.

    store : whose suppliers and requests the participants may be linked to
    """

    def __init__(self, participants: Sequence[Participant], store: Store, models: Models) -> None:
        self._models = models
        buyers = [one for one in participants if one.role is Role.BUYER]
        exhibitors = [one for one in participants if one.role is Role.EXHIBITOR]
        asked = stored_documents(store, Kind.REQUESTS, [one.request_id or one.id for one in buyers])
        offering = stored_documents(store, Kind.SUPPLIERS, [one.supplier_id or one.id for one in exhibitors])
        self.requests = {one.id: _request(one, asked) for one in buyers}
        self.suppliers = {one.id: _supplier(one, offering) for one in exhibitors}

    @cached_property
    def _offers(self) -> Matcher:
        return self._matcher(self.suppliers.values())

    def digest(self) -> str:
        """What the fit rests on: whoever is scored, as it is scored, and the models."""
        digest = hashlib.sha256()
        for name, one in (*self.requests.items(), *self.suppliers.items()):
            digest.update(f"{name} {one.model_dump_json(exclude_defaults=True)}\n".encode())
        models = self._models
        told = models.encoder.fingerprint, models.ranker.version, models.rates and sorted(models.rates.per_euro.items())
        digest.update(repr(told).encode())
        for part in fields(models.headings) if models.headings else ():
            value = getattr(models.headings, part.name)
            digest.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
        return digest.hexdigest()

    def fit(self) -> Fit:
        """Geometric mean of the chances that each fits the other, as buyers ask and as exhibitors would ask."""
        asked = [_as_supplier(one) for one in self.requests.values()]
        sought = {one: _as_request(supplier) for one, supplier in self.suppliers.items()}
        forth = _chances(self._offers, self.requests.values(), [one.id for one in self.suppliers.values()])
        back = _chances(self._matcher(asked), sought.values(), [one.id for one in asked])
        return Fit(tuple(self.requests), tuple(self.suppliers), np.sqrt(forth * back.T))

    def note(self, log: EventLog, met: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """Note what each buyer is shown, exhibitors in the order given, as a match; the match of each buyer.

        Feedback on a meeting is an event of this match, and trains as any other.
        """
        noted = {}
        versions = self._offers.encoder.fingerprint, self._offers.ranker.version
        for buyer, exhibitors in met.items():
            shown = [self.suppliers[one].id for one in exhibitors]
            rest = [one.id for one in self.suppliers.values() if one.id not in set(shown)]
            match = ShownMatch(secrets.token_hex(16), self.requests[buyer], (*shown, *rest), *versions)
            try:
                impressions = self._impressions(match, shown)
            except InvalidRequest:
                impressions = []
            log.note_match(match, impressions)
            noted[buyer] = match.id
        return noted

    def supplier_id(self, exhibitor: str) -> str:
        """The supplier that an exhibitor is in matches and events."""
        return self.suppliers[exhibitor].id

    def _impressions(self, match: ShownMatch, shown: Sequence[str]) -> list[Impression]:
        scoring = self._offers.score_listed(match.request, shown)
        version = self._offers.ranker.version
        rows = zip(shown, scoring.features.tolist(), scoring.scores.tolist(), strict=True)
        return [
            Impression(match.id, one, place, _named(features), score, 1.0, version)
            for place, (one, features, score) in enumerate(rows, start=1)
        ]

    def _matcher(self, suppliers: Iterable[Supplier]) -> Matcher:
        models = self._models
        return Matcher.build(models.encoder, suppliers, models.ranker, models.headings, rates=models.rates)


def stored_documents(store: Store, kind: Kind, ids: Sequence[str]) -> dict[str, Any]:
    """The documents of those of the ids that are stored."""
    table, found = RECORDS[kind], {}
    with store.database.reading() as connection:
        for start in range(0, len(ids), _IDS_A_QUERY):
            some = table.c.id.in_(ids[start : start + _IDS_A_QUERY])
            query = select(table.c.id, table.c.document).where(table.c.organisation_id == store.organisation, some)
            found.update({row.id: row.document for row in connection.execute(query).all()})
    return found


def _supplier(one: Participant, stored: Mapping[str, Any]) -> Supplier:
    """The record it is linked to, else a profile of what the fair knows of it."""
    record = stored.get(one.supplier_id or one.id)
    if record is not None:
        return Supplier.model_validate(record)
    return Supplier(
        id=one.supplier_id or one.id, name=one.firm or one.name, country=one.country, languages=one.languages,
        description=one.text,
    )  # fmt: skip


def _request(one: Participant, stored: Mapping[str, Any]) -> BuyerRequest:
    record = stored.get(one.request_id or one.id)
    if record is not None:
        return BuyerRequest.model_validate(record)
    text = one.text or one.firm or one.name
    return BuyerRequest(id=one.request_id or one.id, text=text, buyer=one.firm or one.name, country=one.country)


def _as_supplier(request: BuyerRequest) -> Supplier:
    """A buyer as whoever offers demand: its text is what is found."""
    return Supplier(
        id=request.id or "", name=request.buyer or request.id or "", country=request.country, description=request.text
    )


def _as_request(supplier: Supplier) -> BuyerRequest:
    """An exhibitor as whoever asks: for buyers of what it offers."""
    text = supplier.text()[:MAX_TEXT_CHARACTERS]
    return BuyerRequest(id=supplier.id, text=text, buyer=supplier.name, country=supplier.country)


def _chances(matcher: Matcher, requests: Iterable[BuyerRequest], listed: Sequence[str]) -> Floats:
    """Chance of each listed supplier for each request, (requests, suppliers)."""
    rows = []
    for request in requests:
        try:
            scores = matcher.score_listed(request, listed).scores
        except InvalidRequest:
            rows.append(np.full(len(listed), _UNKNOWN_CHANCE))
        else:
            rows.append(matcher.ranker.probabilities(scores))
    return np.array(rows, np.float64).reshape(-1, len(listed))


def _named(values: Sequence[float]) -> dict[str, float | None]:
    named = zip(FEATURE_NAMES, values, strict=True)
    return {name: None if math.isnan(value) else value for name, value in named if value != NOT_ASKED}
