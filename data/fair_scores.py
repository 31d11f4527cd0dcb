"""How well participants of a fair fit each other, by the matcher in both directions; and what feedback is held to."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.events import EventLog, Impression, ShownMatch
from data.fairs import Participant, Role
from data.schema import Kind
from data.store import Store
from data.workspace import Models
from matching.errors import InvalidRequest, UnknownRecord
from matching.features import FEATURE_NAMES, NOT_ASKED
from matching.matcher import Matcher
from matching.profiles import MAX_TEXT_CHARACTERS, BuyerRequest, Supplier

Floats = NDArray[np.float64]
# What is told of somebody of whom no text is known: some chance, so that a plan may still fill a slot with it.
_UNKNOWN_CHANCE = 0.01


@dataclass(frozen=True)
class Fit:
    """Mutual fit of buyers and exhibitors: `chances` (buyers, exhibitors) in 0..1, rows and columns by id."""

    buyers: tuple[str, ...]
    exhibitors: tuple[str, ...]
    chances: Floats


NO_FIT = Fit((), (), np.zeros((0, 0)))
"""For changes of a plan that no score decides."""


class FairMatcher:
    """The matcher over the exhibitors of a fair, and over its buyers for the other direction.

    store : whose suppliers and requests the participants may be linked to
    """

    def __init__(self, participants: Sequence[Participant], store: Store, models: Models) -> None:
        self._store = store
        self._models = models
        self.requests = {one.id: self._request(one) for one in participants if one.role is Role.BUYER}
        self.suppliers = {one.id: self._supplier(one) for one in participants if one.role is Role.EXHIBITOR}
        self._offers = self._matcher(self.suppliers.values())

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

    def _supplier(self, one: Participant) -> Supplier:
        """The record it is linked to, else a profile of what the fair knows of it."""
        try:
            return self._store.supplier(one.supplier_id or one.id)
        except UnknownRecord:
            return Supplier(
                id=one.supplier_id or one.id, name=one.firm or one.name, country=one.country, languages=one.languages,
                description=one.text,
            )  # fmt: skip

    def _request(self, one: Participant) -> BuyerRequest:
        try:
            return BuyerRequest.model_validate(self._store.get(Kind.REQUESTS, one.request_id or one.id).document)
        except UnknownRecord:
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
