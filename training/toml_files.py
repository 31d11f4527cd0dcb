"""Settings of the analyst that stand in TOML files."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matching.errors import InvalidInput, UnreadableFile

M = TypeVar("M", bound=BaseModel)
NotNegative = Annotated[float, Field(ge=0.0)]


class Section(BaseModel):
    """A table of a file: no value but those that it names, and each a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def read_toml(model: type[M], path: Path, content: str) -> M:
    """A file as a model; UnreadableFile where it is no TOML, InvalidInput for a wrong or missing value, by its name.

    content : what the file is of, for the message
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{path}: not a TOML file of {content}: {error}") from error
    try:
        return model.model_validate(document)
    except ValidationError as error:
        fault = error.errors()[0]
        raise InvalidInput(f"{path}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
