"""Your own molecules: from SMILES to graphs with the features of the Open Graph Benchmark.

A molecule that rdkit refuses is an error, or, if asked for, is kept out and listed: never dropped silently, since that
would shift every split that is given by row. Rows are counted from 0.

Source of the features: see `molecules`. The split by scaffold (Bemis and Murcko, J. Med. Chem. 1996) gives the parts
that OGB published for its smaller sets.
"""

import dataclasses
import importlib
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gnnjax.data.dataset import GraphDataset, Task
from gnnjax.data.molecules import ATOM_FEATURES, BOND_FEATURES, molecule_dataset
from gnnjax.errors import DataError

__all__ = ["Molecules", "Refusal", "from_smiles"]


@dataclasses.dataclass(frozen=True)
class Refusal:
    """A row without a graph, and why.

    Examples:
      >>> from gnnjax import data
      >>> data.from_smiles(["CCO", "C1CC"], [1, 0], skip_invalid=True).refused
      [Refusal(row=1, smiles='C1CC', reason='it does not parse as SMILES')]
    """

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

    Examples:
      >>> from gnnjax import data
      >>> molecules = data.from_smiles(["CCO", "C1CC", "CC"], [1, 0, 1], skip_invalid=True)
      >>> len(molecules.dataset), molecules.rows.tolist(), len(molecules.refused)
      (2, [0, 2], 1)
    """

    dataset: GraphDataset
    rows: np.ndarray
    refused: list[Refusal]


def from_smiles(
    smiles: Sequence[str],
    labels: ArrayLike,
    *,
    name: str = "molecules",
    task: Task | None = None,
    splits: dict[str, np.ndarray] | None = None,
    scaffold_split: bool = False,
    skip_invalid: bool = False,
    source: str = "",
    progress: Callable[[Sequence[Any]], Iterable[Any]] = iter,
) -> Molecules:
    """Makes one graph of each SMILES, in the same order.

    Args:
      smiles: one text per row.
      labels: `[rows]` or `[rows, tasks]` in {0, 1} or, for `regression`, real values, with NaN for "not labelled".
      name, source: see `GraphDataset`.
      task: `binary`, `multilabel` or `regression`; by default, for labels in {0, 1}, by the number of columns.
      splits: name -> rows. Refused rows leave their part, all others stay where they were put.
      scaffold_split: split into train, valid and test (80/10/10) so that molecules of one scaffold stay together and
        those of rare scaffolds are the test; instead of `splits`.
      skip_invalid: keep refused molecules out instead of raising an error.
      progress: wraps what is gone through and may show how far it is, such as `tqdm.tqdm`.

    Raises:
      DataError: a molecule is refused (its SMILES does not parse, its chemistry is impossible, or OGB has no category
        for it), no molecule is left, or labels or splits do not fit.
      ImportError: rdkit is not installed.
      ValueError: both `splits` and `scaffold_split` are given, or `task` is another one.

    Examples:
      >>> molecules = from_smiles(["CCO", "c1ccccc1", "C1CC"], [1, 0, 1], skip_invalid=True)
      >>> molecules.dataset.n_node.tolist(), molecules.rows.tolist(), molecules.refused[0].reason
      ([3, 6], [0, 1], 'it does not parse as SMILES')
    """
    if task not in (None, "binary", "multilabel", "regression"):
        raise ValueError(f"task is {task!r}, must be binary, multilabel or regression")
    if splits is not None and scaffold_split:
        raise ValueError("give either splits or scaffold_split")
    checked_labels = _check_labels(name, labels, len(smiles), task)
    _check_splits(name, splits or {}, len(smiles))
    chem = _rdkit("Chem")
    molecules, graphs, rows, refused = [], [], [], []
    with _rdkit("rdBase").BlockLogs():
        for row, text in enumerate(progress(smiles)):
            try:
                molecule = _parse(chem, text)
                graphs.append(_to_arrays(molecule))
            except _RefusedError as error:
                refused.append(Refusal(row, str(text), str(error)))
                continue
            molecules.append(molecule)
            rows.append(row)
    if refused and not skip_invalid:
        raise DataError(_refusal_message(name, refused))
    if not graphs:
        raise DataError(f"{name}: there is no molecule{' left' if refused else ''}")

    if scaffold_split:
        splits = _split_by_scaffold(progress(molecules), len(molecules))
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
        labels=checked_labels[rows],
        task=task,
        splits=splits,
        source=source,
    )
    return Molecules(dataset, np.array(rows), refused)


class _RefusedError(Exception):
    """Why there is no graph of a molecule."""


def _rdkit(module: str) -> ModuleType:
    try:
        return importlib.import_module(f"rdkit.{module}")
    except ImportError as error:
        raise ImportError(f'molecules from SMILES need rdkit ({error}): pip install "gnnjax[chem]"') from error


def _parse(chem: ModuleType, smiles: Any) -> Any:
    # Such as None or NaN, where a table has no entry.
    if not isinstance(smiles, str):
        raise _RefusedError(f"it is not text but {type(smiles).__name__}")
    try:
        molecule = chem.MolFromSmiles(smiles)
    except UnicodeEncodeError as error:
        raise _RefusedError("it has half a character") from error
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


def _split_by_scaffold(molecules: Iterable[Any], count: int) -> dict[str, np.ndarray]:
    murcko = _rdkit("Chem.Scaffolds.MurckoScaffold")
    members: dict[str, list[int]] = {}
    for index, molecule in enumerate(molecules):
        members.setdefault(murcko.MurckoScaffoldSmiles(mol=molecule, includeChirality=True), []).append(index)
    num_train, num_both = 0.8 * count, 0.9 * count
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


def _check_labels(name: str, labels: ArrayLike, num_rows: int, task: Task | None) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):
            array = np.asarray(labels, np.float32)
    # Text, objects, and rows of different lengths.
    except (TypeError, ValueError) as error:
        raise DataError(f"{name}: labels are not an array of numbers ({error})") from error
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or len(array) != num_rows or not array.shape[1]:
        raise DataError(f"{name}: labels must be [{num_rows}] or [{num_rows}, tasks], are {list(array.shape)}")
    if task == "regression":
        bad, allowed = np.isinf(array).any(axis=1), "finite or NaN (not measured)"
    else:
        bad = ~(np.isnan(array) | (array == 0) | (array == 1)).all(axis=1)
        allowed = '0, 1 or NaN (not labelled), or the task "regression"'
    if bad.any():
        row = np.argmax(bad)
        raise DataError(f"{name}: row {row}: labels are {array[row]}, must be {allowed}")
    return array


def _check_splits(name: str, splits: dict[str, np.ndarray], num_rows: int) -> None:
    for part, rows in splits.items():
        if rows.ndim != 1 or not np.issubdtype(rows.dtype, np.integer):
            raise DataError(f"{name}: split '{part}' must be integer[rows], is {rows.dtype}{list(rows.shape)}")
        if ((rows < 0) | (rows >= num_rows)).any():
            raise DataError(f"{name}: split '{part}' has a row outside 0 .. {num_rows - 1}")


def _refusal_message(name: str, refused: list[Refusal]) -> str:
    shown = "; ".join(f"row {refusal.row}, '{refusal.smiles}': {refusal.reason}" for refusal in refused[:10])
    more = f"; and {len(refused) - 10} more" if len(refused) > 10 else ""
    return (
        f"{name}: {len(refused)} molecules refused: {shown}{more}. Correct them, or use skip_invalid (--skip-invalid)"
    )
