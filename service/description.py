"""The OpenAPI document: that of FastAPI, its failures told as the problems they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from service.problems import MEDIA_TYPE

_BODILESS = frozenset({"204", "304"})


def describe(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """What `app.openapi` is to be."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        for path in document["paths"].values():
            for operation in path.values():
                operation["responses"] = {
                    status: _described(status, answer) for status, answer in operation["responses"].items()
                }
        return document

    return openapi


def _described(status: str, answer: dict[str, Any]) -> dict[str, Any]:
    content = answer.get("content", {})
    if status in _BODILESS:
        return {name: value for name, value in answer.items() if name != "content"}
    if "Problem" in str(content):
        schema = next(iter(content.values()))
        return {**answer, "content": {MEDIA_TYPE: schema}}
    return answer
