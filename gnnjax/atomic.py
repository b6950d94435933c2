"""Writing files whole or not at all."""

import contextlib
import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

__all__ = ["atomic_open"]

# A file is locked right after it was made; one this old and without a lock was left by a process that is gone.
_SECONDS_TO_LOCK = 10


@contextlib.contextmanager
def atomic_open(path: str | os.PathLike, mode: str = "b") -> Iterator[IO]:
    """Opens a file for writing that takes the place of `path` when the block ends, and vanishes if it fails.

    What a process that was killed left beside `path` is removed by the next one that writes there.

    Args:
      path: the file to write; missing parent folders are made.
      mode: `b` for bytes, `t` for text.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, atomic_open(folder + "/notes.txt", "t") as file:
    ...     _ = file.write("all of it")
    ...     os.path.exists(folder + "/notes.txt")
    False
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_left_overs(path)
    # Created plainly and not by tempfile, whose files only their owner may read.
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with open(temporary, f"x{mode}") as file:
            # Where a file system has no locks, left-overs stay.
            with contextlib.suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _remove_left_overs(path: Path) -> None:
    for temporary in path.parent.glob(f".{path.name}.{'?' * 32}"):
        # Another process may be removing it, too, or still be writing to it.
        with contextlib.suppress(OSError), open(temporary, "rb") as file:
            if time.time() - temporary.stat().st_mtime > _SECONDS_TO_LOCK:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                temporary.unlink()
