"""Your own molecules: from a table of SMILES to graphs with the features of the Open Graph Benchmark.

The command line over `gnnjax.data.from_smiles`. Rows are counted from 0, without the header.
"""

import csv
import dataclasses
import functools
import gzip
import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds data_prep.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_prep.processed import argument_parser, load_if_readable, make_processed, run_command_line
from gnnjax.atomic import atomic_open
from gnnjax.data import GraphDataset, Task
from gnnjax.data.from_smiles import Refusal, from_smiles
from gnnjax.errors import DataError

__all__ = ["main", "prepare"]


def prepare(
    table: str | os.PathLike,
    *,
    label_columns: Sequence[str],
    task: Task | None = None,
    smiles_column: str = "smiles",
    split_column: str | None = None,
    scaffold_split: bool = False,
    name: str | None = None,
    folder: str | os.PathLike = "data",
    skip_invalid: bool = False,
    force: bool = False,
) -> Path:
    """Makes the processed file of a CSV table unless it is there, and returns its path.

    Args:
      table: a `.csv` or `.csv.gz` with a header.
      label_columns: columns that hold 0, 1 or, for "not labelled", nothing; each is a task.
      task: `regression` where the label columns hold real values; see `from_smiles`.
      smiles_column: the column of SMILES.
      split_column: a column that names the part (`train`, `valid`, `test`) of each row; an empty entry is in none.
      scaffold_split: see `from_smiles`.
      name: of the dataset and the file, by default the table's.
      folder: holds `processed/`.
      skip_invalid: keep refused molecules out and list them in `<name>-refused.csv` beside the processed file: row,
        SMILES, reason. Graph i is then the i-th of the rows that are not listed.
      force: make the file again even though it is there.

    Raises:
      DataError: the table is absent or damaged, lacks a column, or an entry is wrong; as `from_smiles`; or the file
        is there, but of another table or other columns.
      ImportError: rdkit is not installed.
      ValueError: both `split_column` and `scaffold_split` are given.
    """
    if split_column is not None and scaffold_split:
        raise ValueError("give either split_column or scaffold_split")
    table = Path(table)
    name = name or table.name.removesuffix(".gz").removesuffix(".csv")
    columns = _read_columns(table, [smiles_column, *label_columns, *([split_column] if split_column else [])])
    source = (
        f"{table.name}, content SHA-256 {_content_checksum(columns)}, SMILES in {smiles_column}, labels in "
        f"{', '.join(label_columns)}, split {'by scaffold' if scaffold_split else split_column or 'not given'}"
        f"{', regression' if task == 'regression' else ''}"
    )
    processed = Path(folder) / "processed"
    target = processed / f"{name}.npz"
    there = None if force else load_if_readable(target)
    if there is not None and there.source != source:
        raise DataError(
            f"{target}: was made from other data ({there.source}); choose another name, or force to replace it"
        )

    def make() -> GraphDataset:
        labels = np.stack([_parse_labels(table, column, columns[column], task) for column in label_columns], axis=1)
        try:
            molecules = from_smiles(
                columns[smiles_column],
                labels,
                name=name,
                task=task,
                splits=_rows_by_part(columns[split_column]) if split_column else None,
                scaffold_split=scaffold_split,
                skip_invalid=skip_invalid,
                source=source,
                progress=functools.partial(tqdm, desc=name, unit=" molecules", delay=1, disable=None),
            )
        except DataError as error:
            raise DataError(f"{table}: {error}") from error
        _write_refusals(processed / f"{name}-refused.csv", molecules.refused)
        return molecules.dataset

    return make_processed(target, make, force=force)


def main(argv: list[str] | None = None) -> None:
    """The command line; see `--help`."""
    parser = argument_parser(
        "Prepares your own molecules: a CSV table with a column of SMILES and one column of labels per task.",
        """\
  python data_prep/smiles.py molecules.csv --label-columns toxic
  python data_prep/smiles.py molecules.csv --label-columns toxic soluble --scaffold-split
  python data_prep/smiles.py molecules.csv --label-columns toxic --split-column part --skip-invalid
  python data_prep/smiles.py molecules.csv --label-columns logp --task regression""",
    )
    parser.add_argument("table", help="a .csv or .csv.gz with a header")
    parser.add_argument("--smiles-column", default="smiles", help="(default: %(default)s)")
    parser.add_argument("--label-columns", nargs="+", required=True, help="each holds 0, 1 or nothing (not labelled)")
    parser.add_argument("--task", choices=["regression"], help="what labels are that are not 0 or 1 but real values")
    split = parser.add_mutually_exclusive_group()
    split.add_argument("--split-column", help="a column that names the part of each row, such as train, valid or test")
    split.add_argument("--scaffold-split", action="store_true", help="split 80/10/10 so that scaffolds stay together")
    parser.add_argument("--name", help="of the dataset and the processed file (default: the table's)")
    parser.add_argument(
        "--skip-invalid",
        action="store_true",
        help="keep molecules that rdkit refuses out and list them in <name>-refused.csv, instead of stopping",
    )
    args = parser.parse_args(argv)
    run_command_line(lambda: prepare(**vars(args)))


def _read_columns(path: Path, names: list[str]) -> dict[str, list[str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            header, rows = reader.fieldnames or [], list(reader)
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file") from error
    except (OSError, EOFError, UnicodeError, csv.Error) as error:
        raise DataError(f"{path}: is not a readable CSV table ({error})") from error
    for name in names:
        if name not in header:
            raise DataError(f"{path}: there is no column '{name}'; there are {', '.join(header) or 'none'}")
    for index, row in enumerate(rows):
        # DictReader files entries without a column under None, and gives None where entries are missing.
        if None in row or None in row.values():
            raise DataError(f"{path}: row {index} does not have {len(header)} entries, as the header has")
    return {name: [row[name] for row in rows] for name in names}


def _parse_labels(path: Path, column: str, entries: list[str], task: Task | None) -> np.ndarray:
    allowed = "a number" if task == "regression" else "0, 1"
    labels = np.full(len(entries), np.nan, np.float32)
    for row, entry in enumerate(entries):
        if entry.strip():
            try:
                labels[row] = float(entry)
            except ValueError as error:
                raise DataError(
                    f"{path}: row {row}, column '{column}': '{entry}' must be {allowed} or empty (not labelled)"
                ) from error
    return labels


def _rows_by_part(entries: list[str]) -> dict[str, np.ndarray]:
    parts = np.array(entries)
    return {str(part): np.flatnonzero(parts == part) for part in np.unique(parts[parts != ""])}


def _content_checksum(columns: dict[str, list[str]]) -> str:
    return hashlib.sha256(repr(columns).encode()).hexdigest()


def _write_refusals(path: Path, refused: list[Refusal]) -> None:
    if not refused:
        path.unlink(missing_ok=True)
        return
    with atomic_open(path, "t") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in dataclasses.fields(Refusal))
        writer.writerows(dataclasses.astuple(refusal) for refusal in refused)
    print(f"{path}: {len(refused)} molecules were refused and are not in the dataset")


if __name__ == "__main__":
    main()
