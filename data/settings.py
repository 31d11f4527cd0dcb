"""Where things are kept, from SOUK_* environment variables."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from data import shipped


class Settings(BaseSettings):
    """Settings of the commands; each may be set by an environment variable named SOUK_ and the field in capitals."""

    model_config = SettingsConfigDict(env_prefix="SOUK_", frozen=True)

    database_url: str = Field(default="sqlite:///var/souk.db", description="SQLAlchemy URL of the store of records")
    index_path: Path = Field(default=Path("var/suppliers.index"), description="File of the vector index")
    encoder: str = Field(
        default=str(shipped.ENCODER), description="Encoder: a folder, or the name of a sentence-transformers model"
    )
    ranker_path: Path = Field(default=shipped.RANKER, description="File of the ranking model")
    key_pepper: SecretStr = Field(default=SecretStr(""), description="Secret that goes into the hash of each API key")
