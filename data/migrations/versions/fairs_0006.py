"""Fairs: participants, wishes, plans with their versions, published meetings, what they take, invitations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_MOMENT = sa.DateTime(timezone=True)


def _identifier() -> sa.String:
    return sa.String(100).with_variant(sa.String(100, collation="C"), "postgresql")


def _create(name: str, *columns: sa.Column) -> None:  # type: ignore[type-arg]
    """A table of rows that belong to a fair."""
    op.create_table(
        name,
        sa.Column("organisation_id", _identifier(), sa.ForeignKey("organisations.id"), primary_key=True),
        sa.Column("fair_id", _identifier(), primary_key=True),
        *columns,
        sa.ForeignKeyConstraint(["organisation_id", "fair_id"], ["fairs.organisation_id", "fairs.id"]),
    )


def upgrade() -> None:
    """Make the tables."""
    _create(
        "fair_participants",
        sa.Column("id", _identifier(), primary_key=True),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("checked_in_at", _MOMENT, nullable=True),
    )
    _create(
        "fair_wishes",
        sa.Column("by_id", _identifier(), primary_key=True),
        sa.Column("about_id", _identifier(), primary_key=True),
        sa.Column("document", sa.JSON(), nullable=False),
    )
    _create(
        "fair_plans",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    _create(
        "fair_plan_versions",
        sa.Column("plan_id", sa.String(32), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
    )
    _create(
        "fair_meetings",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("first_id", _identifier(), nullable=False),
        sa.Column("second_id", _identifier(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("query_id", sa.String(64), nullable=True),
        sa.Column("changed_at", _MOMENT, nullable=False),
    )
    _create(
        "fair_bookings",
        sa.Column("holder", sa.String(60), primary_key=True),
        sa.Column("slot", sa.Integer(), primary_key=True),
        sa.Column("meeting_id", sa.String(32), nullable=False),
    )
    _create(
        "fair_invitations",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("from_id", _identifier(), nullable=False),
        sa.Column("to_id", _identifier(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("answered_at", _MOMENT, nullable=True),
    )
