"""Datasets of graphs in the CSV layout of the Open Graph Benchmark: `raw/*.csv.gz` and `split/<how>/*.csv.gz`.

Source: Hu et al., NeurIPS 2020 (arXiv 2005.00687), github.com/snap-stanford/ogb, `read_csv_graph_raw`.
"""

import os
from pathlib import Path

import numpy as np

from gnnjax.data.dataset import GraphDataset, Task
from gnnjax.data.from_arrays import WithoutFeatures, from_arrays, graph_error, integers_if_whole
from gnnjax.data.molecules import ATOM_FEATURES, BOND_FEATURES, molecule_dataset
from gnnjax.data.raw_files import RawFiles
from gnnjax.errors import DataError

__all__ = ["read_ogb_layout"]

_PARTS = ("train", "valid", "test")


def read_ogb_layout(
    path: str | os.PathLike,
    name: str | None = None,
    *,
    task: Task | None = None,
    split: str | None = None,
    undirected: bool = True,
    molecules: bool | None = None,
    without_features: WithoutFeatures = "constant",
    num_graphs: int | None = None,
    num_tasks: int | None = None,
    source: str = "",
    remedy: str = "see ogb.stanford.edu for the layout",
) -> GraphDataset:
    """Reads a dataset for the prediction of properties of graphs.

    Args:
      path: a folder with `raw/` and, if the data are split, `split/`; or a zip archive of it, which is not unpacked.
        Of `raw/`, `num-node-list`, `num-edge-list`, `edge` and `graph-label` must be there, each `.csv.gz`; `node-feat`
        and `edge-feat` may be.
      name: see `GraphDataset`; by default the folder's or the archive's.
      task: see `from_arrays`; `regression` must be given. An empty label is NaN.
      split: the folder below `split/`; by default the only one, and none where there is none.
      undirected: add the reverse of each edge that has none, since OGB stores one direction alone. Each bond of a
        molecule is one row, and its reverse follows it.
      molecules: whether nodes and edges are OGB's atoms and bonds, see `molecule_dataset`; by default that is so if
        they have those nine and three columns of categories. Other features become float32.
      without_features: what nodes get where there is no `node-feat`; see `from_arrays`.
      num_graphs, num_tasks: how many there must be, where that is known.
      source: see `GraphDataset`.
      remedy: ends the errors about missing and wrong files; says where to get them.

    Raises:
      DataError: a file is missing or damaged, does not fit the others, or holds what it must not; or there are several
        splits. Names the file, or the graph and the field.

    Examples:
      >>> import gzip, tempfile
      >>> files = {"num-node-list": "2\\n1", "num-edge-list": "1\\n0", "edge": "0,1", "graph-label": "1\\n0"}
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     Path(folder, "raw").mkdir()
      ...     for file, text in files.items():
      ...         _ = Path(folder, "raw", f"{file}.csv.gz").write_bytes(gzip.compress(text.encode()))
      ...     data = read_ogb_layout(folder, "pair")
      >>> data.n_node.tolist(), data.senders.tolist(), data.labels[:, 0].tolist()
      ([2, 1], [0, 1], [1.0, 0.0])
    """
    path = Path(path)
    files = RawFiles(path, remedy=remedy)
    name = name or path.resolve().name.removesuffix(".zip")

    def table(file: str, columns: int | None, rows: int | None = None, dtype: type[np.number] = np.int32) -> np.ndarray:
        values = files.table(f"raw/{file}.csv.gz", columns, dtype)
        if rows is not None and len(values) != rows:
            raise DataError(f"{path}: 'raw/{file}.csv.gz' must have {rows} rows, has {len(values)}; {remedy}")
        return values

    def sizes(file: str, rows: int | None) -> np.ndarray:
        values = table(file, 1, rows)[:, 0]
        if (values < 0).any():
            row = np.argmax(values < 0)
            raise DataError(f"{path}: 'raw/{file}.csv.gz', row {row + 1}: {values[row]} is negative; {remedy}")
        return values

    n_node = sizes("num-node-list", num_graphs)
    n_edge = sizes("num-edge-list", len(n_node))
    num_nodes, num_edges = int(n_node.sum(dtype=np.int64)), int(n_edge.sum(dtype=np.int64))
    splits = _splits(files, split, len(n_node))

    def features(of: str, rows: int, categories: dict[str, tuple]) -> np.ndarray | None:
        if molecules:
            return table(f"{of}-feat", len(categories), rows)
        if not files.has(f"raw/{of}-feat.csv.gz"):
            return None
        return table(f"{of}-feat", None, rows, np.float64)

    nodes, edges = features("node", num_nodes, ATOM_FEATURES), features("edge", num_edges, BOND_FEATURES)
    pairs = table("edge", 2, num_edges)
    labels = table("graph-label", num_tasks, len(n_node), np.float64)
    if molecules is None:
        molecules = _are_categories(nodes, ATOM_FEATURES) and _are_categories(edges, BOND_FEATURES)
    try:
        if molecules and nodes is not None and edges is not None:
            _check_zero_or_one(name, labels, task)
            _check_bonds(name, pairs, n_node, n_edge)
            return molecule_dataset(
                name,
                n_atom=n_node,
                n_bond=n_edge,
                atoms=nodes,
                bonds=pairs,
                bond_features=edges,
                labels=labels,
                task=task,
                splits=splits,
                source=source,
            )
        node_ends, edge_ends = np.cumsum(n_node)[:-1], np.cumsum(n_edge)[:-1]
        return from_arrays(
            None if nodes is None else np.split(nodes, node_ends),
            np.split(pairs.T, edge_ends, axis=1) if len(n_node) else [],
            integers_if_whole(labels),
            n_node=n_node,
            name=name,
            task=task,
            edge_features=None if edges is None or not edges.size else np.split(edges, edge_ends),
            undirected=undirected,
            without_features=without_features,
            splits=splits,
            source=source,
        )
    except DataError as error:
        raise DataError(f"{path}: {error}; {remedy}") from error


