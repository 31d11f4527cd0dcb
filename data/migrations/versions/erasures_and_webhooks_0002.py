"""Erasures and webhooks; when a record was first stored; what a model was trained on."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.String(100).with_variant(sa.String(100, collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables and the columns."""
    for name in ("suppliers", "requests", "fairs"):
        op.add_column(name, _column("created_at", _MOMENT, nullable=True))
    op.add_column("model_versions", _column("trained_on", sa.JSON(), nullable=True))
    op.create_table(
        "models_in_service",
        _column("kind", sa.String(20)),
        _column("version", sa.String(200)),
        _column("since", _MOMENT),
        sa.PrimaryKeyConstraint("kind"),
    )
    _erasures()
    _webhooks()
    _matches_told()


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


def _erasures() -> None:
    _of_organisation(
        "erasures",
        _column("id", sa.String(32)),
        _column("subject", sa.String(20)),
        _column("subject_hash", sa.String(64)),
        _column("erased", sa.JSON()),
        _column("models", sa.JSON()),
        _column("digest", sa.String(64)),
        _column("erased_at", _MOMENT),
        key=("id",),
    )


def _webhooks() -> None:
    _of_organisation(
        "webhooks",
        _column("id", sa.String(32)),
        _column("url", sa.Text()),
        _column("event_types", sa.JSON()),
        _column("secret_seed", sa.String(64)),
        _column("created_at", _MOMENT),
        _column("switched_off_at", _MOMENT, nullable=True),
        key=("id",),
    )
    _of_organisation(
        "deliveries",
        _column("webhook_id", sa.String(32)),
        _column("id", sa.String(64)),
        _column("event_type", sa.String(40)),
        _column("body", sa.Text()),
        _column("state", sa.String(20)),
        _column("attempts", sa.Integer()),
        _column("due_at", _MOMENT, nullable=True),
        _column("last_answer", sa.String(200), nullable=True),
        _column("created_at", _MOMENT),
        _column("ended_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["organisation_id", "webhook_id"], ["webhooks.organisation_id", "webhooks.id"]),
        key=("webhook_id", "id"),
    )
    op.create_index("deliveries_due", "deliveries", ["due_at"])


def _matches_told() -> None:
    _of_organisation("watches", _column("change", sa.BigInteger()), _column("is_based", sa.Boolean()), key=())
    _of_organisation("standings", _column("request_id", _ID), _column("best", sa.JSON()), key=("request_id",))
