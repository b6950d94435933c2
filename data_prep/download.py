"""Downloads raw files: complete and unchanged, or not at all."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pooch

from gnnjax.atomic import atomic_open
from gnnjax.errors import DataError

__all__ = ["fetch", "fetch_and_read"]

Content = TypeVar("Content")


def fetch(url: str, path: Path, *, sha256: str | None) -> Path:
    """Downloads `url` to `path` unless the file is there, with a progress bar on stderr.

    Args:
      url: of http or https.
      path: where the file belongs; missing folders are made.
      sha256: hex digest of the file, or None if the publisher's is not known. See then `fetch_and_read`.

    Returns:
      `path`.

    Raises:
      DataError: the file that is there has another checksum, which is left to its owner; or the download broke or
        has another checksum, after which nothing is left behind.
    """
    if path.exists():
        if sha256 is not None and (found := _sha256(path)) != sha256:
            raise DataError(
                f"{path}: is not the published file: expected SHA-256 {sha256}, found {found}; delete it, and it is "
                f"downloaded again from {url}"
            )
        return path
    print(f"downloading {url}")
    by_hand = f"fetch {url} by hand and put it there"
    with atomic_open(path) as file:
        try:
            pooch.HTTPDownloader(progressbar=True)(url, file, None)
        except OSError as error:
            raise DataError(f"{path}: the download failed ({error}); {by_hand}") from error
        file.flush()
        if sha256 is not None and (found := _sha256(Path(file.name))) != sha256:
            raise DataError(
                f"{path}: {url} sent another file than was published and it was not kept: expected SHA-256 {sha256}, "
                f"found {found}; try again, or {by_hand}"
            )
    return path


def fetch_and_read(url: str, path: Path, read: Callable[[Path], Content], *, sha256: str | None = None) -> Content:
    """Fetches a file and reads it; a download that turns out unreadable is removed and not used again.

    Args:
      url, path, sha256: see `fetch`.
      read: reads and checks the file, and raises DataError if it is not what it must be.

    Raises:
      DataError: as `fetch` and `read`. A file that was there before stays, whatever is wrong with it.
    """
    was_there = path.exists()
    fetch(url, path, sha256=sha256)
    try:
        return read(path)
    except DataError as error:
        if was_there:
            raise
        path.unlink()
        raise DataError(f"{error}; the download was removed") from error


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
