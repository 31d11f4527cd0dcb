"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def write_whole(path: Path, *content: bytes | memoryview) -> None:
    """Write a file so that a reader, or a crash at any moment, sees the old content or the new, never a part."""
    with whole_file(path) as file:
        for part in content:
            file.write(part)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to be written piece by piece that takes the place of `path` when the block ends well.

    The content goes to a temporary file in the same folder, is synced to disk, then renamed over `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
