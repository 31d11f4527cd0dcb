"""Who placed whom in an answer that two rankers drafted; apart, so that whoever reads it needs no matcher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Teams:
    """Who placed whom in an answer drafted by two rankers.

    in_use, tried : versions of the rankers
    by_tried      : of each place, from the first on, whether the tried one placed it
    """

    in_use: str
    tried: str
    by_tried: tuple[bool, ...]

    def document(self) -> dict[str, Any]:
        """As it is stored; the places are one text of 0 and 1."""
        return {**vars(self), "by_tried": "".join(str(int(one)) for one in self.by_tried)}

    @classmethod
    def read(cls, document: dict[str, Any]) -> Teams:
        """From what was stored."""
        return cls(document["in_use"], document["tried"], tuple(one == "1" for one in document["by_tried"]))
