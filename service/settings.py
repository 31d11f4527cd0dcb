"""Settings of the service, beside those of data.settings."""

from __future__ import annotations

from pydantic import Field

from data.settings import Settings


class ServiceSettings(Settings):
    """Where the service listens and how much it takes in one call."""

    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=8000, ge=1, le=65_535, description="Port to listen on")
    max_body_bytes: int = Field(default=2_000_000, ge=1, description="Largest request body, in bytes")
