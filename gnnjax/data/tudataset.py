"""Graphs in the text layout of the TU Dortmund collection (`DS_A.txt` and its like), in a folder or a zip archive.

Source: Morris et al., arXiv 2007.08663; chrsmrrs.github.io/datasets describes the layout.
"""

import os
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from gnnjax.data.dataset import GraphDataset, Kind, Task
from gnnjax.data.from_arrays import WithoutFeatures, from_arrays
from gnnjax.data.raw_files import RawFiles
from gnnjax.errors import DataError

__all__ = ["LabelsAs", "read_tudataset"]

LabelsAs = Literal["one-hot", "categories"]

# The most of a published dataset is below a hundred; one column for each node would fill the memory.
_MOST_COLUMNS = 10_000


def read_tudataset(
    path: str | os.PathLike,
    name: str | None = None,
    *,
    task: Task | None = None,
    labels_as: LabelsAs = "one-hot",
    without_features: WithoutFeatures = "constant",
    kind: Kind = "graph",
    source: str | None = None,
) -> GraphDataset:
    """Reads a dataset of which `DS_A.txt` and `DS_graph_indicator.txt` are there, and what it has of the other files.

    Node features are the attributes, followed by the node labels one-hot over the values that occur, in order; edge
    features likewise. The first column of the node labels gives the nodes their names. Classes are numbered from 0 in
    the order of the published numbers; two of them are a binary task. Edges are those of the file, sorted by graph.

    Args:
      path: a folder with the text files, up to two levels deep, or a zip archive of them, which is not unpacked.
      name: `DS`; needed only where there are several datasets.
      task: by default classification by `DS_graph_labels.txt` where it is there. `regression` takes the columns of
        `DS_graph_attributes.txt` or, where there is no such file, real-valued graph labels; NaN is "not measured".
      labels_as: node and edge labels as one-hot columns, or as categories for models that embed them; the latter only
        where there are no attributes beside them.
      without_features: what nodes get that have neither labels nor attributes; see `from_arrays`.
      kind, source: see `GraphDataset`; the source is by default the name and the path's last part.

    Raises:
      DataError: a file is missing, damaged or does not fit the others, or holds what it must not; names the file and,
        where it is one, the line.

    Examples:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     for field, text in {"A": "1, 2", "graph_indicator": "1\\n1\\n2", "graph_labels": "-1\\n1"}.items():
      ...         _ = Path(folder, f"PAIR_{field}.txt").write_text(text)
      ...     data = read_tudataset(folder)
      >>> data.name, data.n_node.tolist(), data.labels[:, 0].tolist()
      ('PAIR', [2, 1], [0.0, 1.0])
    """
    if labels_as not in get_args(LabelsAs):
        raise ValueError(f"labels_as is {labels_as!r}, must be one of {', '.join(get_args(LabelsAs))}")
    path = Path(path)
    files = _Files(path, name)
    graph_ids = files.integers("graph_indicator", 1, None)[:, 0]
    num_nodes = len(graph_ids)
    if not num_nodes:
        files.fail("graph_indicator", "there are no nodes")
    files.check("graph_indicator", graph_ids[:, None], 1, num_nodes)
    graph_ids -= 1
    n_node = np.bincount(graph_ids)
    num_graphs = len(n_node)
    if not n_node.all():
        files.fail("graph_indicator", f"graph {np.argmin(n_node) + 1} has no nodes, but there are {num_graphs} graphs")
    labels, task = _graph_labels(files, num_graphs, task)

    edges = files.integers("A", 2, None)
    files.check("A", edges, 1, num_nodes)
    edges -= 1
    edge_graph_ids, receiver_graph_ids = graph_ids[edges].T
    if (edge_graph_ids != receiver_graph_ids).any():
        row = np.argmax(edge_graph_ids != receiver_graph_ids)
        files.fail("A", "the edge joins two graphs", row)
    # Nodes keep their order within each graph, whether or not a graph's nodes follow one another.
    node_order = np.argsort(graph_ids, kind="stable")
    node_ends = np.cumsum(n_node)
    numbers = np.empty(num_nodes, np.int64)
    numbers[node_order] = np.arange(num_nodes) - np.repeat(node_ends - n_node, n_node)
    edge_order = np.argsort(edge_graph_ids, kind="stable")
    n_edge = np.bincount(edge_graph_ids, minlength=num_graphs)
    edge_ends = np.cumsum(n_edge)

    fields: dict[str, Any] = {}
    node_features, fields["node_categories"], names = _features(files, "node", num_nodes, labels_as)
    edge_features, fields["edge_categories"], _ = _features(files, "edge", len(edges), labels_as)
    if node_features is not None:
        node_features = np.split(node_features[node_order], node_ends[:-1])
    if edge_features is not None and len(edges):
        fields["edge_features"] = np.split(edge_features[edge_order], edge_ends[:-1])
    if names is not None:
        fields["node_names"] = np.split(names[node_order], node_ends[:-1])
    try:
        return from_arrays(
            node_features,
            np.split(numbers[edges[edge_order]].T, edge_ends[:-1], axis=1),
            labels,
            n_node=n_node,
            name=files.name,
            task=task,
            without_features=without_features,
            source=f"{files.name} in the layout of the TU collection, {path.name}" if source is None else source,
            kind=kind,
            **fields,
        )
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


