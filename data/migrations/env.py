"""Runs migrations on the connection that the caller hands over, inside the caller's transaction."""

from __future__ import annotations

from alembic import context

from data.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, transactional_ddl=True)
context.run_migrations()
