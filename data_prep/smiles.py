"""Your own molecules: from a table of SMILES to graphs with the features of the Open Graph Benchmark.

A molecule that rdkit refuses is an error, or, if asked for, is kept out and listed: never dropped silently, since that
would shift every split that is given by row. Rows are counted from 0, without the header.

Source of the features: see `molecules`. The split by scaffold (Bemis and Murcko, J. Med. Chem. 1996) gives the parts
that OGB published for its smaller sets.
"""

import csv
import dataclasses
import gzip
import hashlib
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from tqdm import tqdm

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds data_prep.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_prep.molecules import ATOM_FEATURES, BOND_FEATURES, molecule_dataset
from data_prep.processed import argument_parser, load_if_readable, make_processed, run_command_line
from gnnjax.atomic import atomic_open
from gnnjax.data import GraphDataset
from gnnjax.errors import DataError

__all__ = ["Molecules", "Refusal", "from_smiles", "main", "prepare"]


@dataclasses.dataclass(frozen=True)
class Refusal:
    """A row without a graph, and why."""

    row: int
    smiles: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Molecules:
    """What became of a table of SMILES.

    Attributes:
      dataset: one graph per molecule that was not refused.
      rows: `[graphs]`, the row that each graph comes from.
      refused: the other rows.
    """

    dataset: GraphDataset
    rows: np.ndarray
    refused: list[Refusal]


def from_smiles(
    smiles: Sequence[str],
    labels: np.ndarray,
    *,
    name: str,
    splits: dict[str, np.ndarray] | None = None,
    scaffold_split: bool = False,
    skip_invalid: bool = False,
    source: str = "",
) -> Molecules:
    """Makes one graph of each SMILES, in the same order.

    Args:
      smiles: one text per row.
      labels: `[rows]` or `[rows, tasks]` in {0, 1} with NaN for "not labelled".
      name, source: see `GraphDataset`.
      splits: name -> rows. Refused rows leave their part, all others stay where they were put.
      scaffold_split: split into train, valid and test (80/10/10) so that molecules of one scaffold stay together and
        those of rare scaffolds are the test; instead of `splits`.
      skip_invalid: keep refused molecules out instead of raising an error.

    Raises:
      DataError: a molecule is refused (its SMILES does not parse, its chemistry is impossible, or OGB has no category
        for it), no molecule is left, or labels or splits do not fit.
      ImportError: rdkit is not installed.
      ValueError: both `splits` and `scaffold_split` are given.
    """
    if splits is not None and scaffold_split:
        raise ValueError("give either splits or scaffold_split")
    labels = _check_labels(name, labels, len(smiles))
    _check_splits(name, splits or {}, len(smiles))
    chem = _rdkit("Chem")
    molecules, graphs, rows, refused = [], [], [], []
    with _rdkit("rdBase").BlockLogs():
        for row, text in enumerate(tqdm(smiles, desc=name, unit=" molecules", delay=1, disable=None)):
            try:
                molecule = _parse(chem, text)
                graphs.append(_to_arrays(molecule))
            except _RefusedError as error:
                refused.append(Refusal(row, text, str(error)))
                continue
            molecules.append(molecule)
            rows.append(row)
    if refused and not skip_invalid:
        raise DataError(_refusal_message(name, refused))
    if not graphs:
        raise DataError(f"{name}: there is no molecule{' left' if refused else ''}")

    if scaffold_split:
        splits = _split_by_scaffold(molecules)
    elif splits is not None:
        graph_of_row = np.full(len(smiles), -1)
        graph_of_row[rows] = np.arange(len(rows))
        splits = {part: graph_of_row[indices][graph_of_row[indices] >= 0] for part, indices in splits.items()}
    atoms, bonds, bond_features = zip(*graphs, strict=True)
    dataset = molecule_dataset(
        name,
        n_atom=np.array([len(part) for part in atoms]),
        n_bond=np.array([len(part) for part in bonds]),
        atoms=np.concatenate(atoms),
        bonds=np.concatenate(bonds),
        bond_features=np.concatenate(bond_features),
        labels=labels[rows],
        splits=splits,
        source=source,
    )
    return Molecules(dataset, np.array(rows), refused)


def prepare(
    table: str | os.PathLike,
    *,
    label_columns: Sequence[str],
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
    )
    processed = Path(folder) / "processed"
    target = processed / f"{name}.npz"
    there = None if force else load_if_readable(target)
    if there is not None and there.source != source:
        raise DataError(
            f"{target}: was made from other data ({there.source}); choose another name, or force to replace it"
        )

    def make() -> GraphDataset:
        labels = np.stack([_parse_labels(table, column, columns[column]) for column in label_columns], axis=1)
        try:
            molecules = from_smiles(
                columns[smiles_column],
                labels,
                name=name,
                splits=_rows_by_part(columns[split_column]) if split_column else None,
                scaffold_split=scaffold_split,
                skip_invalid=skip_invalid,
                source=source,
            )
        except DataError as error:
            raise DataError(f"{table}: {error}") from error
        _write_refusals(processed / f"{name}-refused.csv", molecules.refused)
        return molecules.dataset

    return make_processed(target, make, force=force)


def main(argv: list[str] | None = None) -> None:
    """The command line; see `--help`."""
    parser = argument_parser(
        "Prepares your own molecules: a CSV table with a column of SMILES and one column of 0/1 labels per task.",
        """\
  python data_prep/smiles.py molecules.csv --label-columns toxic
  python data_prep/smiles.py molecules.csv --label-columns toxic soluble --scaffold-split
  python data_prep/smiles.py molecules.csv --label-columns toxic --split-column part --skip-invalid""",
    )
    parser.add_argument("table", help="a .csv or .csv.gz with a header")
    parser.add_argument("--smiles-column", default="smiles", help="(default: %(default)s)")
    parser.add_argument("--label-columns", nargs="+", required=True, help="each holds 0, 1 or nothing (not labelled)")
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


