"""Functions turned into machine code where a plan is searched move by move."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

from matching.meetings.problem import Numbers

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile with numba on the first call; the code is kept on disk, and other threads go on while it runs."""
    return cast(Callable[P, R], njit(cache=True, nogil=True)(function))


def borrowing(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that makes no arrays: it borrows those that it is given, and counts no references to them.

    A compiled function counts a reference to each array of a named tuple each time the tuple is handed on, which takes
    many times longer than most of the moves here. A function that does make an array is refused when it is compiled.
    """
    # numba knows this option and does not document it.
    return cast(Callable[P, R], njit(cache=True, nogil=True, _nrt=False)(function))  # type: ignore[call-overload]


@borrowing
def copy(source: Numbers, target: Numbers) -> None:
    """Write the entries of one array into another; a slice would make an array in between."""
    for place in range(len(source)):
        target[place] = source[place]