class _Files:
    """The files of one dataset, each called by what stands between `DS_` and `.txt`."""

    def __init__(self, path: Path, name: str | None):
        self.path = path
        layout = "DS_A.txt, DS_graph_indicator.txt and DS_graph_labels.txt or DS_graph_attributes.txt"
        self.raw = RawFiles(path, remedy=f"the TU layout has {layout}")
        found = self.raw.find(f"{name or '*'}_A.txt")
        if len(found) != 1:
            which = (
                f"are several datasets ({', '.join(found)}); give the name of one"
                if found
                else (f"is no file '{name or 'DS'}_A.txt'; the layout has {layout}")
            )
            raise DataError(f"{path}: there {which}")
        self._prefix = found[0].removesuffix("A.txt")
        self.name = self._prefix.rpartition("/")[2].removesuffix("_")

    def has(self, field: str) -> bool:
        return self.raw.has(self._file(field))

    def integers(self, field: str, columns: int | None, rows: int | None) -> np.ndarray:
        return self._table(field, columns, rows, np.int64)

    def reals(self, field: str, rows: int) -> np.ndarray:
        return self._table(field, None, rows, np.float64)

    def check(self, field: str, table: np.ndarray, smallest: int, largest: int) -> None:
        bad = ((table < smallest) | (table > largest)).any(axis=1)
        if bad.any():
            row = np.argmax(bad)
            self.fail(field, f"{table[row].tolist()} is outside {smallest} .. {largest}", row)

    def fail(self, field: str, problem: str, row: int | np.integer | None = None):
        line = "" if row is None else f", line {row + 1}"
        raise DataError(f"{self.path}: '{self._file(field)}'{line}: {problem}")

    def _file(self, field: str) -> str:
        return f"{self._prefix}{field}.txt"

    def _table(self, field: str, columns: int | None, rows: int | None, dtype: type[np.number]) -> np.ndarray:
        table = self.raw.table(self._file(field), columns, dtype)
        if rows is not None and len(table) != rows:
            self.fail(field, f"must have {rows} lines, has {len(table)}")
        return table


def _graph_labels(files: _Files, num_graphs: int, task: Task | None) -> tuple[np.ndarray, Task]:
    has_labels, has_attributes = files.has("graph_labels"), files.has("graph_attributes")
    if task is None:
        task = "regression" if has_attributes and not has_labels else None
    if task == "regression":
        field = "graph_attributes" if has_attributes else "graph_labels"
        targets = files.reals(field, num_graphs)
        if np.isinf(targets).any():
            files.fail(field, "is infinite", np.argmax(np.isinf(targets).any(axis=1)))
        return targets, task
    classes, labels = np.unique(files.integers("graph_labels", 1, num_graphs)[:, 0], return_inverse=True)
    if len(classes) < 2:
        files.fail("graph_labels", f"there is only one class, {classes[0]}")
    if task is None:
        task = "binary" if len(classes) == 2 else "multiclass"
    if task == "multilabel" or (task == "binary" and len(classes) > 2):
        files.fail("graph_labels", f"has {len(classes)} classes, which are no {task} task")
    return labels, task


def _features(
    files: _Files, of: Literal["node", "edge"], rows: int, labels_as: LabelsAs
) -> tuple[np.ndarray | None, tuple[int, ...] | None, np.ndarray | None]:
    """Features, numbers of categories and names, or None for what there is not."""
    parts: list[np.ndarray] = []
    names = None
    if files.has(f"{of}_attributes"):
        field = f"{of}_attributes"
        attributes = files.reals(field, rows)
        with np.errstate(over="ignore"):
            bad = ~np.isfinite(attributes.astype(np.float32)).all(axis=1)
        if bad.any():
            row = np.argmax(bad)
            files.fail(field, f"{attributes[row].tolist()} must be finite", row)
        parts.append(attributes)
    if files.has(f"{of}_labels"):
        field = f"{of}_labels"
        labels = files.integers(field, None, rows)
        values, indices = [], []
        for column in labels.T:
            value, index = np.unique(column, return_inverse=True)
            values.append(value)
            indices.append(index)
        if values:
            names = values[0].astype(str)[indices[0]]
        if labels_as == "categories":
            if parts:
                files.fail(field, f"cannot be categories beside '{of}_attributes', which are not; use one-hot")
            if not values:
                return None, None, None
            return np.stack(indices, axis=1), tuple(map(len, values)), names
        for value, index in zip(values, indices, strict=True):
            if len(value) > _MOST_COLUMNS:
                files.fail(field, f"has {len(value)} different labels, too many for one-hot; read them as categories")
            one_hot = np.zeros((rows, len(value)), np.float32)
            one_hot[np.arange(rows), index] = 1
            parts.append(one_hot)
    features = np.concatenate(parts, axis=1) if parts else None
    return features if features is not None and features.size else None, None, names
