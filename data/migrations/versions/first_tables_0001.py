"""The first tables; suppliers and requests kept by an earlier version become those of the default organisation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.String(100).with_variant(sa.String(100, collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)
_RECORD_TABLES = ("suppliers", "requests", "fairs")


def upgrade() -> None:
    """Make every table."""
    earlier = _set_earlier_aside()
    _accounts()
    _records()
    _matches_and_events()
    _take_over(earlier)


def _column(name: str, kind: Any, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def _of_organisation(name: str, *columns: sa.schema.SchemaItem, key: tuple[str, ...]) -> None:
    op.create_table(
        name,
        _column("organisation_id", _ID),
        *columns,
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"]),
        sa.PrimaryKeyConstraint("organisation_id", *key),
    )


def _accounts() -> None:
    op.create_table(
        "organisations",
        _column("id", _ID),
        _column("created_at", _MOMENT),
        _column("last_change", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "keys",
        _column("id", sa.String(32)),
        _column("organisation_id", _ID),
        _column("name", sa.Text()),
        _column("secret_hash", sa.String(128)),
        _column("scopes", sa.JSON()),
        _column("requests_per_minute", sa.Integer(), nullable=True),
        _column("created_at", _MOMENT),
        _column("revoked_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "model_versions",
        _column("kind", sa.String(20)),
        _column("version", sa.String(200)),
        _column("first_served_at", _MOMENT),
        sa.PrimaryKeyConstraint("kind", "version"),
    )


def _records() -> None:
    for name in _RECORD_TABLES:
        _of_organisation(
            name,
            _column("id", _ID),
            _column("document", sa.JSON()),
            _column("change", sa.BigInteger()),
            _column("changed_at", _MOMENT),
            key=("id",),
        )
    _of_organisation(
        "changes",
        _column("kind", sa.String(20)),
        _column("record_id", _ID),
        _column("number", sa.BigInteger()),
        _column("deleted", sa.Boolean()),
        _column("changed_at", _MOMENT),
        key=("kind", "record_id"),
    )
    op.create_index("changes_in_order", "changes", ["organisation_id", "number"], unique=True)
    _of_organisation(
        "answers",
        _column("idempotency_key", sa.String(200)),
        _column("request_digest", sa.String(64)),
        _column("status", sa.Integer()),
        _column("body", sa.Text()),
        _column("answered_at", _MOMENT),
        key=("idempotency_key",),
    )


def _matches_and_events() -> None:
    _of_organisation(
        "matches",
        _column("id", sa.String(64)),
        _column("request_id", _ID, nullable=True),
        _column("request", sa.JSON()),
        _column("ranking", sa.JSON()),
        _column("encoder_version", sa.String(200)),
        _column("ranker_version", sa.String(200)),
        _column("matched_at", _MOMENT),
        key=("id",),
    )
    _of_organisation(
        "impressions",
        _column("match_id", sa.String(64)),
        _column("object_id", _ID),
        _column("position", sa.Integer()),
        _column("features", sa.JSON()),
        _column("score", sa.Float()),
        _column("propensity", sa.Float()),
        _column("ranker_version", sa.String(200)),
        _column("shown_at", _MOMENT),
        sa.ForeignKeyConstraint(["organisation_id", "match_id"], ["matches.organisation_id", "matches.id"]),
        key=("match_id", "object_id"),
    )
    _of_organisation(
        "events",
        _column("id", sa.String(100)),
        _column("query_id", sa.String(64)),
        _column("object_id", _ID, nullable=True),
        _column("action_name", sa.String(100)),
        _column("document", sa.JSON()),
        _column("happened_at", _MOMENT),
        _column("received_at", _MOMENT),
        key=("id",),
    )
    op.create_index("events_of_a_query", "events", ["organisation_id", "query_id"])


def _set_earlier_aside() -> tuple[str, ...]:
    """Rename the tables of the version that kept no organisations; the names of those found."""
    present = sa.inspect(op.get_bind()).get_table_names()
    earlier = tuple(name for name in _RECORD_TABLES if name in present)
    for name in earlier:
        op.rename_table(name, f"earlier_{name}")
    return earlier


def _take_over(earlier: tuple[str, ...]) -> None:
    if not earlier:
        return
    connection, now, number = op.get_bind(), datetime.now(UTC), 0
    rows: dict[str, list[dict[str, Any]]] = {}
    for name in earlier:
        ids = connection.execute(sa.text(f"SELECT id FROM earlier_{name} ORDER BY id")).scalars().all()
        rows[name] = [{"id": record_id, "number": number + place} for place, record_id in enumerate(ids, start=1)]
        number += len(ids)
    connection.execute(
        sa.text("INSERT INTO organisations (id, created_at, last_change) VALUES ('default', :now, :number)"),
        {"now": now.isoformat(" ", "microseconds")[:26], "number": number},
    )
    for name, numbered in rows.items():
        _copy(connection, name, numbered, now.isoformat(" ", "microseconds")[:26])
        op.drop_table(f"earlier_{name}")


def _copy(connection: sa.Connection, name: str, numbered: list[dict[str, Any]], now: str) -> None:
    for row in numbered:
        connection.execute(
            sa.text(
                f"INSERT INTO {name} (organisation_id, id, document, change, changed_at)"
                f" SELECT 'default', id, document, :number, :now FROM earlier_{name} WHERE id = :id"
            ),
            {**row, "now": now},
        )
        connection.execute(
            sa.text(
                "INSERT INTO changes (organisation_id, kind, record_id, number, deleted, changed_at)"
                " VALUES ('default', :kind, :id, :number, :deleted, :now)"
            ),
            {**row, "kind": name, "deleted": False, "now": now},
        )
