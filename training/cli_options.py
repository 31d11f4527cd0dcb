"""What several commands on the registry take alike."""

from __future__ import annotations

from typing import Annotated

import typer

from data.in_use import registry_of
from data.registry import Registry
from data.settings import Settings
from matching.errors import InvalidInput

WhoOption = Annotated[str | None, typer.Option(help="Who does it; default: the user of this machine.")]
NoteOption = Annotated[str, typer.Option(help="Why, for the history.")]
MarkdownOption = Annotated[bool, typer.Option(help="Print tables as Markdown.")]


def registry_in_use() -> Registry:
    """The registry of the settings; InvalidInput where they name none."""
    registry = registry_of(Settings())
    if registry is None:
        raise InvalidInput("SOUK_MODELS_PATH is empty: there is no model registry")
    return registry