class _RefusedError(Exception):
    """Why there is no graph of a molecule."""


def _rdkit(module: str) -> ModuleType:
    try:
        return importlib.import_module(f"rdkit.{module}")
    except ImportError as error:
        raise ImportError(f"molecules from SMILES need rdkit ({error}): pip install 'gnnjax[chem]'") from error


def _parse(chem: ModuleType, smiles: str) -> Any:
    molecule = chem.MolFromSmiles(smiles)
    if molecule is None:
        unchecked = chem.MolFromSmiles(smiles, sanitize=False)
        problems = [] if unchecked is None else chem.DetectChemistryProblems(unchecked)
        raise _RefusedError(problems[0].Message() if problems else "it does not parse as SMILES")
    if not molecule.GetNumAtoms():
        raise _RefusedError("it has no atoms")
    return molecule


def _to_arrays(molecule: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    atoms = [
        _encode(
            _ATOM_CATEGORIES,
            atom.GetAtomicNum(),
            str(atom.GetChiralTag()),
            atom.GetTotalDegree(),
            atom.GetFormalCharge(),
            atom.GetTotalNumHs(),
            atom.GetNumRadicalElectrons(),
            str(atom.GetHybridization()),
            atom.GetIsAromatic(),
            atom.IsInRing(),
        )
        for atom in molecule.GetAtoms()
    ]
    bonds = list(molecule.GetBonds())
    ends = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in bonds]
    features = [
        _encode(_BOND_CATEGORIES, str(bond.GetBondType()), str(bond.GetStereo()), bond.GetIsConjugated())
        for bond in bonds
    ]
    # reshape, since a molecule may have no bonds.
    return (
        np.array(atoms, np.int32),
        np.array(ends, np.int32).reshape(-1, 2),
        np.array(features, np.int32).reshape(-1, len(BOND_FEATURES)),
    )


_ATOM_CATEGORIES, _BOND_CATEGORIES = (
    {feature: {value: index for index, value in enumerate(values)} for feature, values in features.items()}
    for features in (ATOM_FEATURES, BOND_FEATURES)
)


def _encode(categories: dict[str, dict[Any, int]], *values) -> list[int]:
    encoded = []
    for (feature, indices), value in zip(categories.items(), values, strict=True):
        index = indices.get(value, indices.get("other"))
        if index is None:
            raise _RefusedError(f"OGB's bond feature '{feature}' has no category for {value}")
        encoded.append(index)
    return encoded


def _split_by_scaffold(molecules: list) -> dict[str, np.ndarray]:
    murcko = _rdkit("Chem.Scaffolds.MurckoScaffold")
    members: dict[str, list[int]] = {}
    for index, molecule in enumerate(tqdm(molecules, desc="scaffolds", unit=" molecules", delay=1, disable=None)):
        members.setdefault(murcko.MurckoScaffoldSmiles(mol=molecule, includeChirality=True), []).append(index)
    num_train, num_both = 0.8 * len(molecules), 0.9 * len(molecules)
    train, valid, test = [], [], []
    # The largest first; of equal ones the last to appear, as OGB does it.
    for group in sorted(members.values(), key=lambda group: (len(group), group[0]), reverse=True):
        if len(train) + len(group) <= num_train:
            train += group
        elif len(train) + len(valid) + len(group) <= num_both:
            valid += group
        else:
            test += group
    return {name: np.array(sorted(part), int) for name, part in (("train", train), ("valid", valid), ("test", test))}


def _check_labels(name: str, labels: np.ndarray, num_rows: int) -> np.ndarray:
    labels = np.asarray(labels, np.float32)
    if labels.ndim == 1:
        labels = labels[:, None]
    if labels.ndim != 2 or len(labels) != num_rows or not labels.shape[1]:
        raise DataError(f"{name}: labels must be [{num_rows}] or [{num_rows}, tasks], are {list(labels.shape)}")
    bad = ~(np.isnan(labels) | (labels == 0) | (labels == 1)).all(axis=1)
    if bad.any():
        row = np.argmax(bad)
        raise DataError(f"{name}: row {row}: labels are {labels[row]}, must be 0, 1 or NaN (not labelled)")
    return labels


def _check_splits(name: str, splits: dict[str, np.ndarray], num_rows: int) -> None:
    for part, rows in splits.items():
        if ((rows < 0) | (rows >= num_rows)).any():
            raise DataError(f"{name}: split '{part}' has a row outside 0 .. {num_rows - 1}")


def _refusal_message(name: str, refused: list[Refusal]) -> str:
    shown = "; ".join(f"row {refusal.row}, '{refusal.smiles}': {refusal.reason}" for refusal in refused[:10])
    more = f"; and {len(refused) - 10} more" if len(refused) > 10 else ""
    return (
        f"{name}: {len(refused)} molecules refused: {shown}{more}. Correct them, or use skip_invalid (--skip-invalid)"
    )


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


def _parse_labels(path: Path, column: str, entries: list[str]) -> np.ndarray:
    labels = np.full(len(entries), np.nan, np.float32)
    for row, entry in enumerate(entries):
        if entry.strip():
            try:
                labels[row] = float(entry)
            except ValueError as error:
                raise DataError(
                    f"{path}: row {row}, column '{column}': '{entry}' must be 0, 1 or empty (not labelled)"
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
