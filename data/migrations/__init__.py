"""Migrations of the database, by Alembic; `HEAD` is the last of them."""

HEAD = "0008"
