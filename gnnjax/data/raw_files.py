"""Reads the files of a dataset where they lie: in a folder, or in a zip archive that is never unpacked."""

import gzip
import io
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from gnnjax.errors import DataError

__all__ = ["RawFiles"]


class RawFiles:
    """The files of one dataset. Nothing is written, whatever the names in an archive are.

    Args:
      path: a folder, or a zip archive; the archive may hold the files below folders of its own.
      remedy: ends the error about a missing file, and says how to get it.

    Raises:
      DataError: `path` is neither, or a damaged archive.

    Examples:
      >>> RawFiles(Path("nowhere.zip"), remedy="download it")
      Traceback (most recent call last):
      ...
      gnnjax.errors.DataError: nowhere.zip: is neither a folder nor a readable zip archive ...
    """

    def __init__(self, path: Path, *, remedy: str):
        self.path, self.remedy = path, remedy
        if path.is_dir():
            self._members = None
            return
        try:
            with zipfile.ZipFile(path) as archive:
                self._members = archive.namelist()
        # Damaged bytes make zipfile raise almost any type of error.
        except Exception as error:
            raise DataError(f"{path}: is neither a folder nor a readable zip archive ({error}); {remedy}") from error

    def find(self, pattern: str) -> list[str]:
        """The names of the files whose own name matches, such as `*_A.txt`, sorted; in a folder two levels deep."""
        if self._members is None:
            paths = [path for levels in ("", "*/", "*/*/") for path in self.path.glob(levels + pattern)]
            return sorted(path.relative_to(self.path).as_posix() for path in paths if path.is_file())
        # Archives made on a Mac hold a second file, `._name`, for each.
        names = (PurePosixPath(member) for member in self._members)
        return sorted(str(name) for name in names if name.match(pattern) and not name.name.startswith("."))

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return (self.path / name).is_file() if self._members is None else bool(_matching(name, self._members))

    def read(self, name: str) -> bytes:
        """The content of one file, decompressed if its name ends in `.gz`.

        Args:
          name: path within the folder or archive, with `/`.

        Raises:
          DataError: the file is missing or damaged.
        """
        content = self._read_file(name) if self._members is None else self._read_member(name, self._members)
        if not name.endswith(".gz"):
            return content
        try:
            return gzip.decompress(content)
        # Damaged bytes give OSError, EOFError or zlib.error.
        except Exception as error:
            raise DataError(f"{self.path}: '{name}' is damaged ({error}); get it again") from error

    def table(self, name: str, columns: int | None = None, dtype: type[np.number] = np.int32) -> np.ndarray:
        """A file of comma-separated numbers without a header, as `[rows, columns]`.

        An empty entry is NaN where `dtype` is a floating type.

        Args:
          name: see `read`.
          columns: how many there must be; None for any number.
          dtype: of the result; integers must be written as such, and fit.

        Raises:
          DataError: the file is missing or damaged, has another number of columns, or an entry is not such a number.
        """
        content = self.read(name)
        if not content.strip():
            return np.empty((0, columns or 0), dtype)
        try:
            rows = _parse(content, dtype)
        except ValueError as error:
            where = _first_bad_line(content, dtype)
            raise DataError(
                f"{self.path}: '{name}' is not a table of numbers ({where or error}); get it again"
            ) from error
        if columns is not None and rows.shape[1] != columns:
            raise DataError(f"{self.path}: '{name}' must have {columns} columns, has {rows.shape[1]}")
        return rows

    def _read_file(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError as error:
            raise self._missing(name) from error
        except OSError as error:
            raise DataError(f"{self.path}: '{name}' cannot be read ({error})") from error

    def _read_member(self, name: str, members: list[str]) -> bytes:
        found = _matching(name, members)
        if not found:
            raise self._missing(name)
        try:
            with zipfile.ZipFile(self.path) as archive:
                return archive.read(found[0])
        # Damaged bytes make zipfile and zlib raise almost any type of error.
        except Exception as error:
            raise DataError(f"{self.path}: '{name}' is damaged ({error}); get the archive again") from error

    def _missing(self, name: str) -> DataError:
        return DataError(f"{self.path}: there is no file '{name}'; {self.remedy}")


def _matching(name: str, members: list[str]) -> list[str]:
    return [member for member in members if f"/{member}".endswith(f"/{name}")]


def _parse(content: bytes, dtype: type[np.number]) -> np.ndarray:
    options: dict[str, Any] = {"delimiter": ",", "comments": None, "ndmin": 2, "encoding": "ascii"}
    try:
        return np.loadtxt(io.BytesIO(content), dtype, **options)
    except ValueError:
        if not np.issubdtype(dtype, np.floating):
            raise
        # For empty entries; many times slower.
        return np.loadtxt(io.BytesIO(content), dtype, converters=lambda text: float(text or "nan"), **options)


def _first_bad_line(content: bytes, dtype: type[np.number]) -> str | None:
    columns = None
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue
        entries = len(line.split(b","))
        if columns not in (None, entries):
            return f"line {number}: {line[:80]!r} does not have {columns} entries, as those before"
        columns = entries
        try:
            _parse(line, dtype)
        except ValueError:
            return f"line {number}: {line[:80]!r}"
    return None
