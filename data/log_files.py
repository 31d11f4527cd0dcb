"""The feedback log as a file that travels: JSON Lines or Parquet, one row per match, impression or event.

| column | of | meaning |
| --- | --- | --- |
| kind | all | match, impression or event |
| match_id | all | |
| moment | match, event | seconds since 1970 in UTC |
| request | match | fingerprint of the request's words; the text stays in the store |
| supplier_id | impression, event | |
| position, score, propensity | impression | as shown |
| features | impression | by name, null where unknown; in Parquet as a text of JSON |
| event_id, action, rating, actor | event | rating 0 where it is none; actor a number |
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from data.feedback_log import ACTIONS, FeedbackLog, LogBuilder
from matching.errors import InvalidInput, UnreadableFile
from matching.features import named_features
from matching.files import whole_file

Row = dict[str, Any]
_AT_ONCE = 20_000
_COLUMNS = {
    "kind": "string", "match_id": "string", "moment": "float64", "request": "string", "supplier_id": "string",
    "position": "int64", "score": "float64", "propensity": "float64", "features": "string", "event_id": "string",
    "action": "string", "rating": "int64", "actor": "string",
}  # fmt: skip


def write_log_file(log: FeedbackLog, path: Path) -> int:
    """Write a log, by the suffix of `path` as .jsonl or .parquet; the number of rows. InvalidInput for another."""
    suffix = _suffix(path)
    rows = _rows(log)
    return _write_parquet(rows, path) if suffix == ".parquet" else _write_json_lines(rows, path)


def read_log_file(path: Path) -> FeedbackLog:
    """Read a log that `write_log_file` or another program wrote.

    Raises InvalidInput for another suffix, UnreadableFile where it is missing or a row is not of the form above.
    """
    batches = _parquet_batches(path) if _suffix(path) == ".parquet" else _json_batches(path)
    builder, number = LogBuilder(), 0
    try:
        for batch in batches:
            for kind, add in (
                ("match", _add_matches), ("impression", _add_impressions), ("event", _add_events)
            ):  # fmt: skip
                add(builder, [row for row in batch if row["kind"] == kind])
            number += len(batch)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableFile(
            f"{path}, rows {number + 1} and on: {error!r}; expected matches, then their impressions, then events"
        ) from error
    return builder.build()


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in {".jsonl", ".parquet"}:
        raise InvalidInput(f"{path}: a log is a .jsonl or .parquet file, not {suffix or 'one without suffix'}")
    return suffix


def _add_matches(builder: LogBuilder, rows: Sequence[Row]) -> None:
    builder.add_matches([(row["match_id"], row["request"], float(row["moment"])) for row in rows])


def _add_impressions(builder: LogBuilder, rows: Sequence[Row]) -> None:
    columns = "match_id", "supplier_id", "position", "features", "score", "propensity"
    builder.add_impressions([tuple(row[name] for name in columns) for row in rows])


def _add_events(builder: LogBuilder, rows: Sequence[Row]) -> None:
    builder.add_events(
        [
            (
                row["event_id"], row["match_id"], row["supplier_id"], row["action"], float(row["moment"]),
                int(row.get("rating") or 0), str(row.get("actor") or f"match {row['match_id']}"),
            )
            for row in rows
        ]
    )  # fmt: skip


def _rows(log: FeedbackLog) -> Iterator[Row]:
    for match_id, request, moment in zip(
        log.match_ids, log.match_requests.tolist(), log.matched_at.tolist(), strict=True
    ):
        yield {"kind": "match", "match_id": match_id, "request": log.requests[request], "moment": moment}
    yield from _impression_rows(log)
    yield from _event_rows(log)


def _impression_rows(log: FeedbackLog) -> Iterator[Row]:
    shown = log.impressions
    for place in range(len(shown)):
        yield {
            "kind": "impression",
            "match_id": log.match_ids[shown.matches[place]],
            "supplier_id": log.suppliers[shown.suppliers[place]],
            "position": int(shown.positions[place]),
            "score": float(shown.scores[place]),
            "propensity": float(shown.propensities[place]),
            "features": named_features(shown.features[place].tolist()),
        }


def _event_rows(log: FeedbackLog) -> Iterator[Row]:
    shown, events = log.impressions, log.events
    for number, place in enumerate(events.impressions.tolist()):
        yield {
            "kind": "event",
            "event_id": f"e{number}",
            "match_id": log.match_ids[shown.matches[place]],
            "supplier_id": log.suppliers[shown.suppliers[place]],
            "action": ACTIONS[events.actions[number]].value,
            "moment": float(events.happened_at[number]),
            "rating": int(events.ratings[number]),
            "actor": str(events.actors[number]),
        }


def _write_json_lines(rows: Iterator[Row], path: Path) -> int:
    count = 0
    with whole_file(path) as file:
        for row in rows:
            file.write(json.dumps(row).encode() + b"\n")
            count += 1
    return count


def _write_parquet(rows: Iterator[Row], path: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, count = pa.schema(list(_COLUMNS.items())), 0
    with whole_file(path) as file, pq.ParquetWriter(file, schema) as writer:
        while batch := list(islice(rows, _AT_ONCE)):
            flat = [{**row, "features": json.dumps(row["features"])} if "features" in row else row for row in batch]
            writer.write_table(pa.Table.from_pylist(flat, schema))
            count += len(batch)
    return count


def _json_batches(path: Path) -> Iterator[list[Row]]:
    try:
        with path.open(encoding="utf-8") as file:
            while lines := list(islice(file, _AT_ONCE)):
                yield [json.loads(line) for line in lines]
    except OSError as error:
        raise UnreadableFile(f"{path}: cannot be read: {error.strerror}") from error


def _parquet_batches(path: Path) -> Iterator[list[Row]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_AT_ONCE):
                yield [_with_features(row) for row in batch.to_pylist()]
    except (OSError, pa.ArrowInvalid) as error:
        raise UnreadableFile(f"{path}: cannot be read as Parquet: {error}") from error


def _with_features(row: Row) -> Row:
    return row | {"features": json.loads(row["features"])} if row["features"] else row
