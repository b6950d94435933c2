"""Reads the files of a published dataset where they lie: in a folder, or in a zip archive that is not unpacked."""

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np

from gnnjax.errors import DataError

__all__ = ["RawFiles"]


class RawFiles:
    """The files of one dataset.

    Args:
      path: a folder, or a zip archive; the archive may hold the files below folders of its own.
      remedy: ends the error about a missing file, and says how to get it.

    Raises:
      DataError: `path` is neither, or a damaged archive.
    """

    def __init__(self, path: Path, *, remedy: str):
        self.path, self.remedy = path, remedy
        if path.is_dir():
            self._members = None
            return
        try:
            with zipfile.ZipFile(path) as archive:
                self._members = archive.namelist()
        except (OSError, zipfile.BadZipFile) as error:
            raise DataError(f"{path}: is neither a folder nor a readable zip archive ({error}); {remedy}") from error

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

    def table(self, name: str, columns: int, dtype: type[np.number] = np.int32) -> np.ndarray:
        """A file of comma-separated numbers without a header, as `[rows, columns]`.

        An empty entry is NaN where `dtype` is a floating type.

        Raises:
          DataError: the file is missing or damaged, has another number of columns, or an entry is not such a number.
        """
        content = self.read(name)
        if not content.strip():
            return np.empty((0, columns), dtype)
        convert = (lambda text: float(text or "nan")) if np.issubdtype(dtype, np.floating) else None
        try:
            rows = np.loadtxt(io.BytesIO(content), dtype, delimiter=",", converters=convert, ndmin=2, encoding="ascii")
        except ValueError as error:
            raise DataError(f"{self.path}: '{name}' is not a table of numbers ({error}); get it again") from error
        if rows.shape[1] != columns:
            raise DataError(f"{self.path}: '{name}' must have {columns} columns, has {rows.shape[1]}")
        return rows

    def _read_file(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError as error:
            raise self._missing(name) from error

    def _read_member(self, name: str, members: list[str]) -> bytes:
        found = [member for member in members if f"/{member}".endswith(f"/{name}")]
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
