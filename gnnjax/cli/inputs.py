"""Graphs from whatever file or folder a user has."""

import argparse
from pathlib import Path

import numpy as np

from gnnjax.data import (
    GraphDataset,
    from_edge_list,
    from_smiles,
    load,
    random_split,
    read_ogb_layout,
    read_tudataset,
)
from gnnjax.data.table_rows import table_header, table_rows
from gnnjax.errors import DataError

__all__ = ["FORMATS", "add_input_arguments", "read_graphs", "split_or_random"]

FORMATS = ("npz", "smiles", "edges", "tudataset", "ogb")


def add_input_arguments(parser: argparse.ArgumentParser) -> None:
    """The options by which a user says how a file is to be read."""
    parser.add_argument("input", type=Path, help="a file or folder of graphs")
    parser.add_argument("--format", choices=FORMATS, help="what it is (default: found out from its name and header)")
    parser.add_argument("--labels", nargs="+", metavar="COLUMN", help="columns of a table that hold the labels")
    parser.add_argument("--smiles-column", default="smiles", help="(default: %(default)s)")
    parser.add_argument("--nodes", type=Path, metavar="TABLE", help="table of nodes beside a table of edges")
    parser.add_argument("--graphs", type=Path, metavar="TABLE", help="table of graphs beside a table of edges")
    parser.add_argument("--undirected", action="store_true", help="add the opposite of each edge of a table")
    parser.add_argument("--regression", action="store_true", help="labels are numbers to predict, not classes")


def read_graphs(arguments: argparse.Namespace, *, unlabelled: int | None = None) -> GraphDataset:
    """Reads what the options of `add_input_arguments` describe.

    Args:
      arguments: the options.
      unlabelled: where labels are not needed, how many outputs the data would have labels for; a table then needs no
        labels, and what is no molecule is left out and said.

    Raises:
      DataError: it cannot be read, or it cannot be told what it is.
    """
    path: Path = arguments.input
    kind = arguments.format or _guess(path, arguments.smiles_column)
    task = "regression" if arguments.regression else None
    if kind == "npz":
        return load(path)
    if kind == "tudataset":
        return read_tudataset(path, task=task)
    if kind == "ogb":
        return read_ogb_layout(path, task=task)
    if kind == "edges":
        columns = arguments.labels or ["label"]
        if arguments.labels or columns[0] in table_header(arguments.graphs or path):
            unlabelled = None
        return from_edge_list(
            path,
            node_table=arguments.nodes,
            graph_table=arguments.graphs,
            label_columns=columns,
            unlabelled=unlabelled,
            undirected=arguments.undirected,
            task=task,
        )
    return _read_smiles(path, arguments, task, unlabelled)


def split_or_random(dataset: GraphDataset, seed: int) -> dict[str, np.ndarray]:
    """The dataset's own split, or one of 80, 10 and 10 %."""
    if dataset.splits is not None and {"train", "valid", "test"} <= dataset.splits.keys():
        return dict(dataset.splits)
    try:
        return random_split(len(dataset), seed=seed)
    except ValueError as error:
        raise DataError(f"{dataset.name}: {error}") from error


def _guess(path: Path, smiles_column: str) -> str:
    if path.is_dir():
        return "ogb" if (path / "raw").is_dir() and any((path / "raw").glob("*.csv.gz")) else "tudataset"
    name = path.name.removesuffix(".gz")
    if name.endswith(".npz"):
        return "npz"
    if name.endswith(".zip"):
        return "tudataset"
    if name.endswith((".csv", ".tsv", ".tab", ".txt")):
        return "smiles" if smiles_column in table_header(path) else "edges"
    raise DataError(f"{path}: cannot tell what this is; say so with --format, one of {', '.join(FORMATS)}")


def _read_smiles(path, arguments, task, unlabelled):
    header = table_header(path)
    columns = arguments.labels
    if columns is None:
        columns = [column for column in header if column != arguments.smiles_column] if unlabelled is None else []
    missing = {arguments.smiles_column, *columns} - set(header)
    if missing or (unlabelled is None and not columns):
        wanted = sorted(missing) if missing else "of labels"
        raise DataError(f"{path}: there is no column {wanted}; there are {', '.join(header) or 'none'}: see --labels")
    rows = list(table_rows(path, [arguments.smiles_column, *columns]))
    try:
        labels = np.array([row.labels(columns) for row in rows]).reshape(len(rows), len(columns))
    except DataError as error:
        raise DataError(f"{error}; say which columns are labels with --labels") from error
    if not columns:
        labels = np.full((len(rows), unlabelled), np.nan)
    smiles = [row.entries[arguments.smiles_column] for row in rows]
    name, skip_invalid = path.name.partition(".")[0], unlabelled is not None
    made = from_smiles(smiles, labels, name=name, task=task, skip_invalid=skip_invalid)
    for refusal in made.refused:
        print(f"{path}: row {refusal.row} is left out: {refusal.reason}")
    return made.dataset
