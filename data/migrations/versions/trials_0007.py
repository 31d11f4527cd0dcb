"""Answers drafted by two rankers, and what a ranker in the shadow would have answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_MOMENT = sa.DateTime(timezone=True)


def _organisation() -> sa.Column:  # type: ignore[type-arg]
    identifier = sa.String(100).with_variant(sa.String(100, collation="C"), "postgresql")
    return sa.Column("organisation_id", identifier, sa.ForeignKey("organisations.id"), primary_key=True)


def upgrade() -> None:
    """Make the column and the tables."""
    op.add_column("matches", sa.Column("teams", sa.JSON(), nullable=True))
    figures = ("in_use_seconds", "shadow_seconds", "stayed", "overlap", "in_use_small", "shadow_small")
    op.create_table(
        "shadow_scores",
        _organisation(),
        sa.Column("match_id", sa.String(64), primary_key=True),
        sa.Column("ranker_version", sa.String(200), primary_key=True),
        *(sa.Column(name, sa.Float(), nullable=False) for name in figures),
        sa.Column("scored_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id", "match_id"], ["matches.organisation_id", "matches.id"]),
    )
    op.create_table(
        "shadow_misses",
        _organisation(),
        sa.Column("ranker_version", sa.String(200), primary_key=True),
        sa.Column("minute", _MOMENT, primary_key=True),
        sa.Column("dropped", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
    )
