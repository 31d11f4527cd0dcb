"""Functions turned into machine code where a plan is searched move by move."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile with numba on the first call; the code is kept on disk, and other threads go on while it runs."""
    return cast(Callable[P, R], njit(cache=True, nogil=True)(function))
