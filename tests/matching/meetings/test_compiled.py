from __future__ import annotations

import numpy as np
import pytest
from numba.core.errors import NumbaError

from matching.meetings.compiled import borrowing, copy
from matching.meetings.problem import Numbers


def sum_of_doubled(values: Numbers) -> int:
    doubled = values * 2
    return int(doubled.sum())


def test_function_that_makes_an_array_is_refused_where_arrays_are_borrowed() -> None:
    with pytest.raises(NumbaError, match="NRT required"):
        borrowing(sum_of_doubled)(np.arange(3))


def test_copy_writes_every_entry() -> None:
    target = np.zeros(4, np.int64)
    copy(np.arange(4), target)
    assert target.tolist() == [0, 1, 2, 3]
