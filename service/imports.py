"""Many records at once: NDJSON as a stream, spreadsheets as an upload; each refused row is told."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from data.rows import RefusedRow
from data.schema import Kind
from data.store import PROFILES, Outcome, Record
from data.tables import read_requests, read_suppliers
from matching.errors import InvalidInput
from service.access import Caller
from service.problems import faults_of, sayable
from service.record_schemas import ImportAnswer, RefusedRowAnswer

_ROWS_AT_ONCE = 500
_REFUSED_TOLD = 1_000
_LINE_BYTES = 2_000_000


@dataclass
class _Report:
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    refused: list[RefusedRowAnswer] = field(default_factory=list)
    faults: int = 0

    def refuse(self, row: int, column: str, value: str, expected: str) -> None:
        self.faults += 1
        if len(self.refused) < _REFUSED_TOLD:
            fault = {"row": row, "column": column, "value": value, "expected": expected}
            self.refused.append(RefusedRowAnswer.model_validate({k: sayable(v) if isinstance(v, str) else v
                                                                 for k, v in fault.items()}))  # fmt: skip

    def answer(self, unknown_columns: Sequence[str] = ()) -> ImportAnswer:
        return ImportAnswer(
            created=self.outcomes[Outcome.CREATED],
            replaced=self.outcomes[Outcome.REPLACED],
            unchanged=self.outcomes[Outcome.UNCHANGED],
            faults=self.faults,
            refused=self.refused,
            unknown_columns=list(unknown_columns),
        )


async def import_stream(caller: Caller, kind: Kind, body: AsyncIterator[bytes]) -> ImportAnswer:
    """Store the records of NDJSON as they arrive, some hundred a transaction; a broken line costs itself alone."""
    report, lines, number = _Report(), [], 0
    async for line in _lines(body):
        number += 1
        if line.strip():
            lines.append((number, line))
        if len(lines) == _ROWS_AT_ONCE:
            await run_in_threadpool(_store_lines, caller, kind, lines, report)
            lines = []
    await run_in_threadpool(_store_lines, caller, kind, lines, report)
    if number == 0:
        raise InvalidInput("the body is empty, expected JSON objects, one a line")
    return report.answer()


def import_file(caller: Caller, kind: Kind, name: str, content: bytes) -> ImportAnswer:
    """Store the rows of a spreadsheet; UnreadableFile where no row can be read."""
    loaded = read_suppliers((name, content)) if kind is Kind.SUPPLIERS else read_requests((name, content))
    report = _Report()
    for fault in loaded.refused:
        report.refuse(*_told(fault))
    nameless = [profile for profile in loaded.profiles if profile.id is None]
    for _ in nameless:
        report.refuse(0, "id", "", "an id")
    _store(caller, kind, [profile for profile in loaded.profiles if profile.id is not None], report)
    return report.answer(loaded.unknown_columns)


def _told(fault: RefusedRow) -> tuple[int, str, str, str]:
    return fault.row, fault.column, fault.value, fault.expected


def _store_lines(caller: Caller, kind: Kind, lines: Iterable[tuple[int, bytes]], report: _Report) -> None:
    _store(caller, kind, list(_parsed(kind, lines, report)), report)


def _parsed(kind: Kind, lines: Iterable[tuple[int, bytes]], report: _Report) -> Iterator[Record]:
    for number, line in lines:
        try:
            profile = PROFILES[kind].model_validate(json.loads(line))
        except ValidationError as error:
            for fault in faults_of(error):
                report.refuse(number, fault.field or "row", fault.value, fault.expected)
        except (ValueError, RecursionError):
            report.refuse(number, "row", line[:80].decode("utf-8", "replace"), "one JSON object")
        else:
            if profile.id is None:
                report.refuse(number, "id", "", "an id")
            else:
                yield profile


def _store(caller: Caller, kind: Kind, profiles: Sequence[Record], report: _Report) -> None:
    for start in range(0, len(profiles), _ROWS_AT_ONCE):
        written = caller.store.put(kind, profiles[start : start + _ROWS_AT_ONCE])
        report.outcomes.update(one.outcome for one in written)
        caller.live.written()


async def _lines(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Lines of a stream; one that is longer than any record can be is cut, and will be refused."""
    rest = b""
    async for chunk in body:
        *whole, rest = (rest + chunk).split(b"\n")
        rest = rest[:_LINE_BYTES]
        for line in whole:
            yield line
    if rest:
        yield rest
