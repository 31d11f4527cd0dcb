"""Draws: seed, k and threshold of each, and whoever qualified for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ID = sa.String(100).with_variant(sa.String(100, collation="C"), "postgresql")


def upgrade() -> None:
    """Make the column and the table."""
    op.add_column("matches", sa.Column("draw", sa.JSON(), nullable=True))
    numbers = ("probability", "debt", "weight", "propensity")
    op.create_table(
        "lots",
        sa.Column("organisation_id", _ID, sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("match_id", sa.String(64), nullable=False),
        sa.Column("object_id", _ID, nullable=False),
        *(sa.Column(name, sa.Float(), nullable=False) for name in numbers),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("place_propensity", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", "match_id", "object_id"),
        sa.ForeignKeyConstraint(["organisation_id", "match_id"], ["matches.organisation_id", "matches.id"]),
    )