def _splits(files: RawFiles, split: str | None, num_graphs: int) -> dict[str, np.ndarray] | None:
    if split is None:
        names = [file.split("/")[-2] for file in files.find("train.csv.gz") if file.split("/")[-3:-2] == ["split"]]
        if len(names) > 1:
            raise DataError(f"{files.path}: there are the splits {', '.join(sorted(names))}; choose one with split")
        if not names:
            return None
        split = names[0]
    parts = {part: files.table(f"split/{split}/{part}.csv.gz", 1)[:, 0] for part in _PARTS}
    if not np.array_equal(np.sort(np.concatenate(list(parts.values()))), np.arange(num_graphs)):
        raise DataError(
            f"{files.path}: 'split/{split}' does not put each of the {num_graphs} graphs into one of "
            f"{', '.join(_PARTS)}; {files.remedy}"
        )
    return parts


def _are_categories(features: np.ndarray | None, categories: dict[str, tuple]) -> bool:
    if features is None or features.shape[1] != len(categories):
        return False
    limits = np.array([len(values) for values in categories.values()])
    return bool(((features >= 0) & (features < limits) & (features == np.floor(features))).all())


def _check_bonds(name: str, bonds: np.ndarray, n_atom: np.ndarray, n_bond: np.ndarray) -> None:
    """A bond that is there in both directions would become four edges."""
    graphs = np.repeat(np.arange(len(n_bond)), n_bond)
    ends = np.column_stack([graphs, np.sort(bonds, axis=1)])
    order = np.lexsort(ends.T[::-1])
    repeated = (ends[order[1:]] == ends[order[:-1]]).all(axis=1)
    if repeated.any():
        graph, u, v = ends[order[1:][np.argmax(repeated)]].tolist()
        raise graph_error(
            name, graph, "edge", f"the bond {u} - {v} occurs more than once; give one row per bond, or molecules=False"
        )


def _check_zero_or_one(name: str, labels: np.ndarray, task: Task | None) -> None:
    bad = ~(np.isnan(labels) | (labels == 0) | (labels == 1)).all(axis=1)
    if task is None and bad.any():
        graph = int(np.argmax(bad))
        raise graph_error(
            name, graph, "labels", f'is {labels[graph]}, not 0, 1 or empty; give task="regression" for real values'
        )
