"""Writing files whole or not at all."""

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

__all__ = ["atomic_open"]


@contextlib.contextmanager
def atomic_open(path: str | os.PathLike, mode: str = "b") -> Iterator[IO]:
    """Opens a file for writing that takes the place of `path` when the block ends, and vanishes if it fails.

    Args:
      path: the file to write; missing parent folders are made.
      mode: `b` for bytes, `t` for text.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Created plainly and not by tempfile, whose files only their owner may read.
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with open(temporary, f"x{mode}") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
