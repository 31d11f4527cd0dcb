"""The service from Python: each operation of the HTTP API as a method, with the models that the service itself uses."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count, islice
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypedDict, TypeVar, Unpack
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from data.webhooks import EventType
from matching.filters import Filters
from matching.lots import Draw
from matching.profiles import BuyerRequest, Certificate, Constraints, Money, Product, Quantity, Supplier
from service.calls import ApiError, Calls, NotFound, PreconditionFailed, TooManyRequests, Unavailable, away
from service.draw_schemas import DrawAnswer, DrawBody
from service.erasure_schemas import ErasureBody, ReceiptAnswer, ReceiptsAnswer
from service.fair_client import FairClient
from service.feedback import FeedbackAnswer, FeedbackBatch, FeedbackEvent
from service.record_schemas import ImportAnswer, PageAnswer, Records, WrittenAnswer
from service.schemas import (
    BatchAnswer,
    BatchBody,
    ExposureAnswer,
    HeadingsAnswer,
    HeadingsBody,
    Health,
    MatchBody,
    RankingAnswer,
    RequestsAnswer,
    SupplierAdviceAnswer,
)
from service.training_schemas import TrainingRunAnswer, TrainingRunBody
from service.webhook_schemas import (
    CreatedWebhookAnswer,
    DeliveriesAnswer,
    DeliveryAnswer,
    WebhookAnswer,
    WebhookBody,
    WebhooksAnswer,
)

__all__ = [
    "ApiError", "BuyerRequest", "Certificate", "Constraints", "EventType", "FeedbackEvent", "Filters", "Money",
    "NotFound",
    "PreconditionFailed", "Product", "Quantity", "Read", "Records", "SoukClient", "Supplier", "TooManyRequests",
    "Unavailable",
]  # fmt: skip

T = TypeVar("T", bound=BaseModel)
_RECORDS_A_PAGE = 1_000
_LINES_A_CALL = 1_000
_COUNTS = ("created", "replaced", "unchanged", "faults")


@dataclass(frozen=True)
class Read(Generic[T]):
    """A record as it was read; a write with `if_match=etag` happens only while it still is so."""

    record: T
    etag: str


class Wanted(TypedDict, total=False):
    """How matches are wanted; see MatchOptions."""

    filters: Filters
    top: int
    language: str | None
    explain: bool


class Drawing(TypedDict, total=False):
    """How a draw is wanted; see DrawBody."""

    k: int
    seed: int | None
    threshold: float
    filters: Filters
    language: str | None
    explain: bool


class Named(TypedDict, total=False):
    """Whom an erasure is about: one of the four ids."""

    supplier_id: str
    request_id: str
    client_id: str
    participant_id: str


class SoukClient:
    """A caller of one service; use it as a context manager, or close it.

    address : such as http://127.0.0.1:8000
    key     : an API key; by default that of the environment variable SOUK_API_KEY, none where there is none
    timeout : seconds to wait for a connection, and for each part of an answer
    retries : how often a call is sent again after a lost connection, a 429 or a 503, after Retry-After where it is
              told, else after growing pauses; only calls that do no harm when they are done twice are

    `fairs` has the methods on fairs. Any method raises ApiError or one of its kinds, and pydantic's ValidationError for
    what could never be sent.
    """

    def __init__(self, address: str, key: str | None = None, *, timeout: float = 30.0, retries: int = 5) -> None:
        self._calls = Calls(address, key or os.environ.get("SOUK_API_KEY"), timeout=timeout, retries=retries)
        self.fairs = FairClient(self._calls)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._calls.close()

    # Matching

    def match(
        self,
        text: str | None = None,
        *,
        request: BuyerRequest | None = None,
        request_id: str | None = None,
        **wanted: Unpack[Wanted],
    ) -> RankingAnswer:
        """Rank suppliers for one of: a plain text, a structured request, the id of a stored one."""
        body = MatchBody(text=text, request=request, request_id=request_id, **wanted)
        return self._post("/v1/match", body, RankingAnswer)

    def pages_after(self, ranking: RankingAnswer, **wanted: Unpack[Wanted]) -> Iterator[RankingAnswer]:
        """The pages that follow an answer, each asked for when it is wanted; the filters stay those of the answer."""
        while ranking.next_cursor:
            body = MatchBody(cursor=ranking.next_cursor, **wanted)
            ranking = self._post("/v1/match", body, RankingAnswer)
            yield ranking

    def match_batch(self, requests: Sequence[BuyerRequest], **wanted: Unpack[Wanted]) -> list[RankingAnswer]:
        """Rankings of at most 100 requests, in their order."""
        body = BatchBody(requests=list(requests), **wanted)
        return self._post("/v1/match/batch", body, BatchAnswer).rankings

    def draw(
        self,
        text: str | None = None,
        *,
        request: BuyerRequest | None = None,
        request_id: str | None = None,
        **wanted: Unpack[Drawing],
    ) -> DrawAnswer:
        """Draw suppliers that qualify for one of: a plain text, a structured request, the id of a stored one."""
        body = DrawBody(text=text, request=request, request_id=request_id, **wanted)
        return self._post("/v1/draws", body, DrawAnswer)

    def stored_draw(self, match_id: str) -> Draw:
        """A draw as it was carried out; NotFound where no draw has the match_id."""
        return self._get(f"/v1/draws/{_quoted(match_id)}", Draw)

    def requests_for(self, supplier_id: str, *, top: int = 10) -> RequestsAnswer:
        """The stored requests that fit a supplier best."""
        return self._get(f"/v1/suppliers/{_quoted(supplier_id)}/requests", RequestsAnswer, top=top)

    def advice(
        self, supplier_id: str, *, first: int = 10, top: int = 5, language: str | None = None
    ) -> SupplierAdviceAnswer:
        """What a supplier's profile does not state and would have put it among the first of recent requests."""
        given = {"first": first, "top": top, **({"language": language} if language else {})}
        return self._get(f"/v1/suppliers/{_quoted(supplier_id)}/advice", SupplierAdviceAnswer, **given)

    def headings(self, text: str, *, top: int = 5, language: str | None = None) -> HeadingsAnswer:
        """The headings of the Harmonized System that a text may be about, likeliest first."""
        return self._post("/v1/hs", HeadingsBody(text=text, top=top, language=language), HeadingsAnswer)

    def exposure(self, *, limit: int = 100) -> ExposureAnswer:
        """Attention given and earned, by group, and the suppliers that were given least of theirs."""
        return self._get("/v1/exposure", ExposureAnswer, limit=limit)

    # Records

    def start_training(self, *, seed: int = 0, with_prior: bool = True) -> TrainingRunAnswer:
        """Start learning a ranker from the organisation's log, or the run of it that has not ended."""
        return self._post("/v1/training-runs", TrainingRunBody(seed=seed, with_prior=with_prior), TrainingRunAnswer)

    def training_run(self, run_id: str) -> TrainingRunAnswer:
        """How far a training run is."""
        return self._get(f"/v1/training-runs/{_quoted(run_id)}", TrainingRunAnswer)

    def put_supplier(
        self, supplier: Supplier, *, if_match: str | None = None, if_none_match: str | None = None
    ) -> WrittenAnswer:
        """Insert or replace a supplier; PreconditionFailed where if_match or if_none_match does not hold."""
        return self._put(Records.SUPPLIERS, supplier.id, supplier, if_match, if_none_match)

    def put_request(
        self, request: BuyerRequest, *, if_match: str | None = None, if_none_match: str | None = None
    ) -> WrittenAnswer:
        """The same for a request, which must have an id."""
        if request.id is None:
            raise ValueError("the request has no id, expected one to store it under")
        return self._put(Records.REQUESTS, request.id, request, if_match, if_none_match)

    def supplier(self, supplier_id: str) -> Read[Supplier]:
        """A whole profile with its ETag."""
        return self._read(Records.SUPPLIERS, supplier_id, Supplier)

    def request(self, request_id: str) -> Read[BuyerRequest]:
        """A whole request with its ETag."""
        return self._read(Records.REQUESTS, request_id, BuyerRequest)

    def delete_supplier(self, supplier_id: str, *, if_match: str | None = None) -> None:
        """Drop a supplier; NotFound where there is none."""
        self._delete(f"/v1/suppliers/{_quoted(supplier_id)}", if_match)

    def delete_request(self, request_id: str, *, if_match: str | None = None) -> None:
        """Drop a request; NotFound where there is none."""
        self._delete(f"/v1/requests/{_quoted(request_id)}", if_match)

    def suppliers(
        self,
        *,
        country: Sequence[str] = (),
        certification: Sequence[str] = (),
        size: Sequence[str] = (),
        language: Sequence[str] = (),
        hs: Sequence[str] = (),
    ) -> Iterator[Supplier]:
        """All suppliers that pass every filter given, by id, fetched page by page."""
        given = {"country": country, "certification": certification, "size": size, "language": language, "hs": hs}
        return self._listed(Records.SUPPLIERS, PageAnswer[Supplier], given)

    def requests(self, *, country: str | None = None, language: str | None = None) -> Iterator[BuyerRequest]:
        """All requests of a buyer's country and of a language where given, by id, fetched page by page."""
        return self._listed(Records.REQUESTS, PageAnswer[BuyerRequest], {"country": country, "language": language})

    # Many records at once

    def import_suppliers(self, suppliers: Iterable[Supplier | Mapping[str, Any]]) -> ImportAnswer:
        """Store suppliers, whole or as columns that the service checks, a thousand a call.

        What cannot be used is told by its row, counted from 1 over all of them; the others are stored. A call that is
        sent again counts as unchanged what the lost one had stored.
        """
        return self._imported(Records.SUPPLIERS, suppliers)

    def import_requests(self, requests: Iterable[BuyerRequest | Mapping[str, Any]]) -> ImportAnswer:
        """The same for requests."""
        return self._imported(Records.REQUESTS, requests)

    def import_file(self, kind: Records, file: Path) -> ImportAnswer:
        """Store the rows of a CSV, Excel, JSON Lines or Parquet file."""
        path, files = f"/v1/imports/{kind}/file", {"file": (file.name, file.read_bytes())}
        return ImportAnswer.model_validate_json(self._calls.send("POST", path, headers=_once(), files=files).content)

    def export_suppliers(self) -> Iterator[Supplier]:
        """Every supplier, as they stream in."""
        return map(Supplier.model_validate_json, _lines(self.export_file(Records.SUPPLIERS, "ndjson")))

    def export_requests(self) -> Iterator[BuyerRequest]:
        """Every request, as they stream in."""
        return map(BuyerRequest.model_validate_json, _lines(self.export_file(Records.REQUESTS, "ndjson")))

    def export_file(self, kind: Records, format: str) -> Iterator[bytes]:
        """The content of a file of all records, part by part; `format` is ndjson, csv or xlsx."""
        answer = self._calls.send("GET", f"/v1/exports/{kind}", stream=True, params={"format": format})
        try:
            yield from answer.iter_bytes()
        except httpx.TransportError as error:
            raise away(error) from error
        finally:
            answer.close()

    # Feedback

    def feedback(self, event: FeedbackEvent) -> FeedbackAnswer:
        """Store an event; NotFound where it names a match that is not known, or a supplier that it did not rank."""
        return self._post("/v1/feedback", event, FeedbackAnswer)

    def feedback_batch(self, events: Sequence[FeedbackEvent]) -> FeedbackAnswer:
        """Store at most 1,000 events; each that names nothing known is in `refused`."""
        return self._post("/v1/feedback/batch", FeedbackBatch(events=tuple(events)), FeedbackAnswer)

    # Erasures

    def erase(self, **named: Unpack[Named]) -> ReceiptAnswer:
        """Erase a supplier, a request or a client with every stored trace; NotFound where nothing is held of it.

        Not sent again where its answer was lost: `erasures` tells whether it was done.
        """
        return self._post_unless_lost("/v1/erasures", ErasureBody(**named), ReceiptAnswer)

    def erasure(self, erasure_id: str) -> ReceiptAnswer:
        """A receipt; NotFound where there is none of that id."""
        return self._get(f"/v1/erasures/{_quoted(erasure_id)}", ReceiptAnswer)

    def erasures(self, **named: Unpack[Named]) -> list[ReceiptAnswer]:
        """Whether a supplier, a request or a client was erased: its receipts, the last first."""
        return self._get("/v1/erasures", ReceiptsAnswer, **_document(ErasureBody(**named))).receipts

    # Webhooks

    def create_webhook(self, url: str, event_types: Iterable[EventType]) -> CreatedWebhookAnswer:
        """Enter a webhook; its secret is shown this once.

        Not sent again where its answer was lost: look for it in `webhooks`, and drop it, since nobody has its secret.
        """
        body = WebhookBody(url=url, event_types=tuple(event_types))
        return self._post_unless_lost("/v1/webhooks", body, CreatedWebhookAnswer)

    def webhooks(self) -> list[WebhookAnswer]:
        """Every webhook, the oldest first."""
        return self._get("/v1/webhooks", WebhooksAnswer).webhooks

    def delete_webhook(self, webhook_id: str) -> None:
        """Drop a webhook and what waits for it; NotFound where there is none."""
        self._delete(f"/v1/webhooks/{_quoted(webhook_id)}", None)

    def deliveries(self, webhook_id: str) -> list[DeliveryAnswer]:
        """How the last 100 messages to a webhook fared, the newest first; NotFound where there is none."""
        return self._get(f"/v1/webhooks/{_quoted(webhook_id)}/deliveries", DeliveriesAnswer).deliveries

    # Health

    def health(self) -> Health:
        """The process answers."""
        return self._get("/healthz", Health)

    def readiness(self) -> Health:
        """Whether the service can match; while it cannot, the reason or the progress, and no exception."""
        answer = self._calls.send("GET", "/readyz", also=HTTPStatus.SERVICE_UNAVAILABLE)
        return Health.model_validate_json(answer.content)

    def metrics(self) -> str:
        """Measurements of the process in Prometheus' text format."""
        return self._calls.send("GET", "/metrics").text

    # What the methods stand on

    def _get(self, path: str, answer: type[T], **query: Any) -> T:
        return answer.model_validate_json(self._calls.send("GET", path, params=query).content)

    def _post(self, path: str, body: BaseModel, answer: type[T]) -> T:
        sent = self._calls.send("POST", path, headers=_once(), json=_document(body))
        return answer.model_validate_json(sent.content)

    def _post_unless_lost(self, path: str, body: BaseModel, answer: type[T]) -> T:
        # Kept for a repeat, the answer would hold a secret, and its digest a guessable trace of who was erased.
        return answer.model_validate_json(self._calls.send("POST", path, twice=False, json=_document(body)).content)

    def _put(
        self, kind: Records, record_id: str, record: BaseModel, if_match: str | None, if_none_match: str | None
    ) -> WrittenAnswer:
        bound = {"if-match": if_match, "if-none-match": if_none_match}
        headers = {name: value for name, value in bound.items() if value is not None}
        path, document = f"/v1/{kind}/{_quoted(record_id)}", _document(record)
        # Done twice, a bound write would find its own first time in its way.
        answer = self._calls.send("PUT", path, twice=not headers, headers=headers, json=document)
        return WrittenAnswer.model_validate_json(answer.content)

    def _read(self, kind: Records, record_id: str, profile: type[T]) -> Read[T]:
        answer = self._calls.send("GET", f"/v1/{kind}/{_quoted(record_id)}")
        return Read(profile.model_validate_json(answer.content), answer.headers["etag"])

    def _delete(self, path: str, if_match: str | None) -> None:
        headers = {} if if_match is None else {"if-match": if_match}
        self._calls.send("DELETE", path, twice=not headers, headers=headers)

    def _listed(self, kind: Records, page: type[PageAnswer[T]], query: Mapping[str, Any]) -> Iterator[T]:
        asked = {"limit": _RECORDS_A_PAGE} | {name: value for name, value in query.items() if value}
        while True:
            found = self._get(f"/v1/{kind}", page, **asked)
            yield from found.records
            if found.next_cursor is None:
                return
            asked["cursor"] = found.next_cursor

    def _imported(self, kind: Records, records: Iterable[BaseModel | Mapping[str, Any]]) -> ImportAnswer:
        rest = iter(records)
        total = ImportAnswer(created=0, replaced=0, unchanged=0, faults=0, refused=[])
        for first in count(0, _LINES_A_CALL):
            lines = b"".join(json.dumps(_document(one)).encode() + b"\n" for one in islice(rest, _LINES_A_CALL))
            if not lines:
                break
            headers = {"content-type": "application/x-ndjson"}
            answer = self._calls.send("POST", f"/v1/imports/{kind}", headers=headers, content=lines)
            total = _added(total, ImportAnswer.model_validate_json(answer.content), first)
        return total


def _once() -> dict[str, str]:
    return {"idempotency-key": secrets.token_hex(16)}


def _quoted(record_id: str) -> str:
    return quote(record_id, safe="")


def _document(record: BaseModel | Mapping[str, Any]) -> Any:
    if isinstance(record, BaseModel):
        return record.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    return dict(record)


def _lines(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Lines of a stream; unlike lines of text, they end at a line feed alone, whatever separators a text holds."""
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _added(total: ImportAnswer, part: ImportAnswer, first: int) -> ImportAnswer:
    counts = {name: getattr(total, name) + getattr(part, name) for name in _COUNTS}
    refused = [fault.model_copy(update={"row": fault.row + first}) for fault in part.refused]
    return ImportAnswer(**counts, refused=total.refused + refused)
