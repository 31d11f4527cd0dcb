"""Settings of the service, beside those of data.settings."""

from __future__ import annotations

from pydantic import Field

from data.settings import Settings


class ServiceSettings(Settings):
    """Where the service listens, how much it takes, how closely it follows its store."""

    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=8000, ge=1, le=65_535, description="Port to listen on")
    workers: int = Field(default=1, ge=1, le=64, description="Processes that answer, each with catalogues of its own")
    max_body_bytes: int = Field(default=2_000_000, ge=1, description="Largest request body, in bytes")
    max_import_bytes: int = Field(default=200_000_000, ge=1, description="Largest body of an import, in bytes")
    requests_per_minute: int = Field(default=6_000, ge=1, description="Allowance of a key that has none of its own")
    allowed_origins: tuple[str, ...] = Field(default=(), description="Origins whose pages may call, as a JSON list")
    follow_seconds: float = Field(default=1.0, gt=0, le=5, description="How often changes of others are looked for")
    snapshot_seconds: float = Field(default=30.0, gt=0, description="How often the snapshot of vectors is brought up")
    webhook_private_hosts: tuple[str, ...] = Field(
        default=(), description="Hosts of webhooks that may have private addresses, as a JSON list"
    )
    shutdown_seconds: int = Field(default=20, ge=1, description="How long open requests may take to end at shutdown")
