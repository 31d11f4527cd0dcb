"""The rank that each supplier of a match has by relevance alone, where attention was shared."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the column."""
    op.add_column("matches", sa.Column("earned_ranks", sa.JSON(), nullable=True))
