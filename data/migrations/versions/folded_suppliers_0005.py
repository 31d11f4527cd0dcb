"""Which suppliers of a match are near-duplicates that another stays for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the column."""
    op.add_column("matches", sa.Column("folded_into", sa.JSON(), nullable=True))
