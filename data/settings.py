"""Where things are kept, from SOUK_* environment variables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from data import shipped
from matching.encoder import EncoderOptions, TextKind
from matching.exposure import ExposurePolicy


def _policy(value: Any) -> Any:
    """The policy of a text; none of an empty one."""
    return (ExposurePolicy.parse(value) if value else None) if isinstance(value, str) else value


def _folder(value: Any) -> Any:
    """No folder of an empty text."""
    return value or None


class Settings(BaseSettings):
    """Settings of the commands; each may be set by an environment variable named SOUK_ and the field in capitals."""

    model_config = SettingsConfigDict(env_prefix="SOUK_", frozen=True)

    database_url: str = Field(default="sqlite:///var/souk.db", description="SQLAlchemy URL of the store of records")
    index_path: Path = Field(default=Path("var/suppliers.index"), description="File of the vector index")
    encoder: str = Field(
        default=str(shipped.ENCODER), description="Encoder: a folder, or the name of a sentence-transformers model"
    )
    encoder_dimensions: int | None = Field(default=None, ge=1, description="Keep the first ones of each vector alone")
    encoder_prompts: dict[TextKind, str] = Field(
        default={}, description='What is written before texts, as JSON: {"request": "query: ", "profile": "passage: "}'
    )
    encoder_batch_size: int = Field(default=32, ge=1, description="Texts that a transformer takes at once")
    encoder_backend: Literal["torch", "onnx", "openvino"] = Field(
        default="torch", description="What runs a transformer"
    )
    ranker_path: Path = Field(default=shipped.RANKER, description="File of the ranking model")
    headings_path: Path = Field(default=shipped.HEADINGS, description="Folder of the model that infers HS headings")
    models_path: Annotated[Path | None, BeforeValidator(_folder)] = Field(
        default=Path("var/models"), description="Folder of the model registry; empty for none"
    )
    rates_path: Path = Field(default=shipped.RATES, description="Table of exchange rates, as CSV")
    exposure: Annotated[ExposurePolicy | None, NoDecode, BeforeValidator(_policy)] = Field(
        default=None, description="Group that is owed a share of the exposure, such as size:micro,small=0.4"
    )
    key_pepper: SecretStr = Field(default=SecretStr(""), description="Secret that goes into the hash of each API key")

    @property
    def encoder_options(self) -> EncoderOptions:
        """How the encoder is used."""
        return EncoderOptions(
            self.encoder_dimensions, self.encoder_prompts, self.encoder_batch_size, self.encoder_backend
        )

    @classmethod
    def with_encoder(cls, name_or_path: str | None) -> Self:
        """The settings of the environment, with another encoder, whatever the registry has, where one is named."""
        return cls(encoder=name_or_path, models_path=None) if name_or_path else cls()
