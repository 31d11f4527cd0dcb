"""Plans that somebody waits for, and scores that are kept until participants or models change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

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
        "fair_fits",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("chances", sa.LargeBinary(), nullable=False),
    )
    _create(
        "fair_plan_jobs",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("started_at", _MOMENT, nullable=True),
        sa.Column("alive_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("plan_id", sa.String(32), nullable=True),
        sa.Column("fault", sa.JSON(), nullable=True),
    )
