"""Your own graphs: from a table of edges, with the features of nodes and the labels of graphs beside it."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gnnjax.data.dataset import GraphDataset
from gnnjax.data.from_arrays import from_arrays, integers_if_whole
from gnnjax.data.table_rows import TableRow, table_rows
from gnnjax.errors import DataError

__all__ = ["from_edge_list"]


def from_edge_list(
    path: str | os.PathLike,
    *,
    node_table: str | os.PathLike | None = None,
    graph_table: str | os.PathLike | None = None,
    graph_column: str = "graph",
    source_column: str = "source",
    target_column: str = "target",
    node_column: str = "node",
    label_columns: Sequence[str] = ("label",),
    unlabelled: int | None = None,
    edge_feature_columns: Sequence[str] = (),
    edge_label_column: str | None = None,
    node_feature_columns: Sequence[str] | None = None,
    delimiter: str | None = None,
    name: str | None = None,
    **options: Any,
) -> GraphDataset:
    """Reads graphs from tables with a header, `.csv` or (tab-separated) `.tsv`, also with `.gz` after it.

    Graphs and nodes may be called anything. They are numbered in the order in which they first appear: graphs in the
    table of graphs, then in that of nodes, then in that of edges; nodes in the table of nodes, or else of edges. The
    names of nodes become the dataset's `vocabulary`.

    Args:
      path: the table of edges, one row for each: its graph, source and target.
      node_table: one row for each node of all graphs: its graph, its name and its features. Without it see
        `without_features` of `from_arrays`; only with it can a graph have nodes without edges.
      graph_table: one row for each graph: its name and its labels. Without it the labels are columns of the table of
        edges, in which all edges of one graph have the same.
      graph_column: the column of the graph, in all tables.
      source_column, target_column: the columns of the edge's nodes.
      node_column: the column of the node, in the table of nodes.
      label_columns: the columns of the labels, which are numbers; an empty entry is "not labelled".
      unlabelled: where there are no such columns, of how many outputs no graph has a label, to apply a model to them.
      edge_feature_columns: columns of the table of edges that are features.
      edge_label_column: a column of the table of edges: 1 for an edge of the true explanation, else 0.
      node_feature_columns: columns of the table of nodes that are features, by default all others.
      delimiter: by default a comma, or a tab for a `.tsv` or `.tab`.
      name: see `GraphDataset`; by default that of the table of edges.
      **options: `task`, `num_classes`, `undirected`, `without_features`, `splits`, `source` and `kind`, see
        `from_arrays`.

    Raises:
      DataError: a file is missing or damaged, lacks a column, or an entry is wrong, such as a node that is not in the
        table of nodes; names the file, the line and the value.

    Examples:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     table = Path(folder, "mine.csv")
      ...     _ = table.write_text("graph,source,target,label\\nA,x,y,1\\nA,y,z,1\\nB,x,x,0\\n")
      ...     data = from_edge_list(table, undirected=True)
      >>> data.name, data.n_node.tolist(), data.n_edge.tolist(), data.labels[:, 0].tolist()
      ('mine', [3, 1], [4, 1], [1.0, 0.0])
    """
    if isinstance(label_columns, str) or not label_columns:
        raise ValueError(f"label_columns must be a list of names, is {label_columns!r}")
    if unlabelled is not None and unlabelled < 1:
        raise ValueError(f"unlabelled must be at least 1, is {unlabelled}")
    path = Path(path)
    label_columns = label_columns if unlabelled is None else ()
    no_labels = None if unlabelled is None else [np.nan] * unlabelled
    graphs: dict[str, _Graph] = {}
    if graph_table is not None:
        for row in table_rows(Path(graph_table), [graph_column, *label_columns], delimiter):
            if row.text(graph_column) in graphs:
                row.fail(graph_column, "is there a second time")
            graphs[row.text(graph_column)] = _Graph(row, no_labels or row.labels(label_columns))
    if node_table is not None:
        for row in table_rows(Path(node_table), [graph_column, node_column, *(node_feature_columns or ())], delimiter):
            if node_feature_columns is None:
                node_feature_columns = [name for name in row.entries if name not in (graph_column, node_column)]
            graph = _graph_of(row, graph_column, graphs, graph_table, no_labels)
            if row.text(node_column) in graph.nodes:
                row.fail(node_column, f"is there a second time in graph '{row.text(graph_column)}'")
            graph.nodes[row.text(node_column)] = len(graph.nodes)
            graph.node_features.append([row.number(column) for column in node_feature_columns])

    edge_columns = [graph_column, source_column, target_column, *edge_feature_columns]
    edge_columns += [edge_label_column] if edge_label_column else []
    edge_columns += label_columns if graph_table is None else []
    for row in table_rows(path, edge_columns, delimiter):
        graph = _graph_of(row, graph_column, graphs, graph_table, no_labels)
        if graph_table is None and no_labels is None:
            _take_labels(graph, row, label_columns)
        ends = []
        for column in (source_column, target_column):
            node = row.text(column)
            if node_table is not None and node not in graph.nodes:
                row.fail(column, f"is not a node of graph '{row.text(graph_column)}' in {node_table}")
            ends.append(graph.nodes.setdefault(node, len(graph.nodes)))
        graph.edges.append(ends)
        graph.edge_features.append([row.number(column) for column in edge_feature_columns])
        if edge_label_column:
            graph.edge_labels.append(row.zero_or_one(edge_label_column))

    for graph in graphs.values():
        if graph.labels is None:
            graph.row.fail(graph_column, f"has no edge in {path}, where its labels would be; give a graph_table")
        if not graph.nodes:
            graph.row.fail(graph_column, f"has no nodes in {path if node_table is None else node_table}")
    try:
        return from_arrays(
            [graph.node_features for graph in graphs.values()] if node_feature_columns else None,
            [np.array(graph.edges, np.int64).reshape(-1, 2).T for graph in graphs.values()],
            integers_if_whole(np.array([graph.labels for graph in graphs.values()])),
            n_node=[len(graph.nodes) for graph in graphs.values()],
            edge_features=[graph.edge_features for graph in graphs.values()] if edge_feature_columns else None,
            edge_labels=[graph.edge_labels for graph in graphs.values()] if edge_label_column else None,
            node_names=[list(graph.nodes) for graph in graphs.values()],
            name=name or path.name.removesuffix(".gz").rpartition(".")[0] or path.name,
            **options,
        )
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


@dataclasses.dataclass
class _Graph:
    """What the tables say of one graph, and the row that first named it."""

    row: TableRow
    labels: list[float] | None = None
    nodes: dict[str, int] = dataclasses.field(default_factory=dict)
    node_features: list[list[float]] = dataclasses.field(default_factory=list)
    edges: list[list[int]] = dataclasses.field(default_factory=list)
    edge_features: list[list[float]] = dataclasses.field(default_factory=list)
    edge_labels: list[float] = dataclasses.field(default_factory=list)


def _graph_of(
    row: TableRow,
    column: str,
    graphs: dict[str, _Graph],
    graph_table: str | os.PathLike | None,
    labels: list[float] | None,
) -> _Graph:
    key = row.text(column)
    if graph_table is not None and key not in graphs:
        row.fail(column, f"is not a graph of {graph_table}")
    return graphs.setdefault(key, _Graph(row, labels))


def _take_labels(graph: _Graph, row: TableRow, columns: Sequence[str]) -> None:
    labels = row.labels(columns)
    if graph.labels is None:
        graph.labels = labels
    for column, label, first in zip(columns, labels, graph.labels, strict=True):
        if label != first and not (np.isnan(label) and np.isnan(first)):
            row.fail(column, f"differs from the label of an earlier edge of this graph, {first}")
