"""Tables with a header in text files, row by row, with errors that name the file, the line and the value."""

import csv
import dataclasses
import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np

from gnnjax.errors import DataError

__all__ = ["TableRow", "table_header", "table_rows"]


@dataclasses.dataclass(frozen=True)
class TableRow:
    """One row of a table; what is wrong with it is said with the file, the line and the value."""

    path: Path
    line: int
    entries: dict[str, str]

    def text(self, column: str) -> str:
        return self.entries[column] or self.fail(column, "must not be empty")

    def number(self, column: str) -> float:
        value = self._float(column)
        # Beyond float32 it would become infinite.
        if not abs(value) <= float(np.finfo(np.float32).max):
            self.fail(column, "must be a finite number")
        return value

    def zero_or_one(self, column: str) -> float:
        value = self._float(column)
        return value if value in (0, 1) else self.fail(column, "must be 0 or 1")

    def labels(self, columns: Sequence[str]) -> list[float]:
        return [self.number(column) if self.entries[column] else np.nan for column in columns]

    def fail(self, column: str, problem: str) -> NoReturn:
        raise DataError(f"{self.path}: line {self.line}, column '{column}': '{self.entries[column]}' {problem}")

    def _float(self, column: str) -> float:
        try:
            return float(self.entries[column])
        except ValueError:
            self.fail(column, "is not a number")


def table_header(path: Path, delimiter: str | None = None) -> list[str]:
    """The names of the columns.

    Args:
      path: a `.csv` or (tab-separated) `.tsv` or `.tab`, also with `.gz` after it.
      delimiter: where it is another than the file's name says.

    Raises:
      DataError: the file is missing or damaged.
    """
    return next((entries for _, entries in _lines(path, _delimiter(path, delimiter))), [])


def table_rows(path: Path, columns: Sequence[str], delimiter: str | None = None) -> Iterator[TableRow]:
    """The rows below the header, which must have the columns.

    Args:
      path, delimiter: see `table_header`.
      columns: names; others may be there.

    Raises:
      DataError: the file is missing or damaged, lacks a column or has it twice, or a row is too short or too long.
    """
    delimiter = _delimiter(path, delimiter)
    lines = _lines(path, delimiter)
    _, header = next(lines, (1, []))
    for column in columns:
        if header.count(column) != 1:
            count = "several columns" if column in header else "no column"
            raise DataError(f"{path}: line 1: {count} '{column}'; there are {', '.join(header) or 'none'}")
    for line, entries in lines:
        # An empty line.
        if not entries:
            continue
        if len(entries) != len(header):
            shown = delimiter.join(entries)[:80]
            raise DataError(f"{path}: line {line}: '{shown}' must have {len(header)} entries, as the header")
        yield TableRow(path, line, dict(zip(header, map(str.strip, entries), strict=True)))


def _delimiter(path: Path, delimiter: str | None) -> str:
    return delimiter or ("\t" if path.name.removesuffix(".gz").endswith((".tsv", ".tab")) else ",")


def _lines(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The number of each line and its entries; those of the header without spaces around them."""
    opened = gzip.open if path.suffix == ".gz" else open
    line = 0
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            for number, entries in enumerate(reader):
                line = reader.line_num
                yield line, entries if number else [name.strip() for name in entries]
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file") from error
    # zlib's error is of no other type.
    except (OSError, EOFError, UnicodeError, csv.Error, zlib.error) as error:
        raise DataError(f"{path}: cannot be read after line {line} ({error})") from error
